/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-database.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * DwStoreFunc:
 * @database: a connection, in the store's thread
 * @data: what it was queued with
 * @result: (out): what it found; left alone where it only writes
 * @error: what the database says
 *
 * Something to be done to the database. What writes may run several times, each time on a database as if it had
 * never run.
 *
 * Returns: whether it was done
 */
typedef gboolean (*DwStoreFunc) (DwDatabase *database, gpointer data, gpointer *result, GError **error);

/**
 * DwStoreJob:
 * @func: what to do
 * @data: for @func
 * @free_data: (nullable): frees it
 * @free_result: (nullable): frees what @func found, where nobody takes it
 * @task: (nullable): who waits for it, or %NULL where nobody does any more
 * @queued_at: since when, on the monotonic clock
 * @bytes: how much memory @data takes, roughly
 * @is_write: whether it changes the database
 * @durable: whether it has to survive a computer that dies, and not only a program
 * @at_once: for a read: whether it may overtake the writes before it
 *
 * Something the store's thread has to do.
 */
typedef struct
{
  DwStoreFunc func;
  gpointer data;
  GDestroyNotify free_data;
  GDestroyNotify free_result;
  GTask *task;
  gint64 queued_at;
  gsize bytes;
  gboolean is_write;
  gboolean durable;
  gboolean at_once;
} DwStoreJob;

DwStoreJob *dw_store_job_new_read (DwStoreFunc func,
                                   gpointer data,
                                   GDestroyNotify free_data,
                                   GDestroyNotify free_result);
DwStoreJob *dw_store_job_new_write (DwStoreFunc func, gpointer data, GDestroyNotify free_data, gsize bytes);
void dw_store_job_free (DwStoreJob *job);
void dw_store_job_answer (DwStoreJob *job, GMainContext *context, gpointer result, GError *error);

G_END_DECLS
