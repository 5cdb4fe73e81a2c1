/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-server-fixture.h"

#include "backend/dw-backend-error.h"

#include <string.h>

/* How clients are refused, throttled and timed out: as at the gateway. */

static void
answer (GAsyncReadyCallback callback, gpointer registry, gpointer data, DwResponse *response)
{
  g_autoptr (GTask) task = g_task_new (registry, NULL, callback, data);

  g_task_return_pointer (task, response, (GDestroyNotify) dw_response_free);
}

static DwRouteTable *
routes_of (ServerFixture *fixture)
{
  return dw_dispatcher_get_routes (dw_server_get_dispatcher (fixture->server));
}

static guint
status_of (ServerFixture *fixture, const char *path)
{
  g_autoptr (Client) client = client_new_at (fixture, path, NULL);

  return client->status;
}

/* --token: 401 without a token, 403 with a wrong one, in the query or the header. */
static void
test_token (void)
{
  g_auto (ServerFixture) fixture = { 0 };
  DwServerConfig *config = dw_server_config_new ("prod");

  config->token = g_strdup ("S3CR3T+/=");
  fixture_init_with (&fixture, config);
  g_assert_cmpuint (status_of (&fixture, ""), ==, 401);
  g_assert_cmpuint (status_of (&fixture, "?token="), ==, 401);
  g_assert_cmpuint (status_of (&fixture, "?token=other"), ==, 403);
  g_assert_cmpuint (status_of (&fixture, "?token=S3CR3T%2B%2F%3D"), ==, 101);
}

/* AG-4: no subprotocol is negotiated automatically: one is sent, byte for byte, only if $connect chose it. */
static void
test_subprotocol (void)
{
  g_auto (ServerFixture) fixture = { 0 };
  g_auto (ServerFixture) plain = { 0 };
  DwServerConfig *config = dw_server_config_new ("prod");
  char *offered[] = { (char *) "chat.v1", (char *) "auth", NULL };
  char *other[] = { (char *) "Auth", NULL };
  g_autoptr (Client) chosen = NULL;
  g_autoptr (Client) none = NULL;
  g_autoptr (Client) differs = NULL;
  g_autoptr (Client) ignored = NULL;

  config->subprotocol = g_strdup ("auth");
  fixture_init_with (&fixture, config);
  chosen = client_new_offering (&fixture, "", NULL, offered);
  g_assert_cmpstr (soup_websocket_connection_get_protocol (chosen->socket), ==, "auth");
  none = client_new (&fixture);
  g_assert_null (soup_websocket_connection_get_protocol (none->socket));
  differs = client_new_offering (&fixture, "", NULL, other);
  g_assert_null (soup_websocket_connection_get_protocol (differs->socket));
  fixture_init (&plain);
  ignored = client_new_offering (&plain, "", NULL, offered);
  g_assert_null (soup_websocket_connection_get_protocol (ignored->socket));
}

/* AG-5: a wrong path is 403, a plain request 426, and other unexpected requests are refused. */
static void
test_paths (void)
{
  g_auto (ServerFixture) fixture = { 0 };
  static const struct
  {
    const char *path;
    guint status;
  } rows[] = { { "/prod", 426 },  { "/prod/", 426 },     { "/", 403 },        { "/Prod", 403 },
               { "//prod", 403 }, { "/prod/more", 403 }, { "/produce", 403 }, { "/prod?x=1", 426 } };
  g_autofree char *long_path = g_strnfill (5000, 'x');
  g_autofree char *query = g_strconcat ("?q=", long_path, NULL);

  fixture_init (&fixture);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *body = NULL;

      g_test_message ("%s", rows[i].path);
      g_assert_cmpuint (fixture_request (&fixture, "GET", rows[i].path, NULL, NULL, &body, NULL), ==,
                        rows[i].status);
      if (rows[i].status == 403)
        g_assert_cmpstr (body, ==, "{\"message\":\"Forbidden\"}");
    }
  g_assert_cmpuint (status_of (&fixture, "/"), ==, 101);
  g_assert_cmpuint (status_of (&fixture, query), ==, 414);
}

/* Otherwise any web page could talk to this machine. */
static void
test_origins (void)
{
  g_auto (ServerFixture) fixture = { 0 };
  g_autoptr (Client) welcome = NULL;
  g_autoptr (Client) stranger = NULL;
  DwServerConfig *config = dw_server_config_new ("prod");
  const char *origins[] = { "https://good.example", NULL };

  config->origins = g_strdupv ((char **) origins);
  fixture_init_with (&fixture, config);
  welcome = client_new_at (&fixture, "", "https://good.example");
  stranger = client_new_at (&fixture, "", "https://good.example.evil.example");
  g_assert_cmpuint (welcome->status, ==, 101);
  g_assert_cmpuint (stranger->status, ==, 403);
}

static void
fail_connect (DwRegistry *registry,
              DwGateway *gateway,
              const DwEvent *event,
              GCancellable *cancellable,
              GAsyncReadyCallback callback,
              gpointer data)
{
  g_autoptr (GTask) task = g_task_new (registry, cancellable, callback, data);

  g_task_return_new_error (task, DW_BACKEND_ERROR, DW_BACKEND_ERROR_EVENT, "broken");
}

static void
forbid_disconnect (DwRegistry *registry,
                   DwGateway *gateway,
                   const DwEvent *event,
                   GCancellable *cancellable,
                   GAsyncReadyCallback callback,
                   gpointer data)
{
  g_error ("$disconnect ran for a connection that was never accepted");
}

static void
refuse_connect (DwRegistry *registry,
                DwGateway *gateway,
                const DwEvent *event,
                GCancellable *cancellable,
                GAsyncReadyCallback callback,
                gpointer data)
{
  g_autoptr (GTask) task = g_task_new (registry, cancellable, callback, data);

  g_task_return_pointer (task, dw_response_new (401, NULL), (GDestroyNotify) dw_response_free);
}

static void
test_refused_connect (void)
{
  g_auto (ServerFixture) fixture = { 0 };
  g_autoptr (Client) client = NULL;
  DwRouteTable *routes;

  fixture_init (&fixture);
  routes = dw_dispatcher_get_routes (dw_server_get_dispatcher (fixture.server));
  dw_route_table_add (routes, "$connect", refuse_connect);
  dw_route_table_add (routes, "$disconnect", forbid_disconnect);
  client = client_new_at (&fixture, "", NULL);
  g_assert_cmpuint (client->status, ==, 401);
  dw_test_run_for (50);
}

/* EM-5: $connect decides by its status; a broken handler is 502 and a slow one 504, and no $disconnect follows. */
static void
test_connect_fails (void)
{
  g_auto (ServerFixture) fixture = { 0 };
  DwServerConfig *config = dw_server_config_new ("prod");

  config->integration_ms = 50;
  fixture_init_with (&fixture, config);
  dw_route_table_add (routes_of (&fixture), "$disconnect", forbid_disconnect);
  dw_route_table_add (routes_of (&fixture), "$connect", fail_connect);
  g_test_expect_message ("dw-backend", G_LOG_LEVEL_WARNING, "*broken*");
  g_assert_cmpuint (status_of (&fixture, ""), ==, 502);
  g_test_assert_expected_messages ();
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GBytes **) data = soup_session_send_and_read_finish (SOUP_SESSION (source), result, NULL);
}

static gboolean
is_set (gpointer data)
{
  return *(gpointer *) data != NULL;
}

/* Returns the body of an upgrade that is refused. */
static char *
ask_upgrade (ServerFixture *fixture, const char *query, guint *status)
{
  g_autofree char *stage = dw_server_dup_url (fixture->server);
  g_autofree char *url = g_strconcat ("http", strchr (stage, ':'), query, NULL);
  g_autoptr (SoupMessage) message = soup_message_new ("GET", url);
  SoupMessageHeaders *headers = soup_message_get_request_headers (message);
  g_autoptr (GBytes) body = NULL;

  soup_message_headers_append (headers, "Connection", "Upgrade");
  soup_message_headers_append (headers, "Upgrade", "websocket");
  soup_message_headers_append (headers, "Sec-WebSocket-Version", "13");
  soup_message_headers_append (headers, "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
  soup_session_send_and_read_async (fixture->http, message, G_PRIORITY_DEFAULT, NULL, on_answer, &body);
  dw_test_until ("an answer", is_set, &body);
  *status = soup_message_get_status (message);
  return g_strndup (g_bytes_get_data (body, NULL), g_bytes_get_size (body));
}

/* A refusal describes itself in its body, as at API Gateway, for somebody who tries with curl. */
static void
test_words (void)
{
  static const struct
  {
    const char *query;
    guint status;
    const char *body;
  } rows[] = {
    { "", 401, "{\"message\":\"Unauthorized\"}" },
    { "?token=other", 403, "{\"message\":\"Forbidden\"}" },
    { "?token=right", 502, "{\"message\":\"Internal server error\"}" },
  };
  g_auto (ServerFixture) fixture = { 0 };
  DwServerConfig *config = dw_server_config_new ("prod");

  config->token = g_strdup ("right");
  fixture_init_with (&fixture, config);
  dw_route_table_add (routes_of (&fixture), "$connect", fail_connect);
  g_test_expect_message ("dw-backend", G_LOG_LEVEL_WARNING, "*broken*");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      guint status = 0;
      g_autofree char *body = ask_upgrade (&fixture, rows[i].query, &status);

      g_assert_cmpuint (status, ==, rows[i].status);
      g_assert_cmpstr (body, ==, rows[i].body);
    }
  g_test_assert_expected_messages ();
}

typedef struct
{
  GAsyncReadyCallback callback;
  gpointer data;
  gpointer registry;
} Held;

static Held held;

static void
hold (DwRegistry *registry,
      DwGateway *gateway,
      const DwEvent *event,
      GCancellable *cancellable,
      GAsyncReadyCallback callback,
      gpointer data)
{
  held = (Held){ callback, data, registry };
}

static void
let_go (void)
{
  answer (held.callback, held.registry, held.data, dw_response_new (200, "late"));
}

/* EM-5: a handshake that takes too long is 504; for a message the sender gets an error and stays connected, and others
 * are not affected. */
static void
test_too_slow (void)
{
  g_auto (ServerFixture) fixture = { 0 };
  g_autoptr (Client) client = NULL;
  g_autofree char *frame = NULL, *next = NULL;
  DwServerConfig *config = dw_server_config_new ("prod");
  const char *two_way[] = { "slow", NULL };

  config->integration_ms = 100;
  config->two_way = g_strdupv ((char **) two_way);
  fixture_init_with (&fixture, config);
  client = client_new (&fixture);
  dw_route_table_add (routes_of (&fixture), "slow", hold);
  client_send (client, "{\"action\":\"slow\"}");
  client_send (client, "{\"action\":\"sendMessage\",\"message\":\"after\"}");
  frame = client_receive (client);
  g_assert_true (g_str_has_prefix (frame, "{\"message\": \"Endpoint request timed out\", \"connectionId\":\""));
  next = client_receive (client);
  g_assert_cmpstr (next, ==, "{\"message\":\"after\"}");
  /* Its late answer is dropped. */
  let_go ();
  dw_test_run_for (30);
  g_assert_cmpuint (client->texts->len, ==, 0);
  dw_route_table_add (routes_of (&fixture), "$connect", hold);
  dw_route_table_add (routes_of (&fixture), "$disconnect", forbid_disconnect);
  g_assert_cmpuint (status_of (&fixture, ""), ==, 504);
  let_go ();
  dw_route_table_add (routes_of (&fixture), "$disconnect", dw_disconnect_handler);
}

/* A two-way route delivers its body to the sender, whatever the status; a one-way route never. */
static void
test_two_way (void)
{
  g_auto (ServerFixture) fixture = { 0 };
  g_autoptr (Client) ada = NULL;
  g_autoptr (Client) eve = NULL;
  DwServerConfig *config = dw_server_config_new ("prod");
  const char *two_way[] = { "sendMessage", NULL };
  g_autofree char *broadcast = NULL, *response = NULL, *to_eve = NULL;

  config->two_way = g_strdupv ((char **) two_way);
  fixture_init_with (&fixture, config);
  ada = client_new (&fixture);
  eve = client_new (&fixture);
  client_send (ada, "{\"action\":\"sendMessage\",\"message\":\"x\"}");
  broadcast = client_receive (ada);
  response = client_receive (ada);
  to_eve = client_receive (eve);
  g_assert_cmpstr (broadcast, ==, "{\"message\":\"x\"}");
  g_assert_cmpstr (response, ==, "Message sent");
  dw_test_run_for (30);
  g_assert_cmpuint (eve->texts->len, ==, 0);
}

static void
test_message_throttled (void)
{
  g_auto (ServerFixture) fixture = { 0 };
  g_autoptr (Client) client = NULL;
  g_autofree char *first = NULL, *second = NULL;
  DwServerConfig *config = dw_server_config_new ("prod");

  config->rate = 0.001;
  config->burst = 2;
  fixture_init_with (&fixture, config);
  client = client_new (&fixture);
  client_send (client, "{\"action\":\"sendMessage\",\"message\":\"x\"}");
  first = client_receive (client);
  g_assert_cmpstr (first, ==, "{\"message\":\"x\"}");
  client_send (client, "{\"action\":\"sendMessage\",\"message\":\"y\"}");
  second = client_receive (client);
  g_assert_true (g_str_has_prefix (second, "{\"message\": \"Too Many Requests\", \"connectionId\":\""));
}

static void
test_arrivals_throttled (void)
{
  g_auto (ServerFixture) fixture = { 0 };
  DwServerConfig *config = dw_server_config_new ("prod");
  g_autoptr (Client) first = NULL;

  config->connection_rate = 1;
  fixture_init_with (&fixture, config);
  first = client_new (&fixture);
  g_assert_cmpuint (status_of (&fixture, ""), ==, 429);
}

/* EM-4: a post from inside $connect finds no connection yet, and the connection still opens. */
static guint early_status;

static void
on_early (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (DwPosted) posted = dw_gateway_post_finish (DW_GATEWAY (source), result, NULL);

  early_status = posted->gone->len == 1 ? 410 : 200;
}

static void
post_early (DwRegistry *registry,
            DwGateway *gateway,
            const DwEvent *event,
            GCancellable *cancellable,
            GAsyncReadyCallback callback,
            gpointer data)
{
  g_autoptr (GPtrArray) to = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (to, g_strdup (event->caller->connection_id));
  dw_gateway_post_async (gateway, to, NULL, "too early", NULL, on_early, NULL);
  dw_connect_handler (registry, gateway, event, cancellable, callback, data);
}

static void
test_early_post (void)
{
  g_auto (ServerFixture) fixture = { 0 };
  g_autoptr (Client) client = NULL;
  g_autofree char *id = NULL;

  fixture_init (&fixture);
  dw_route_table_add (routes_of (&fixture), "$connect", post_early);
  client = client_new (&fixture);
  id = client_dup_id (client);
  g_assert_cmpuint (early_status, ==, 410);
}

/* EM-5: the route selection expression applies to messages only; a stage without $default answers Forbidden and keeps
 * the connection. */
static void
test_no_default (void)
{
  g_auto (ServerFixture) fixture = { 0 };
  g_autoptr (Client) client = NULL;
  static const char *const bodies[] = { "hi", "{}", "{\"action\":5}", "{\"action\":\"$connect\"}",
                                        "{\"action\":\"nope\"}" };
  DwServerConfig *config = dw_server_config_new ("prod");
  g_autofree char *last = NULL;

  config->without_default = TRUE;
  g_free (config->selection);
  config->selection = g_strdup ("${request.body.action}");
  fixture_init_with (&fixture, config);
  client = client_new (&fixture);
  for (guint i = 0; i < G_N_ELEMENTS (bodies); i++)
    {
      g_autofree char *frame = NULL;

      client_send (client, bodies[i]);
      frame = client_receive (client);
      g_assert_true (g_str_has_prefix (frame, "{\"message\": \"Forbidden\", \"connectionId\":\""));
    }
  client_send (client, "{\"action\":\"sendMessage\",\"message\":\"still here\"}");
  last = client_receive (client);
  g_assert_cmpstr (last, ==, "{\"message\":\"still here\"}");
}

/* A message repeated under its id reaches everybody once, and its sender each time, because the sender waits for it. */
static void
test_repeated (void)
{
  g_auto (ServerFixture) fixture = { 0 };
  g_autoptr (Client) ada = NULL;
  g_autoptr (Client) eve = NULL;
  static const char frame[] = "{\"action\":\"sendMessage\",\"message\":\"x\",\"id\":\"one\"}";

  fixture_init (&fixture);
  ada = client_new (&fixture);
  eve = client_new (&fixture);
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *echo = NULL;

      client_send (ada, frame);
      echo = client_receive (ada);
      g_assert_nonnull (strstr (echo, "\"id\":\"one\""));
    }
  dw_test_run_for (30);
  g_assert_cmpuint (eve->texts->len, ==, 1);
}

/* S-13: however many write at once, and however slow a handler is, everybody sees messages in the order they were
 * accepted. */
static void
test_order (void)
{
  g_auto (ServerFixture) fixture = { 0 };
  g_autoptr (GPtrArray) clients = g_ptr_array_new_with_free_func ((GDestroyNotify) client_free);
  g_autoptr (GPtrArray) first = NULL;

  fixture_init (&fixture);
  for (guint i = 0; i < 5; i++)
    g_ptr_array_add (clients, client_new (&fixture));
  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *frame = g_strdup_printf ("{\"action\":\"sendMessage\",\"message\":\"%u\"}", i);

      client_send (clients->pdata[i % 5], frame);
    }
  for (guint i = 0; i < 5; i++)
    {
      g_autoptr (GPtrArray) seen = g_ptr_array_new_with_free_func (g_free);

      for (guint j = 0; j < 100; j++)
        g_ptr_array_add (seen, client_receive (clients->pdata[i]));
      if (first == NULL)
        first = g_ptr_array_ref (seen);
      for (guint j = 0; j < 100; j++)
        g_assert_cmpstr (seen->pdata[j], ==, first->pdata[j]);
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/refusals/token", test_token);
  g_test_add_func ("/backend/refusals/subprotocol/AG-4", test_subprotocol);
  g_test_add_func ("/backend/refusals/paths/AG-5", test_paths);
  g_test_add_func ("/backend/refusals/origins", test_origins);
  g_test_add_func ("/backend/refusals/refused-connect/EM-5", test_refused_connect);
  g_test_add_func ("/backend/refusals/connect-fails/EM-5", test_connect_fails);
  g_test_add_func ("/backend/refusals/words", test_words);
  g_test_add_func ("/backend/refusals/too-slow/EM-5", test_too_slow);
  g_test_add_func ("/backend/refusals/two-way", test_two_way);
  g_test_add_func ("/backend/refusals/message-throttled", test_message_throttled);
  g_test_add_func ("/backend/refusals/arrivals-throttled", test_arrivals_throttled);
  g_test_add_func ("/backend/refusals/early-post/EM-4", test_early_post);
  g_test_add_func ("/backend/refusals/no-default/EM-5", test_no_default);
  g_test_add_func ("/backend/refusals/repeated", test_repeated);
  g_test_add_func ("/backend/refusals/order/S-13", test_order);
  return g_test_run ();
}
