/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-registry.h"

G_DEFINE_INTERFACE (DwRegistry, dw_registry, G_TYPE_OBJECT)

static void
dw_registry_default_init (DwRegistryInterface *iface)
{
}

/**
 * dw_registry_put_async:
 * @self: a registry
 * @connection_id: the id to store
 * @timestamp: when it connected, in seconds since 1970 UTC
 * @cancellable: (nullable): to stop it
 * @callback: called when it is done
 * @data: for @callback
 */
void
dw_registry_put_async (DwRegistry *self,
                       const char *connection_id,
                       gint64 timestamp,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer data)
{
  DW_REGISTRY_GET_IFACE (self)->put_async (self, connection_id, timestamp, cancellable, callback, data);
}

/**
 * dw_registry_put_finish:
 * @self: a registry
 * @result: what the callback was given
 * @error: why it is not stored
 *
 * Returns: whether the id is stored
 */
gboolean
dw_registry_put_finish (DwRegistry *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * dw_registry_remove_async:
 * @self: a registry
 * @connection_id: the id to delete; an absent one is no error
 * @cancellable: (nullable): to stop it
 * @callback: (nullable): called when it is done
 * @data: for @callback
 */
void
dw_registry_remove_async (DwRegistry *self,
                          const char *connection_id,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer data)
{
  DW_REGISTRY_GET_IFACE (self)->remove_async (self, connection_id, cancellable, callback, data);
}

/**
 * dw_registry_remove_finish:
 * @self: a registry
 * @result: what the callback was given
 * @error: why it may still be there
 *
 * Returns: whether the id is gone
 */
gboolean
dw_registry_remove_finish (DwRegistry *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * dw_registry_scan_async:
 * @self: a registry
 * @start_key: (nullable): the last page's key, or %NULL for the first page
 * @cancellable: (nullable): to stop it
 * @callback: called when it is done
 * @data: for @callback
 */
void
dw_registry_scan_async (DwRegistry *self,
                        const char *start_key,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer data)
{
  DW_REGISTRY_GET_IFACE (self)->scan_async (self, start_key, cancellable, callback, data);
}

/**
 * dw_registry_scan_finish:
 * @self: a registry
 * @result: what the callback was given
 * @error: why there is no page
 *
 * Returns: (transfer full): a page, or %NULL; its arrays may be shared and are to be read only
 */
DwRegistryPage *
dw_registry_scan_finish (DwRegistry *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * dw_registry_page_new:
 *
 * Returns: (transfer full): an empty page that is the last
 */
DwRegistryPage *
dw_registry_page_new (void)
{
  DwRegistryPage *page = g_new0 (DwRegistryPage, 1);

  page->connection_ids = g_ptr_array_new_with_free_func (g_free);
  page->timestamps = g_array_new (FALSE, FALSE, sizeof (gint64));
  return page;
}

/**
 * dw_registry_page_free:
 * @page: (transfer full): a page
 */
void
dw_registry_page_free (DwRegistryPage *page)
{
  g_ptr_array_unref (page->connection_ids);
  g_array_unref (page->timestamps);
  g_clear_pointer (&page->endpoints, g_ptr_array_unref);
  g_free (page->last_key);
  g_free (page);
}

/**
 * dw_registry_claim_async:
 * @self: a registry
 * @id: a message's own id
 * @now: the time, in seconds since 1970 UTC
 * @cancellable: (nullable): to stop it
 * @callback: called when it is done
 * @data: for @callback
 *
 * Remembers a message's id for %DW_REGISTRY_CLAIM_SECONDS, so that a second copy is not broadcast again.
 */
void
dw_registry_claim_async (DwRegistry *self,
                         const char *id,
                         gint64 now,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer data)
{
  DW_REGISTRY_GET_IFACE (self)->claim_async (self, id, now, cancellable, callback, data);
}

/**
 * dw_registry_claim_finish:
 * @self: a registry
 * @result: what the callback was given
 * @fresh: (out): whether the id was new
 * @error: why it could not be looked up
 *
 * Returns: whether it was looked up
 */
gboolean
dw_registry_claim_finish (DwRegistry *self, GAsyncResult *result, gboolean *fresh, GError **error)
{
  GError *problem = NULL;
  gssize answer = g_task_propagate_int (G_TASK (result), &problem);

  *fresh = answer == 1;
  if (problem == NULL)
    return TRUE;
  g_propagate_error (error, problem);
  return FALSE;
}

/**
 * dw_registry_release:
 * @self: a registry
 * @id: the id of a message that was claimed and then could not be sent
 *
 * Forgets the id, so that the message can be sent again.
 */
void
dw_registry_release (DwRegistry *self, const char *id)
{
  DW_REGISTRY_GET_IFACE (self)->release (self, id);
}
