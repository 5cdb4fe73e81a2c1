/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-database.h"

G_BEGIN_DECLS

/**
 * DwStoreFile:
 *
 * The store's file and its state: open, open to be read alone, missing, or set aside for a new one. It belongs to
 * one thread.
 */
typedef struct _DwStoreFile DwStoreFile;

DwStoreFile *dw_store_file_new (const char *path);
void dw_store_file_free (DwStoreFile *file);
DwDatabase *dw_store_file_get (DwStoreFile *file, GError **error);
DwDatabase *dw_store_file_get_to_read (DwStoreFile *file, GError **error);
void dw_store_file_reopen (DwStoreFile *file);
void dw_store_file_set_aside (DwStoreFile *file);
char *dw_store_file_steal_kept_as (DwStoreFile *file, gboolean *newer);
gboolean dw_store_file_steal_recovered (DwStoreFile *file);

G_END_DECLS
