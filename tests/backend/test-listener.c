/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where connections come in: how many at a time, and that nothing is left when it stops. */
#include "dw-test.h"

#include "backend/dw-backend-error.h"
#include "backend/gateway/dw-listener.h"
#include "backend/gateway/dw-tls-door.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct
{
  SoupServer *server;
  DwArrivals *arrivals;
  DwListener *listener;
  guint16 port;
  guint asked;
} ListenerFixture;

static void
on_request (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer data)
{
  ListenerFixture *fixture = data;

  fixture->asked++;
  dw_arrivals_settle (fixture->arrivals, soup_server_message_get_remote_address (message));
  soup_server_message_set_status (message, 200, NULL);
}

static GSocketAddress *
loopback (guint16 port)
{
  return g_inet_socket_address_new_from_string ("127.0.0.1", port);
}

static void
fixture_init (ListenerFixture *fixture, guint most, gint64 patience_ms, GTlsCertificate *certificate)
{
  g_autoptr (GSocketAddress) address = loopback (0);
  g_autofree char *url = NULL;

  fixture->server = soup_server_new (NULL, NULL);
  soup_server_add_handler (fixture->server, NULL, on_request, fixture, NULL);
  fixture->arrivals = dw_arrivals_new (most, patience_ms);
  fixture->listener = dw_listener_new (fixture->server, fixture->arrivals, certificate, 30);
  g_assert_true (dw_listener_listen (fixture->listener, address, NULL));
  url = dw_listener_dup_url (fixture->listener, "prod");
  g_assert_true (g_str_has_prefix (url, certificate != NULL ? "wss://127.0.0.1:" : "ws://127.0.0.1:"));
  g_assert_true (g_str_has_suffix (url, "/prod"));
  fixture->port = (guint16) g_ascii_strtoull (strrchr (url, ':') + 1, NULL, 10);
}

/* The listener goes first, and leaves no timer. */
static void
fixture_clear (ListenerFixture *fixture)
{
  dw_test_finalize (g_steal_pointer (&fixture->listener));
  soup_server_disconnect (fixture->server);
  g_object_unref (fixture->server);
  dw_arrivals_free (fixture->arrivals);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ListenerFixture, fixture_clear)

static GSocket *
knock (ListenerFixture *fixture)
{
  g_autoptr (GSocketAddress) address = loopback (fixture->port);
  GSocket *socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);

  g_assert_true (g_socket_connect (socket, address, NULL, NULL));
  g_socket_set_blocking (socket, FALSE);
  return socket;
}

static void
ask (GSocket *socket)
{
  static const char request[] = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

  g_assert_cmpint (g_socket_send (socket, request, strlen (request), NULL, NULL), ==, (gssize) strlen (request));
}

static gboolean
has_ended (GSocket *socket)
{
  char bytes[4096];
  gssize n;

  while ((n = g_socket_receive (socket, bytes, sizeof bytes, NULL, NULL)) > 0)
    ;
  return n == 0;
}

/* More than come in one turn, and more than there is room for at a time: all are served. */
static void
test_many (void)
{
  g_auto (ListenerFixture) fixture = { 0 };
  g_autoptr (GPtrArray) sockets = g_ptr_array_new_with_free_func (g_object_unref);

  fixture_init (&fixture, 40, 30000, NULL);
  for (guint i = 0; i < 100; i++)
    {
      g_ptr_array_add (sockets, knock (&fixture));
      ask (g_ptr_array_index (sockets, i));
    }
  DW_TEST_WAIT ("all requests", fixture.asked == 100);
  for (guint i = 0; i < 100; i++)
    DW_TEST_WAIT ("an answer", has_ended (g_ptr_array_index (sockets, i)));
  g_assert_cmpuint (dw_arrivals_get_size (fixture.arrivals), ==, 0);
}

/* Who says nothing is ended when the patience is over, though nobody else comes. */
static void
test_silent (void)
{
  g_auto (ListenerFixture) fixture = { 0 };
  g_autoptr (GSocket) silent = NULL;
  gint64 began = g_get_monotonic_time ();
  gboolean ended;

  fixture_init (&fixture, 4, 500, NULL);
  silent = knock (&fixture);
  DW_TEST_WAIT ("it to be taken in", dw_arrivals_get_size (fixture.arrivals) == 1);
  ended = has_ended (silent);
  /* On a machine that stands still for so long this says nothing. */
  if (g_get_monotonic_time () - began < 500 * G_TIME_SPAN_MILLISECOND)
    g_assert_false (ended);
  DW_TEST_WAIT ("it to be ended", has_ended (silent));
  g_assert_cmpuint (dw_arrivals_get_size (fixture.arrivals), ==, 0);

  /* The watch goes on for those who come later. */
  g_clear_object (&silent);
  silent = knock (&fixture);
  DW_TEST_WAIT ("it to be ended too", has_ended (silent));
}

/* It stops in the middle of a pause, with clients outside and inside. */
static void
test_stops (void)
{
  for (guint i = 0; i < 3; i++)
    {
      g_auto (ListenerFixture) fixture = { 0 };
      g_autoptr (GSocket) inside = NULL;
      g_autoptr (GSocket) outside = NULL;
      g_autoptr (GSocketAddress) address = NULL;
      g_autoptr (GSocket) late =
          g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);

      fixture_init (&fixture, 1, 30000, NULL);
      if (i > 0)
        inside = knock (&fixture);
      if (i > 0)
        DW_TEST_WAIT ("it to be taken in", dw_arrivals_get_size (fixture.arrivals) == 1);
      if (i > 1)
        outside = knock (&fixture);
      if (i > 1)
        g_main_context_iteration (NULL, TRUE);
      dw_listener_stop (fixture.listener);
      dw_listener_stop (fixture.listener);
      address = loopback (fixture.port);
      g_assert_false (g_socket_connect (late, address, NULL, NULL));
      dw_test_run_for (50);
      g_assert_cmpuint (dw_arrivals_get_size (fixture.arrivals), ==, i > 0);
    }
}

static GTlsCertificate *
certificate_new (void)
{
  g_autofree char *pem = g_test_build_filename (G_TEST_DIST, "data", "self-signed.pem", NULL);
  g_autofree char *key = g_test_build_filename (G_TEST_DIST, "data", "self-signed.key", NULL);
  GTlsCertificate *certificate = g_tls_certificate_new_from_files (pem, key, NULL);

  g_assert_nonnull (certificate);
  return certificate;
}

/* A handshake that never begins, or never ends, is nothing that a listener leaves behind. */
static void
test_stops_with_tls (void)
{
  static const char *const hellos[] = { "", "\x16\x03", "\x16\x03\x01\x02\x00\x01", "no hello at all" };
  g_autoptr (GTlsCertificate) certificate = certificate_new ();

  for (guint i = 0; i < G_N_ELEMENTS (hellos); i++)
    {
      g_auto (ListenerFixture) fixture = { 0 };
      g_autoptr (GSocket) client = NULL;
      gsize length = i == 2 ? 6 : strlen (hellos[i]);

      fixture_init (&fixture, 4, 30000, certificate);
      client = knock (&fixture);
      DW_TEST_WAIT ("it to be taken in", dw_arrivals_get_size (fixture.arrivals) == 1);
      if (length > 0)
        g_assert_cmpint (g_socket_send (client, hellos[i], length, NULL, NULL), ==, (gssize) length);
      dw_test_run_for (30);
      /* What is no hello is turned away at once. */
      g_assert_cmpint (has_ended (client), ==, i == 3);
      dw_test_finalize (g_steal_pointer (&fixture.listener));
      DW_TEST_WAIT ("it to be ended", has_ended (client));
      fixture.listener = dw_listener_new (fixture.server, fixture.arrivals, NULL, 30);
    }
}

static gboolean
on_accept (SoupMessage *message, GTlsCertificate *certificate, GTlsCertificateFlags flaws, gpointer data)
{
  return TRUE;
}

static void
on_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GInputStream) stream = soup_session_send_finish (SOUP_SESSION (source), result, &error);

  if (error != NULL)
    g_test_message ("not answered: %s", error->message);
  *(guint *) data += stream != NULL;
}

static void
ask_securely (guint port, SoupSession *session, guint *answered)
{
  g_autofree char *url = g_strdup_printf ("https://127.0.0.1:%u/", port);
  g_autoptr (SoupMessage) message = soup_message_new ("GET", url);

  g_signal_connect (message, "accept-certificate", G_CALLBACK (on_accept), NULL);
  soup_session_send_async (session, message, G_PRIORITY_DEFAULT, NULL, on_answered, answered);
}

/* As a child: asks more at once than handshakes run beside each other, and ends once all are answered. */
static int
ask_many (guint port)
{
  g_autoptr (SoupSession) session = soup_session_new_with_options ("max-conns", 40, "max-conns-per-host", 40, NULL);
  guint answered = 0;

  alarm (DW_TEST_DEADLINE_MS / 1000);
  for (guint i = 0; i < 3 * DW_TLS_DOOR_AT_ONCE; i++)
    ask_securely (port, session, &answered);
  while (answered < 3 * DW_TLS_DOOR_AT_ONCE)
    g_main_context_iteration (NULL, TRUE);
  return 0;
}

static void
on_child_ended (GObject *source, GAsyncResult *result, gpointer data)
{
  g_assert_true (g_subprocess_wait_check_finish (G_SUBPROCESS (source), result, NULL));
  *(gboolean *) data = TRUE;
}

/* Each of many at once is answered. They are another process: in this one their handshakes would take up the threads that
 * ours need. */
static void
test_tls_many (void)
{
  g_autoptr (GTlsCertificate) certificate = certificate_new ();
  g_auto (ListenerFixture) fixture = { 0 };
  g_autoptr (GSubprocess) child = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *port = NULL;
  gboolean ended = FALSE;

  fixture_init (&fixture, 64, 30000, certificate);
  port = g_strdup_printf ("%u", fixture.port);
  child = g_subprocess_new (G_SUBPROCESS_FLAGS_NONE, &error, "/proc/self/exe", "--ask-many", port, NULL);
  g_assert_no_error (error);
  g_subprocess_wait_async (child, NULL, on_child_ended, &ended);
  DW_TEST_WAIT ("all answers", ended);
  DW_TEST_WAIT ("all to be settled", dw_arrivals_get_size (fixture.arrivals) == 0);
}

/* The first record of a hello that goes on in others, which never come. */
static const char half_hello[] = "\x16\x03\x01\x00\x10\x01\x00\x40\x00\x03\x03----------";

/* Handshakes that stand still make room for others after a while, and are nothing that a stop leaves behind. */
static void
test_tls_stalled (void)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GTlsCertificate) certificate = certificate_new ();
      g_auto (ListenerFixture) fixture = { 0 };
      g_autoptr (SoupSession) session = soup_session_new ();
      g_autoptr (GPtrArray) stalled = g_ptr_array_new_with_free_func (g_object_unref);
      gint64 began = g_get_monotonic_time ();
      guint answered = 0;

      fixture_init (&fixture, 64, 30000, certificate);
      for (guint j = 0; j < DW_TLS_DOOR_AT_ONCE; j++)
        {
          g_ptr_array_add (stalled, knock (&fixture));
          g_assert_cmpint (
              g_socket_send (g_ptr_array_index (stalled, j), half_hello, sizeof half_hello - 1, NULL, NULL), ==,
              sizeof half_hello - 1);
        }
      DW_TEST_WAIT ("them to be taken in", dw_arrivals_get_size (fixture.arrivals) == DW_TLS_DOOR_AT_ONCE);
      dw_test_run_for (50);
      ask_securely (fixture.port, session, &answered);
      dw_test_run_for (DW_TLS_DOOR_TURN_MS / 5);
      for (guint j = 0; i == 1 && j < DW_TLS_DOOR_AT_ONCE; j++)
        {
          gboolean ended = has_ended (g_ptr_array_index (stalled, j));

          /* On a machine that stands still for so long this says nothing. */
          if (g_get_monotonic_time () - began < DW_TLS_DOOR_TURN_MS * 1000)
            g_assert_false (ended);
        }
      if (i == 0)
        DW_TEST_WAIT ("an answer", answered == 1);
      dw_test_finalize (g_steal_pointer (&fixture.listener));
      for (guint j = 0; j < DW_TLS_DOOR_AT_ONCE; j++)
        DW_TEST_WAIT ("it to be ended", has_ended (g_ptr_array_index (stalled, j)));
      dw_test_run_for (DW_TLS_DOOR_TURN_MS / 5);
      soup_session_abort (session);
      fixture.listener = dw_listener_new (fixture.server, fixture.arrivals, NULL, 30);
    }
}

/* An address that another has is refused with a reason. */
static void
test_taken (void)
{
  g_auto (ListenerFixture) fixture = { 0 };
  g_autoptr (GSocketAddress) address = NULL;
  DwListener *second;
  g_autoptr (GError) error = NULL;

  fixture_init (&fixture, 4, 30000, NULL);
  address = loopback (fixture.port);
  second = dw_listener_new (fixture.server, fixture.arrivals, NULL, 30);
  g_assert_false (dw_listener_listen (second, address, &error));
  g_assert_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_LISTEN);
  dw_test_finalize (second);
}

int
main (int argc, char *argv[])
{
  if (argc == 3 && strcmp (argv[1], "--ask-many") == 0)
    return ask_many ((guint) atoi (argv[2]));
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/listener/many", test_many);
  g_test_add_func ("/backend/listener/silent", test_silent);
  g_test_add_func ("/backend/listener/stops", test_stops);
  g_test_add_func ("/backend/listener/stops-with-tls", test_stops_with_tls);
  g_test_add_func ("/backend/listener/tls-many", test_tls_many);
  g_test_add_func ("/backend/listener/tls-stalled", test_tls_stalled);
  g_test_add_func ("/backend/listener/taken", test_taken);
  return g_test_run ();
}
