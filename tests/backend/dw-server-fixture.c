/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-server-fixture.h"

#include "wire/dw-dialect.h"
#include "wire/dw-frame.h"

#include <string.h>

void
fixture_init_with (ServerFixture *fixture, DwServerConfig *config)
{
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GError) error = NULL;

  fixture->server = dw_server_new_with (config, &error);
  g_assert_no_error (error);
  fixture->http = soup_session_new ();
  g_assert_true (dw_server_listen (fixture->server, address, &error));
  g_assert_no_error (error);
}

void
fixture_init (ServerFixture *fixture)
{
  fixture_init_with (fixture, dw_server_config_new ("prod"));
}

void
fixture_clear (ServerFixture *fixture)
{
  g_clear_object (&fixture->http);
  if (fixture->server != NULL)
    dw_test_finalize (fixture->server);
}

static void
on_scanned (GObject *source, GAsyncResult *result, gpointer data)
{
  DwRegistryPage **page = data;

  *page = dw_registry_scan_finish (DW_REGISTRY (source), result, NULL);
}

static gboolean
is_there (gpointer data)
{
  return *(gpointer *) data != NULL;
}

/* Counts the first page only. */
guint
fixture_count_ids (ServerFixture *fixture)
{
  DwRegistryPage *page = NULL;
  guint n;

  dw_registry_scan_async (dw_server_get_registry (fixture->server), NULL, NULL, on_scanned, &page);
  dw_test_until ("a page of the table", is_there, &page);
  n = page->connection_ids->len;
  dw_registry_page_free (page);
  return n;
}

gboolean
fixture_is_idle (gpointer data)
{
  ServerFixture *fixture = data;

  return dw_socket_gateway_get_size (dw_server_get_gateway (fixture->server)) == 0
         && fixture_count_ids (fixture) == 0;
}

static void
on_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  GBytes **bytes = data;

  *bytes = soup_session_send_and_read_finish (SOUP_SESSION (source), result, NULL);
}

/* Returns the status. @path replaces the stage's path. */
guint
fixture_request (ServerFixture *fixture,
                 const char *method,
                 const char *path,
                 const char *token,
                 GBytes *body,
                 char **answer,
                 char **error_type)
{
  g_autofree char *stage = dw_server_dup_url (fixture->server);
  g_autofree char *base = g_strndup (stage, (gsize) (strrchr (stage, '/') - stage));
  g_autofree char *url = g_strconcat ("http", strchr (base, ':'), path, NULL);
  g_autoptr (SoupMessage) message = soup_message_new (method, url);
  g_autofree char *bearer = g_strconcat ("Bearer ", token, NULL);
  GBytes *bytes = NULL;

  if (token != NULL)
    soup_message_headers_replace (soup_message_get_request_headers (message), "Authorization", bearer);
  if (body != NULL)
    soup_message_set_request_body_from_bytes (message, "application/octet-stream", body);
  soup_session_send_and_read_async (fixture->http, message, G_PRIORITY_DEFAULT, NULL, on_answered, &bytes);
  dw_test_until ("an answer", is_there, &bytes);
  if (answer != NULL)
    *answer =
        g_strndup (g_bytes_get_size (bytes) > 0 ? g_bytes_get_data (bytes, NULL) : "", g_bytes_get_size (bytes));
  if (error_type != NULL)
    *error_type =
        g_strdup (soup_message_headers_get_one (soup_message_get_response_headers (message), "x-amzn-ErrorType"));
  g_bytes_unref (bytes);
  return soup_message_get_status (message);
}

static void
on_text (Client *client, int type, GBytes *bytes)
{
  gsize length;
  const char *text = g_bytes_get_data (bytes, &length);

  g_ptr_array_add (client->texts, g_strndup (text, length));
}

static void
on_closed (Client *client)
{
  client->closed = TRUE;
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  Client *client = data;

  client->socket = soup_session_websocket_connect_finish (SOUP_SESSION (source), result, NULL);
  client->settled = TRUE;
  if (client->socket == NULL)
    return;
  g_signal_connect_swapped (client->socket, "message", G_CALLBACK (on_text), client);
  g_signal_connect_swapped (client->socket, "closed", G_CALLBACK (on_closed), client);
}

static gboolean
is_settled (gpointer data)
{
  return ((Client *) data)->settled;
}

Client *
client_new_offering (ServerFixture *fixture, const char *path, const char *origin, char **protocols)
{
  Client *client = g_new0 (Client, 1);
  g_autofree char *stage = dw_server_dup_url (fixture->server);
  g_autofree char *url = g_strconcat (stage, path, NULL);
  g_autoptr (SoupMessage) message = soup_message_new ("GET", url);

  client->texts = g_ptr_array_new_with_free_func (g_free);
  soup_session_websocket_connect_async (fixture->http, message, origin, protocols, G_PRIORITY_DEFAULT, NULL,
                                        on_connected, client);
  dw_test_until ("the handshake", is_settled, client);
  client->status = soup_message_get_status (message);
  return client;
}

Client *
client_new_at (ServerFixture *fixture, const char *path, const char *origin)
{
  return client_new_offering (fixture, path, origin, NULL);
}

Client *
client_new (ServerFixture *fixture)
{
  Client *client = client_new_at (fixture, "", NULL);

  g_assert_nonnull (client->socket);
  return client;
}

void
client_free (Client *client)
{
  if (client->socket != NULL)
    {
      g_signal_handlers_disconnect_by_data (client->socket, client);
      if (soup_websocket_connection_get_state (client->socket) == SOUP_WEBSOCKET_STATE_OPEN)
        soup_websocket_connection_close (client->socket, 1000, NULL);
    }
  g_clear_object (&client->socket);
  g_ptr_array_unref (client->texts);
  g_free (client);
}

static gboolean
has_text (gpointer data)
{
  return ((Client *) data)->texts->len > 0;
}

char *
client_receive (Client *client)
{
  dw_test_until ("a frame", has_text, client);
  return g_ptr_array_steal_index (client->texts, 0);
}

void
client_send (Client *client, const char *text)
{
  soup_websocket_connection_send_text (client->socket, text);
}

gboolean
client_is_closed (gpointer client)
{
  return ((Client *) client)->closed;
}

/* Asks the stage's default route. */
char *
client_dup_id (Client *client)
{
  g_autofree char *text = NULL;
  g_autoptr (DwDialect) dialect = dw_dialect_new_preset (DW_DIALECT_DYNAMOWAVE);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (DwFrame) frame = NULL;

  client_send (client, "{\"action\":\"who\"}");
  text = client_receive (client);
  frame = dw_frame_classify (dialect, parser, text, strlen (text));
  g_assert_cmpint (frame->kind, ==, DW_FRAME_NOTIFICATION);
  return g_strdup (frame->connection_id);
}
