/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test-proxy.h"
#include "dw-test.h"

#include "net/dw-dial.h"
#include "net/dw-net-error.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

/* What openssl says of the certificate in tests/data. */
#define SUBJECT "CN=localhost"
#define VALID_FROM "2026-11-25T03:29:30.000Z"
#define VALID_UNTIL "2126-11-01T03:29:30.000Z"
#define FINGERPRINT                                                                                                \
  "4F:0C:D7:42:5F:D7:EE:82:83:31:E0:1B:78:F5:AF:4E:"                                                               \
  "13:46:CA:C0:26:BB:71:C2:10:C1:CE:34:32:7F:56:F5"

/* A server that writes “hello” to every client, over TLS if it has a certificate. */
typedef struct
{
  GSocketService *service;
  GTlsCertificate *certificate; /* or NULL */
  guint16 port;
  GPtrArray *guests; /* of GIOStream */
  char *protocol;    /* the protocol TLS negotiated last */
} Host;

static void
on_hello (GObject *source, GAsyncResult *result, gpointer data)
{
  g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, NULL, NULL);
}

static void
greet (GIOStream *guest)
{
  g_output_stream_write_all_async (g_io_stream_get_output_stream (guest), "hello", 5, G_PRIORITY_DEFAULT, NULL,
                                   on_hello, NULL);
}

static void
on_handshaken (GObject *source, GAsyncResult *result, gpointer data)
{
  Host *host = data;

  if (!g_tls_connection_handshake_finish (G_TLS_CONNECTION (source), result, NULL))
    return;
  g_free (host->protocol);
  host->protocol = g_strdup (g_tls_connection_get_negotiated_protocol (G_TLS_CONNECTION (source)));
  greet (G_IO_STREAM (source));
}

static gboolean
on_incoming (Host *host, GSocketConnection *connection)
{
  static const char *const protocols[] = { "h2", "http/1.1", NULL };
  GIOStream *guest;

  if (host->certificate == NULL)
    {
      g_ptr_array_add (host->guests, g_object_ref (connection));
      greet (G_IO_STREAM (connection));
      return TRUE;
    }
  guest = g_tls_server_connection_new (G_IO_STREAM (connection), host->certificate, NULL);
  g_tls_connection_set_advertised_protocols (G_TLS_CONNECTION (guest), protocols);
  g_ptr_array_add (host->guests, guest);
  g_tls_connection_handshake_async (G_TLS_CONNECTION (guest), G_PRIORITY_DEFAULT, NULL, on_handshaken, host);
  return TRUE;
}

static char *
certificate_file (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "data", "self-signed.pem", NULL);

  /* A GTlsFileDatabase accepts only absolute paths. */
  return g_canonicalize_filename (path, NULL);
}

static void
open_host (Host *host, gboolean secure)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autofree char *pem = certificate_file ();
  g_autofree char *key = g_test_build_filename (G_TEST_DIST, "data", "self-signed.key", NULL);

  *host = (Host){ .service = g_socket_service_new (), .guests = g_ptr_array_new_with_free_func (g_object_unref) };
  if (secure)
    host->certificate = g_tls_certificate_new_from_files (pem, key, NULL);
  g_assert_true (g_socket_listener_add_address (G_SOCKET_LISTENER (host->service), address, G_SOCKET_TYPE_STREAM,
                                                G_SOCKET_PROTOCOL_TCP, NULL, &bound, NULL));
  host->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  g_signal_connect_swapped (host->service, "incoming", G_CALLBACK (on_incoming), host);
}

static void
close_host (Host *host)
{
  g_socket_service_stop (host->service);
  g_socket_listener_close (G_SOCKET_LISTENER (host->service));
  g_object_unref (host->service);
  g_ptr_array_unref (host->guests);
  g_clear_object (&host->certificate);
  g_free (host->protocol);
}

typedef struct
{
  GIOStream *stream;
  GSocket *socket;
  GError *error;
  gboolean done;
  guint reached[DW_DIAL_STEPS];
  DwTransport transport;
} Call;

static void
on_step (DwDialStep step, gpointer data)
{
  ((Call *) data)->reached[step]++;
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  Call *call = data;

  call->stream = dw_dial_finish (result, &call->socket, &call->error);
  dw_dial_take_transport (result, &call->transport);
  call->done = TRUE;
}

static gboolean
is_done (gpointer data)
{
  return ((Call *) data)->done;
}

static void
dial (Call *call, DwDialOptions *options, GCancellable *cancellable)
{
  *call = (Call){ 0 };
  options->reached = on_step;
  options->data = call;
  dw_dial_async (options, cancellable, on_done, call);
}

static void
hang_up (Call *call)
{
  g_clear_object (&call->stream);
  g_clear_object (&call->socket);
  g_clear_error (&call->error);
  dw_transport_clear (&call->transport);
}

typedef struct
{
  char bytes[16];
  gsize length;
  gboolean done;
} Greeting;

static void
on_greeting (GObject *source, GAsyncResult *result, gpointer data)
{
  Greeting *greeting = data;

  g_input_stream_read_all_finish (G_INPUT_STREAM (source), result, &greeting->length, NULL);
  greeting->done = TRUE;
}

static gboolean
is_greeted (gpointer data)
{
  return ((Greeting *) data)->done;
}

static void
assert_hello (Call *call)
{
  Greeting greeting = { 0 };

  dw_test_until ("the call", is_done, call);
  g_assert_no_error (call->error);
  g_input_stream_read_all_async (g_io_stream_get_input_stream (call->stream), greeting.bytes, 5, G_PRIORITY_DEFAULT,
                                 NULL, on_greeting, &greeting);
  dw_test_until ("a greeting", is_greeted, &greeting);
  g_assert_cmpmem (greeting.bytes, greeting.length, "hello", 5);
}

static void
assert_fails (Call *call, GQuark domain, int code)
{
  dw_test_until ("the call to fail", is_done, call);
  g_assert_null (call->stream);
  g_assert_null (call->socket);
  g_assert_error (call->error, domain, code);
}

static void
assert_loopback (Call *call, DwTransportFact fact, guint16 port)
{
  g_autofree char *expected = port != 0 ? g_strdup_printf ("127.0.0.1:%u", port) : g_strdup ("127.0.0.1:");

  g_assert_nonnull (call->transport.facts[fact]);
  g_assert_true (g_str_has_prefix (call->transport.facts[fact], expected));
}

static void
assert_certificate (Call *call)
{
  char **facts = call->transport.facts;

  g_assert_cmpstr (facts[DW_TRANSPORT_SUBJECT], ==, SUBJECT);
  g_assert_cmpstr (facts[DW_TRANSPORT_ISSUER], ==, SUBJECT);
  g_assert_cmpstr (facts[DW_TRANSPORT_VALID_FROM], ==, VALID_FROM);
  g_assert_cmpstr (facts[DW_TRANSPORT_VALID_UNTIL], ==, VALID_UNTIL);
  g_assert_cmpstr (facts[DW_TRANSPORT_SHA256], ==, FINGERPRINT);
}

/* Each step is reported, and a small frame is sent at once (TCP_NODELAY). */
static void
test_plain (void)
{
  DwDialOptions options = { .host = "127.0.0.1" };
  int value = 0;
  Host host;
  Call call;

  open_host (&host, FALSE);
  options.port = host.port;
  dial (&call, &options, NULL);
  assert_hello (&call);
  g_assert_cmpuint (call.reached[DW_DIAL_RESOLVED], ==, 1);
  g_assert_cmpuint (call.reached[DW_DIAL_CONNECTED], ==, 1);
  g_assert_cmpuint (call.reached[DW_DIAL_ENCRYPTED], ==, 0);
  g_assert_true (g_socket_get_option (call.socket, IPPROTO_TCP, TCP_NODELAY, &value, NULL));
  g_assert_cmpint (value, !=, 0);
  assert_loopback (&call, DW_TRANSPORT_PEER, host.port);
  assert_loopback (&call, DW_TRANSPORT_LOCAL, 0);
  g_assert_null (call.transport.facts[DW_TRANSPORT_PROXY]);
  g_assert_null (call.transport.facts[DW_TRANSPORT_TLS]);
  g_assert_null (call.transport.facts[DW_TRANSPORT_SUBJECT]);
  hang_up (&call);
  close_host (&host);

  dial (&call, &options, NULL);
  assert_fails (&call, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
  /* Where it was tried is known all the same. */
  assert_loopback (&call, DW_TRANSPORT_PEER, host.port);
  g_assert_null (call.transport.facts[DW_TRANSPORT_LOCAL]);
  hang_up (&call);
  options.host = "nowhere.invalid";
  dial (&call, &options, NULL);
  dw_test_until ("the call to fail", is_done, &call);
  g_assert_cmpstr (g_quark_to_string (call.error->domain), ==, g_quark_to_string (G_RESOLVER_ERROR));
  hang_up (&call);
}

/* TLS trusts only the given authority: not a certificate for another name, and not the system's authorities. */
static void
test_secure (void)
{
  g_autofree char *pem = certificate_file ();
  g_autoptr (GTlsDatabase) trust = g_tls_file_database_new (pem, NULL);
  DwDialOptions options = { .host = "localhost", .secure = TRUE, .database = trust };
  gboolean notify = TRUE;
  Host host;
  Call call;

  open_host (&host, TRUE);
  options.port = host.port;
  dial (&call, &options, NULL);
  assert_hello (&call);
  g_assert_cmpuint (call.reached[DW_DIAL_ENCRYPTED], ==, 1);
  g_assert_true (G_IS_TLS_CONNECTION (call.stream));
  g_object_get (call.stream, "require-close-notify", &notify, NULL);
  g_assert_false (notify);
  g_assert_cmpstr (host.protocol, ==, "http/1.1");
  g_assert_true (g_str_has_prefix (call.transport.facts[DW_TRANSPORT_TLS], "TLS 1."));
  assert_certificate (&call);
  hang_up (&call);

  options.host = "127.0.0.1";
  dial (&call, &options, NULL);
  assert_fails (&call, DW_NET_ERROR, DW_NET_ERROR_CERTIFICATE);
  g_assert_cmpstr (call.error->message, ==, "certificate: flags 2");
  /* One that is refused is the one that somebody has to look at. */
  assert_certificate (&call);
  assert_loopback (&call, DW_TRANSPORT_LOCAL, 0);
  g_assert_cmpuint (call.reached[DW_DIAL_ENCRYPTED], ==, 0);
  hang_up (&call);

  options.host = "localhost";
  options.database = NULL;
  dial (&call, &options, NULL);
  assert_fails (&call, DW_NET_ERROR, DW_NET_ERROR_CERTIFICATE);
  hang_up (&call);
  close_host (&host);
}

/* CONNECT and SOCKS, plain and TLS; the proxy is asked for the host's name, not for its address. */
static void
test_proxies (void)
{
  static const char *const schemes[] = { "http", "socks5" };
  g_autofree char *pem = certificate_file ();
  g_autoptr (GTlsDatabase) trust = g_tls_file_database_new (pem, NULL);

  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (DwTestProxy) proxy = dw_test_proxy_new (DW_TEST_PROXY_OPEN);
      g_autoptr (GProxyResolver) resolver = dw_test_proxy_dup_resolver (proxy, schemes[i % 2], NULL);
      DwDialOptions options = { .host = "localhost", .secure = i >= 2, .proxies = resolver, .database = trust };
      g_autofree char *said = NULL;
      g_autofree char *asked = NULL;
      g_autofree char *expected = NULL;
      Host host;
      Call call;

      open_host (&host, options.secure);
      options.port = host.port;
      dial (&call, &options, NULL);
      assert_hello (&call);
      g_assert_cmpuint (call.reached[DW_DIAL_CONNECTED], ==, 1);
      g_assert_cmpuint (call.reached[DW_DIAL_PROXIED], ==, 1);
      assert_loopback (&call, DW_TRANSPORT_PEER, dw_test_proxy_get_port (proxy));
      said = g_strdup_printf ("%s 127.0.0.1:%u", schemes[i % 2], dw_test_proxy_get_port (proxy));
      g_assert_cmpstr (call.transport.facts[DW_TRANSPORT_PROXY], ==, said);
      asked = dw_test_proxy_dup_asked (proxy);
      expected = g_strdup_printf ("localhost:%u", host.port);
      g_assert_cmpstr (asked, ==, expected);
      hang_up (&call);

      options.direct = TRUE;
      dial (&call, &options, NULL);
      assert_hello (&call);
      g_assert_cmpuint (dw_test_proxy_get_requests (proxy), ==, 1);
      g_assert_cmpuint (call.reached[DW_DIAL_PROXIED], ==, 0);
      hang_up (&call);
      close_host (&host);
    }
}

/* A proxy that refuses or is unreachable is reported as the proxy's error, not as the stage's. */
static void
test_proxy_refuses (void)
{
  static const struct
  {
    DwTestProxyMode mode;
    const char *scheme, *user;
    gboolean works;
  } rows[] = {
    { DW_TEST_PROXY_PASSWORD, "http", NULL, FALSE },        { DW_TEST_PROXY_PASSWORD, "http", "Ada:wrong", FALSE },
    { DW_TEST_PROXY_PASSWORD, "http", "Ada:secret", TRUE }, { DW_TEST_PROXY_FORBIDS, "http", NULL, FALSE },
    { DW_TEST_PROXY_FORBIDS, "socks5", NULL, FALSE },
  };
  g_autoptr (GProxyResolver) nowhere = g_simple_proxy_resolver_new ("http://127.0.0.1:1", NULL);
  g_autoptr (GProxyResolver) nameless = g_simple_proxy_resolver_new ("http://proxy.invalid:3128", NULL);
  g_autoptr (GProxyResolver) none = g_simple_proxy_resolver_new ("direct://", NULL);
  DwDialOptions options = { .host = "localhost" };
  Host host;
  Call call;

  open_host (&host, FALSE);
  options.port = host.port;
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (DwTestProxy) proxy = dw_test_proxy_new (rows[i].mode);
      g_autoptr (GProxyResolver) resolver = dw_test_proxy_dup_resolver (proxy, rows[i].scheme, rows[i].user);

      g_test_message ("row %u", i);
      options.proxies = resolver;
      dial (&call, &options, NULL);
      if (rows[i].works)
        {
          assert_hello (&call);
          g_assert_null (strstr (call.transport.facts[DW_TRANSPORT_PROXY], "secret"));
        }
      else
        assert_fails (&call, DW_NET_ERROR, DW_NET_ERROR_PROXY);
      hang_up (&call);
    }
  options.proxies = nowhere;
  dial (&call, &options, NULL);
  assert_fails (&call, DW_NET_ERROR, DW_NET_ERROR_PROXY);
  hang_up (&call);

  options.proxies = nameless;
  dial (&call, &options, NULL);
  assert_fails (&call, DW_NET_ERROR, DW_NET_ERROR_PROXY);
  hang_up (&call);

  options.direct = TRUE;
  options.host = "stage.invalid";
  dial (&call, &options, NULL);
  assert_fails (&call, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND);
  hang_up (&call);

  /* A proxy resolver that knows no proxy for it. */
  options.direct = FALSE;
  options.proxies = none;
  dial (&call, &options, NULL);
  assert_fails (&call, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND);
  hang_up (&call);
  close_host (&host);
}

static gboolean
on_patience (gpointer data)
{
  g_cancellable_cancel (data);
  return G_SOURCE_REMOVE;
}

/* Cancelling works at once at each step: before it begins, with a silent proxy, and with a server that never answers
 * TLS. */
static void
test_cancel (void)
{
  g_autoptr (DwTestProxy) proxy = dw_test_proxy_new (DW_TEST_PROXY_SILENT);
  g_autoptr (GProxyResolver) resolver = dw_test_proxy_dup_resolver (proxy, "http", NULL);
  Host host;
  Call call;

  open_host (&host, FALSE);
  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      DwDialOptions options = { .host = "localhost",
                                .port = i == 1 ? dw_test_proxy_get_port (proxy) : host.port,
                                .secure = i == 1 || i == 3,
                                .proxies = i == 0 || i == 3 ? resolver : NULL };

      if (i == 2)
        g_cancellable_cancel (cancellable);
      else
        g_timeout_add (50, on_patience, cancellable);
      dial (&call, &options, cancellable);
      assert_fails (&call, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      hang_up (&call);
    }
  close_host (&host);
}

/* An address of one of this computer's networks is resolved: there is nobody at it, but it is one. */
static void
test_zone (void)
{
  DwDialOptions options = { .host = "fe80::1%lo", .port = 1, .direct = TRUE };
  Call call;

  dial (&call, &options, NULL);
  dw_test_until ("an answer", is_done, &call);
  g_assert_null (call.stream);
  g_assert_cmpuint (call.reached[DW_DIAL_RESOLVED], ==, 1);
  hang_up (&call);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/net/dial/plain", test_plain);
  g_test_add_func ("/net/dial/secure/S-4", test_secure);
  g_test_add_func ("/net/dial/proxies/S-5", test_proxies);
  g_test_add_func ("/net/dial/proxy-refuses/S-5", test_proxy_refuses);
  g_test_add_func ("/net/dial/cancel", test_cancel);
  g_test_add_func ("/net/dial/zone/AG-9", test_zone);
  return g_test_run ();
}
