/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "net/dw-net-error.h"
#include "net/dw-swarm.h"

#include "backend/gateway/dw-server.h"

#include <string.h>

/* A swarm and a stage in one process, over TLS. */

#define SIZE 40
#define MESSAGES 100
#define TEXT_BYTES 1000

typedef struct
{
  guint wanted;
  guint opened;
  guint failed;
  guint closed;
  guint messages;
  GError *error;
} Seen;

static void
on_opened (guint index, gint64 took_us, gpointer data)
{
  ((Seen *) data)->opened++;
}

static void
on_failed (guint index, guint status, const GError *error, gpointer data)
{
  Seen *seen = data;

  g_clear_error (&seen->error);
  seen->error = g_error_copy (error);
  seen->failed++;
}

static void
on_message (guint index, const DwFrameRead *message, gpointer data)
{
  ((Seen *) data)->messages += message->length > TEXT_BYTES ? 1 : 0;
}

static void
on_closed (guint index, guint code, gpointer data)
{
  ((Seen *) data)->closed++;
}

static const DwSwarmEvents events = { on_opened, on_failed, on_message, on_closed };

static char *
certificate_file (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "data", "self-signed.pem", NULL);

  return g_canonicalize_filename (path, NULL);
}

static DwServer *
serve (guint16 *port)
{
  g_autofree char *pem = certificate_file ();
  g_autofree char *key = g_test_build_filename (G_TEST_DIST, "data", "self-signed.key", NULL);
  g_autoptr (DwServerConfig) config = dw_server_config_new ("prod");
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, 0);
  g_autofree char *url = NULL;
  g_autoptr (GUri) uri = NULL;
  DwServer *server;

  config->connection_rate = 0;
  config->certificate = g_tls_certificate_new_from_files (pem, key, NULL);
  g_assert_nonnull (config->certificate);
  server = dw_server_new_with (g_steal_pointer (&config), NULL);
  g_assert_true (dw_server_listen (server, address, NULL));
  url = dw_server_dup_url (server);
  uri = g_uri_parse (url, G_URI_FLAGS_NONE, NULL);
  *port = (guint16) g_uri_get_port (uri);
  return server;
}

static gboolean
all_opened (gpointer data)
{
  return ((Seen *) data)->opened + ((Seen *) data)->failed == ((Seen *) data)->wanted;
}

static gboolean
all_arrived (gpointer data)
{
  return ((Seen *) data)->messages == SIZE * MESSAGES;
}

static gboolean
has_failed (gpointer data)
{
  return ((Seen *) data)->failed > 0;
}

/* Over TLS each message arrives too, however records and reads are cut; and a certificate that nobody vouches for is
 * refused. */
static void
test_tls (void)
{
  guint16 port;
  g_autoptr (DwServer) server = serve (&port);
  g_autofree char *pem = certificate_file ();
  g_autoptr (GTlsDatabase) database = g_tls_file_database_new (pem, NULL);
  g_autofree char *padding = g_strnfill (TEXT_BYTES, 'x');
  g_autofree char *frame = g_strdup_printf ("{\"action\":\"sendMessage\",\"message\":\"%s\"}", padding);
  DwSwarmTarget target = { .host = "localhost",
                           .port = port,
                           .secure = TRUE,
                           .direct = TRUE,
                           .authority = "localhost",
                           .target = "/prod",
                           .database = database,
                           .handshake_ms = DW_TEST_DEADLINE_MS };
  Seen seen = { 0 };
  g_autoptr (DwSwarm) swarm = dw_swarm_new (&target, SIZE, &events, &seen);
  DwSwarmTarget strange = target;
  Seen refused = { 0 };
  g_autoptr (DwSwarm) other = NULL;

  /* Both ends do their handshakes in GIO's ten threads, and would wait for one another there. */
  for (seen.wanted = 1; seen.wanted <= SIZE; seen.wanted++)
    {
      dw_swarm_open (swarm, seen.wanted - 1);
      dw_test_until ("a connection", all_opened, &seen);
    }
  g_assert_no_error (seen.error);
  g_assert_cmpuint (seen.opened, ==, SIZE);

  for (guint i = 0; i < MESSAGES; i++)
    g_assert_true (dw_swarm_send (swarm, i % SIZE, frame, strlen (frame)));
  dw_test_until ("all deliveries", all_arrived, &seen);
  g_assert_cmpuint (seen.closed, ==, 0);

  strange.database = NULL;
  other = dw_swarm_new (&strange, 1, &events, &refused);
  dw_swarm_open (other, 0);
  dw_test_until ("a refusal", has_failed, &refused);
  g_assert_error (refused.error, DW_NET_ERROR, DW_NET_ERROR_CERTIFICATE);
  g_clear_error (&refused.error);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/system/swarm/tls", test_tls);
  return g_test_run ();
}
