/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-sqlite-registry.h"

struct _DwSqliteRegistry
{
  GObject parent_instance;

  DwStageFile *file;
  guint page_size;
};

static void dw_sqlite_registry_iface_init (DwRegistryInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DwSqliteRegistry,
                               dw_sqlite_registry,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DW_TYPE_REGISTRY, dw_sqlite_registry_iface_init))

static void
return_done (GTask *task, gboolean done, GError *error)
{
  if (done)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
dw_sqlite_registry_put_async (DwRegistry *registry,
                              const char *connection_id,
                              gint64 timestamp,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer data)
{
  DwSqliteRegistry *self = DW_SQLITE_REGISTRY (registry);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, data);
  GError *error = NULL;
  gboolean done = dw_stage_file_run (self->file, "INSERT OR REPLACE INTO connections VALUES (?, ?)", "si", &error,
                                     connection_id, timestamp);

  g_task_set_source_tag (task, dw_sqlite_registry_put_async);
  return_done (task, done, error);
}

static void
dw_sqlite_registry_remove_async (DwRegistry *registry,
                                 const char *connection_id,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer data)
{
  DwSqliteRegistry *self = DW_SQLITE_REGISTRY (registry);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, data);
  GError *error = NULL;
  gboolean done =
      dw_stage_file_run (self->file, "DELETE FROM connections WHERE connection_id = ?", "s", &error, connection_id);

  g_task_set_source_tag (task, dw_sqlite_registry_remove_async);
  return_done (task, done, error);
}

static DwRegistryPage *
read_page (DwSqliteRegistry *self, const char *start_key, GError **error)
{
  g_autoptr (DwRegistryPage) page = dw_registry_page_new ();
  sqlite3_stmt *statement = dw_stage_file_prepare (
      self->file,
      "SELECT connection_id, timestamp FROM connections WHERE connection_id > ? ORDER BY connection_id LIMIT ?",
      error);
  GError *problem = NULL;

  if (statement == NULL)
    return NULL;
  sqlite3_bind_text (statement, 1, start_key != NULL ? start_key : "", -1, SQLITE_TRANSIENT);
  sqlite3_bind_int64 (statement, 2, self->page_size);
  while (dw_stage_file_step (self->file, statement, &problem))
    {
      gint64 timestamp = sqlite3_column_int64 (statement, 1);

      g_ptr_array_add (page->connection_ids, g_strdup ((const char *) sqlite3_column_text (statement, 0)));
      g_array_append_val (page->timestamps, timestamp);
    }
  if (problem != NULL)
    {
      g_propagate_error (error, problem);
      return NULL;
    }
  /* As the real table: a full page may be the last one, and only the next, empty one tells. */
  if (page->connection_ids->len == self->page_size)
    page->last_key = g_strdup (g_ptr_array_index (page->connection_ids, page->connection_ids->len - 1));
  return g_steal_pointer (&page);
}

static void
dw_sqlite_registry_scan_async (DwRegistry *registry,
                               const char *start_key,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer data)
{
  DwSqliteRegistry *self = DW_SQLITE_REGISTRY (registry);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, data);
  GError *error = NULL;
  DwRegistryPage *page = read_page (self, start_key, &error);

  g_task_set_source_tag (task, dw_sqlite_registry_scan_async);
  if (page == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, page, (GDestroyNotify) dw_registry_page_free);
}

static void
dw_sqlite_registry_claim_async (DwRegistry *registry,
                                const char *id,
                                gint64 now,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer data)
{
  DwSqliteRegistry *self = DW_SQLITE_REGISTRY (registry);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, data);
  GError *error = NULL;

  g_task_set_source_tag (task, dw_sqlite_registry_claim_async);
  if (!dw_stage_file_run (self->file, "DELETE FROM claims WHERE time <= ?", "i", &error,
                          now - DW_REGISTRY_CLAIM_SECONDS)
      || !dw_stage_file_run (self->file, "INSERT OR IGNORE INTO claims VALUES (?, ?)", "si", &error, id, now))
    g_task_return_error (task, error);
  else
    g_task_return_int (task, dw_stage_file_get_changes (self->file) > 0);
}

static void
dw_sqlite_registry_release (DwRegistry *registry, const char *id)
{
  dw_stage_file_run (DW_SQLITE_REGISTRY (registry)->file, "DELETE FROM claims WHERE id = ?", "s", NULL, id);
}

static void
dw_sqlite_registry_finalize (GObject *object)
{
  g_clear_object (&DW_SQLITE_REGISTRY (object)->file);
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
 * @file: the stage's file
 * @page_size: how many ids a page of a scan holds, at least 1
 *
 * Returns: (transfer full): a registry that survives a restart
 */
DwSqliteRegistry *
dw_sqlite_registry_new (DwStageFile *file, guint page_size)
{
  DwSqliteRegistry *self = g_object_new (DW_TYPE_SQLITE_REGISTRY, NULL);

  self->file = g_object_ref (file);
  self->page_size = MAX (page_size, 1);
  return self;
}

/**
 * dw_sqlite_registry_forget_all:
 * @self: a registry
 * @forgotten: (out): how many ids it held
 * @error: %DW_BACKEND_ERROR_TABLE: what went wrong
 *
 * Removes what an earlier process left: the sockets of its ids died with it.
 *
 * Returns: whether it is empty now
 */
gboolean
dw_sqlite_registry_forget_all (DwSqliteRegistry *self, guint *forgotten, GError **error)
{
  if (!dw_stage_file_run (self->file, "DELETE FROM connections", "", error))
    return FALSE;
  *forgotten = (guint) dw_stage_file_get_changes (self->file);
  return TRUE;
}
