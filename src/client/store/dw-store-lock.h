/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** DW_STORE_LOCK_BYTES: how much of a lock file is read. */
#define DW_STORE_LOCK_BYTES 4096

/**
 * DwStoreHolder:
 * @pid: its process, or 0 where that is not known
 * @host: (nullable): its computer
 *
 * Who has a store.
 */
typedef struct
{
  gint64 pid;
  char *host;
} DwStoreHolder;

void dw_store_holder_free (DwStoreHolder *holder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwStoreHolder, dw_store_holder_free)

/**
 * DwStoreLock:
 *
 * The file beside a store that says which process has it.
 */
typedef struct _DwStoreLock DwStoreLock;

DwStoreLock *dw_store_lock_new (const char *path);
void dw_store_lock_free (DwStoreLock *lock);
gboolean dw_store_lock_take (DwStoreLock *lock);
DwStoreHolder *dw_store_lock_read_holder (DwStoreLock *lock);
gint64 dw_store_lock_get_checked (DwStoreLock *lock);
void dw_store_lock_set_checked (DwStoreLock *lock, gint64 checked);
const char *dw_store_lock_get_mark (DwStoreLock *lock);
void dw_store_lock_set_mark (DwStoreLock *lock, const char *mark);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwStoreLock, dw_store_lock_free)

G_END_DECLS
