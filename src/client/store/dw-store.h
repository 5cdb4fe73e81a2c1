/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-passing.h"
#include "dw-store-worker.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define DW_TYPE_STORE (dw_store_get_type ())
G_DECLARE_FINAL_TYPE (DwStore, dw_store, DW, STORE, GObject)

/** DW_STORE_NAME: the file's name in the data folder. */
#define DW_STORE_NAME "history.sqlite"

DwStore *dw_store_new (const char *path);
DwStore *dw_store_new_paced (const char *path, const DwStorePace *pace);
char *dw_store_dup_default_path (const char *profile);
void dw_store_close (DwStore *self);

DwStoreTrouble dw_store_get_trouble (DwStore *self);
const char *dw_store_get_kept_as (DwStore *self, gboolean *newer);
guint64 dw_store_get_saved (DwStore *self);
guint64 dw_store_get_copied (DwStore *self);
const DwStoreHolder *dw_store_get_holder (DwStore *self);

guint64 dw_store_run_async (DwStore *self, DwStoreJob *job, GAsyncReadyCallback callback, gpointer data);
gpointer dw_store_run_finish (DwStore *self, GAsyncResult *result, GError **error);
guint64 dw_store_get_written (DwStore *self);
void dw_store_tell_rearranged (DwStore *self);
DwPassing *dw_store_get_passing (DwStore *self);
void dw_store_tell_passed (DwStore *self, gint64 stage);

G_END_DECLS
