/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-gateway.h"

G_DEFINE_INTERFACE (DwGateway, dw_gateway, G_TYPE_OBJECT)

static void
dw_gateway_default_init (DwGatewayInterface *iface)
{
}

/**
 * dw_gateway_post_async:
 * @self: a gateway
 * @connection_ids: (element-type utf8): to whom; the implementation bounds how many are under way at once, and
 *   starts them in this order
 * @endpoints: (nullable) (element-type utf8): the endpoint of each; a %NULL element, or %NULL instead of the array,
 *   means this gateway
 * @text: the frame, UTF-8, at most %DW_LIMIT_MESSAGE_BYTES
 * @cancellable: (nullable): to stop it
 * @callback: called when every connection was tried or the time ran out
 * @data: for @callback
 */
void
dw_gateway_post_async (DwGateway *self,
                       GPtrArray *connection_ids,
                       GPtrArray *endpoints,
                       const char *text,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer data)
{
  DW_GATEWAY_GET_IFACE (self)->post_async (self, connection_ids, endpoints, text, cancellable, callback, data);
}

/**
 * dw_gateway_post_finish:
 * @self: a gateway
 * @result: what the callback was given
 * @error: why nothing could be posted
 *
 * Returns: (transfer full) (nullable): the outcome
 */
DwPosted *
dw_gateway_post_finish (DwGateway *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * dw_gateway_get_async:
 * @self: a gateway
 * @connection_id: whom to look up
 * @cancellable: (nullable): to stop it
 * @callback: called when it is done
 * @data: for @callback
 */
void
dw_gateway_get_async (DwGateway *self,
                      const char *connection_id,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer data)
{
  DW_GATEWAY_GET_IFACE (self)->get_async (self, connection_id, cancellable, callback, data);
}

/**
 * dw_gateway_get_finish:
 * @self: a gateway
 * @result: what the callback was given
 * @error: %DW_BACKEND_ERROR_GONE
 *
 * Returns: (transfer full): what is known of the connection, or %NULL; free it with g_free()
 */
DwConnectionInfo *
dw_gateway_get_finish (DwGateway *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * dw_gateway_delete_async:
 * @self: a gateway
 * @connection_id: whom to close; the client sees 1000
 * @cancellable: (nullable): to stop it
 * @callback: called when it is done
 * @data: for @callback
 */
void
dw_gateway_delete_async (DwGateway *self,
                         const char *connection_id,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer data)
{
  DW_GATEWAY_GET_IFACE (self)->delete_async (self, connection_id, cancellable, callback, data);
}

/**
 * dw_gateway_delete_finish:
 * @self: a gateway
 * @result: what the callback was given
 * @error: %DW_BACKEND_ERROR_GONE
 *
 * Returns: whether the connection is being closed
 */
gboolean
dw_gateway_delete_finish (DwGateway *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * dw_posted_new:
 * @done: how many connections were tried
 *
 * Returns: (transfer full): an outcome without gone connections
 */
DwPosted *
dw_posted_new (guint done)
{
  DwPosted *posted = g_new0 (DwPosted, 1);

  posted->gone = g_ptr_array_new_with_free_func (g_free);
  posted->done = done;
  return posted;
}

/**
 * dw_posted_free:
 * @posted: (transfer full): a result
 */
void
dw_posted_free (DwPosted *posted)
{
  g_ptr_array_unref (posted->gone);
  g_free (posted);
}

/**
 * dw_connection_info_free:
 * @info: (transfer full): what is known of a connection
 */
void
dw_connection_info_free (DwConnectionInfo *info)
{
  dw_caller_unref (info->caller);
  g_free (info);
}
