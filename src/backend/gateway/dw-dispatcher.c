/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-dispatcher.h"

#include "dw-connection-id.h"
#include "dw-gateway-frame.h"
#include "dw-redaction.h"

#include "backend/dw-backend-error.h"
#include "backend/handlers/dw-event-json.h"

#include "wire/dw-json.h"
#include "wire/dw-limits.h"
#include "wire/dw-thread.h"

/* One call of a handler. It lives until the handler is done, however late. */
typedef struct
{
  DwDispatcher *dispatcher;
  DwEvent *event;
  guint timer;
  gsize cost;
  gint64 accepted; /* monotonic, in microseconds */
  gboolean late;
  gboolean apart; /* it runs in a function: those run in parallel, as at AWS */
} Call;

/* What one connection has waiting. */
typedef struct
{
  DwCaller *caller; /* the calls hold references to it */
  gsize bytes;      /* including the call that runs, never 0; at most DW_DISPATCHER_CALLER_BYTES and one message */
  GQueue waiting;   /* of Call */
  GList place;      /* its link in the dispatcher's lines while something waits */
} Line;

/* All of it lives in the main thread. */
struct _DwDispatcher
{
  GObject parent_instance;

  char *stage;
  char *api_id;
  DwRegistry *registry;
  DwSocketGateway *gateway;
  DwRouteTable *routes;
  gint64 timeout_ms;
  gboolean traced;
  char *token;       /* the callers' token, to keep out of the trace; or NULL */
  char *subprotocol; /* the stage's subprotocol, for the same reason; or NULL */

  /* Messages are handled one after another, so that every receiver sees them in the same order. Each connection's
   * messages stay in order, and connections take turns, so that a busy one does not keep the others waiting. */
  GQueue lines; /* of Line, linked by their places; the next one first */
  guint
      waiting; /* messages in the lines; with the running one, at most DW_DISPATCHER_QUEUE and DW_DISPATCHER_BYTES */
  Call *running;
  gsize bytes;         /* of the waiting and the running messages */
  GHashTable *callers; /* Line, by DwCaller */
  DwTurn *turn;        /* or NULL; held while messages wait, so that frames to one socket leave in one write */
  guint late;          /* calls past their timeout that still run; at most DW_DISPATCHER_LATE */
  gsize late_bytes;    /* their bytes; at most DW_DISPATCHER_LATE_BYTES and one message */
  guint apart;         /* messages that functions are handling; the functions throttle them */
  guint disconnects;   /* $disconnect handlers that run; at most one per connection */

  gboolean full;    /* no connection is read until the queue is down to half */
  GHashTable *held; /* DwCaller: connections on hold for lack of room; bounded by the number of connections */
  DwDispatcherRoomFunc room_func;
  gpointer room_data;
};

G_DEFINE_FINAL_TYPE (DwDispatcher, dw_dispatcher, G_TYPE_OBJECT)

static gint64
now_ms (void)
{
  return g_get_real_time () / 1000;
}

static void
call_free (Call *call)
{
  g_clear_handle_id (&call->timer, g_source_remove);
  dw_event_free (call->event);
  g_free (call);
}

static void
line_free (Line *line)
{
  g_queue_clear_full (&line->waiting, (GDestroyNotify) call_free);
  g_free (line);
}

static void
dw_dispatcher_finalize (GObject *object)
{
  DwDispatcher *self = DW_DISPATCHER (object);

  if (self->turn != NULL)
    dw_turn_hold (self->turn, FALSE);
  g_clear_pointer (&self->turn, dw_turn_unref);
  g_clear_pointer (&self->callers, g_hash_table_unref);
  g_clear_pointer (&self->held, g_hash_table_unref);
  g_free (self->token);
  g_free (self->subprotocol);
  g_clear_pointer (&self->routes, dw_route_table_free);
  g_clear_object (&self->registry);
  g_clear_object (&self->gateway);
  g_free (self->stage);
  g_free (self->api_id);
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
  g_queue_init (&self->lines);
  self->callers = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) line_free);
  self->held = g_hash_table_new_full (NULL, NULL, (GDestroyNotify) dw_caller_unref, NULL);
  self->routes = dw_route_table_new ();
  self->timeout_ms = (gint64) DW_LIMIT_INTEGRATION_SECONDS * 1000;
}

/* API ids are ten characters out of 36. This one lasts as long as the process. */
static char *
make_api_id (void)
{
  static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789";
  char id[11] = { 0 };

  for (guint i = 0; i < 10; i++)
    id[i] = alphabet[g_random_int_range (0, 36)];
  return g_strdup (id);
}

/**
 * dw_dispatcher_new:
 * @stage: the stage's name
 * @registry: where connection IDs are stored
 * @gateway: how to reach connections
 *
 * Returns: (transfer full): a dispatcher, which runs handlers for events; it has no routes yet
 */
DwDispatcher *
dw_dispatcher_new (const char *stage, DwRegistry *registry, DwSocketGateway *gateway)
{
  DwDispatcher *self = g_object_new (DW_TYPE_DISPATCHER, NULL);

  self->stage = g_strdup (stage);
  self->api_id = make_api_id ();
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

/**
 * dw_dispatcher_set_timeout:
 * @self: a dispatcher
 * @timeout_ms: the longest a handler may take, in milliseconds; API Gateway allows 29 seconds
 */
void
dw_dispatcher_set_timeout (DwDispatcher *self, gint64 timeout_ms)
{
  self->timeout_ms = timeout_ms;
}

/**
 * dw_dispatcher_set_turn:
 * @self: a dispatcher
 * @turn: the turn in which the sockets of its gateway are written
 *
 * The turn is held while messages wait, so that the frames of messages handled together leave in one write per
 * socket; but only as long as dw_turn_hold() allows. A message on its own is not delayed.
 */
void
dw_dispatcher_set_turn (DwDispatcher *self, DwTurn *turn)
{
  g_clear_pointer (&self->turn, dw_turn_unref);
  self->turn = dw_turn_ref (turn);
}

/**
 * dw_dispatcher_trace:
 * @self: a dispatcher
 * @token: (nullable): the token the stage asks its callers for, which is kept out of the log
 * @subprotocol: (nullable): the subprotocol the stage chooses
 *
 * Logs each event from here on, as a Lambda function would get it but without secrets. The text of messages is in it.
 */
void
dw_dispatcher_trace (DwDispatcher *self, const char *token, const char *subprotocol)
{
  self->traced = TRUE;
  g_free (self->token);
  self->token = g_strdup (token);
  g_free (self->subprotocol);
  self->subprotocol = g_strdup (subprotocol);
}

static DwEvent *
make_event (DwDispatcher *self, const char *route_key, DwCaller *caller, gint64 time)
{
  DwEvent *event = dw_event_new (route_key, caller, self->stage, time, NULL);

  event->api_id = g_strdup (self->api_id);
  event->request_id = dw_connection_id_new ();
  return event;
}

static void
trace (DwDispatcher *self, const DwEvent *event)
{
  g_autoptr (DwCaller) shown = NULL;
  g_autofree char *json = NULL;
  g_autofree char *line = NULL;
  DwEvent redacted = *event;

  if (!self->traced)
    return;
  shown = dw_redaction_of_caller (event->caller, self->token, self->subprotocol);
  redacted.caller = shown;
  json = dw_event_to_json (&redacted);
  line = dw_json_make_printable (json);
  g_message ("Event %s", line);
}

static void
run (DwDispatcher *self,
     const DwEvent *event,
     GCancellable *cancellable,
     GAsyncReadyCallback callback,
     gpointer data)
{
  DwHandlerFunc handler = dw_route_table_get (self->routes, event->route_key);
  DwFunctions *functions = dw_route_table_get_functions (self->routes, event->route_key);

  trace (self, event);
  if (functions != NULL)
    {
      g_autofree char *json = dw_event_to_json (event);

      dw_functions_invoke_async (functions, event->route_key, json, callback, data);
      return;
    }
  handler (self->registry, DW_GATEWAY (self->gateway), event, cancellable, callback, data);
}

/* A $connect under way: its task is answered once, by the handler or by the timeout. */
typedef struct
{
  DwEvent *event;
  guint timer;
} Connecting;

/* The timer holds the task, so there is none any more. */
static void
connecting_free (Connecting *connecting)
{
  dw_event_free (connecting->event);
  g_free (connecting);
}

static gboolean
on_connect_timeout (gpointer data)
{
  GTask *task = data;
  Connecting *connecting = g_task_get_task_data (task);

  connecting->timer = 0;
  g_task_return_pointer (task, dw_response_new (504, NULL), (GDestroyNotify) dw_response_free);
  return G_SOURCE_REMOVE;
}

static void
on_connect_handled (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (DwResponse) response = dw_handler_finish (result, &error);
  Connecting *connecting = g_task_get_task_data (task);

  /* The handler was too slow: the client has been answered already. */
  if (connecting->timer == 0)
    return;

  g_clear_handle_id (&connecting->timer, g_source_remove);
  if (response == NULL)
    {
      g_warning ("The $connect handler failed: %s", error->message);
      /* A throttled invocation is the gateway's failure (500), not the function's (502). */
      response =
          dw_response_new (g_error_matches (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_THROTTLED) ? 500 : 502, NULL);
    }

  g_task_return_pointer (task, g_steal_pointer (&response), (GDestroyNotify) dw_response_free);
}

/**
 * dw_dispatcher_connect_async:
 * @self: a dispatcher
 * @caller: who wants to connect
 * @cancellable: (nullable): cancels it
 * @callback: called when the handler has decided or has timed out
 * @data: for @callback
 *
 * Runs `$connect`. A stage without that route accepts everybody.
 */
void
dw_dispatcher_connect_async (DwDispatcher *self,
                             DwCaller *caller,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer data)
{
  GTask *task = g_task_new (self, cancellable, callback, data);
  Connecting *connecting = g_new0 (Connecting, 1);

  connecting->event = make_event (self, "$connect", caller, caller->connected_at);
  g_task_set_source_tag (task, dw_dispatcher_connect_async);
  g_task_set_task_data (task, connecting, (GDestroyNotify) connecting_free);
  if (!dw_route_table_has (self->routes, "$connect"))
    {
      g_task_return_pointer (task, dw_response_new (200, NULL), (GDestroyNotify) dw_response_free);
      g_object_unref (task);
      return;
    }

  connecting->timer = g_timeout_add_full (G_PRIORITY_DEFAULT, (guint) self->timeout_ms, on_connect_timeout,
                                          g_object_ref (task), g_object_unref);
  run (self, connecting->event, cancellable, on_connect_handled, task);
}

/**
 * dw_dispatcher_connect_finish:
 * @self: a dispatcher
 * @result: what the callback was given
 *
 * Returns: (transfer full): the answer to the handshake: 2xx accepts it; 502 means that the handler failed, and 504
 *   that it timed out
 */
DwResponse *
dw_dispatcher_connect_finish (DwDispatcher *self, GAsyncResult *result)
{
  DwResponse *response = g_task_propagate_pointer (G_TASK (result), NULL);

  if (response == NULL)
    return dw_response_new (502, NULL);
  /* An invalid status counts as a failed handler. */
  if (response->status < 100 || response->status > 599)
    response->status = 502;
  return response;
}

static void
on_disconnect_handled (GObject *source, GAsyncResult *result, gpointer data)
{
  Call *call = data;
  g_autoptr (DwDispatcher) self = call->dispatcher;
  g_autoptr (GError) error = NULL;
  g_autoptr (DwResponse) response = dw_handler_finish (result, &error);

  self->disconnects--;
  if (response == NULL)
    g_warning ("The $disconnect handler failed: %s", error->message);
  call_free (call);
}

/**
 * dw_dispatcher_disconnect:
 * @self: a dispatcher
 * @caller: an accepted connection that ended
 * @code: its close code
 * @reason: (nullable): the reason that came with it
 *
 * Runs `$disconnect`. Call it once for each connection.
 */
void
dw_dispatcher_disconnect (DwDispatcher *self, DwCaller *caller, guint code, const char *reason)
{
  Call *call;

  DW_ASSERT_MAIN_THREAD ();
  g_hash_table_remove (self->held, caller);
  dw_socket_gateway_get_metrics (self->gateway)->disconnects++;
  if (!dw_route_table_has (self->routes, "$disconnect"))
    return;
  call = g_new0 (Call, 1);
  call->dispatcher = g_object_ref (self);
  call->event = make_event (self, "$disconnect", caller, now_ms ());
  call->event->close_code = code;
  call->event->close_reason = g_strdup (reason);
  self->disconnects++;
  run (self, call->event, NULL, on_disconnect_handled, call);
}

static void
refuse (DwDispatcher *self, const char *connection_id, const char *words)
{
  g_autofree char *request_id = dw_connection_id_new ();
  g_autofree char *text = dw_gateway_frame_new (words, connection_id, request_id);
  g_autoptr (DwServerFrame) frame = dw_server_frame_new (text);

  dw_socket_gateway_get_metrics (self->gateway)->refusals++;
  dw_socket_gateway_post (self->gateway, connection_id, frame);
}

static gsize
bytes_of (DwDispatcher *self, DwCaller *caller)
{
  const Line *line = g_hash_table_lookup (self->callers, caller);

  return line != NULL ? line->bytes : 0;
}

static Line *
get_line (DwDispatcher *self, DwCaller *caller)
{
  Line *line = g_hash_table_lookup (self->callers, caller);

  if (line != NULL)
    return line;
  line = g_new0 (Line, 1);
  line->caller = caller;
  line->place.data = line;
  g_queue_init (&line->waiting);
  g_hash_table_insert (self->callers, caller, line);
  return line;
}

static gboolean
exceeds (DwDispatcher *self, guint quarters)
{
  return self->bytes >= (gsize) DW_DISPATCHER_BYTES / 4 * quarters
         || self->waiting >= DW_DISPATCHER_QUEUE / 4 * quarters;
}

static void
wake (DwDispatcher *self, DwCaller *caller)
{
  g_autoptr (DwCaller) keep = NULL;

  /* Only once half of the connection's room is free, so that it is not read one frame at a time. */
  if (!g_hash_table_contains (self->held, caller) || bytes_of (self, caller) > DW_DISPATCHER_CALLER_BYTES / 2)
    return;
  keep = dw_caller_ref (caller);
  g_hash_table_remove (self->held, caller);
  if (self->room_func != NULL)
    self->room_func (caller, self->room_data);
}

static Line *
take_in (DwDispatcher *self, Call *call)
{
  Line *line = get_line (self, call->event->caller);

  call->cost = call->event->body_length + DW_DISPATCHER_COST;
  self->bytes += call->cost;
  line->bytes += call->cost;
  return line;
}

/* Frees the room of a call that is done or has timed out. */
static void
let_out (DwDispatcher *self, Call *call)
{
  DwCaller *caller = call->event->caller;
  Line *line = g_hash_table_lookup (self->callers, caller);

  self->bytes -= call->cost;
  line->bytes -= call->cost;
  if (line->bytes == 0)
    g_hash_table_remove (self->callers, caller);
  if (self->full && !exceeds (self, 2))
    {
      g_autoptr (GList) held = g_hash_table_get_keys (self->held);

      self->full = FALSE;
      for (GList *at = held; at != NULL; at = at->next)
        wake (self, at->data);
    }
  else if (!self->full)
    wake (self, caller);
}

static void run_next (DwDispatcher *self);

/* Only two-way routes send the handler's body back, whatever its status. */
static void
respond (DwDispatcher *self, const Call *call, const DwResponse *response)
{
  g_autoptr (DwServerFrame) frame = NULL;

  if (response->body == NULL || !dw_route_table_is_two_way (self->routes, call->event->route_key))
    return;
  frame = dw_server_frame_new (response->body);
  dw_socket_gateway_post (self->gateway, call->event->caller->connection_id, frame);
}

static void
on_message_handled (GObject *source, GAsyncResult *result, gpointer data)
{
  Call *call = data;
  g_autoptr (DwDispatcher) self = call->dispatcher;
  g_autoptr (GError) error = NULL;
  g_autoptr (DwResponse) response = dw_handler_finish (result, &error);

  if (call->late)
    {
      self->late--;
      self->late_bytes -= call->cost;
    }
  else
    {
      if (call->apart)
        self->apart--;
      else
        self->running = NULL;
      let_out (self, call);
      dw_metrics_add_time (dw_socket_gateway_get_metrics (self->gateway), g_get_monotonic_time () - call->accepted);
      if (response != NULL)
        respond (self, call, response);
      else
        {
          g_message ("The handler of %s failed: %s", call->event->route_key, error->message);
          refuse (self, call->event->caller->connection_id, DW_GATEWAY_FRAME_INTERNAL);
        }
    }

  call_free (call);
  run_next (self);
}

/* The sender gets an error frame and stays connected; the handler keeps running, as a Lambda function would. */
static gboolean
on_message_timeout (gpointer data)
{
  Call *call = data;
  DwDispatcher *self = call->dispatcher;

  call->timer = 0;
  call->late = TRUE;
  self->late++;
  self->late_bytes += call->cost;
  if (call->apart)
    self->apart--;
  else
    self->running = NULL;
  let_out (self, call);
  g_message ("The handler of %s takes too long", call->event->route_key);
  refuse (self, call->event->caller->connection_id, DW_GATEWAY_FRAME_TIMEOUT);
  run_next (self);
  return G_SOURCE_REMOVE;
}

static void
start (DwDispatcher *self, Call *call)
{
  call->dispatcher = g_object_ref (self);
  call->timer = g_timeout_add ((guint) self->timeout_ms, on_message_timeout, call);
  run (self, call->event, NULL, on_message_handled, call);
}

static void
run_apart (DwDispatcher *self, Call *call)
{
  call->apart = TRUE;
  self->apart++;
  start (self, call);
}

static void
wait_in_line (DwDispatcher *self, Line *line, Call *call)
{
  g_queue_push_tail (&line->waiting, call);
  self->waiting++;
  if (line->waiting.length == 1)
    g_queue_push_tail_link (&self->lines, &line->place);
}

static Call *
take_next (DwDispatcher *self)
{
  Line *line = g_queue_pop_head_link (&self->lines)->data;
  Call *call = g_queue_pop_head (&line->waiting);

  self->waiting--;
  if (line->waiting.length > 0)
    g_queue_push_tail_link (&self->lines, &line->place);
  return call;
}

/* Holds the turn until the last of the messages that waited together is done. */
static void
hold_turn (DwDispatcher *self)
{
  if (self->turn == NULL)
    return;
  if (self->waiting > 0)
    dw_turn_hold (self->turn, self->running != NULL);
  else if (self->running == NULL)
    dw_turn_hold (self->turn, FALSE);
}

static void
run_next (DwDispatcher *self)
{
  if (self->running == NULL && self->waiting > 0 && self->late < DW_DISPATCHER_LATE
      && self->late_bytes < DW_DISPATCHER_LATE_BYTES)
    {
      self->running = take_next (self);
      start (self, self->running);
    }
  hold_turn (self);
}

/**
 * dw_dispatcher_message:
 * @self: a dispatcher
 * @caller: who sent it
 * @body: the frame's text
 * @length: how many bytes it has
 *
 * Runs the route of a message. If there is no route, the handler fails or times out, or too many messages wait, the
 * sender gets the gateway's own error frame and stays connected.
 */
void
dw_dispatcher_message (DwDispatcher *self, DwCaller *caller, const char *body, gsize length)
{
  g_autofree char *route_key = NULL;
  Call *call;
  Line *line;

  DW_ASSERT_MAIN_THREAD ();

  if (!dw_socket_gateway_may_post (self->gateway) || self->waiting >= DW_DISPATCHER_QUEUE
      || self->bytes + length + DW_DISPATCHER_COST > DW_DISPATCHER_BYTES)
    {
      refuse (self, caller->connection_id, DW_GATEWAY_FRAME_THROTTLED);
      return;
    }

  route_key = dw_route_table_select (self->routes, body, length);
  if (route_key == NULL)
    {
      refuse (self, caller->connection_id, DW_GATEWAY_FRAME_FORBIDDEN);
      return;
    }

  dw_socket_gateway_get_metrics (self->gateway)->messages++;
  call = g_new0 (Call, 1);
  call->event = make_event (self, route_key, caller, now_ms ());
  call->event->message_id = dw_connection_id_new ();
  dw_event_set_body (call->event, body, length);
  call->accepted = g_get_monotonic_time ();
  line = take_in (self, call);
  if (dw_route_table_get_functions (self->routes, route_key) != NULL)
    {
      run_apart (self, call);
      return;
    }

  wait_in_line (self, line, call);
  run_next (self);
}

/**
 * dw_dispatcher_has_room:
 * @self: a dispatcher
 * @caller: a connection
 *
 * Ask before reading more from a connection. Unread messages wait in the network, and TCP back-pressure slows the
 * sender: nothing is refused and nothing is lost. What has been read already is accepted in any case.
 *
 * Returns: whether more of its messages can be queued; if not, the function of dw_dispatcher_set_room_func() is
 *   called once when they can
 */
gboolean
dw_dispatcher_has_room (DwDispatcher *self, DwCaller *caller)
{
  DW_ASSERT_MAIN_THREAD ();
  self->full = self->full || exceeds (self, DW_DISPATCHER_FULL);
  if (!self->full && bytes_of (self, caller) < DW_DISPATCHER_CALLER_BYTES)
    return TRUE;
  g_hash_table_add (self->held, dw_caller_ref (caller));
  return FALSE;
}

/**
 * dw_dispatcher_set_room_func:
 * @self: a dispatcher
 * @func: (nullable): called for each connection that has room again
 * @data: for @func
 */
void
dw_dispatcher_set_room_func (DwDispatcher *self, DwDispatcherRoomFunc func, gpointer data)
{
  self->room_func = func;
  self->room_data = data;
}

/**
 * dw_dispatcher_is_idle:
 * @self: a dispatcher
 *
 * Returns: whether every accepted message has been handled, including those that timed out
 */
gboolean
dw_dispatcher_is_idle (DwDispatcher *self)
{
  return self->running == NULL && self->waiting == 0 && self->late == 0 && self->disconnects == 0
         && self->apart == 0;
}
