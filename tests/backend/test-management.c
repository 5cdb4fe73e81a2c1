/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-server-fixture.h"

#include "backend/gateway/dw-connection-id.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define TOKEN "S3CR3T"

static void
fixture_init_managed (ServerFixture *fixture)
{
  DwServerConfig *config = dw_server_config_new ("prod");

  config->management_token = g_strdup (TOKEN);
  config->metrics = TRUE;
  fixture_init_with (fixture, config);
}

static guint
call (ServerFixture *fixture,
      const char *method,
      const char *id,
      const char *data,
      gssize size,
      char **answer,
      char **type)
{
  g_autofree char *escaped = g_uri_escape_string (id, NULL, FALSE);
  g_autofree char *path = g_strconcat ("/prod/@connections/", escaped, NULL);
  g_autoptr (GBytes) body = data != NULL ? g_bytes_new (data, size < 0 ? strlen (data) : (gsize) size) : NULL;

  return fixture_request (fixture, method, path, TOKEN, body, answer, type);
}

/* A caller that knows AWS gets what it expects: 200, 204, and a JSON that describes the connection. */
static void
test_live (void)
{
  g_auto (ServerFixture) fixture = { 0 };
  g_autoptr (Client) client = NULL;
  g_autofree char *id = NULL, *text = NULL, *json = NULL;
  g_autoptr (JsonNode) root = NULL;
  JsonObject *object;

  fixture_init_managed (&fixture);
  client = client_new (&fixture);
  id = client_dup_id (client);
  g_assert_cmpuint (call (&fixture, "POST", id, "from outside", -1, NULL, NULL), ==, 200);
  text = client_receive (client);
  g_assert_cmpstr (text, ==, "from outside");
  g_assert_cmpuint (call (&fixture, "GET", id, NULL, 0, &json, NULL), ==, 200);
  root = json_from_string (json, NULL);
  object = json_node_get_object (root);
  g_assert_true (g_str_has_suffix (json_object_get_string_member (object, "connectedAt"), "Z"));
  g_assert_true (g_str_has_suffix (json_object_get_string_member (object, "lastActiveAt"), "Z"));
  g_assert_cmpstr (json_object_get_string_member (json_object_get_object_member (object, "identity"), "sourceIp"),
                   ==, "127.0.0.1");
  g_assert_cmpuint (call (&fixture, "DELETE", id, NULL, 0, NULL, NULL), ==, 204);
  dw_test_until ("the close", client_is_closed, client);
  g_assert_cmpuint (soup_websocket_connection_get_close_code (client->socket), ==, 1000);
  g_assert_cmpstr (soup_websocket_connection_get_close_data (client->socket), ==, "Connection Closed Normally");
}

/* EM-4: a closed connection is 410 with an empty body and its type only in a header; what was never an id is 400. */
static void
test_gone (void)
{
  g_auto (ServerFixture) fixture = { 0 };
  g_autofree char *unknown = dw_connection_id_new ();
  static const char *const methods[] = { "POST", "GET", "DELETE" };

  fixture_init_managed (&fixture);
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      g_autofree char *body = NULL, *type = NULL, *bad = NULL, *bad_type = NULL;

      g_assert_cmpuint (call (&fixture, methods[i], unknown, i == 0 ? "x" : NULL, -1, &body, &type), ==, 410);
      g_assert_cmpstr (body, ==, "");
      g_assert_cmpstr (type, ==, "GoneException");
      g_assert_cmpuint (call (&fixture, methods[i], "nope", i == 0 ? "x" : NULL, -1, &bad, &bad_type), ==, 400);
      g_assert_cmpstr (bad, ==, "{\"message\":\"Invalid connectionId: nope\"}");
      g_assert_cmpstr (bad_type, ==, "BadRequestException");
    }
}

/* EM-4: a post right after the close, or a little later, is refused or swallowed, but never a server error. */
static void
test_closing (void)
{
  g_auto (ServerFixture) fixture = { 0 };
  static const guint waits[] = { 0, 50, 300 };

  fixture_init_managed (&fixture);
  for (guint i = 0; i < G_N_ELEMENTS (waits); i++)
    {
      g_autoptr (Client) client = client_new (&fixture);
      g_autofree char *id = client_dup_id (client);
      guint status;

      soup_websocket_connection_close (client->socket, 1000, NULL);
      if (waits[i] > 0)
        dw_test_run_for (waits[i]);
      status = call (&fixture, "POST", id, "x", -1, NULL, NULL);
      g_assert_true (status == 410 || (waits[i] == 0 && status == 200));
    }
}

/* EM-4 and S-14: sizes. A refused post does not harm the connection. */
static void
test_sizes (void)
{
  g_auto (ServerFixture) fixture = { 0 };
  g_autoptr (Client) client = NULL;
  g_autofree char *id = NULL, *type = NULL, *text = NULL;
  g_autofree char *large = g_strnfill (131073, 'x');

  fixture_init_managed (&fixture);
  client = client_new (&fixture);
  soup_websocket_connection_set_max_incoming_payload_size (client->socket, 1024 * 1024);
  id = client_dup_id (client);
  g_assert_cmpuint (call (&fixture, "POST", id, "", 0, NULL, NULL), ==, 400);
  g_assert_cmpuint (call (&fixture, "POST", id, large, 131073, NULL, &type), ==, 413);
  g_assert_cmpstr (type, ==, "PayloadTooLargeException");
  g_assert_cmpuint (call (&fixture, "POST", id, "\xc3\x28", -1, NULL, NULL), ==, 400);
  g_assert_cmpuint (call (&fixture, "POST", id, large, 131072, NULL, NULL), ==, 200);
  text = client_receive (client);
  g_assert_cmpuint (strlen (text), ==, 131072);
}

/* A path is decoded exactly once, as the gateway does it. */
static void
test_decoded_once (void)
{
  static const struct
  {
    const char *path;
    guint status;
    const char *answer;
  } table[] = {
    { "/prod/%40connections/L0SM9cOFvHcCIhw=", 410, "" },
    { "/prod/@connections/L0SM9cOFvHcCIhw%3D", 410, "" },
    { "/%70rod/@connections/L0SM9cOFvHcCIhw%3d", 410, "" },
    { "/prod/@connections/L0SM9cOFvHcCIhw%253D", 400,
      "{\"message\":\"Invalid connectionId: L0SM9cOFvHcCIhw%3D\"}" },
    { "/prod/@connections/L0SM9cOFvHcCIhw%2F", 400, "{\"message\":\"Invalid connectionId: L0SM9cOFvHcCIhw/\"}" },
    { "/prod%2F@connections/L0SM9cOFvHcCIhw=", 403, "{\"message\":\"Forbidden\"}" },
    { "/prod/%2540connections/L0SM9cOFvHcCIhw=", 403, "{\"message\":\"Forbidden\"}" },
    { "/prod%2F", 403, "{\"message\":\"Forbidden\"}" },
  };
  g_auto (ServerFixture) fixture = { 0 };

  fixture_init_managed (&fixture);
  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autofree char *answer = NULL;

      g_test_message ("%s", table[i].path);
      g_assert_cmpuint (fixture_request (&fixture, "GET", table[i].path, TOKEN, NULL, &answer, NULL), ==,
                        table[i].status);
      g_assert_cmpstr (answer, ==, table[i].answer);
    }
}

/* A body that was cut cannot be checked against its signature, so any caller gets the error about its size first. */
static void
test_size_first (void)
{
  g_auto (ServerFixture) fixture = { 0 };
  static const char *const tokens[] = { NULL, "wrong", TOKEN };
  g_autofree char *large = g_strnfill (131073, 'x');
  g_autoptr (GBytes) body = g_bytes_new (large, 131073);
  g_autoptr (GBytes) fits = g_bytes_new (large, 131072);

  fixture_init_managed (&fixture);
  for (guint i = 0; i < G_N_ELEMENTS (tokens); i++)
    {
      g_autofree char *type = NULL;

      g_assert_cmpuint (
          fixture_request (&fixture, "POST", "/prod/@connections/L0SM9cOFvHcCIhw=", tokens[i], body, NULL, &type),
          ==, 413);
      g_assert_cmpstr (type, ==, "PayloadTooLargeException");
      g_assert_cmpuint (fixture_request (&fixture, "POST", "/test/@connections/x", tokens[i], body, NULL, NULL), ==,
                        403);
      g_assert_cmpuint (
          fixture_request (&fixture, "POST", "/prod/@connections/L0SM9cOFvHcCIhw=", tokens[i], fits, NULL, NULL),
          ==, tokens[i] == NULL || strcmp (tokens[i], TOKEN) != 0 ? 403 : 410);
    }
}

/* Without a token, with a wrong one or with another stage in the path every request is refused, whatever the id. */
static void
test_forbidden (void)
{
  g_auto (ServerFixture) fixture = { 0 };
  g_autoptr (Client) client = NULL;
  g_autofree char *id = NULL, *good = NULL, *other = NULL, *none = NULL;

  fixture_init_managed (&fixture);
  client = client_new (&fixture);
  id = client_dup_id (client);
  good = g_strconcat ("/prod/@connections/", id, NULL);
  other = g_strconcat ("/test/@connections/", id, NULL);
  none = g_strconcat ("/@connections/", id, NULL);
  {
    const char *const paths[] = { good, good, good, other, none };
    const char *const tokens[] = { NULL, "", "S3CR3", TOKEN, TOKEN };

    for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
      {
        g_autofree char *body = NULL, *type = NULL;

        g_assert_cmpuint (fixture_request (&fixture, "GET", paths[i], tokens[i], NULL, &body, &type), ==, 403);
        g_assert_cmpstr (body, ==, "{\"message\":\"Forbidden\"}");
        g_assert_cmpstr (type, ==, "ForbiddenException");
      }
  }
  g_assert_cmpuint (fixture_request (&fixture, "GET", good, TOKEN, NULL, NULL, NULL), ==, 200);
}

/* A stage without a token refuses all management requests. */
static void
test_closed_by_default (void)
{
  g_auto (ServerFixture) fixture = { 0 };

  fixture_init (&fixture);
  g_assert_cmpuint (fixture_request (&fixture, "GET", "/prod/@connections/L0SM9cOFvHcCIhw=", "", NULL, NULL, NULL),
                    ==, 403);
  g_assert_cmpuint (fixture_request (&fixture, "GET", "/@metrics", "", NULL, NULL, NULL), ==, 403);
}

static void
test_metrics (void)
{
  g_auto (ServerFixture) fixture = { 0 };
  g_autoptr (Client) client = NULL;
  g_autofree char *id = NULL, *text = NULL;

  fixture_init_managed (&fixture);
  client = client_new (&fixture);
  id = client_dup_id (client);
  g_assert_cmpuint (fixture_request (&fixture, "GET", "/@metrics", "wrong", NULL, NULL, NULL), ==, 403);
  g_assert_cmpuint (fixture_request (&fixture, "GET", "/@metrics", TOKEN, NULL, &text, NULL), ==, 200);
  g_assert_nonnull (strstr (text, "\ndynamowave_connections 1\n"));
  g_assert_nonnull (strstr (text, "\ndynamowave_messages_total 1\n"));
  g_assert_nonnull (strstr (text, "\ndynamowave_deliveries_total 1\n"));
}

/* A stage that throttles answers 429 to posts too: they share its bucket. */
static void
test_throttled (void)
{
  g_auto (ServerFixture) fixture = { 0 };
  g_autoptr (Client) client = NULL;
  g_autofree char *id = NULL, *type = NULL;
  DwServerConfig *config = dw_server_config_new ("prod");
  guint status = 200;

  config->management_token = g_strdup (TOKEN);
  config->rate = 0.01;
  config->burst = 5;
  fixture_init_with (&fixture, config);
  client = client_new (&fixture);
  id = client_dup_id (client);
  for (guint i = 0; i < 5 && status == 200; i++)
    status = call (&fixture, "POST", id, "x", -1, NULL, &type);
  g_assert_cmpuint (status, ==, 429);
  g_assert_cmpstr (type, ==, "LimitExceededException");
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/management/live", test_live);
  g_test_add_func ("/backend/management/gone/EM-4", test_gone);
  g_test_add_func ("/backend/management/closing/EM-4", test_closing);
  g_test_add_func ("/backend/management/sizes/S-14", test_sizes);
  g_test_add_func ("/backend/management/decoded-once", test_decoded_once);
  g_test_add_func ("/backend/management/size-first", test_size_first);
  g_test_add_func ("/backend/management/forbidden/AG-5", test_forbidden);
  g_test_add_func ("/backend/management/closed-by-default", test_closed_by_default);
  g_test_add_func ("/backend/management/metrics", test_metrics);
  g_test_add_func ("/backend/management/throttled", test_throttled);
  return g_test_run ();
}
