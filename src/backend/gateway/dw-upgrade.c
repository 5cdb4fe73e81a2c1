/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-upgrade.h"

#include "dw-connection-id.h"
#include "dw-forwarded.h"

#include "wire/dw-limits.h"
#include "wire/dw-secret.h"

#include <string.h>

/* A WebSocket handshake, from the request to the upgrade. */
typedef struct
{
  DwDispatcher *dispatcher;
  SoupServerMessage *message;
  DwCaller *caller;
  DwPoll *poll;
  GUri *uri;
  char *wanted;   /* the stage's configured subprotocol, or NULL */
  char *protocol; /* the chosen subprotocol, or NULL */
  DwUpgradeFunc function;
  GObject *data;
  gboolean encrypted;
  gboolean accepted; /* $connect said yes, so $disconnect has to run */
  gboolean upgraded; /* from then on the end of the socket runs it */
  gboolean told;     /* its callback has been called */
} Upgrade;

static void
tell (Upgrade *upgrade, DwServerSocket *connection)
{
  if (!upgrade->told)
    upgrade->function (connection, upgrade->data);
  upgrade->told = TRUE;
}

static void
upgrade_free (Upgrade *upgrade)
{
  tell (upgrade, NULL);
  g_clear_object (&upgrade->dispatcher);
  g_clear_object (&upgrade->message);
  g_clear_object (&upgrade->data);
  g_clear_pointer (&upgrade->caller, dw_caller_unref);
  g_clear_pointer (&upgrade->poll, dw_poll_unref);
  g_clear_pointer (&upgrade->uri, g_uri_unref);
  g_free (upgrade->wanted);
  g_free (upgrade->protocol);
  g_free (upgrade);
}

/**
 * dw_upgrade_respond:
 * @message: a request
 * @status: an HTTP status
 * @words: what is wrong
 *
 * Answers a request as API Gateway does: `{"message":"…"}`.
 */
void
dw_upgrade_respond (SoupServerMessage *message, guint status, const char *words)
{
  g_autofree char *body = g_strdup_printf ("{\"message\":\"%s\"}", words);

  soup_server_message_set_status (message, status, words);
  soup_server_message_set_response (message, "application/json", SOUP_MEMORY_COPY, body, strlen (body));
}

static const char *
header (SoupServerMessage *message, const char *name)
{
  return soup_message_headers_get_one (soup_server_message_get_request_headers (message), name);
}

/* Without this check any web page could open a socket to this machine. Browsers always send an Origin. */
static gboolean
origin_is_welcome (SoupServerMessage *message, const DwServerConfig *config)
{
  const char *origin = header (message, "Origin");
  const char *const *origins = (const char *const *) config->origins;

  return origin == NULL
         || (origins != NULL && (g_strv_contains (origins, origin) || g_strv_contains (origins, "*")));
}

/* As an API Gateway authorizer: 401 if the identity source is missing, 403 if it denies. */
static guint
authorize (const DwCaller *caller, const char *token)
{
  const char *shown = dw_caller_get_token (caller);

  if (token == NULL)
    return 200;
  if (shown == NULL || *shown == '\0')
    return 401;
  return dw_secret_equal (token, shown) ? 200 : 403;
}

/**
 * dw_upgrade_check:
 * @message: a request for the stage, whose head has arrived
 * @config: the stage's configuration
 *
 * Refuses requests that cannot become a connection. No body is kept.
 *
 * Returns: whether to go on and ask `$connect`
 */
gboolean
dw_upgrade_check (SoupServerMessage *message, const DwServerConfig *config)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  g_autofree char *uri = g_uri_to_string (soup_server_message_get_uri (message));

  soup_message_body_set_accumulate (soup_server_message_get_request_body (message), FALSE);
  if (soup_server_message_get_method (message) != SOUP_METHOD_GET
      || !soup_message_headers_header_contains (headers, "Upgrade", "websocket"))
    {
      soup_message_headers_replace (soup_server_message_get_response_headers (message), "Upgrade", "websocket");
      dw_upgrade_respond (message, 426, "Upgrade Required");
    }
  else if (strlen (uri) > DW_LIMIT_URL_CHARS)
    dw_upgrade_respond (message, SOUP_STATUS_REQUEST_URI_TOO_LONG, "Request URI Too Long");
  else if (!origin_is_welcome (message, config))
    dw_upgrade_respond (message, SOUP_STATUS_FORBIDDEN, "Forbidden");
  /* Any offer of subprotocols is fine here, since $connect chooses. */
  else if (!soup_websocket_server_check_handshake (message, NULL, NULL, NULL, NULL))
    dw_upgrade_respond (message, SOUP_STATUS_BAD_REQUEST, "Bad Request");
  else
    return TRUE;
  return FALSE;
}

/* libsoup and TLS each wrap the connection in a stream of their own; both have a property for the stream inside. */
static GSocket *
find_socket (GIOStream *stream)
{
  static const char *const names[] = { "base-iostream", "base-io-stream" };
  g_autoptr (GIOStream) below = NULL;

  if (G_IS_SOCKET_CONNECTION (stream))
    return g_socket_connection_get_socket (G_SOCKET_CONNECTION (stream));
  for (guint i = 0; i < G_N_ELEMENTS (names) && below == NULL; i++)
    if (g_object_class_find_property (G_OBJECT_GET_CLASS (stream), names[i]) != NULL)
      g_object_get (stream, names[i], &below, NULL);
  return below != NULL ? find_socket (below) : NULL;
}

static void
on_upgraded (SoupServerMessage *message, Upgrade *upgrade)
{
  g_autoptr (SoupServerMessage) keep G_GNUC_UNUSED = g_object_ref (message);
  g_autoptr (GIOStream) stream = NULL;
  g_autoptr (DwServerSocket) connection = NULL;
  /* Later events need neither headers nor query, and an idle connection should be small. */
  g_autoptr (DwCaller) slim = dw_caller_new_slim (upgrade->caller);
  GSocket *socket;

  if (soup_server_message_get_status (message) != SOUP_STATUS_SWITCHING_PROTOCOLS)
    return;

  upgrade->upgraded = TRUE;
  stream = soup_server_message_steal_connection (message);
  socket = find_socket (stream);
  /* From here on only the stage's limits on idle connections apply. */
  g_socket_set_timeout (socket, 0);
  connection = dw_server_socket_new (slim, upgrade->protocol, socket, upgrade->encrypted, upgrade->poll, stream,
                                     upgrade->uri);
  tell (upgrade, connection);
}

/* The request is over: upgraded, refused, or its client is gone. */
static void
on_request_finished (SoupServerMessage *message, Upgrade *upgrade)
{
  if (upgrade->accepted && !upgrade->upgraded)
    dw_dispatcher_disconnect (upgrade->dispatcher, upgrade->caller, SOUP_WEBSOCKET_CLOSE_ABNORMAL,
                              "Connection lost");
  upgrade->accepted = FALSE;
  tell (upgrade, NULL);
}

static gboolean
is_offered (SoupServerMessage *message, const char *protocol)
{
  const char *offered = header (message, "Sec-WebSocket-Protocol");
  g_auto (GStrv) names = g_strsplit (offered != NULL ? offered : "", ",", -1);

  for (char **at = names; *at != NULL; at++)
    if (strcmp (g_strstrip (*at), protocol) == 0)
      return TRUE;
  return FALSE;
}

static const char *
words_of (guint status)
{
  if (status == 502)
    return "Internal server error";
  if (status == 504)
    return "Endpoint request timed out";
  if (status == 401)
    return "Unauthorized";
  return status == 429 ? "Too Many Requests" : "Forbidden";
}

/* The subprotocol of the handler's answer is sent back as it is. Without one, the stage's own is used if offered. */
static void
accept_upgrade (Upgrade *upgrade, const DwResponse *response)
{
  SoupServerMessage *message = upgrade->message;
  const char *chosen = response->subprotocol != NULL ? response->subprotocol : upgrade->wanted;

  upgrade->accepted = TRUE;
  /* libsoup adds its “Upgrade” to the “close” of every other answer, and a proxy that sees both closes (measured with
   * Caddy 2.6). */
  soup_message_headers_remove (soup_server_message_get_response_headers (message), "Connection");
  soup_websocket_server_process_handshake (message, NULL, NULL, NULL, NULL);
  if (response->subprotocol == NULL && (chosen == NULL || !is_offered (message, chosen)))
    return;
  upgrade->protocol = g_strdup (chosen);
  soup_message_headers_replace (soup_server_message_get_response_headers (message), "Sec-WebSocket-Protocol",
                                chosen);
}

static void
on_connect_decided (GObject *source, GAsyncResult *result, gpointer data)
{
  Upgrade *upgrade = data;
  SoupServerMessage *message = upgrade->message;
  g_autoptr (DwResponse) response = dw_dispatcher_connect_finish (DW_DISPATCHER (source), result);

  if (response->status >= 200 && response->status < 300)
    accept_upgrade (upgrade, response);
  else
    dw_upgrade_respond (message, response->status, words_of (response->status));
  soup_server_message_unpause (message);
  /* From here the message's signal handlers keep the upgrade alive, so drop the reference cycle. */
  g_clear_object (&upgrade->message);
}

static GInetAddress *
peer_of (SoupServerMessage *message)
{
  return g_inet_socket_address_get_address (
      G_INET_SOCKET_ADDRESS (soup_server_message_get_remote_address (message)));
}

/**
 * dw_upgrade_find_client:
 * @message: a request whose head has arrived
 * @config: the stage's configuration
 *
 * Returns: (transfer full): the address of whoever sent it, behind any trusted proxies
 */
GInetAddress *
dw_upgrade_find_client (SoupServerMessage *message, const DwServerConfig *config)
{
  return dw_forwarded_find_client (
      config->proxies, peer_of (message),
      soup_message_headers_get_list (soup_server_message_get_request_headers (message), "X-Forwarded-For"));
}

/* API Gateway sets these three headers of an event itself (seen in its events). */
static void
add_forwarded (GStrvBuilder *pairs, SoupServerMessage *message, const DwServerConfig *config, const char *client)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  GSocketAddress *local = soup_server_message_get_local_address (message);
  gboolean encrypted = config->certificate != NULL;
  guint port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (local));
  g_autofree char *text = NULL;

  if (dw_forwarded_is_trusted (config->proxies, peer_of (message)))
    {
      encrypted =
          dw_forwarded_is_encrypted (soup_message_headers_get_list (headers, "X-Forwarded-Proto"), encrypted);
      port = dw_forwarded_find_port (soup_message_headers_get_list (headers, "X-Forwarded-Port"), encrypted);
    }

  text = g_strdup_printf ("%u", port);
  g_strv_builder_add_many (pairs, "X-Forwarded-For", client, "X-Forwarded-Port", text, "X-Forwarded-Proto",
                           encrypted ? "https" : "http", NULL);
}

/* Only what concerns the whole way from the client: neither hop-by-hop headers, nor what somebody on it says of it. */
static gboolean
is_passed_on (const char *name)
{
  static const char *const kept[] = { "Connection", "Upgrade", "X-Forwarded-For", "X-Forwarded-Port",
                                      "X-Forwarded-Proto" };

  for (guint i = 0; i < G_N_ELEMENTS (kept); i++)
    if (g_ascii_strcasecmp (name, kept[i]) == 0)
      return FALSE;
  return TRUE;
}

static char **
headers_of (SoupServerMessage *message, const DwServerConfig *config, const char *client)
{
  g_autoptr (GStrvBuilder) pairs = g_strv_builder_new ();
  SoupMessageHeadersIter iter;
  const char *name, *value;

  soup_message_headers_iter_init (&iter, soup_server_message_get_request_headers (message));
  while (soup_message_headers_iter_next (&iter, &name, &value))
    if (is_passed_on (name))
      g_strv_builder_add_many (pairs, name, value, NULL);
  add_forwarded (pairs, message, config, client);
  return g_strv_builder_end (pairs);
}

static char **
query_of (GHashTable *query)
{
  g_autoptr (GStrvBuilder) pairs = g_strv_builder_new ();
  GHashTableIter iter;
  gpointer name, value;

  if (query == NULL)
    return NULL;
  g_hash_table_iter_init (&iter, query);
  while (g_hash_table_iter_next (&iter, &name, &value))
    g_strv_builder_add_many (pairs, (const char *) name, (const char *) value, NULL);
  return g_strv_builder_end (pairs);
}

static DwCaller *
make_caller (SoupServerMessage *message, const DwServerConfig *config, GHashTable *query)
{
  g_autofree char *id = dw_connection_id_new ();
  g_autoptr (GInetAddress) client = dw_upgrade_find_client (message, config);
  DwCaller *caller = dw_caller_new (id, g_get_real_time () / 1000);

  caller->source_ip = g_inet_address_to_string (client);
  caller->user_agent = g_strdup (header (message, "User-Agent"));
  caller->domain_name = g_strdup (header (message, "Host"));
  caller->headers = headers_of (message, config, caller->source_ip);
  caller->query = query_of (query);
  return caller;
}

/**
 * dw_upgrade_start:
 * @message: a request that passed dw_upgrade_check()
 * @config: the stage's configuration
 * @dispatcher: runs `$connect`
 * @query: (nullable): the request's query
 * @poll: waits for the connection's socket
 * @uri: what libsoup takes for the connection's; one for all, as a request's own would stay in memory
 * @function: called once, when the connection is open or has failed
 * @data: for @function
 *
 * Asks the authorizer and `$connect`, and answers the request accordingly.
 */
void
dw_upgrade_start (SoupServerMessage *message,
                  const DwServerConfig *config,
                  DwDispatcher *dispatcher,
                  GHashTable *query,
                  DwPoll *poll,
                  GUri *uri,
                  DwUpgradeFunc function,
                  GObject *data)
{
  g_autoptr (DwCaller) caller = make_caller (message, config, query);
  guint status = authorize (caller, config->token);
  Upgrade *upgrade;

  if (status != 200)
    {
      dw_upgrade_respond (message, status, words_of (status));
      function (NULL, data);
      return;
    }

  upgrade = g_new0 (Upgrade, 1);
  upgrade->dispatcher = g_object_ref (dispatcher);
  upgrade->message = g_object_ref (message);
  upgrade->caller = g_steal_pointer (&caller);
  upgrade->poll = dw_poll_ref (poll);
  upgrade->uri = g_uri_ref (uri);
  upgrade->encrypted = config->certificate != NULL;
  upgrade->wanted = g_strdup (config->subprotocol);
  upgrade->function = function;
  upgrade->data = g_object_ref (data);
  g_signal_connect_data (message, "wrote-informational", G_CALLBACK (on_upgraded), upgrade, NULL, 0);
  g_signal_connect_data (message, "finished", G_CALLBACK (on_request_finished), upgrade,
                         (GClosureNotify) (GCallback) upgrade_free, 0);
  soup_server_message_pause (message);
  dw_dispatcher_connect_async (dispatcher, upgrade->caller, NULL, on_connect_decided, upgrade);
}
