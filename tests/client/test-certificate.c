/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-session-fixture.h"
#include "dw-test.h"

#include <libsoup/soup.h>
#include <string.h>
#include <time.h>

/* How wrong this computer's clock is, in seconds. */
static gint64 clock_error;

/* Replaces the C library's function, so the TLS library compares a certificate's dates with this. */
time_t
time (time_t *where)
{
  time_t now = (time_t) (g_get_real_time () / G_USEC_PER_SEC + clock_error);

  if (where != NULL)
    *where = now;
  return now;
}

#define DAYS(n) ((gint64) (n) *24 * 3600)

/* A trusted authority, and a stage whose certificate can be replaced. */
typedef struct
{
  char *folder;
  SoupServer *server;
  GPtrArray *guests; /* of SoupWebsocketConnection */
  guint port;
} Host;

static void
run_openssl (Host *host, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) parts = g_strsplit (words, " ", -1);
  g_autoptr (GPtrArray) command = g_ptr_array_new ();
  g_autofree char *said = NULL;
  int status = 0;

  g_ptr_array_add (command, (gpointer) "openssl");
  for (guint i = 0; parts[i] != NULL; i++)
    g_ptr_array_add (command, parts[i]);
  g_ptr_array_add (command, NULL);
  g_spawn_sync (host->folder, (char **) command->pdata, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL,
                NULL, NULL, NULL, &said, &status, &error);
  g_assert_no_error (error);
  if (!g_spawn_check_wait_status (status, NULL))
    g_error ("openssl %s: %s", words, said);
}

#define NEW_KEY "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "

static void
host_init (Host *host)
{
  g_autofree char *path = NULL;
  g_autoptr (GTlsDatabase) trust = NULL;
  g_autoptr (GError) error = NULL;

  clock_error = 0;
  host->folder = dw_test_make_folder ();
  host->guests = g_ptr_array_new_with_free_func (g_object_unref);
  run_openssl (host,
               "req -x509 " NEW_KEY "-subj /CN=Authority -days 3650 -keyout authority.key -out authority.pem");
  path = g_build_filename (host->folder, "authority.pem", NULL);
  trust = g_tls_file_database_new (path, &error);
  g_assert_no_error (error);
  g_tls_backend_set_default_database (g_tls_backend_get_default (), trust);
}

static void
host_clear (Host *host)
{
  g_ptr_array_unref (host->guests);
  g_clear_object (&host->server);
  g_free (host->folder);
  clock_error = 0;
  g_tls_backend_set_default_database (g_tls_backend_get_default (), NULL);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Host, host_clear)

/* A certificate that is valid from now on, for a number of days. */
static GTlsCertificate *
make_certificate (Host *host, const char *name, guint days, gboolean by_authority)
{
  g_autofree char *extension = g_strdup_printf ("subjectAltName=DNS:%s\n", name);
  g_autofree char *extensions = g_build_filename (host->folder, "extensions", NULL);
  g_autofree char *pem = g_build_filename (host->folder, "stage.pem", NULL);
  g_autofree char *key = g_build_filename (host->folder, "stage.key", NULL);
  g_autofree char *request =
      g_strdup_printf ("req -new " NEW_KEY "-subj /CN=%s -keyout stage.key -out stage.csr", name);
  g_autofree char *sign = g_strdup_printf (
      "x509 -req -in stage.csr %s -days %u -extfile extensions -out stage.pem",
      by_authority ? "-CA authority.pem -CAkey authority.key -CAcreateserial" : "-key stage.key", days);
  g_autoptr (GError) error = NULL;
  GTlsCertificate *certificate;

  g_assert_true (g_file_set_contents (extensions, extension, -1, NULL));
  run_openssl (host, request);
  run_openssl (host, sign);
  certificate = g_tls_certificate_new_from_files (pem, key, &error);
  g_assert_no_error (error);
  return certificate;
}

static void
on_guest (SoupServer *server,
          SoupServerMessage *message,
          const char *path,
          SoupWebsocketConnection *guest,
          gpointer guests)
{
  g_ptr_array_add (guests, g_object_ref (guest));
}

/* Listens on the same port as before, if there was one. */
static void
host_serve (Host *host, GTlsCertificate *certificate)
{
  g_autoptr (GError) error = NULL;
  GSList *uris;

  if (host->server != NULL)
    soup_server_disconnect (host->server);
  g_clear_object (&host->server);
  host->server = soup_server_new ("tls-certificate", certificate, NULL);
  soup_server_add_websocket_handler (host->server, NULL, NULL, NULL, on_guest, host->guests, NULL);
  soup_server_listen_local (host->server, host->port, SOUP_SERVER_LISTEN_HTTPS | SOUP_SERVER_LISTEN_IPV4_ONLY,
                            &error);
  g_assert_no_error (error);
  uris = soup_server_get_uris (host->server);
  host->port = (guint) g_uri_get_port (uris->data);
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);
}

static Fixture *
connect_to (Host *host)
{
  g_autoptr (DwSessionPolicy) policy = fixture_policy ();
  g_autofree char *url = g_strdup_printf ("wss://localhost:%u/prod", host->port);
  Fixture *fixture;

  policy->handshake_ms = 5000;
  policy->backoff_cap_ms = 60;
  fixture = fixture_new (policy, NULL, url, NULL);
  dw_session_connect (fixture->session);
  return fixture;
}

static guint
count_state (Fixture *fixture, const char *name)
{
  guint n = 0;

  for (guint i = 0; i < fixture->states->len; i++)
    n += g_str_equal (g_ptr_array_index (fixture->states, i), name);
  return n;
}

static gboolean
has_waited_often (gpointer data)
{
  return count_state (data, "waiting") >= 5;
}

/* More attempts than a refusal gets, and none of them connects. */
static void
assert_waits (Fixture *fixture, DwCause cause)
{
  dw_test_until ("five attempts", has_waited_often, fixture);
  fixture_until_state (fixture, DW_SESSION_WAITING);
  g_assert_cmpstr (dw_cause_get_name (dw_session_get_status (fixture->session)->cause), ==,
                   dw_cause_get_name (cause));
  g_assert_cmpuint (count_state (fixture, "connected") + count_state (fixture, "online"), ==, 0);
  g_assert_cmpuint (count_state (fixture, "refused"), ==, 0);
}

/* Each flaw is reported, retried for as long as it lasts, and never connected to. */
static void
test_flaws (void)
{
  static const struct
  {
    const char *name;
    gboolean by_authority;
    gint64 error; /* of the clock */
    DwCause cause;
  } rows[] = {
    { "localhost", TRUE, DAYS (10), DW_CAUSE_CERTIFICATE_EXPIRED },
    { "localhost", TRUE, DAYS (-10), DW_CAUSE_CERTIFICATE_NOT_YET_VALID },
    { "localhost", FALSE, 0, DW_CAUSE_CERTIFICATE_ISSUER },
    { "bank.example", TRUE, 0, DW_CAUSE_CERTIFICATE_HOST },
    /* The flaw that setting the clock would not fix is reported. */
    { "localhost", FALSE, DAYS (10), DW_CAUSE_CERTIFICATE_ISSUER },
    { "bank.example", TRUE, DAYS (10), DW_CAUSE_CERTIFICATE_HOST },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (Host) host = { 0 };
      g_autoptr (GTlsCertificate) certificate = NULL;
      g_autoptr (Fixture) fixture = NULL;

      g_test_message ("row %u", i);
      host_init (&host);
      certificate = make_certificate (&host, rows[i].name, 2, rows[i].by_authority);
      clock_error = rows[i].error;
      host_serve (&host, certificate);
      fixture = connect_to (&host);
      assert_waits (fixture, rows[i].cause);
      g_assert_cmpuint (host.guests->len, ==, 0);
    }
}

/* A certificate that is renewed while the session waits is noticed automatically. */
static void
test_renewed (void)
{
  g_auto (Host) host = { 0 };
  g_autoptr (GTlsCertificate) expired = NULL;
  g_autoptr (GTlsCertificate) renewed = NULL;
  g_autoptr (Fixture) fixture = NULL;

  host_init (&host);
  expired = make_certificate (&host, "localhost", 2, TRUE);
  renewed = make_certificate (&host, "localhost", 30, TRUE);
  clock_error = DAYS (10);
  host_serve (&host, expired);
  fixture = connect_to (&host);
  assert_waits (fixture, DW_CAUSE_CERTIFICATE_EXPIRED);
  host_serve (&host, renewed);
  fixture_until_state (fixture, DW_SESSION_ONLINE);
}

/* So is a clock that is corrected, whichever way it was wrong. */
static void
test_clock (void)
{
  static const struct
  {
    gint64 error;
    DwCause cause;
  } rows[] = {
    { DAYS (400), DW_CAUSE_CERTIFICATE_EXPIRED },
    { DAYS (-20000), DW_CAUSE_CERTIFICATE_NOT_YET_VALID }, /* about 1972 */
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (Host) host = { 0 };
      g_autoptr (GTlsCertificate) certificate = NULL;
      g_autoptr (Fixture) fixture = NULL;

      host_init (&host);
      certificate = make_certificate (&host, "localhost", 90, TRUE);
      host_serve (&host, certificate);
      clock_error = rows[i].error;
      fixture = connect_to (&host);
      assert_waits (fixture, rows[i].cause);
      clock_error = 0;
      fixture_until_state (fixture, DW_SESSION_ONLINE);
    }
}

/* A certificate is not trusted because it once was: if it expires meanwhile, the next connection is refused. */
static void
test_no_credit (void)
{
  g_auto (Host) host = { 0 };
  g_autoptr (GTlsCertificate) certificate = NULL;
  g_autoptr (Fixture) first = NULL;
  g_autoptr (Fixture) second = NULL;

  host_init (&host);
  certificate = make_certificate (&host, "localhost", 2, TRUE);
  host_serve (&host, certificate);
  first = connect_to (&host);
  fixture_until_state (first, DW_SESSION_ONLINE);
  clock_error = DAYS (10);
  second = connect_to (&host);
  assert_waits (second, DW_CAUSE_CERTIFICATE_EXPIRED);
}

static gboolean
on_plain_guest (GSocketService *service, GSocketConnection *guest, GObject *source, gpointer answer)
{
  g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (guest)), answer, strlen (answer), NULL,
                             NULL, NULL);
  return TRUE;
}

/* If there is no TLS, or it breaks off, the certificate is not blamed, and attempts go on. */
static void
test_no_tls (void)
{
  static const struct
  {
    const char *answer;
    DwCause cause;
  } rows[] = {
    { "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", DW_CAUSE_NOT_A_STAGE },
    { "", DW_CAUSE_UNREACHABLE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (Host) host = { 0 };
      g_autoptr (GSocketService) service = g_socket_service_new ();
      g_autoptr (Fixture) fixture = NULL;

      host_init (&host);
      host.port = g_socket_listener_add_any_inet_port (G_SOCKET_LISTENER (service), NULL, NULL);
      g_signal_connect (service, "incoming", G_CALLBACK (on_plain_guest), (gpointer) rows[i].answer);
      fixture = connect_to (&host);
      assert_waits (fixture, rows[i].cause);
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/certificate/flaws/RC-7", test_flaws);
  g_test_add_func ("/client/certificate/renewed/RC-7", test_renewed);
  g_test_add_func ("/client/certificate/clock/RC-7", test_clock);
  g_test_add_func ("/client/certificate/no-credit", test_no_credit);
  g_test_add_func ("/client/certificate/no-tls/RC-7", test_no_tls);
  return g_test_run ();
}
