/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-database.h"
#include "dw-store-lock.h"

G_BEGIN_DECLS

/** DW_STORE_HELD_MS: a process that ends has let go of the file by then; one that has not will keep it. */
#define DW_STORE_HELD_MS 2000

/**
 * DwStoreKept:
 * @path: (nullable): where a file that could not be used was put
 * @newer: whether it was from a newer version, and not damaged
 * @saved: how many messages could be read of it, and are in the new file
 *
 * What became of a file that could not be used.
 */
typedef struct
{
  char *path;
  gboolean newer;
  guint64 saved;
} DwStoreKept;

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
gboolean dw_store_file_mend (DwStoreFile *file, GError **error);
gboolean dw_store_file_needs_check (DwStoreFile *file, gint64 now);
void dw_store_file_set_checked (DwStoreFile *file, gint64 now);
gboolean dw_store_file_steal_kept (DwStoreFile *file, DwStoreKept *kept);
guint64 dw_store_file_steal_copied (DwStoreFile *file);
DwStoreHolder *dw_store_file_steal_holder (DwStoreFile *file);
gboolean dw_store_file_steal_recovered (DwStoreFile *file);

G_END_DECLS
