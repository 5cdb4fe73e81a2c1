/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-dispatcher.h"

#include "dw-connection-id.h"
#include "dw-gateway-frame.h"

struct _DwDispatcher
{
  GObject parent_instance;

  char *stage;
  DwRegistry *registry;
  DwSocketGateway *gateway;
  DwRouteTable *routes;

  /* Messages are handled one after another, so that every receiver sees them in the order of acceptance. */
  GQueue waiting; /* of DwEvent; at most DW_DISPATCHER_QUEUE */
  DwEvent *running;
  guint disconnects;
};

G_DEFINE_FINAL_TYPE (DwDispatcher, dw_dispatcher, G_TYPE_OBJECT)

static gint64
now_ms (void)
{
  return g_get_real_time () / 1000;
}

static void
dw_dispatcher_finalize (GObject *object)
{
  DwDispatcher *self = DW_DISPATCHER (object);

  g_queue_clear_full (&self->waiting, (GDestroyNotify) dw_event_free);
  g_clear_pointer (&self->running, dw_event_free);
  g_clear_pointer (&self->routes, dw_route_table_free);
  g_clear_object (&self->registry);
  g_clear_object (&self->gateway);
  g_free (self->stage);
  G_OBJECT_CLASS (dw_dispatcher_parent_class)->finalize (object);
}

static void
dw_dispatcher_class_init (DwDispatcherClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dw_dispatcher_finalize;
}

static void
dw_dispatcher_init (DwDispatcher *self)
{
  g_queue_init (&self->waiting);
  self->routes = dw_route_table_new ();
}

/**
 * dw_dispatcher_new:
 * @stage: the stage's name
 * @registry: where connection IDs live
 * @gateway: how to reach connections
 *
 * Returns: (transfer full): what turns events into calls of handlers, with no routes yet
 */
DwDispatcher *
dw_dispatcher_new (const char *stage, DwRegistry *registry, DwSocketGateway *gateway)
{
  DwDispatcher *self = g_object_new (DW_TYPE_DISPATCHER, NULL);

  self->stage = g_strdup (stage);
  self->registry = g_object_ref (registry);
  self->gateway = g_object_ref (gateway);
  return self;
}

/**
 * dw_dispatcher_get_routes:
 * @self: a dispatcher
 *
 * Returns: (transfer none): its routes, to add to
 */
DwRouteTable *
dw_dispatcher_get_routes (DwDispatcher *self)
{
  return self->routes;
}

static void
on_connect_handled (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (DwResponse) response = dw_handler_finish (result, &error);

  if (response == NULL)
    {
      g_warning ("The $connect handler failed: %s", error->message);
      g_task_return_int (task, 502);
    }
  else
    g_task_return_int (task, response->status);
}

/**
 * dw_dispatcher_connect_async:
 * @self: a dispatcher
 * @connection_id: the id the connection will have
 * @connected_at: now, in milliseconds since 1970 UTC
 * @cancellable: (nullable): to stop it
 * @callback: called when the handler has decided
 * @data: for @callback
 *
 * Runs `$connect`. A stage without that route accepts everybody.
 */
void
dw_dispatcher_connect_async (DwDispatcher *self,
                             const char *connection_id,
                             gint64 connected_at,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer data)
{
  GTask *task = g_task_new (self, cancellable, callback, data);
  DwHandlerFunc handler = dw_route_table_get (self->routes, "$connect");
  DwEvent *event = dw_event_new ("$connect", connection_id, self->stage, connected_at, connected_at, NULL);

  g_task_set_source_tag (task, dw_dispatcher_connect_async);
  g_task_set_task_data (task, event, (GDestroyNotify) dw_event_free);
  if (handler != NULL)
    {
      handler (self->registry, DW_GATEWAY (self->gateway), event, cancellable, on_connect_handled, task);
      return;
    }
  g_task_return_int (task, 200);
  g_object_unref (task);
}

/**
 * dw_dispatcher_connect_finish:
 * @self: a dispatcher
 * @result: what the callback was given
 *
 * Returns: the HTTP status of the handshake: 2xx accepts it; 502 says that the handler failed
 */
guint
dw_dispatcher_connect_finish (DwDispatcher *self, GAsyncResult *result)
{
  gssize status = g_task_propagate_int (G_TASK (result), NULL);

  return status < 100 ? 502 : (guint) status;
}

static void
on_disconnect_handled (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (DwDispatcher) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (DwResponse) response = dw_handler_finish (result, &error);

  self->disconnects--;
  if (response == NULL)
    g_warning ("The $disconnect handler failed: %s", error->message);
}

/**
 * dw_dispatcher_disconnect:
 * @self: a dispatcher
 * @connection_id: an accepted connection that ended; call it once for each
 * @connected_at: when it was made, in milliseconds since 1970 UTC
 *
 * Runs `$disconnect`.
 */
void
dw_dispatcher_disconnect (DwDispatcher *self, const char *connection_id, gint64 connected_at)
{
  DwHandlerFunc handler = dw_route_table_get (self->routes, "$disconnect");
  g_autoptr (DwEvent) event = NULL;

  if (handler == NULL)
    return;
  event = dw_event_new ("$disconnect", connection_id, self->stage, connected_at, now_ms (), NULL);
  self->disconnects++;
  handler (self->registry, DW_GATEWAY (self->gateway), event, NULL, on_disconnect_handled, g_object_ref (self));
}

static void
refuse (DwDispatcher *self, const char *connection_id, const char *words)
{
  g_autofree char *request_id = dw_connection_id_new ();
  g_autofree char *frame = dw_gateway_frame_new (words, connection_id, request_id);

  dw_socket_gateway_post (self->gateway, connection_id, frame);
}

static void run_next (DwDispatcher *self);

static void
on_message_handled (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (DwDispatcher) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (DwResponse) response = dw_handler_finish (result, &error);
  g_autoptr (DwEvent) event = g_steal_pointer (&self->running);

  if (response == NULL)
    {
      g_message ("The handler of %s failed: %s", event->route_key, error->message);
      refuse (self, event->connection_id, DW_GATEWAY_FRAME_INTERNAL);
    }
  run_next (self);
}

static void
run_next (DwDispatcher *self)
{
  DwHandlerFunc handler;

  if (self->running != NULL || g_queue_is_empty (&self->waiting))
    return;
  self->running = g_queue_pop_head (&self->waiting);
  handler = dw_route_table_get (self->routes, self->running->route_key);
  handler (self->registry, DW_GATEWAY (self->gateway), self->running, NULL, on_message_handled,
           g_object_ref (self));
}

/**
 * dw_dispatcher_message:
 * @self: a dispatcher
 * @connection_id: who sent it
 * @connected_at: when that connection was made, in milliseconds since 1970 UTC
 * @body: the frame's text
 *
 * Runs the route of a message. Where there is none, where the handler fails and where too many wait, the sender
 * gets the gateway's own frame and stays connected.
 */
void
dw_dispatcher_message (DwDispatcher *self, const char *connection_id, gint64 connected_at, const char *body)
{
  g_autofree char *route_key = dw_route_table_select (self->routes, body);

  if (route_key == NULL)
    refuse (self, connection_id, DW_GATEWAY_FRAME_FORBIDDEN);
  else if (g_queue_get_length (&self->waiting) >= DW_DISPATCHER_QUEUE)
    refuse (self, connection_id, DW_GATEWAY_FRAME_THROTTLED);
  else
    {
      g_queue_push_tail (&self->waiting,
                         dw_event_new (route_key, connection_id, self->stage, connected_at, now_ms (), body));
      run_next (self);
    }
}

/**
 * dw_dispatcher_is_idle:
 * @self: a dispatcher
 *
 * Returns: whether everything accepted has been handled
 */
gboolean
dw_dispatcher_is_idle (DwDispatcher *self)
{
  return self->running == NULL && self->disconnects == 0;
}
