/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-server.h"

#include "dw-listener.h"
#include "dw-management.h"
#include "dw-memory-registry.h"
#include "dw-replay.h"
#include "dw-sqlite-registry.h"
#include "dw-upgrade.h"

#include "backend/dw-backend-error.h"

#include <string.h>
#include <sys/resource.h>

struct _DwServer
{
  GObject parent_instance;

  DwServerConfig *config;
  SoupServer *server;
  DwListener *listener;
  DwArrivals *arrivals;
  DwPoll *poll;
  GUri *uri;
  DwDispatcher *dispatcher;
  DwSocketGateway *gateway;
  DwManagement *management;
  DwRegistry *registry;
  DwFunctions *functions; /* or NULL */
  DwReplay *replay;       /* or NULL */
  DwTables *tables;       /* NULL if everything is in memory */
  DwThrottle throttle;    /* of new connections */
  guint most_connections;
  guint entering; /* handshakes that wait for $connect; they count as connections already */
  guint sweep;    /* runs while there are connections */
};

G_DEFINE_FINAL_TYPE (DwServer, dw_server, G_TYPE_OBJECT)

/* How many items a page of a scan has. DynamoDB returns 1 MB, which is 10,000 items of 100 bytes. */
#define REGISTRY_PAGE 10000

/* How many descriptors are kept for the rest of the process. */
#define DESCRIPTOR_RESERVE 64

static gboolean
on_sweep (gpointer data)
{
  DwServer *self = data;

  dw_socket_gateway_close_expired (self->gateway, self->config->idle_ms, self->config->age_ms);
  dw_socket_gateway_shed (self->gateway, DW_SOCKET_GATEWAY_BACKLOG);
  if (dw_socket_gateway_get_size (self->gateway) > 0)
    return G_SOURCE_CONTINUE;
  self->sweep = 0;
  return G_SOURCE_REMOVE;
}

/* One timer checks all connections, every quarter of the shorter limit but at least once a second. */
static void
start_sweep (DwServer *self)
{
  gint64 pause = CLAMP (MIN (self->config->idle_ms, self->config->age_ms) / 4, 5, 1000);

  if (self->sweep == 0)
    self->sweep = g_timeout_add ((guint) pause, on_sweep, self);
}

static void
on_socket_message (DwServerSocket *socket, const char *text, gsize length, gpointer data)
{
  DwServer *self = data;

  if (self->replay != NULL)
    dw_replay_hear (self->replay, socket);
  else
    dw_dispatcher_message (self->dispatcher, dw_server_socket_get_caller (socket), text, length);
}

static gboolean
on_socket_may_read (DwServerSocket *socket, gpointer data)
{
  DwServer *self = data;

  return dw_dispatcher_has_room (self->dispatcher, dw_server_socket_get_caller (socket));
}

static void
on_room (DwCaller *caller, gpointer data)
{
  DwServer *self = data;

  dw_socket_gateway_resume (self->gateway, caller->connection_id);
}

static void
on_socket_closed (DwServerSocket *socket, gpointer data)
{
  DwServer *self = data;
  DwCaller *caller = dw_server_socket_get_caller (socket);
  guint code;
  const char *reason = dw_server_socket_get_end (socket, &code);

  if (self->replay != NULL)
    dw_replay_remove (self->replay, socket);
  g_message ("%s disconnected with %u, %u left", caller->connection_id, code,
             dw_socket_gateway_get_size (self->gateway) - 1);
  dw_dispatcher_disconnect (self->dispatcher, caller, code, reason);
  dw_socket_gateway_remove (self->gateway, caller->connection_id);
}

static const DwServerSocketOwner socket_owner = { on_socket_message, on_socket_may_read, on_socket_closed };

static void
on_entered (DwServerSocket *socket, gpointer data)
{
  DwServer *self = data;

  self->entering--;
  if (socket == NULL)
    return;

  dw_server_socket_set_owner (socket, &socket_owner, self);
  dw_socket_gateway_get_metrics (self->gateway)->connects++;
  dw_socket_gateway_add (self->gateway, socket);
  start_sweep (self);
  if (self->replay != NULL)
    dw_replay_add (self->replay, socket);
  g_message ("%s connected, %u in all", dw_server_socket_get_caller (socket)->connection_id,
             dw_socket_gateway_get_size (self->gateway));
}

static gboolean
path_is_stage (DwServer *self, const char *path)
{
  gsize length = strlen (self->config->stage);

  return *path == '/' && strncmp (path + 1, self->config->stage, length) == 0
         && (path[1 + length] == '\0' || strcmp (path + 1 + length, "/") == 0);
}

static void
count_refused (SoupServerMessage *message, DwServer *self)
{
  guint status = soup_server_message_get_status (message);

  if (status != SOUP_STATUS_SWITCHING_PROTOCOLS)
    dw_socket_gateway_get_metrics (self->gateway)->refused++;
}

static gboolean
is_full (DwServer *self)
{
  return dw_socket_gateway_get_size (self->gateway) + self->entering >= self->most_connections;
}

/* RFC 9112 section 3.2. libsoup refuses a request without a host, but takes one with two (measured on 3.2.3): what
 * stands before a stage could read the first of them and the stage the last. */
static gboolean
has_one_host (SoupServerMessage *message)
{
  SoupMessageHeadersIter iter;
  const char *name, *value;
  guint n = 0;

  soup_message_headers_iter_init (&iter, soup_server_message_get_request_headers (message));
  while (soup_message_headers_iter_next (&iter, &name, &value))
    if (g_ascii_strcasecmp (name, "Host") == 0)
      n++;
  return n <= 1;
}

/* Behind a proxy nobody knows before the head whose connection it is. */
static gboolean
count_client (DwServer *self, SoupServerMessage *message)
{
  g_autoptr (GInetAddress) client = NULL;

  if (self->config->proxies == NULL)
    return TRUE;
  client = dw_upgrade_find_client (message, self->config);
  return dw_arrivals_name (self->arrivals, soup_server_message_get_remote_address (message), client)
         == DW_ARRIVALS_IN;
}

/* Called before the body is read, so that a refused request's body is never kept. */
static void
on_request_head (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer data)
{
  DwServer *self = data;

  /* libsoup 3.2 leaks the descriptor of a client that leaves between two requests (measured), so allow
   * only one request. An upgrade removes this header. */
  soup_message_headers_replace (soup_server_message_get_response_headers (message), "Connection", "close");
  if (!has_one_host (message))
    {
      g_signal_connect_object (message, "finished", G_CALLBACK (count_refused), self, 0);
      soup_message_body_set_accumulate (soup_server_message_get_request_body (message), FALSE);
      dw_upgrade_respond (message, SOUP_STATUS_BAD_REQUEST, "Bad Request");
      return;
    }
  if (!count_client (self, message))
    {
      soup_message_body_set_accumulate (soup_server_message_get_request_body (message), FALSE);
      dw_upgrade_respond (message, 429, "Too Many Requests");
      return;
    }
  if (dw_management_wants (self->management, message))
    {
      dw_management_begin (self->management, message);
      return;
    }

  g_signal_connect_object (message, "finished", G_CALLBACK (count_refused), self, 0);
  if (!path_is_stage (self, path))
    {
      soup_message_body_set_accumulate (soup_server_message_get_request_body (message), FALSE);
      dw_upgrade_respond (message, SOUP_STATUS_FORBIDDEN, "Forbidden");
    }
  else if (dw_upgrade_check (message, self->config)
           && (is_full (self) || !dw_throttle_take (&self->throttle, g_get_monotonic_time ())))
    dw_upgrade_respond (message, 429, "Too Many Requests");
}

static void
on_request (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer data)
{
  DwServer *self = data;

  /* The whole request is here, so it is no arrival any more; from here on the client waits for us. */
  dw_arrivals_settle (self->arrivals, soup_server_message_get_remote_address (message));
  if (dw_management_wants (self->management, message))
    dw_management_answer (self->management, message);
  /* Other connections may have come since its head was checked. */
  else if (is_full (self))
    dw_upgrade_respond (message, 429, "Too Many Requests");
  else
    {
      self->entering++;
      dw_upgrade_start (message, self->config, self->dispatcher, query, self->poll, self->uri, on_entered,
                        G_OBJECT (self));
    }
}

static void
dw_server_dispose (GObject *object)
{
  DwServer *self = DW_SERVER (object);

  if (self->server != NULL)
    {
      soup_server_remove_handler (self->server, NULL);
      soup_server_disconnect (self->server);
    }

  g_clear_handle_id (&self->sweep, g_source_remove);
  g_clear_object (&self->listener);
  g_clear_pointer (&self->arrivals, dw_arrivals_free);
  g_clear_pointer (&self->poll, dw_poll_unref);
  g_clear_pointer (&self->uri, g_uri_unref);
  g_clear_object (&self->server);
  if (self->functions != NULL)
    dw_functions_stop (self->functions);
  g_clear_object (&self->functions);
  if (self->dispatcher != NULL)
    dw_dispatcher_set_room_func (self->dispatcher, NULL, NULL);
  g_clear_object (&self->dispatcher);
  g_clear_object (&self->management);
  if (self->gateway != NULL)
    dw_socket_gateway_disown (self->gateway);
  g_clear_object (&self->gateway);
  g_clear_pointer (&self->replay, dw_replay_free);
  g_clear_object (&self->registry);
  g_clear_pointer (&self->tables, dw_tables_close);
  G_OBJECT_CLASS (dw_server_parent_class)->dispose (object);
}

static void
dw_server_finalize (GObject *object)
{
  g_clear_pointer (&DW_SERVER (object)->config, dw_server_config_free);
  G_OBJECT_CLASS (dw_server_parent_class)->finalize (object);
}

static void
dw_server_class_init (DwServerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = dw_server_dispose;
  object_class->finalize = dw_server_finalize;
}

/* Without a free descriptor nothing can be accepted, not even to refuse it, so some are kept for that, for arrivals
 * and for files. */
static void
share_descriptors (DwServer *self)
{
  gint64 descriptors = DW_SERVER_CONNECTIONS + DESCRIPTOR_RESERVE + DW_ARRIVALS_MOST;
  guint arrivals;
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    descriptors = MIN (descriptors, (gint64) limit.rlim_cur);

  arrivals = dw_arrivals_choose_most ((guint) descriptors);
  self->arrivals = dw_arrivals_new (arrivals, (gint64) self->config->request_s * 1000);
  /* The reserve already has room for DW_ARRIVALS_LEAST arrivals. */
  self->most_connections =
      (guint) CLAMP (descriptors - DESCRIPTOR_RESERVE - (arrivals - DW_ARRIVALS_LEAST), 1, DW_SERVER_CONNECTIONS);
}

static void
dw_server_init (DwServer *self)
{
  /* Raw paths, because clients sign the path as it is on the wire; it is decoded once, where it is parsed. */
  self->server = soup_server_new ("server-header", "dynamowave-stage", "raw-paths", TRUE, NULL);
  soup_server_add_early_handler (self->server, NULL, on_request_head, self, NULL);
  soup_server_add_handler (self->server, NULL, on_request, self, NULL);
}

static void
add_routes (DwServer *self)
{
  DwRouteTable *routes = dw_dispatcher_get_routes (self->dispatcher);

  dw_route_table_add (routes, "$connect", dw_connect_handler);
  dw_route_table_add (routes, "$disconnect", dw_disconnect_handler);
  if (!self->config->without_default)
    dw_route_table_add (routes, "$default", dw_default_handler);
  dw_route_table_add (routes, "sendMessage", dw_send_message_handler);
  for (char **at = self->config->two_way; at != NULL && *at != NULL; at++)
    dw_route_table_set_two_way (routes, *at);
  dw_route_table_set_functions (routes, self->functions);
  dw_route_table_set_selection (routes, dw_selection_new (self->config->selection, NULL));
}

static gboolean
open_registry (DwServer *self, GError **error)
{
  DwSqliteRegistry *registry;
  guint forgotten = 0;

  if (self->config->registry == NULL)
    {
      self->registry = DW_REGISTRY (dw_memory_registry_new (REGISTRY_PAGE));
      return TRUE;
    }

  self->tables = dw_tables_open (self->config->registry, error);
  if (self->tables == NULL)
    return FALSE;

  registry = dw_sqlite_registry_new (self->tables, REGISTRY_PAGE);
  self->registry = DW_REGISTRY (registry);
  if (!dw_sqlite_registry_forget_all (registry, &forgotten, error))
    return FALSE;
  if (forgotten > 0)
    g_message ("Forgot %u connections of an earlier run", forgotten);
  return TRUE;
}

static gboolean
open_replay (DwServer *self, GError **error)
{
  if (self->config->replay == NULL)
    return TRUE;
  self->replay = dw_replay_open (self->config->replay, self->config->replay_speed, error);
  return self->replay != NULL;
}

static char *
make_secret (guint length)
{
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  char *text = g_malloc0 (length + 1);

  for (guint i = 0; i < length; i++)
    text[i] = alphabet[g_random_int_range (0, 32)];
  return text;
}

/* Functions sign their calls of @connections: with the configured key, or else the one in the environment, which they
 * inherit, or else one made up for this run. */
static void
give_key (DwServerConfig *config)
{
  const char *key_id = g_getenv ("AWS_ACCESS_KEY_ID");
  const char *secret = g_getenv ("AWS_SECRET_ACCESS_KEY");

  if (config->key_id != NULL)
    return;
  if (key_id != NULL && secret != NULL && *key_id != '\0' && *secret != '\0')
    {
      config->key_id = g_strdup (key_id);
      config->secret = g_strdup (secret);
      return;
    }
  config->key_id = make_secret (20);
  config->secret = make_secret (40);
}

static gboolean
open_functions (DwServer *self, GError **error)
{
  const char *region = g_getenv ("AWS_REGION");
  DwServerConfig *config = self->config;

  if (config->functions == NULL || *config->functions == NULL)
    {
      if (config->reserves == NULL || *config->reserves == NULL)
        return TRUE;
      g_set_error_literal (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_CONFIG,
                           "there is no function to reserve events for");
      return FALSE;
    }

  self->functions = dw_functions_new (config->function_ms, config->function_most);
  for (char **at = config->functions; *at != NULL; at++)
    if (!dw_functions_add (self->functions, *at, error))
      return FALSE;
  for (char **at = config->reserves; at != NULL && *at != NULL; at++)
    if (!dw_functions_reserve (self->functions, *at, error))
      return FALSE;
  give_key (config);
  region = region != NULL && *region != '\0' ? region : "us-east-1";
  dw_functions_set_variable (self->functions, "AWS_REGION", region);
  dw_functions_set_variable (self->functions, "AWS_DEFAULT_REGION", region);
  dw_functions_set_variable (self->functions, "AWS_ACCESS_KEY_ID", config->key_id);
  dw_functions_set_variable (self->functions, "AWS_SECRET_ACCESS_KEY", config->secret);
  return TRUE;
}

/* Tells functions where @connections is, in the variable where the SDKs look for an endpoint by default. */
static void
tell_functions (DwServer *self)
{
  g_autofree char *url = dw_server_dup_url (self);
  g_autofree char *endpoint = g_strconcat ("http", url + strlen ("ws"), NULL);

  if (self->functions != NULL)
    dw_functions_set_variable (self->functions, "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI", endpoint);
}

/* So that whoever watches the stage hears of it in time. */
static void
note_expiry (DwServer *self)
{
  GTlsCertificate *certificate = self->config->certificate;
  g_autoptr (GDateTime) expires = certificate != NULL ? g_tls_certificate_get_not_valid_after (certificate) : NULL;

  dw_socket_gateway_get_metrics (self->gateway)->expires = expires != NULL ? g_date_time_to_unix (expires) : 0;
}

/**
 * dw_server_new_with:
 * @config: (transfer full): its configuration
 * @error: %DW_BACKEND_ERROR_CONFIG or %DW_BACKEND_ERROR_TABLE
 *
 * Returns: (transfer full) (nullable): a stage with the four handlers, not listening yet
 */
DwServer *
dw_server_new_with (DwServerConfig *config, GError **error)
{
  g_autoptr (DwServer) self = g_object_new (DW_TYPE_SERVER, NULL);

  self->config = config;
  if (!dw_server_config_check (config, error) || !open_replay (self, error) || !open_registry (self, error)
      || !open_functions (self, error))
    return NULL;

  self->gateway = dw_socket_gateway_new (config->rate, config->burst, self->tables);
  dw_socket_gateway_get_metrics (self->gateway)->started = g_get_real_time () / G_USEC_PER_SEC;
  note_expiry (self);
  self->management = dw_management_new (config, self->gateway);
  self->dispatcher = dw_dispatcher_new (config->stage, self->registry, self->gateway);
  dw_dispatcher_set_timeout (self->dispatcher, config->integration_ms);
  dw_dispatcher_set_room_func (self->dispatcher, on_room, self);
  if (config->events)
    dw_dispatcher_trace (self->dispatcher, config->token, config->subprotocol);
  dw_throttle_init (&self->throttle, config->connection_rate, config->connection_rate, g_get_monotonic_time ());
  add_routes (self);
  self->poll = dw_poll_new ();
  self->uri = g_uri_build (G_URI_FLAGS_NONE, "ws", NULL, "localhost", -1, "/", NULL, NULL);
  dw_dispatcher_set_turn (self->dispatcher, dw_poll_get_turn (self->poll));
  share_descriptors (self);
  dw_arrivals_set_proxies (self->arrivals, config->proxies);
  self->listener = dw_listener_new (self->server, self->arrivals, config->certificate, config->request_s);
  return g_steal_pointer (&self);
}

/**
 * dw_server_new:
 * @stage: the stage's name, `[A-Za-z0-9_-]{1,128}`
 *
 * Returns: (transfer full): a stage with API Gateway's limits, not listening yet
 */
DwServer *
dw_server_new (const char *stage)
{
  return dw_server_new_with (dw_server_config_new (stage), NULL);
}

static void
swap (char **mine, char **theirs)
{
  char *before = *mine;

  *mine = *theirs;
  *theirs = before;
}

static void
swap_lists (char ***mine, char ***theirs)
{
  char **before = *mine;

  *mine = *theirs;
  *theirs = before;
}

/**
 * dw_server_reload:
 * @self: a stage
 * @config: (transfer full): what it would be started with now, checked
 *
 * Takes over what can change while the stage runs: the certificate, both tokens, origins, trusted proxies, the limits
 * on idle and old connections, and the throttles. Connections that are open stay open, and what they have to keep to is
 * the new limits. Everything else stays as it is.
 *
 * Returns: whether that is all as @config has it: a stage with TLS cannot go on without, or the other way round
 */
gboolean
dw_server_reload (DwServer *self, DwServerConfig *config)
{
  g_autoptr (DwServerConfig) fresh = config;
  DwServerConfig *mine = self->config;
  gint64 now = g_get_monotonic_time ();
  gboolean same_scheme = (mine->certificate == NULL) == (fresh->certificate == NULL);

  if (same_scheme && fresh->certificate != NULL)
    {
      g_set_object (&mine->certificate, fresh->certificate);
      dw_listener_set_certificate (self->listener, fresh->certificate);
      note_expiry (self);
    }

  swap (&mine->token, &fresh->token);
  swap (&mine->management_token, &fresh->management_token);
  swap_lists (&mine->origins, &fresh->origins);
  if (mine->events)
    dw_dispatcher_trace (self->dispatcher, mine->token, mine->subprotocol);

  g_clear_pointer (&mine->proxies, g_ptr_array_unref);
  mine->proxies = g_steal_pointer (&fresh->proxies);
  dw_arrivals_set_proxies (self->arrivals, mine->proxies);

  mine->idle_ms = fresh->idle_ms;
  mine->age_ms = fresh->age_ms;
  if (self->sweep != 0)
    {
      g_clear_handle_id (&self->sweep, g_source_remove);
      start_sweep (self);
    }

  mine->connection_rate = fresh->connection_rate;
  mine->rate = fresh->rate;
  mine->burst = fresh->burst;
  dw_throttle_change (&self->throttle, mine->connection_rate, mine->connection_rate, now);
  dw_socket_gateway_set_rate (self->gateway, mine->rate, mine->burst);
  return same_scheme;
}

/**
 * dw_server_listen:
 * @self: a stage
 * @address: where to listen; port 0 takes a free one
 * @error: %DW_BACKEND_ERROR_LISTEN: why it cannot
 *
 * Returns: whether it accepts connections now
 */
gboolean
dw_server_listen (DwServer *self, GSocketAddress *address, GError **error)
{
  if (!dw_listener_listen (self->listener, address, error))
    return FALSE;
  tell_functions (self);
  return TRUE;
}

/**
 * dw_server_dup_url:
 * @self: a stage that is listening
 *
 * Returns: (transfer full): the address of the stage, for a client
 */
char *
dw_server_dup_url (DwServer *self)
{
  return dw_listener_dup_url (self->listener, self->config->stage);
}

/**
 * dw_server_get_dispatcher:
 * @self: a stage
 *
 * Returns: (transfer none): the dispatcher that runs its handlers
 */
DwDispatcher *
dw_server_get_dispatcher (DwServer *self)
{
  return self->dispatcher;
}

/**
 * dw_server_get_gateway:
 * @self: a stage
 *
 * Returns: (transfer none): its connections
 */
DwSocketGateway *
dw_server_get_gateway (DwServer *self)
{
  return self->gateway;
}

/**
 * dw_server_get_registry:
 * @self: a stage
 *
 * Returns: (transfer none): the registry of its connection IDs
 */
DwRegistry *
dw_server_get_registry (DwServer *self)
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
  DwServer *self = g_task_get_source_object (task);
  Stop *stop = g_task_get_task_data (task);
  gboolean finished = dw_socket_gateway_get_size (self->gateway) == 0 && dw_dispatcher_is_idle (self->dispatcher);

  if (!finished && g_get_monotonic_time () < stop->deadline)
    return G_SOURCE_CONTINUE;
  soup_server_disconnect (self->server);
  /* Finishes pending writes to the file before reporting that the stage has stopped. */
  g_clear_pointer (&self->tables, dw_tables_close);
  g_task_return_boolean (task, finished);
  return G_SOURCE_REMOVE;
}

/**
 * dw_server_stop_async:
 * @self: a stage
 * @callback: called when it has stopped, after %DW_SERVER_STOP_MS at most
 * @data: for @callback
 *
 * Stops accepting connections, closes every client with 1001, and finishes the messages already accepted.
 */
void
dw_server_stop_async (DwServer *self, GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (self, NULL, callback, data);
  Stop *stop = g_new0 (Stop, 1);

  g_task_set_source_tag (task, dw_server_stop_async);
  stop->deadline = g_get_monotonic_time () + DW_SERVER_STOP_MS * 1000;
  g_task_set_task_data (task, stop, g_free);
  dw_listener_stop (self->listener);
  dw_socket_gateway_close_all (self->gateway, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, "Going away");
  g_timeout_add_full (G_PRIORITY_DEFAULT, 10, on_stop_tick, task, g_object_unref);
}

/**
 * dw_server_stop_finish:
 * @self: a stage
 * @result: what the callback was given
 * @error: unused
 *
 * Returns: whether everybody left in time
 */
gboolean
dw_server_stop_finish (DwServer *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
