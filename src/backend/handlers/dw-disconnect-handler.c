/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-handler.h"

static void
on_removed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;

  if (!dw_registry_remove_finish (DW_REGISTRY (source), result, &error))
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_pointer (task, dw_response_new (200, NULL), (GDestroyNotify) dw_response_free);
}

/**
 * dw_disconnect_handler:
 * @registry: where connection IDs live
 * @gateway: unused
 * @event: a `$disconnect` event
 * @cancellable: (nullable): to stop it
 * @callback: called with a result for dw_handler_finish()
 * @data: for @callback
 *
 * Deletes the connection ID.
 */
void
dw_disconnect_handler (DwRegistry *registry,
                       DwGateway *gateway,
                       const DwEvent *event,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer data)
{
  GTask *task = g_task_new (registry, cancellable, callback, data);

  g_task_set_source_tag (task, dw_disconnect_handler);
  dw_registry_remove_async (registry, event->caller->connection_id, cancellable, on_removed, task);
}
