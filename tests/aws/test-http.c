/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-cloud.h"
#include "dw-test.h"

#include "backend/aws/dw-http.h"
#include "backend/dw-backend-error.h"

#include <string.h>

typedef struct
{
  SoupServer *server;
  char *origin;
  DwHttp *http;
  GHashTable *peers; /* the addresses that requests came from: one for each connection */
} HttpPair;

static void
on_request (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer data)
{
  HttpPair *pair = data;
  GSocketAddress *peer = soup_server_message_get_remote_address (message);
  g_autofree char *name = g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (peer));
  g_autoptr (GBytes) body = soup_message_body_flatten (soup_server_message_get_request_body (message));

  g_hash_table_add (pair->peers, g_steal_pointer (&name));
  soup_server_message_set_status (message, 200, NULL);
  soup_message_headers_replace (soup_server_message_get_response_headers (message), "X-Method",
                                soup_server_message_get_method (message));
  if (g_bytes_get_size (body) > 0)
    soup_message_body_append_bytes (soup_server_message_get_response_body (message), body);
  if (strcmp (path, "/slow") == 0)
    soup_server_message_pause (message);
  else if (strcmp (path, "/cut") == 0)
    {
      g_autoptr (GIOStream) stream = soup_server_message_steal_connection (message);

      g_io_stream_close (stream, NULL, NULL);
    }
  else if (strcmp (path, "/large") == 0)
    {
      gsize size = DW_HTTP_BODY_BYTES + 1;

      soup_server_message_set_response (message, "text/plain", SOUP_MEMORY_TAKE, g_strnfill (size, 'x'), size);
    }
  else if (strcmp (path, "/elsewhere") == 0)
    soup_server_message_set_redirect (message, 302, "/here");
}

static void
pair_init (HttpPair *pair)
{
  g_autoptr (GSList) uris = NULL;

  pair->http = dw_http_new (NULL);
  pair->peers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  pair->server = soup_server_new (NULL, NULL);
  soup_server_add_handler (pair->server, NULL, on_request, pair, NULL);
  dw_cloud_listen (pair->server);
  uris = soup_server_get_uris (pair->server);
  pair->origin = g_strdup_printf ("http://127.0.0.1:%d", g_uri_get_port (uris->data));
  g_slist_foreach (uris, (GFunc) (GCallback) g_uri_unref, NULL);
}

static void
pair_clear (HttpPair *pair)
{
  dw_test_finalize (g_steal_pointer (&pair->http));
  soup_server_disconnect (pair->server);
  g_object_unref (pair->server);
  g_hash_table_unref (pair->peers);
  g_free (pair->origin);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (HttpPair, pair_clear)

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static gboolean
is_there (gpointer data)
{
  return *(gpointer *) data != NULL;
}

static void
ask (HttpPair *pair,
     const char *method,
     const char *path,
     const char *text,
     guint milliseconds,
     GCancellable *cancellable,
     GAsyncResult **result)
{
  g_autofree char *url = g_strconcat (pair->origin, path, NULL);
  g_autoptr (GBytes) body = text != NULL ? g_bytes_new (text, strlen (text)) : NULL;
  DwHttpRequest request = { method, url, NULL, body, g_get_monotonic_time () + milliseconds * 1000 };

  dw_http_send_async (pair->http, &request, cancellable, on_done, result);
}

static DwHttpResponse *
get (HttpPair *pair, const char *method, const char *path, const char *text, guint milliseconds, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  ask (pair, method, path, text, milliseconds, NULL, &result);
  dw_test_until ("an answer", is_there, &result);
  return dw_http_send_finish (pair->http, result, error);
}

/* Each method with its body, over one connection. */
static void
test_keep_alive (void)
{
  static const char *const rows[][2] = { { "GET", NULL },    { "POST", "hello" }, { "POST", "" },
                                         { "DELETE", NULL }, { "PUT", "x" },      { "GET", NULL } };
  g_auto (HttpPair) pair = { 0 };

  pair_init (&pair);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (DwHttpResponse) response = get (&pair, rows[i][0], "/", rows[i][1], 5000, &error);
      const char *text = rows[i][1] != NULL ? rows[i][1] : "";

      g_assert_no_error (error);
      g_assert_cmpuint (response->status, ==, 200);
      g_assert_cmpmem (response->body->data, response->body->len, text, strlen (text));
      g_assert_cmpstr (g_hash_table_lookup (response->headers, "x-method"), ==, rows[i][0]);
    }
  g_assert_cmpuint (g_hash_table_size (pair.peers), ==, 1);
}

/* A server that is silent, hangs up, is unreachable or answers too much: each is an error, in time. */
static void
test_failures (void)
{
  static const struct
  {
    const char *path;
    int code;
  } rows[] = { { "/slow", DW_BACKEND_ERROR_DEADLINE },
               { "/cut", DW_BACKEND_ERROR_NETWORK },
               { "/large", DW_BACKEND_ERROR_SERVICE } };
  g_auto (HttpPair) pair = { 0 };
  g_autoptr (GError) error = NULL;

  pair_init (&pair);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      gint64 begun = g_get_monotonic_time ();
      g_autoptr (DwHttpResponse) response = get (&pair, "GET", rows[i].path, NULL, 600, &error);

      g_test_message ("%s", rows[i].path);
      g_assert_null (response);
      g_assert_error (error, DW_BACKEND_ERROR, rows[i].code);
      g_assert_cmpint (g_get_monotonic_time () - begun, <, 3 * G_USEC_PER_SEC);
      g_clear_error (&error);
    }
  /* Nothing listens on port 1 of loopback. */
  g_free (pair.origin);
  pair.origin = g_strdup ("http://127.0.0.1:1");
  g_assert_null (get (&pair, "GET", "/", NULL, 600, &error));
  g_assert_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_NETWORK);
}

/* A redirect would take a signed request elsewhere; another URL scheme would read a file. */
static void
test_stays (void)
{
  g_auto (HttpPair) pair = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (DwHttpResponse) response = NULL;

  pair_init (&pair);
  response = get (&pair, "GET", "/elsewhere", NULL, 5000, NULL);
  g_assert_cmpuint (response->status, ==, 302);
  g_free (pair.origin);
  pair.origin = g_strdup ("file://");
  g_assert_null (get (&pair, "GET", "/etc/passwd", NULL, 600, &error));
  g_assert_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_NETWORK);
}

/* A cancelled request ends at once, and others are not affected. */
static void
test_cancel (void)
{
  g_auto (HttpPair) pair = { 0 };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) slow = NULL, quick = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (DwHttpResponse) response = NULL;

  pair_init (&pair);
  ask (&pair, "GET", "/slow", NULL, 20000, cancellable, &slow);
  ask (&pair, "GET", "/", NULL, 20000, NULL, &quick);
  g_cancellable_cancel (cancellable);
  dw_test_until ("the cancelled one", is_there, &slow);
  g_assert_null (dw_http_send_finish (pair.http, slow, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  dw_test_until ("the other one", is_there, &quick);
  response = dw_http_send_finish (pair.http, quick, NULL);
  g_assert_cmpuint (response->status, ==, 200);
}

static gboolean
are_there (gpointer data)
{
  GAsyncResult **results = data;

  for (guint i = 0; i < 200; i++)
    if (results[i] == NULL)
      return FALSE;
  return TRUE;
}

/* Many requests at once, each with its own answer. */
static void
test_many (void)
{
  g_auto (HttpPair) pair = { 0 };
  GAsyncResult *results[200] = { NULL };

  pair_init (&pair);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      g_autofree char *text = g_strdup_printf ("number %u", i);

      ask (&pair, "POST", "/", text, 20000, NULL, &results[i]);
    }
  dw_test_until ("all answers", are_there, results);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      g_autofree char *text = g_strdup_printf ("number %u", i);
      g_autoptr (DwHttpResponse) response = dw_http_send_finish (pair.http, results[i], NULL);

      g_assert_nonnull (response);
      g_assert_cmpmem (response->body->data, response->body->len, text, strlen (text));
      g_object_unref (results[i]);
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/aws/http/keep-alive", test_keep_alive);
  g_test_add_func ("/aws/http/failures", test_failures);
  g_test_add_func ("/aws/http/stays", test_stays);
  g_test_add_func ("/aws/http/cancel", test_cancel);
  g_test_add_func ("/aws/http/many", test_many);
  return g_test_run ();
}
