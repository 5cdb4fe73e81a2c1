/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-socket-gateway.h"

#include "backend/dw-backend-error.h"

struct _DwSocketGateway
{
  GObject parent_instance;

  GHashTable *sockets; /* by connection ID; bounded by the connections the server takes */
};

static void dw_socket_gateway_iface_init (DwGatewayInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DwSocketGateway,
                               dw_socket_gateway,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DW_TYPE_GATEWAY, dw_socket_gateway_iface_init))

static void
return_gone (GTask *task)
{
  g_task_return_new_error (task, DW_BACKEND_ERROR, DW_BACKEND_ERROR_GONE, "the connection is gone");
}

static void
dw_socket_gateway_post_async (DwGateway *gateway,
                              GPtrArray *connection_ids,
                              const char *text,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer data)
{
  DwSocketGateway *self = DW_SOCKET_GATEWAY (gateway);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, data);
  GPtrArray *gone = g_ptr_array_new_with_free_func (g_free);

  g_task_set_source_tag (task, dw_socket_gateway_post_async);
  for (guint i = 0; i < connection_ids->len; i++)
    {
      const char *id = g_ptr_array_index (connection_ids, i);

      if (!dw_socket_gateway_post (self, id, text))
        g_ptr_array_add (gone, g_strdup (id));
    }
  g_task_return_pointer (task, gone, (GDestroyNotify) g_ptr_array_unref);
}

static void
dw_socket_gateway_get_async (DwGateway *gateway,
                             const char *connection_id,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer data)
{
  DwSocketGateway *self = DW_SOCKET_GATEWAY (gateway);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, data);
  DwStageSocket *socket = g_hash_table_lookup (self->sockets, connection_id);
  DwConnectionInfo *info;

  g_task_set_source_tag (task, dw_socket_gateway_get_async);
  if (socket == NULL)
    {
      return_gone (task);
      return;
    }
  info = g_new0 (DwConnectionInfo, 1);
  info->connected_at = dw_stage_socket_get_connected_at (socket);
  info->last_active_at = dw_stage_socket_get_last_active_at (socket);
  g_task_return_pointer (task, info, g_free);
}

static void
dw_socket_gateway_delete_async (DwGateway *gateway,
                                const char *connection_id,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer data)
{
  DwSocketGateway *self = DW_SOCKET_GATEWAY (gateway);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, data);
  DwStageSocket *socket = g_hash_table_lookup (self->sockets, connection_id);

  g_task_set_source_tag (task, dw_socket_gateway_delete_async);
  if (socket == NULL)
    {
      return_gone (task);
      return;
    }
  dw_stage_socket_close (socket, SOUP_WEBSOCKET_CLOSE_NORMAL, "Connection Closed Normally");
  g_task_return_boolean (task, TRUE);
}

static void
dw_socket_gateway_finalize (GObject *object)
{
  g_clear_pointer (&DW_SOCKET_GATEWAY (object)->sockets, g_hash_table_unref);
  G_OBJECT_CLASS (dw_socket_gateway_parent_class)->finalize (object);
}

static void
dw_socket_gateway_class_init (DwSocketGatewayClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dw_socket_gateway_finalize;
}

static void
dw_socket_gateway_init (DwSocketGateway *self)
{
  self->sockets = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_object_unref);
}

static void
dw_socket_gateway_iface_init (DwGatewayInterface *iface)
{
  iface->post_async = dw_socket_gateway_post_async;
  iface->get_async = dw_socket_gateway_get_async;
  iface->delete_async = dw_socket_gateway_delete_async;
}

/**
 * dw_socket_gateway_new:
 *
 * Returns: (transfer full): the gateway of a stage that holds its sockets itself
 */
DwSocketGateway *
dw_socket_gateway_new (void)
{
  return g_object_new (DW_TYPE_SOCKET_GATEWAY, NULL);
}

/**
 * dw_socket_gateway_add:
 * @self: a gateway
 * @socket: a connection that `$connect` accepted
 */
void
dw_socket_gateway_add (DwSocketGateway *self, DwStageSocket *socket)
{
  g_hash_table_replace (self->sockets, (gpointer) dw_stage_socket_get_id (socket), g_object_ref (socket));
}

/**
 * dw_socket_gateway_remove:
 * @self: a gateway
 * @connection_id: a connection that ended
 */
void
dw_socket_gateway_remove (DwSocketGateway *self, const char *connection_id)
{
  g_hash_table_remove (self->sockets, connection_id);
}

/**
 * dw_socket_gateway_post:
 * @self: a gateway
 * @connection_id: to whom
 * @text: the frame
 *
 * Returns: %FALSE where the connection is gone
 */
gboolean
dw_socket_gateway_post (DwSocketGateway *self, const char *connection_id, const char *text)
{
  DwStageSocket *socket = g_hash_table_lookup (self->sockets, connection_id);

  return socket != NULL && dw_stage_socket_send (socket, text);
}

/**
 * dw_socket_gateway_get_size:
 * @self: a gateway
 *
 * Returns: how many connections there are
 */
guint
dw_socket_gateway_get_size (DwSocketGateway *self)
{
  return g_hash_table_size (self->sockets);
}

/**
 * dw_socket_gateway_close_expired:
 * @self: a gateway
 * @idle_ms: the longest a connection may be idle, in milliseconds
 * @age_ms: the longest it may live, in milliseconds
 *
 * Closes what is over a limit as API Gateway does: 1001 "Going away" (captured for idleness; the two hours close
 * the same way in serverless-offline).
 */
void
dw_socket_gateway_close_expired (DwSocketGateway *self, gint64 idle_ms, gint64 age_ms)
{
  g_autoptr (GList) sockets = g_hash_table_get_values (self->sockets);

  for (GList *at = sockets; at != NULL; at = at->next)
    if (dw_stage_socket_get_idle (at->data) >= idle_ms || dw_stage_socket_get_age (at->data) >= age_ms)
      dw_stage_socket_close (at->data, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, "Going away");
}

/**
 * dw_socket_gateway_close_all:
 * @self: a gateway
 * @code: the close code every client sees
 * @reason: (nullable): words for it
 */
void
dw_socket_gateway_close_all (DwSocketGateway *self, gushort code, const char *reason)
{
  g_autoptr (GList) sockets = g_hash_table_get_values (self->sockets);

  for (GList *at = sockets; at != NULL; at = at->next)
    dw_stage_socket_close (at->data, code, reason);
}
