/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-stage-server.h"

#include "dw-connection-id.h"

#include "backend/dw-backend-error.h"

#include "wire/dw-limits.h"

#include <libsoup/soup.h>
#include <sys/resource.h>

struct _DwStageServer
{
  GObject parent_instance;

  char *stage;
  SoupServer *server;
  DwDispatcher *dispatcher;
  DwSocketGateway *gateway;
  DwMemoryRegistry *registry;
  gint64 idle_ms;
  gint64 age_ms;
  guint most_connections;
  guint sweep; /* runs while there are connections */
};

G_DEFINE_FINAL_TYPE (DwStageServer, dw_stage_server, G_TYPE_OBJECT)

/* What a scan reads at once; API Gateway's table gives a megabyte, which is thousands of ids. */
#define REGISTRY_PAGE 1000

/* Descriptors that connections leave to the rest of the process. */
#define DESCRIPTOR_RESERVE 64

/* A handshake between the request and the upgrade. */
typedef struct
{
  DwStageServer *server;
  SoupServerMessage *message;
  char *id;
  gint64 connected_at;
  gboolean accepted; /* $connect said yes, so $disconnect has to run */
  gboolean upgraded; /* from here on the socket's own “closed” runs it */
} Upgrade;

static void
upgrade_free (Upgrade *upgrade)
{
  g_clear_object (&upgrade->server);
  g_clear_object (&upgrade->message);
  g_free (upgrade->id);
  g_free (upgrade);
}

static gboolean
on_sweep (gpointer data)
{
  DwStageServer *self = data;

  dw_socket_gateway_close_expired (self->gateway, self->idle_ms, self->age_ms);
  if (dw_socket_gateway_get_size (self->gateway) > 0)
    return G_SOURCE_CONTINUE;
  self->sweep = 0;
  return G_SOURCE_REMOVE;
}

/* One timer looks at all connections; as often as a quarter of the shorter limit, and once a second at most. */
static void
start_sweep (DwStageServer *self)
{
  gint64 pause = CLAMP (MIN (self->idle_ms, self->age_ms) / 4, 5, 1000);

  if (self->sweep == 0)
    self->sweep = g_timeout_add ((guint) pause, on_sweep, self);
}

static void
on_socket_message (DwStageServer *self, const char *text, DwStageSocket *socket)
{
  dw_dispatcher_message (self->dispatcher, dw_stage_socket_get_id (socket),
                         dw_stage_socket_get_connected_at (socket), text);
}

static void
on_socket_closed (DwStageServer *self, DwStageSocket *socket)
{
  const char *id = dw_stage_socket_get_id (socket);

  g_message ("%s disconnected, %u left", id, dw_socket_gateway_get_size (self->gateway) - 1);
  dw_dispatcher_disconnect (self->dispatcher, id, dw_stage_socket_get_connected_at (socket));
  dw_socket_gateway_remove (self->gateway, id);
}

static void
on_upgraded (SoupServerMessage *message, Upgrade *upgrade)
{
  DwStageServer *self = upgrade->server;
  g_autoptr (SoupServerMessage) keep = g_object_ref (message);
  g_autoptr (GIOStream) stream = NULL;
  g_autoptr (DwStageSocket) socket = NULL;

  if (soup_server_message_get_status (message) != SOUP_STATUS_SWITCHING_PROTOCOLS)
    return;
  upgrade->upgraded = TRUE;
  stream = soup_server_message_steal_connection (message);
  socket = dw_stage_socket_new (upgrade->id, upgrade->connected_at, stream, soup_server_message_get_uri (message));
  g_signal_connect_object (socket, "message", G_CALLBACK (on_socket_message), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (socket, "closed", G_CALLBACK (on_socket_closed), self, G_CONNECT_SWAPPED);
  dw_socket_gateway_add (self->gateway, socket);
  start_sweep (self);
  g_message ("%s connected, %u in all", upgrade->id, dw_socket_gateway_get_size (self->gateway));
}

/* The request is over: upgraded, refused, or its client vanished in between. */
static void
on_request_finished (SoupServerMessage *message, Upgrade *upgrade)
{
  if (upgrade->accepted && !upgrade->upgraded)
    dw_dispatcher_disconnect (upgrade->server->dispatcher, upgrade->id, upgrade->connected_at);
  upgrade->accepted = FALSE;
}

static void
respond (SoupServerMessage *message, guint status, const char *words)
{
  g_autofree char *body = g_strdup_printf ("{\"message\":\"%s\"}", words);

  soup_server_message_set_status (message, status, words);
  soup_server_message_set_response (message, "application/json", SOUP_MEMORY_COPY, body, strlen (body));
}

static void
on_connect_decided (GObject *source, GAsyncResult *result, gpointer data)
{
  Upgrade *upgrade = data;
  SoupServerMessage *message = upgrade->message;
  guint status = dw_dispatcher_connect_finish (DW_DISPATCHER (source), result);

  if (status >= 200 && status < 300)
    {
      upgrade->accepted = TRUE;
      soup_websocket_server_process_handshake (message, NULL, NULL, NULL, NULL);
    }
  else
    respond (message, status, status == 502 ? "Internal server error" : "Forbidden");
  soup_server_message_unpause (message);
  /* The closures of the message hold the upgrade from here. */
  g_clear_object (&upgrade->message);
}

static void
start_upgrade (DwStageServer *self, SoupServerMessage *message)
{
  Upgrade *upgrade = g_new0 (Upgrade, 1);

  upgrade->server = g_object_ref (self);
  upgrade->message = g_object_ref (message);
  upgrade->id = dw_connection_id_new ();
  upgrade->connected_at = g_get_real_time () / 1000;
  g_signal_connect_data (message, "wrote-informational", G_CALLBACK (on_upgraded), upgrade, NULL, 0);
  g_signal_connect_data (message, "finished", G_CALLBACK (on_request_finished), upgrade,
                         (GClosureNotify) (GCallback) upgrade_free, 0);
  soup_server_message_pause (message);
  dw_dispatcher_connect_async (self->dispatcher, upgrade->id, upgrade->connected_at, NULL, on_connect_decided,
                               upgrade);
}

static gboolean
path_is_stage (DwStageServer *self, const char *path)
{
  gsize length = strlen (self->stage);

  return *path == '/' && strncmp (path + 1, self->stage, length) == 0
         && (path[1 + length] == '\0' || strcmp (path + 1 + length, "/") == 0);
}

/* Looked at before a body is read: whoever sends one is refused, and nothing of it is kept. */
static void
on_request_head (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer data)
{
  DwStageServer *self = data;
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);

  soup_message_body_set_accumulate (soup_server_message_get_request_body (message), FALSE);
  if (!path_is_stage (self, path))
    respond (message, SOUP_STATUS_FORBIDDEN, "Forbidden");
  else if (soup_server_message_get_method (message) != SOUP_METHOD_GET
           || !soup_message_headers_header_contains (headers, "Upgrade", "websocket"))
    {
      soup_message_headers_replace (soup_server_message_get_response_headers (message), "Upgrade", "websocket");
      respond (message, 426, "Upgrade Required");
    }
  /* Any web page could otherwise open a socket to this machine; browsers always say where a page is from. */
  else if (soup_message_headers_get_one (headers, "Origin") != NULL)
    respond (message, SOUP_STATUS_FORBIDDEN, "Forbidden");
  else if (!soup_websocket_server_check_handshake (message, NULL, NULL, NULL, NULL))
    respond (message, SOUP_STATUS_BAD_REQUEST, "Bad Request");
  else if (dw_socket_gateway_get_size (self->gateway) >= self->most_connections)
    respond (message, 429, "Too Many Requests");
}

static void
on_request (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer data)
{
  start_upgrade (data, message);
}

static void
dw_stage_server_dispose (GObject *object)
{
  DwStageServer *self = DW_STAGE_SERVER (object);

  if (self->server != NULL)
    {
      soup_server_remove_handler (self->server, NULL);
      soup_server_disconnect (self->server);
    }
  g_clear_handle_id (&self->sweep, g_source_remove);
  g_clear_object (&self->server);
  g_clear_object (&self->dispatcher);
  g_clear_object (&self->gateway);
  g_clear_object (&self->registry);
  G_OBJECT_CLASS (dw_stage_server_parent_class)->dispose (object);
}

static void
dw_stage_server_finalize (GObject *object)
{
  g_free (DW_STAGE_SERVER (object)->stage);
  G_OBJECT_CLASS (dw_stage_server_parent_class)->finalize (object);
}

static void
dw_stage_server_class_init (DwStageServerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = dw_stage_server_dispose;
  object_class->finalize = dw_stage_server_finalize;
}

/* Out of descriptors nothing could be accepted, not even to say so; some are kept for that and for files. */
static guint
choose_most_connections (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
    return DW_STAGE_SERVER_CONNECTIONS;
  return (guint) CLAMP ((gint64) limit.rlim_cur - DESCRIPTOR_RESERVE, 1, DW_STAGE_SERVER_CONNECTIONS);
}

static void
dw_stage_server_init (DwStageServer *self)
{
  self->server = soup_server_new ("server-header", "dynamowave-stage", NULL);
  soup_server_add_early_handler (self->server, NULL, on_request_head, self, NULL);
  soup_server_add_handler (self->server, NULL, on_request, self, NULL);
  self->most_connections = choose_most_connections ();
  self->gateway = dw_socket_gateway_new ();
  self->registry = dw_memory_registry_new (REGISTRY_PAGE);
  self->idle_ms = (gint64) DW_LIMIT_IDLE_SECONDS * 1000;
  self->age_ms = (gint64) DW_LIMIT_CONNECTION_SECONDS * 1000;
}

/**
 * dw_stage_server_new:
 * @stage: the stage's name, `[A-Za-z0-9_-]{1,128}`
 *
 * Returns: (transfer full): a stage with the four handlers, not listening yet
 */
DwStageServer *
dw_stage_server_new (const char *stage)
{
  DwStageServer *self = g_object_new (DW_TYPE_STAGE_SERVER, NULL);
  DwRouteTable *routes;

  self->stage = g_strdup (stage);
  self->dispatcher = dw_dispatcher_new (stage, DW_REGISTRY (self->registry), self->gateway);
  routes = dw_dispatcher_get_routes (self->dispatcher);
  dw_route_table_add (routes, "$connect", dw_connect_handler);
  dw_route_table_add (routes, "$disconnect", dw_disconnect_handler);
  dw_route_table_add (routes, "$default", dw_default_handler);
  dw_route_table_add (routes, "sendMessage", dw_send_message_handler);
  return self;
}

/**
 * dw_stage_server_set_limits:
 * @self: a stage
 * @idle_ms: the longest a connection may be idle, in milliseconds; at the gateway it is 10 minutes
 * @age_ms: the longest it may live, in milliseconds; at the gateway it is 2 hours
 */
void
dw_stage_server_set_limits (DwStageServer *self, gint64 idle_ms, gint64 age_ms)
{
  self->idle_ms = idle_ms;
  self->age_ms = age_ms;
}

/**
 * dw_stage_server_listen:
 * @self: a stage
 * @address: where to listen; port 0 takes a free one
 * @error: why it cannot
 *
 * Returns: whether it accepts connections now
 */
gboolean
dw_stage_server_listen (DwStageServer *self, GSocketAddress *address, GError **error)
{
  g_autoptr (GError) cause = NULL;

  if (soup_server_listen (self->server, address, 0, &cause))
    return TRUE;
  g_set_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_LISTEN, "%s", cause->message);
  return FALSE;
}

/**
 * dw_stage_server_dup_url:
 * @self: a stage that listens
 *
 * Returns: (transfer full): the address of the stage, for a client
 */
char *
dw_stage_server_dup_url (DwStageServer *self)
{
  GSList *uris = soup_server_get_uris (self->server);
  GUri *uri = uris != NULL ? uris->data : NULL;
  const char *host = uri != NULL ? g_uri_get_host (uri) : "127.0.0.1";
  gboolean is_ipv6 = strchr (host, ':') != NULL;
  char *url;

  url = g_strdup_printf ("ws://%s%s%s:%d/%s", is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "",
                         uri != NULL ? g_uri_get_port (uri) : 0, self->stage);
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);
  return url;
}

/**
 * dw_stage_server_get_dispatcher:
 * @self: a stage
 *
 * Returns: (transfer none): what runs its handlers
 */
DwDispatcher *
dw_stage_server_get_dispatcher (DwStageServer *self)
{
  return self->dispatcher;
}

/**
 * dw_stage_server_get_gateway:
 * @self: a stage
 *
 * Returns: (transfer none): its connections
 */
DwSocketGateway *
dw_stage_server_get_gateway (DwStageServer *self)
{
  return self->gateway;
}

/**
 * dw_stage_server_get_registry:
 * @self: a stage
 *
 * Returns: (transfer none): where its connection IDs live
 */
DwMemoryRegistry *
dw_stage_server_get_registry (DwStageServer *self)
{
  return self->registry;
}

typedef struct
{
  gint64 deadline; /* monotonic, in microseconds */
} Stop;

static gboolean
on_stop_tick (gpointer data)
{
  GTask *task = data;
  DwStageServer *self = g_task_get_source_object (task);
  Stop *stop = g_task_get_task_data (task);
  gboolean finished = dw_socket_gateway_get_size (self->gateway) == 0 && dw_dispatcher_is_idle (self->dispatcher);

  if (!finished && g_get_monotonic_time () < stop->deadline)
    return G_SOURCE_CONTINUE;
  soup_server_disconnect (self->server);
  g_task_return_boolean (task, finished);
  return G_SOURCE_REMOVE;
}

/**
 * dw_stage_server_stop_async:
 * @self: a stage
 * @callback: called when it has stopped, after %DW_STAGE_SERVER_STOP_MS at most
 * @data: for @callback
 *
 * Stops accepting, tells every client 1001, and finishes what was accepted.
 */
void
dw_stage_server_stop_async (DwStageServer *self, GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (self, NULL, callback, data);
  Stop *stop = g_new0 (Stop, 1);
  GSList *listeners = soup_server_get_listeners (self->server);

  g_task_set_source_tag (task, dw_stage_server_stop_async);
  stop->deadline = g_get_monotonic_time () + DW_STAGE_SERVER_STOP_MS * 1000;
  g_task_set_task_data (task, stop, g_free);
  for (GSList *at = listeners; at != NULL; at = at->next)
    g_socket_close (at->data, NULL);
  g_slist_free (listeners);
  dw_socket_gateway_close_all (self->gateway, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, "Going away");
  g_timeout_add_full (G_PRIORITY_DEFAULT, 10, on_stop_tick, task, g_object_unref);
}

/**
 * dw_stage_server_stop_finish:
 * @self: a stage
 * @result: what the callback was given
 * @error: unused
 *
 * Returns: whether everybody left in time
 */
gboolean
dw_stage_server_stop_finish (DwStageServer *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
