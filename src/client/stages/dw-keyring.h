/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-stage.h"

#include <gio/gio.h>

G_BEGIN_DECLS

void dw_keyring_save_async (DwStage *stage, GAsyncReadyCallback callback, gpointer data);
gboolean dw_keyring_save_finish (DwStage *stage, GAsyncResult *result, GError **error);
void dw_keyring_load_async (DwStage *stage, GAsyncReadyCallback callback, gpointer data);
gboolean dw_keyring_load_finish (DwStage *stage, GAsyncResult *result, GError **error);
void dw_keyring_forget_async (DwStage *stage, GAsyncReadyCallback callback, gpointer data);
gboolean dw_keyring_forget_finish (DwStage *stage, GAsyncResult *result, GError **error);
void dw_keyring_forget_sync (DwStage *stage);

/** DW_KEYRING_LAST_MS: how long a program that ends waits for the keyring, in milliseconds. */
#define DW_KEYRING_LAST_MS 1000

G_END_DECLS
