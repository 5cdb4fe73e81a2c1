/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-server-fixture.h"

#include "backend/dw-backend-error.h"
#include "backend/gateway/dw-certificate.h"
#include "backend/gateway/dw-connection-id.h"
#include "backend/gateway/dw-server.h"

#include "wire/dw-frame.h"
#include "wire/dw-message-id.h"

#include <libsoup/soup.h>
#include <string.h>

static void
test_broadcast (void)
{
  g_auto (ServerFixture) fixture = { 0 };
  g_autoptr (Client) ada = NULL;
  g_autoptr (Client) eve = NULL;

  fixture_init (&fixture);
  ada = client_new (&fixture);
  eve = client_new (&fixture);
  g_assert_cmpuint (fixture_count_ids (&fixture), ==, 2);
  client_send (ada, "{\"action\":\"sendMessage\",\"message\":\"hello\"}");
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *text = client_receive (i == 0 ? ada : eve);

      g_assert_cmpstr (text, ==, "{\"message\":\"hello\"}");
    }
  client_send (eve, "{\"action\":\"sendMessage\",\"message\":\"x\",\"sender\":\"Eve\",\"id\":\"7\"}");
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *text = client_receive (i == 0 ? ada : eve);

      g_assert_true (g_str_has_prefix (text, "{\"message\":\"x\",\"sender\":\"Eve\",\"id\":\"7\",\"sentAt\":\"20"));
    }
}

/* An id that is too long or empty is treated as missing. Otherwise the second message with an empty id would count as
 * a repeat. */
static void
test_ids (void)
{
  static const guint lengths[] = { 0,    1, DW_MESSAGE_ID_CHARS - 1, DW_MESSAGE_ID_CHARS, DW_MESSAGE_ID_CHARS + 1,
                                   20000 };
  g_auto (ServerFixture) fixture = { 0 };
  g_autoptr (Client) ada = NULL;
  g_autoptr (Client) eve = NULL;

  fixture_init (&fixture);
  ada = client_new (&fixture);
  eve = client_new (&fixture);
  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    for (guint copy = 0; copy < 2; copy++)
      {
        gboolean is_id = lengths[i] > 0 && lengths[i] <= DW_MESSAGE_ID_CHARS;
        g_autofree char *id = g_strnfill (lengths[i], 'x');
        g_autofree char *frame =
            g_strdup_printf ("{\"action\":\"sendMessage\",\"message\":\"m\",\"id\":\"%s\"}", id);
        g_autofree char *echo = NULL;

        g_test_message ("%u characters, copy %u", lengths[i], copy);
        client_send (ada, frame);
        echo = client_receive (ada);
        if (is_id)
          g_assert_nonnull (strstr (echo, id));
        else
          g_assert_cmpstr (echo, ==, "{\"message\":\"m\"}");
        if (copy == 0 || !is_id)
          g_free (client_receive (eve));
      }
  dw_test_run_for (20);
  g_assert_cmpuint (eve->texts->len, ==, 0);
}

/* Unknown routes, invalid JSON, and a body that names $connect all go to $default. */
static void
test_default_route (void)
{
  static const char *const bodies[] = { "hi",
                                        "{}",
                                        "{\"action\":5}",
                                        "{\"action\":\"$connect\"}",
                                        "{\"action\":\"nope\"}",
                                        "{\"action\":\"sendmessage\"}",
                                        "[]",
                                        "\"x\"" };
  g_auto (ServerFixture) fixture = { 0 };
  g_autoptr (Client) client = NULL;
  g_autoptr (DwDialect) dialect = dw_dialect_new_preset (DW_DIALECT_DYNAMOWAVE);
  g_autoptr (JsonParser) parser = json_parser_new ();

  fixture_init (&fixture);
  client = client_new (&fixture);
  for (guint i = 0; i < G_N_ELEMENTS (bodies); i++)
    {
      g_autofree char *text = NULL;
      g_autoptr (DwFrame) frame = NULL;

      client_send (client, bodies[i]);
      text = client_receive (client);
      frame = dw_frame_classify (dialect, parser, text, strlen (text));
      g_assert_cmpint (frame->kind, ==, DW_FRAME_NOTIFICATION);
      g_assert_true (dw_connection_id_is_valid (frame->connection_id));
      g_assert_cmpstr (frame->stage, ==, "prod");
      g_assert_cmpint (frame->features, ==, DW_FEATURE_SENDER | DW_FEATURE_ID | DW_FEATURE_SENT_AT);
      g_assert_cmpint (frame->connected_at / 1000, <=, g_get_real_time () / 1000);
    }
}

static void
test_error_frames (void)
{
  g_auto (ServerFixture) fixture = { 0 };
  g_autoptr (Client) client = NULL;
  g_autofree char *internal = NULL;
  g_autofree char *forbidden = NULL;

  fixture_init (&fixture);
  client = client_new (&fixture);
  client_send (client, "{\"action\":\"sendMessage\"}");
  internal = client_receive (client);
  g_assert_true (
      g_regex_match_simple ("^\\{\"message\": \"Internal server error\", \"connectionId\":\"[A-Za-z0-9_-]{15}=\", "
                            "\"requestId\":\"[A-Za-z0-9_-]{15}=\"\\}$",
                            internal, 0, 0));
  dw_route_table_add (dw_dispatcher_get_routes (dw_server_get_dispatcher (fixture.server)), "$default", NULL);
  client_send (client, "hi");
  forbidden = client_receive (client);
  g_assert_true (g_str_has_prefix (forbidden, "{\"message\": \"Forbidden\", \"connectionId\":\""));
  g_assert_false (client->closed);
}

/* A NUL does not end the frame: otherwise only the part before it would be broadcast. */
static void
test_nul (void)
{
  static const struct
  {
    const char *frame;
    gsize length;
  } rows[] = {
#define ROW(text) { text, sizeof text - 1 }
    ROW ("{\"action\":\"sendMessage\",\"message\":\"x\"}\0"),
    ROW ("{\"action\":\"sendMessage\",\"message\":\"x\"}\0{\"action\":\"sendMessage\",\"message\":\"y\"}"),
    ROW ("{\"action\":\"sendMessage\",\"message\":\"x\0y\"}"),
    ROW ("\0{\"action\":\"sendMessage\",\"message\":\"x\"}"),
    ROW ("\0"),
  };
  g_auto (ServerFixture) fixture = { 0 };
  g_autoptr (Client) client = NULL;
  g_autofree char *escaped = NULL;

  fixture_init (&fixture);
  client = client_new (&fixture);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) bytes = g_bytes_new_static (rows[i].frame, rows[i].length);
      g_autofree char *answer = NULL;

      soup_websocket_connection_send_message (client->socket, SOUP_WEBSOCKET_DATA_TEXT, bytes);
      answer = client_receive (client);
      g_test_message ("row %u", i);
      g_assert_true (g_str_has_prefix (answer, "{\"message\":\"Connected\""));
    }
  client_send (client, "{\"action\":\"sendMessage\",\"message\":\"x\\u0000y\"}");
  escaped = client_receive (client);
  g_assert_cmpstr (escaped, ==, "{\"message\":\"x\357\277\275y\"}");
}

static gboolean
is_closed (gpointer data)
{
  return ((Client *) data)->closed;
}

static void
test_refused_frames (void)
{
  g_auto (ServerFixture) fixture = { 0 };
  g_autoptr (Client) binary = NULL;
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);

  fixture_init (&fixture);
  binary = client_new (&fixture);
  soup_websocket_connection_send_message (binary->socket, SOUP_WEBSOCKET_DATA_BINARY, bytes);
  dw_test_until ("the close", is_closed, binary);
  g_assert_cmpuint (soup_websocket_connection_get_close_code (binary->socket), ==, 1003);
  dw_test_until ("$disconnect", fixture_is_idle, &fixture);
}

static void
test_handshakes (void)
{
  static const struct
  {
    const char *path, *origin;
    guint status;
  } rows[] = {
    { "", NULL, 101 },
    { "/", NULL, 101 },
    { "x", NULL, 403 },
    { "/x", NULL, 403 },
    { "//", NULL, 403 },
    { "?token=x", NULL, 101 },
    { "", "https://evil.example", 403 },
    { "", "null", 403 },
  };
  g_auto (ServerFixture) fixture = { 0 };

  fixture_init (&fixture);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Client) client = client_new_at (&fixture, rows[i].path, rows[i].origin);

      g_test_message ("row %u", i);
      g_assert_cmpuint (client->status, ==, rows[i].status);
    }
  dw_test_until ("every $disconnect", fixture_is_idle, &fixture);
}

/* However a client ends, its id is removed from the table. */
static void
test_disconnect (void)
{
  g_auto (ServerFixture) fixture = { 0 };
  g_autoptr (Client) stays = NULL;

  fixture_init (&fixture);
  stays = client_new (&fixture);
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (Client) client = client_new (&fixture);

      if (i % 2 == 0)
        g_io_stream_close (soup_websocket_connection_get_io_stream (client->socket), NULL, NULL);
    }
  DW_TEST_WAIT ("the ids of those who went to leave the table", fixture_count_ids (&fixture) <= 1);
  client_send (stays, "{\"action\":\"sendMessage\",\"message\":\"anybody?\"}");
  g_free (client_receive (stays));
}

/* A connection that was idle for too long, or has lasted too long, is closed as API Gateway does it; whenever there are
 * connections, and no timer runs while there are none. */
static void
test_swept (void)
{
  for (guint i = 0; i < 2; i++)
    {
      g_auto (ServerFixture) fixture = { 0 };
      DwServerConfig *config = dw_server_config_new ("prod");

      g_test_message ("%s", i == 0 ? "idle" : "old");
      *(i == 0 ? &config->idle_ms : &config->age_ms) = 300;
      fixture_init_with (&fixture, config);
      for (guint j = 0; j < 2; j++)
        {
          g_autoptr (Client) client = client_new (&fixture);

          if (i == 1)
            client_send (client, "{\"action\":\"who\"}");
          DW_TEST_WAIT ("it to be closed", client_is_closed (client));
          g_assert_cmpuint (soup_websocket_connection_get_close_code (client->socket), ==, 1001);
          DW_TEST_WAIT ("the table to be empty", fixture_is_idle (&fixture));
          dw_test_run_for (200);
        }
    }
}

static void
on_stopped (GObject *source, GAsyncResult *result, gpointer data)
{
  g_assert_true (dw_server_stop_finish (DW_SERVER (source), result, NULL));
  *(gboolean *) data = TRUE;
}

static gboolean
is_true (gpointer data)
{
  return *(gboolean *) data;
}

static void
test_stop (void)
{
  g_auto (ServerFixture) fixture = { 0 };
  g_autoptr (Client) client = NULL;
  gboolean stopped = FALSE;

  fixture_init (&fixture);
  client = client_new (&fixture);
  dw_server_stop_async (fixture.server, on_stopped, &stopped);
  dw_test_until ("the close", is_closed, client);
  g_assert_cmpuint (soup_websocket_connection_get_close_code (client->socket), ==, 1001);
  dw_test_until ("the stop", is_true, &stopped);
}

/* A stage goes while somebody stands at its door, encrypted or not: they are let go, and nothing of it is left that
 * would call it. */
static void
test_gone (void)
{
  g_autofree char *certificate = g_test_build_filename (G_TEST_DIST, "data", "self-signed.pem", NULL);
  g_autofree char *key = g_test_build_filename (G_TEST_DIST, "data", "self-signed.key", NULL);

  for (guint encrypted = 0; encrypted < 2; encrypted++)
    {
      g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
      DwServerConfig *config = dw_server_config_new ("prod");
      DwServer *server;
      g_autofree char *url = NULL;
      g_autoptr (GUri) uri = NULL;
      g_autoptr (GSocketClient) raw = g_socket_client_new ();
      g_autoptr (GSocketConnection) silent = NULL;
      g_autoptr (GSocketConnection) half = NULL;
      char byte;

      config->certificate = encrypted ? dw_certificate_load (certificate, key, NULL) : NULL;
      server = dw_server_new_with (config, NULL);
      g_assert_true (dw_server_listen (server, any, NULL));
      url = dw_server_dup_url (server);
      uri = g_uri_parse (url, G_URI_FLAGS_NONE, NULL);
      g_socket_client_set_timeout (raw, 10);
      silent = g_socket_client_connect_to_host (raw, "127.0.0.1", (guint16) g_uri_get_port (uri), NULL, NULL);
      half = g_socket_client_connect_to_host (raw, "127.0.0.1", (guint16) g_uri_get_port (uri), NULL, NULL);
      /* The beginning of a ClientHello, or of a request. */
      g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (half)),
                                 encrypted ? "\x16\x03\x01\x00" : "GET ", 4, NULL, NULL, NULL);
      dw_test_run_for (100);
      dw_test_finalize (server);
      /* As long as the slowest of its timers. */
      dw_test_run_for (400);
      g_assert_cmpint (
          g_input_stream_read (g_io_stream_get_input_stream (G_IO_STREAM (silent)), &byte, 1, NULL, NULL), <=, 0);
    }
}

static void
test_too_large (void)
{
  g_auto (ServerFixture) fixture = { 0 };
  g_autoptr (Client) fits = NULL;
  g_autoptr (Client) too_large = NULL;
  g_autofree char *text = g_strnfill (32769, ' ');
  g_autofree char *answer = NULL;

  fixture_init (&fixture);
  fits = client_new (&fixture);
  too_large = client_new (&fixture);
  client_send (too_large, text);
  text[32768] = '\0';
  client_send (fits, text);
  answer = client_receive (fits);
  g_assert_nonnull (strstr (answer, "Connected"));
  dw_test_until ("the close", is_closed, too_large);
  g_assert_cmpuint (soup_websocket_connection_get_close_code (too_large->socket), ==, 1009);
}

static guint
n_connections (ServerFixture *fixture)
{
  return dw_socket_gateway_get_size (dw_server_get_gateway (fixture->server));
}

/* A client that sends its handshake and never reads. */
static GSocketConnection *
connect_deaf (ServerFixture *fixture)
{
  static const char request[] = "GET /prod HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  g_autofree char *stage = dw_server_dup_url (fixture->server);
  g_autofree char *host = g_strndup (stage + 5, strcspn (stage + 5, "/"));
  g_autoptr (GSocketClient) raw = g_socket_client_new ();
  GSocketConnection *deaf = g_socket_client_connect_to_host (raw, host, 80, NULL, NULL);

  g_assert_nonnull (deaf);
  g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (deaf)), request, strlen (request), NULL,
                             NULL, NULL);
  return deaf;
}

/* What a client sent right before a frame that is too large is handled. */
static void
test_good_before_large (void)
{
  static const char good[] = "{\"action\":\"sendMessage\",\"message\":\"before\"}";
  static const guint8 large[] = { 0x81, 0xfe, 0x80, 0x01, 0, 0, 0, 0, 'z' };
  const guint8 head[] = { 0x81, 0x80 | (sizeof good - 1), 0, 0, 0, 0 };
  g_auto (ServerFixture) fixture = { 0 };
  g_autoptr (Client) listener = NULL;
  g_autoptr (GSocketConnection) talker = NULL;
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autofree char *answer = NULL;

  fixture_init (&fixture);
  listener = client_new (&fixture);
  talker = connect_deaf (&fixture);
  DW_TEST_WAIT ("both clients", n_connections (&fixture) == 2);
  g_byte_array_append (bytes, head, sizeof head);
  g_byte_array_append (bytes, (const guint8 *) good, sizeof good - 1);
  g_byte_array_append (bytes, large, sizeof large);
  g_assert_true (g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (talker)), bytes->data,
                                            bytes->len, NULL, NULL, NULL));
  answer = client_receive (listener);
  g_assert_nonnull (strstr (answer, "before"));
  DW_TEST_WAIT ("the close", n_connections (&fixture) == 1);
}

/* A client that stops reading is closed and removed from the table; the others get everything. */
static void
test_slow_consumer (void)
{
  g_auto (ServerFixture) fixture = { 0 };
  g_autoptr (Client) talker = NULL;
  g_autofree char *word = g_strnfill (30000, 'a');
  g_autofree char *frame = g_strdup_printf ("{\"action\":\"sendMessage\",\"message\":\"%s\"}", word);
  g_autoptr (GSocketConnection) deaf = NULL;
  guint sent = 0;

  fixture_init (&fixture);
  deaf = connect_deaf (&fixture);
  talker = client_new (&fixture);
  DW_TEST_WAIT ("both connections", n_connections (&fixture) >= 2);
  /* The sockets' own buffers hold a few megabytes, and then the queue one. */
  while (n_connections (&fixture) == 2 && sent < 2000)
    {
      client_send (talker, frame);
      sent++;
      g_free (client_receive (talker));
    }
  g_assert_cmpuint (sent, <, 2000);
  g_assert_cmpuint (n_connections (&fixture), ==, 1);
  client_send (talker, frame);
  g_free (client_receive (talker));
}

/* Many clients do not read, each within its own limit: those with the largest queues are closed, and one that reads
 * stays. */
static void
test_shed (void)
{
  g_auto (ServerFixture) fixture = { 0 };
  g_autoptr (Client) talker = NULL;
  g_autofree char *word = g_strnfill (30000, 'a');
  g_autofree char *frame = g_strdup_printf ("{\"action\":\"sendMessage\",\"message\":\"%s\"}", word);
  GSocketConnection *deaf[3];
  DwSocketGateway *gateway;
  guint sent = 0;

  fixture_init (&fixture);
  gateway = dw_server_get_gateway (fixture.server);
  for (guint i = 0; i < G_N_ELEMENTS (deaf); i++)
    deaf[i] = connect_deaf (&fixture);
  talker = client_new (&fixture);
  DW_TEST_WAIT ("all connections", n_connections (&fixture) >= 4);

  /* Nothing is queued yet. */
  dw_socket_gateway_shed (gateway, 0);
  g_assert_cmpuint (n_connections (&fixture), ==, 4);

  /* The sockets' own buffers hold a few megabytes; then a queue grows, and stays far below a client's own limit. */
  while (n_connections (&fixture) == 4 && sent < 2000)
    {
      client_send (talker, frame);
      sent++;
      g_free (client_receive (talker));
      dw_socket_gateway_shed (gateway, 64 * 1024);
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }
  g_assert_cmpuint (sent, <, 2000);
  g_assert_cmpuint (n_connections (&fixture), <, 4);
  g_assert_cmpuint (n_connections (&fixture), >=, 1);
  client_send (talker, frame);
  g_free (client_receive (talker));
  for (guint i = 0; i < G_N_ELEMENTS (deaf); i++)
    g_clear_object (&deaf[i]);
}

static void
on_put (GObject *source, GAsyncResult *result, gpointer data)
{
  g_assert_true (dw_registry_put_finish (DW_REGISTRY (source), result, NULL));
}

static gboolean
has_size_two (gpointer data)
{
  return fixture_count_ids (data) == 2;
}

/* The id of a closed connection is removed from the table, but not one whose handshake may still be in progress: pruned
 * then, that client would stay open and hear nothing for two hours. */
static void
test_prune (void)
{
  g_auto (ServerFixture) fixture = { 0 };
  g_autoptr (Client) client = NULL;
  DwRegistry *registry;
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  fixture_init (&fixture);
  registry = dw_server_get_registry (fixture.server);
  dw_registry_put_async (registry, "AAAAAAAAAAAAAAA=", now - 3600, NULL, on_put, NULL);
  dw_registry_put_async (registry, "BBBBBBBBBBBBBBB=", now, NULL, on_put, NULL);
  client = client_new (&fixture);
  g_assert_cmpuint (fixture_count_ids (&fixture), ==, 3);
  client_send (client, "{\"action\":\"sendMessage\",\"message\":\"x\"}");
  g_free (client_receive (client));
  dw_test_until ("the old one to be pruned", has_size_two, &fixture);
  client_send (client, "{\"action\":\"sendMessage\",\"message\":\"x\"}");
  g_free (client_receive (client));
  dw_test_run_for (20);
  g_assert_cmpuint (fixture_count_ids (&fixture), ==, 2);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/server/broadcast", test_broadcast);
  g_test_add_func ("/backend/server/ids", test_ids);
  g_test_add_func ("/backend/server/default-route/EM-5", test_default_route);
  g_test_add_func ("/backend/server/error-frames/EM-5", test_error_frames);
  g_test_add_func ("/backend/server/nul", test_nul);
  g_test_add_func ("/backend/server/refused-frames", test_refused_frames);
  g_test_add_func ("/backend/server/handshakes/AG-5", test_handshakes);
  g_test_add_func ("/backend/server/disconnect/EM-2", test_disconnect);
  g_test_add_func ("/backend/server/swept", test_swept);
  g_test_add_func ("/backend/server/stop", test_stop);
  g_test_add_func ("/backend/server/too-large/S-14", test_too_large);
  g_test_add_func ("/backend/server/good-before-large/S-14", test_good_before_large);
  g_test_add_func ("/backend/server/gone/S-3", test_gone);
  g_test_add_func ("/backend/server/slow-consumer", test_slow_consumer);
  g_test_add_func ("/backend/server/shed", test_shed);
  g_test_add_func ("/backend/server/prune/EM-4", test_prune);
  return g_test_run ();
}
