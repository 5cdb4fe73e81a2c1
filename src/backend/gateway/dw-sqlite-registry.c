/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-sqlite-registry.h"

#include "wire/dw-thread.h"

#include <string.h>

/* It lives in the main thread, as all registries do; functions named run_… run in the tables' thread. */
struct _DwSqliteRegistry
{
  GObject parent_instance;

  DwTables *tables;
  guint page_size;

  /* How much is in the table of claims; only for the tables' thread. */
  gint64 claims;       /* at most DW_REGISTRY_CLAIMS */
  gint64 claims_bytes; /* at most DW_REGISTRY_CLAIMS_BYTES */
  gboolean counted;    /* FALSE if they have to be counted again */
};

static void dw_sqlite_registry_iface_init (DwRegistryInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DwSqliteRegistry,
                               dw_sqlite_registry,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DW_TYPE_REGISTRY, dw_sqlite_registry_iface_init))

/* One call: what it asks for, and its answer. */
typedef struct
{
  DwSqliteRegistry *registry;
  GTask *task; /* NULL without a caller */
  char *id;    /* or NULL */
  gint64 time;
  gboolean fresh;
  DwRegistryPage *page;
} Request;

static void
request_free (gpointer data)
{
  Request *request = data;

  DW_ASSERT_MAIN_THREAD ();
  g_clear_pointer (&request->page, dw_registry_page_free);
  g_free (request->id);
  g_clear_object (&request->task);
  g_object_unref (request->registry);
  g_free (request);
}

/* Takes over the task. */
static void
ask (DwSqliteRegistry *self,
     GTask *task,
     DwTablesKind kind,
     DwTablesFunc func,
     DwTablesDone done,
     const char *id,
     gint64 time)
{
  Request *request = g_new0 (Request, 1);

  DW_ASSERT_MAIN_THREAD ();
  request->registry = g_object_ref (self);
  request->task = task;
  request->id = g_strdup (id);
  request->time = time;
  dw_tables_queue (self->tables, kind, func, done, request, request_free, id != NULL ? strlen (id) : 0);
}

static void
on_done (gpointer data, const GError *error)
{
  Request *request = data;

  if (error != NULL)
    g_task_return_error (request->task, g_error_copy (error));
  else
    g_task_return_boolean (request->task, TRUE);
}

static gboolean
run_put (DwServerFile *file, gpointer data, GError **error)
{
  Request *request = data;

  return dw_server_file_run (file, "INSERT OR REPLACE INTO connections VALUES (?, ?)", "si", error, request->id,
                             request->time);
}

static void
dw_sqlite_registry_put_async (DwRegistry *registry,
                              const char *connection_id,
                              gint64 timestamp,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer data)
{
  GTask *task = g_task_new (registry, cancellable, callback, data);

  g_task_set_source_tag (task, dw_sqlite_registry_put_async);
  ask (DW_SQLITE_REGISTRY (registry), task, DW_TABLES_WRITE, run_put, on_done, connection_id, timestamp);
}

static gboolean
run_remove (DwServerFile *file, gpointer data, GError **error)
{
  Request *request = data;

  return dw_server_file_run (file, "DELETE FROM connections WHERE connection_id = ?", "s", error, request->id);
}

static void
dw_sqlite_registry_remove_async (DwRegistry *registry,
                                 const char *connection_id,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer data)
{
  GTask *task = g_task_new (registry, cancellable, callback, data);

  g_task_set_source_tag (task, dw_sqlite_registry_remove_async);
  ask (DW_SQLITE_REGISTRY (registry), task, DW_TABLES_REMOVE, run_remove, on_done, connection_id, 0);
}

static gboolean
run_read (DwServerFile *file, Request *request, GError **error)
{
  DwRegistryPage *page = request->page;
  sqlite3_stmt *statement = dw_server_file_prepare (
      file,
      "SELECT connection_id, timestamp FROM connections WHERE connection_id > ? ORDER BY connection_id LIMIT ?",
      error);
  GError *problem = NULL;

  if (statement == NULL)
    return FALSE;

  sqlite3_bind_text (statement, 1, request->id != NULL ? request->id : "", -1, SQLITE_TRANSIENT);
  sqlite3_bind_int64 (statement, 2, request->registry->page_size);
  while (dw_server_file_step (file, statement, &problem))
    {
      gint64 timestamp = CLAMP (sqlite3_column_int64 (statement, 1), 0, G_MAXINT64 / 2);

      g_ptr_array_add (page->connection_ids, dw_server_file_dup_text (statement, 0));
      g_array_append_val (page->timestamps, timestamp);
    }

  if (problem == NULL)
    return TRUE;

  g_propagate_error (error, problem);
  return FALSE;
}

static gboolean
run_scan (DwServerFile *file, gpointer data, GError **error)
{
  Request *request = data;
  DwRegistryPage *page;
  const char *last;

  /* This may be a retry, so forget the earlier page. */
  g_clear_pointer (&request->page, dw_registry_page_free);
  page = request->page = dw_registry_page_new ();
  if (!run_read (file, request, error))
    return FALSE;

  /* As with DynamoDB, a full page may be the last one, and only the empty next page shows it. */
  if (page->connection_ids->len < request->registry->page_size)
    return TRUE;

  last = g_ptr_array_index (page->connection_ids, page->connection_ids->len - 1);
  /* The key comes from the file. If it did not advance the scan would never end. */
  if (request->id == NULL || strcmp (last, request->id) > 0)
    page->last_key = g_strdup (last);
  return TRUE;
}

static void
on_scanned (gpointer data, const GError *error)
{
  Request *request = data;

  if (error != NULL)
    g_task_return_error (request->task, g_error_copy (error));
  else
    g_task_return_pointer (request->task, g_steal_pointer (&request->page), (GDestroyNotify) dw_registry_page_free);
}

static void
dw_sqlite_registry_scan_async (DwRegistry *registry,
                               const char *start_key,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer data)
{
  GTask *task = g_task_new (registry, cancellable, callback, data);

  g_task_set_source_tag (task, dw_sqlite_registry_scan_async);
  ask (DW_SQLITE_REGISTRY (registry), task, DW_TABLES_READ, run_scan, on_scanned, start_key, 0);
}

#define COST "length (CAST (id AS BLOB)) + " G_STRINGIFY (DW_REGISTRY_CLAIM_COST)

static gboolean
run_count (DwSqliteRegistry *self, DwServerFile *file, GError **error)
{
  self->counted = dw_server_file_sum (file, "SELECT count(*) FROM claims", "", &self->claims, error)
                  && dw_server_file_sum (file, "SELECT " COST " FROM claims", "", &self->claims_bytes, error);
  return self->counted;
}

static void
run_uncount (DwSqliteRegistry *self, DwServerFile *file, gint64 freed)
{
  self->claims -= dw_server_file_get_changes (file);
  self->claims_bytes -= freed;
}

static gboolean
run_expire (DwSqliteRegistry *self, DwServerFile *file, gint64 before, GError **error)
{
  gint64 freed;

  if (!dw_server_file_sum (file, "DELETE FROM claims WHERE time <= ? RETURNING " COST, "i", &freed, error, before))
    return FALSE;
  run_uncount (self, file, freed);
  return TRUE;
}

/* Removes the oldest claims until there is room. */
static gboolean
run_make_room (DwSqliteRegistry *self, DwServerFile *file, gint64 cost, GError **error)
{
  while (self->claims >= DW_REGISTRY_CLAIMS || self->claims_bytes + cost > DW_REGISTRY_CLAIMS_BYTES)
    {
      gint64 surplus = MAX (self->claims - DW_REGISTRY_CLAIMS + 1, 1);
      gint64 freed;

      if (!dw_server_file_sum (
              file, "DELETE FROM claims WHERE id IN (SELECT id FROM claims ORDER BY time LIMIT ?) RETURNING " COST,
              "i", &freed, error, surplus))
        return FALSE;
      /* Somebody else has removed claims, so count again. */
      if (dw_server_file_get_changes (file) == 0)
        return run_count (self, file, error);
      run_uncount (self, file, freed);
    }
  return TRUE;
}

static gboolean
run_claim_counted (DwSqliteRegistry *self, DwServerFile *file, Request *request, GError **error)
{
  gint64 cost = (gint64) strlen (request->id) + DW_REGISTRY_CLAIM_COST;
  gint64 known;

  if (!self->counted && !run_count (self, file, error))
    return FALSE;
  if (!run_expire (self, file, request->time - DW_REGISTRY_CLAIM_SECONDS, error)
      || !dw_server_file_sum (file, "SELECT count(*) FROM claims WHERE id = ?", "s", &known, error, request->id))
    return FALSE;

  request->fresh = known == 0;
  if (known > 0)
    return TRUE;
  if (!run_make_room (self, file, cost, error)
      || !dw_server_file_run (file, "INSERT INTO claims VALUES (?, ?)", "si", error, request->id, request->time))
    return FALSE;

  self->claims++;
  self->claims_bytes += cost;
  return TRUE;
}

static gboolean
run_claim (DwServerFile *file, gpointer data, GError **error)
{
  Request *request = data;
  gboolean done = run_claim_counted (request->registry, file, request, error);

  /* After a failure the transaction is rolled back and our counts are wrong, so count again next time. */
  request->registry->counted = request->registry->counted && done;
  return done;
}

static void
on_claimed (gpointer data, const GError *error)
{
  Request *request = data;

  if (error != NULL)
    g_task_return_error (request->task, g_error_copy (error));
  else
    g_task_return_int (request->task, request->fresh);
}

static void
dw_sqlite_registry_claim_async (DwRegistry *registry,
                                const char *id,
                                gint64 now,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer data)
{
  GTask *task = g_task_new (registry, cancellable, callback, data);

  g_task_set_source_tag (task, dw_sqlite_registry_claim_async);
  ask (DW_SQLITE_REGISTRY (registry), task, DW_TABLES_WRITE, run_claim, on_claimed, id, now);
}

static gboolean
run_release (DwServerFile *file, gpointer data, GError **error)
{
  Request *request = data;

  gint64 freed;

  if (!dw_server_file_sum (file, "DELETE FROM claims WHERE id = ? RETURNING " COST, "s", &freed, error,
                           request->id))
    return FALSE;
  run_uncount (request->registry, file, freed);
  return TRUE;
}

static void
dw_sqlite_registry_release (DwRegistry *registry, const char *id)
{
  ask (DW_SQLITE_REGISTRY (registry), NULL, DW_TABLES_REMOVE, run_release, NULL, id, 0);
}

static void
dw_sqlite_registry_finalize (GObject *object)
{
  g_clear_pointer (&DW_SQLITE_REGISTRY (object)->tables, dw_tables_unref);
  G_OBJECT_CLASS (dw_sqlite_registry_parent_class)->finalize (object);
}

static void
dw_sqlite_registry_class_init (DwSqliteRegistryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dw_sqlite_registry_finalize;
}

static void
dw_sqlite_registry_init (DwSqliteRegistry *self)
{
}

static void
dw_sqlite_registry_iface_init (DwRegistryInterface *iface)
{
  iface->put_async = dw_sqlite_registry_put_async;
  iface->remove_async = dw_sqlite_registry_remove_async;
  iface->scan_async = dw_sqlite_registry_scan_async;
  iface->claim_async = dw_sqlite_registry_claim_async;
  iface->release = dw_sqlite_registry_release;
}

/**
 * dw_sqlite_registry_new:
 * @tables: the stage's tables
 * @page_size: how many ids a page of a scan holds, at least 1
 *
 * Returns: (transfer full): a registry that survives a restart
 */
DwSqliteRegistry *
dw_sqlite_registry_new (DwTables *tables, guint page_size)
{
  DwSqliteRegistry *self = g_object_new (DW_TYPE_SQLITE_REGISTRY, NULL);

  self->tables = dw_tables_ref (tables);
  self->page_size = MAX (page_size, 1);
  return self;
}

static gboolean
run_forget_all (DwServerFile *file, gpointer data, GError **error)
{
  if (!dw_server_file_run (file, "DELETE FROM connections", "", error))
    return FALSE;
  *(guint *) data = (guint) dw_server_file_get_changes (file);
  return TRUE;
}

/**
 * dw_sqlite_registry_forget_all:
 * @self: a registry
 * @forgotten: (out): how many ids it held
 * @error: %DW_BACKEND_ERROR_TABLE: what went wrong
 *
 * Removes the ids that an earlier process left: its sockets are gone with it. Blocks for the disk.
 *
 * Returns: whether it is empty now
 */
gboolean
dw_sqlite_registry_forget_all (DwSqliteRegistry *self, guint *forgotten, GError **error)
{
  DW_ASSERT_MAIN_THREAD ();
  return dw_tables_call (self->tables, DW_TABLES_WRITE, run_forget_all, forgotten, error);
}
