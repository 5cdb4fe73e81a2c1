/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-handler.h"

static void
on_put (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;

  if (!dw_registry_put_finish (DW_REGISTRY (source), result, &error))
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_pointer (task, dw_response_new (200, NULL), (GDestroyNotify) dw_response_free);
}

/**
 * dw_connect_handler:
 * @registry: where connection IDs live
 * @gateway: unused: a post to a connection inside its own `$connect` is refused with 410
 * @event: a `$connect` event
 * @cancellable: (nullable): to stop it
 * @callback: called with a result for dw_handler_finish()
 * @data: for @callback
 *
 * Stores the connection ID. The handshake is accepted with the status it returns.
 */
void
dw_connect_handler (DwRegistry *registry,
                    DwGateway *gateway,
                    const DwEvent *event,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer data)
{
  GTask *task = g_task_new (registry, cancellable, callback, data);

  g_task_set_source_tag (task, dw_connect_handler);
  dw_registry_put_async (registry, event->caller->connection_id, event->caller->connected_at / 1000, cancellable,
                         on_put, task);
}
