/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-dial.h"

#include "dw-net-error.h"

#include "wire/dw-thread.h"
#include "wire/dw-time.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

/* A connection being made. It lives until the result is reported; GSocketClient emits no event after its callback. */
typedef struct
{
  GSocketClient *client;
  GSocketConnectable *address;
  GSocketConnection *connection; /* NULL until TCP is connected */
  gboolean trusts;               /* the trusted certificates are loaded */
  char *host;
  guint16 port;
  gboolean secure;
  GTlsDatabase *database; /* or NULL */
  DwDialFunc reached;     /* or NULL */
  gpointer data;
  GTlsConnection *tls; /* or NULL */
  GTlsCertificateFlags tls_errors;
  gboolean at_proxy; /* connecting to a proxy, not reached yet */
  GError *not_found; /* until it is known whose name that was; or NULL */
  DwTransport transport;
} Dial;

static void
dial_free (gpointer data)
{
  Dial *dial = data;

  g_signal_handlers_disconnect_by_data (dial->client, dial);
  if (dial->tls != NULL)
    g_signal_handlers_disconnect_by_data (dial->tls, dial);

  g_clear_object (&dial->tls);
  g_clear_object (&dial->address);
  g_clear_object (&dial->connection);
  g_clear_object (&dial->client);
  g_clear_object (&dial->database);
  g_clear_error (&dial->not_found);
  dw_transport_clear (&dial->transport);
  g_free (dial->host);
  g_free (dial);
}

static void
note_day (Dial *dial, DwTransportFact fact, GDateTime *day)
{
  g_autofree char *text = day != NULL ? dw_time_format (g_date_time_to_unix (day) * G_USEC_PER_SEC) : NULL;

  dw_transport_set (&dial->transport, fact, text);
}

static void
note_fingerprint (Dial *dial, GTlsCertificate *certificate)
{
  g_autoptr (GByteArray) der = NULL;
  g_autofree char *sum = NULL;
  g_autoptr (GString) text = g_string_new (NULL);

  g_object_get (certificate, "certificate", &der, NULL);
  if (der == NULL)
    return;

  sum = g_compute_checksum_for_data (G_CHECKSUM_SHA256, der->data, der->len);
  for (guint i = 0; sum[i] != '\0'; i += 2)
    g_string_append_printf (text, "%s%c%c", i > 0 ? ":" : "", g_ascii_toupper (sum[i]),
                            g_ascii_toupper (sum[i + 1]));
  dw_transport_set (&dial->transport, DW_TRANSPORT_SHA256, text->str);
}

static void
note_certificate (Dial *dial, GTlsCertificate *certificate)
{
  g_autofree char *subject = g_tls_certificate_get_subject_name (certificate);
  g_autofree char *issuer = g_tls_certificate_get_issuer_name (certificate);
  g_autoptr (GDateTime) from = g_tls_certificate_get_not_valid_before (certificate);
  g_autoptr (GDateTime) until = g_tls_certificate_get_not_valid_after (certificate);

  dw_transport_set (&dial->transport, DW_TRANSPORT_SUBJECT, subject);
  dw_transport_set (&dial->transport, DW_TRANSPORT_ISSUER, issuer);
  note_day (dial, DW_TRANSPORT_VALID_FROM, from);
  note_day (dial, DW_TRANSPORT_VALID_UNTIL, until);
  note_fingerprint (dial, certificate);
}

static const char *
name_tls_version (GTlsProtocolVersion version)
{
  switch (version)
    {
    case G_TLS_PROTOCOL_VERSION_TLS_1_2:
      return "TLS 1.2";
    case G_TLS_PROTOCOL_VERSION_TLS_1_3:
      return "TLS 1.3";
    case G_TLS_PROTOCOL_VERSION_UNKNOWN:
    case G_TLS_PROTOCOL_VERSION_SSL_3_0:
    case G_TLS_PROTOCOL_VERSION_TLS_1_0:
    case G_TLS_PROTOCOL_VERSION_TLS_1_1:
    case G_TLS_PROTOCOL_VERSION_DTLS_1_0:
    case G_TLS_PROTOCOL_VERSION_DTLS_1_2:
    default:
      return "TLS";
    }
}

static void
note_tls (Dial *dial)
{
  GTlsCertificate *certificate = g_tls_connection_get_peer_certificate (dial->tls);
  g_autofree char *suite = g_tls_connection_get_ciphersuite_name (dial->tls);
  const char *version = name_tls_version (g_tls_connection_get_protocol_version (dial->tls));
  g_autofree char *text =
      g_strdup_printf ("%s%s%s", version, suite != NULL ? ", " : "", suite != NULL ? suite : "");

  dw_transport_set (&dial->transport, DW_TRANSPORT_TLS, text);
  if (certificate != NULL)
    note_certificate (dial, certificate);
}

static char *
dup_address (GSocketAddress *address)
{
  return G_IS_INET_SOCKET_ADDRESS (address) ? g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (address))
                                            : NULL;
}

/* Only notes what is wrong: a bad certificate is never accepted. */
static gboolean
on_accept_certificate (GTlsConnection *connection,
                       GTlsCertificate *certificate,
                       GTlsCertificateFlags errors,
                       Dial *dial)
{
  dial->tls_errors = errors;
  note_certificate (dial, certificate);
  return FALSE;
}

static void
note_peer (Dial *dial, GSocketAddress *address)
{
  g_autofree char *text = dup_address (address);
  g_autofree char *proxy = NULL;

  if (G_IS_PROXY_ADDRESS (address))
    proxy = g_strdup_printf ("%s %s", g_proxy_address_get_protocol (G_PROXY_ADDRESS (address)), text);
  dw_transport_set (&dial->transport, DW_TRANSPORT_PEER, text);
  dw_transport_set (&dial->transport, DW_TRANSPORT_PROXY, proxy);
}

/* Called for each address that is tried. */
static void
look_for_proxy (Dial *dial, GSocketConnection *connection)
{
  g_autoptr (GSocketAddress) address = g_socket_connection_get_remote_address (connection, NULL);

  dial->at_proxy = G_IS_PROXY_ADDRESS (address);
  note_peer (dial, address);
}

static void
note_local (Dial *dial, GSocketConnection *connection)
{
  g_autoptr (GSocketAddress) address = g_socket_connection_get_local_address (connection, NULL);
  g_autofree char *text = dup_address (address);

  dw_transport_set (&dial->transport, DW_TRANSPORT_LOCAL, text);
}

static void
reach (Dial *dial, DwDialStep step)
{
  if (dial->reached != NULL)
    dial->reached (step, dial->data);
}

static void
on_event (GSocketClient *client,
          GSocketClientEvent event,
          GSocketConnectable *connectable,
          GIOStream *connection,
          Dial *dial)
{
  switch (event)
    {
    case G_SOCKET_CLIENT_RESOLVED:
      reach (dial, DW_DIAL_RESOLVED);
      break;
    case G_SOCKET_CLIENT_CONNECTING:
      look_for_proxy (dial, G_SOCKET_CONNECTION (connection));
      break;
    case G_SOCKET_CLIENT_CONNECTED:
      /* Frames are small and people wait for them, so send them at once. */
      g_socket_set_option (g_socket_connection_get_socket (G_SOCKET_CONNECTION (connection)), IPPROTO_TCP,
                           TCP_NODELAY, 1, NULL);
      note_local (dial, G_SOCKET_CONNECTION (connection));
      reach (dial, DW_DIAL_CONNECTED);
      break;
    case G_SOCKET_CLIENT_PROXY_NEGOTIATING:
      dial->at_proxy = FALSE;
      break;
    case G_SOCKET_CLIENT_PROXY_NEGOTIATED:
      reach (dial, DW_DIAL_PROXIED);
      break;
    case G_SOCKET_CLIENT_RESOLVING:
    case G_SOCKET_CLIENT_TLS_HANDSHAKING:
    case G_SOCKET_CLIENT_TLS_HANDSHAKED:
    case G_SOCKET_CLIENT_COMPLETE:
    default:
      break;
    }
}

static gboolean
is_of_proxy (const GError *error)
{
  return error->domain == G_IO_ERROR
         && (error->code == G_IO_ERROR_PROXY_FAILED || error->code == G_IO_ERROR_PROXY_AUTH_FAILED
             || error->code == G_IO_ERROR_PROXY_NEED_AUTH || error->code == G_IO_ERROR_PROXY_NOT_ALLOWED);
}

/* Turns the network's error into one of this library's where that says more. */
static void
return_error (GTask *task, GError *error)
{
  Dial *dial = g_task_get_task_data (task);
  gboolean cancelled = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  if (cancelled)
    g_task_return_error (task, g_steal_pointer (&error));
  else if (dial->tls_errors != 0)
    g_task_return_new_error (task, DW_NET_ERROR, DW_NET_ERROR_CERTIFICATE, "certificate: flags %u",
                             (guint) dial->tls_errors);
  /* The network's own error does not tell whether the proxy or the stage refused the connection. */
  else if (dial->at_proxy || is_of_proxy (error))
    g_task_return_new_error (task, DW_NET_ERROR, DW_NET_ERROR_PROXY, "%s", error->message);
  else
    g_task_return_error (task, g_steal_pointer (&error));
  g_clear_error (&error);
}

static void
on_encrypted (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Dial *dial = g_task_get_task_data (task);
  GError *error = NULL;

  if (!g_tls_connection_handshake_finish (G_TLS_CONNECTION (source), result, &error))
    {
      return_error (task, error);
      return;
    }

  note_tls (dial);
  reach (dial, DW_DIAL_ENCRYPTED);
  g_task_return_pointer (task, g_object_ref (source), g_object_unref);
}

static void
encrypt (GTask *task)
{
  static const char *const protocols[] = { "http/1.1", NULL };
  Dial *dial = g_task_get_task_data (task);
  GError *error = NULL;
  GIOStream *tls = g_tls_client_connection_new (G_IO_STREAM (dial->connection), dial->address, &error);

  if (tls == NULL)
    {
      return_error (task, error);
      return;
    }

  dial->tls = G_TLS_CONNECTION (tls);
  /* HTTP/2 has another upgrade (RFC 8441), which API Gateway does not speak. */
  g_tls_connection_set_advertised_protocols (dial->tls, protocols);
  /* As libsoup does: a WebSocket announces its end itself, with a close frame. */
  g_object_set (dial->tls, "require-close-notify", FALSE, NULL);
  if (dial->database != NULL)
    g_tls_connection_set_database (dial->tls, dial->database);

  g_signal_connect (dial->tls, "accept-certificate", G_CALLBACK (on_accept_certificate), dial);
  g_tls_connection_handshake_async (dial->tls, G_PRIORITY_DEFAULT, g_task_get_cancellable (task), on_encrypted,
                                    g_object_ref (task));
}

/* Needs both the connection and, for TLS, the trusted certificates; whichever is ready last gets past the check.
 * If connecting failed, return_error() has ended the task instead. */
static void
go_on (GTask *task)
{
  Dial *dial = g_task_get_task_data (task);

  if (dial->connection == NULL || (dial->secure && !dial->trusts))
    return;

  if (g_task_return_error_if_cancelled (task))
    return;

  if (dial->secure)
    encrypt (task);
  else
    g_task_return_pointer (task, g_object_ref (dial->connection), g_object_unref);
}

/* Proxies are chosen by scheme, and g_network_address_new() would ask for those of “none://” (read). */
static char *
dup_uri (Dial *dial)
{
  gboolean brackets = strchr (dial->host, ':') != NULL;
  /* An IPv6 address can have a zone (RFC 6874). */
  g_autofree char *host = g_uri_escape_string (dial->host, G_URI_RESERVED_CHARS_ALLOWED_IN_PATH, TRUE);

  return g_strdup_printf ("%s://%s%s%s:%u", dial->secure ? "https" : "http", brackets ? "[" : "", host,
                          brackets ? "]" : "", dial->port);
}

/* Only the proxy looks up the stage's name where there is one, so a name that this computer did not find is the
 * proxy's. */
static void
on_proxies (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Dial *dial = g_task_get_task_data (task);
  g_auto (GStrv) proxies = g_proxy_resolver_lookup_finish (G_PROXY_RESOLVER (source), result, NULL);

  dial->at_proxy = proxies != NULL && !g_strv_contains ((const char *const *) proxies, "direct://");
  return_error (task, g_steal_pointer (&dial->not_found));
}

static void
ask_whose_name (GTask *task, GError *error)
{
  Dial *dial = g_task_get_task_data (task);
  GProxyResolver *resolver = g_socket_client_get_proxy_resolver (dial->client);
  g_autofree char *uri = dup_uri (dial);

  dial->not_found = error;
  g_proxy_resolver_lookup_async (resolver, uri, g_task_get_cancellable (task), on_proxies, g_object_ref (task));
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Dial *dial = g_task_get_task_data (task);
  GError *error = NULL;

  dial->connection = g_socket_client_connect_finish (G_SOCKET_CLIENT (source), result, &error);
  if (dial->connection != NULL)
    go_on (task);
  else if (error->domain == G_RESOLVER_ERROR && g_socket_client_get_enable_proxy (dial->client))
    ask_whose_name (task, error);
  else
    return_error (task, error);
}

static gboolean
make_address (Dial *dial, GError **error)
{
  g_autofree char *uri = dup_uri (dial);

  dial->address = g_network_address_parse_uri (uri, dial->port, error);
  return dial->address != NULL;
}

static void
load_trust (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_autoptr (GTlsDatabase) database = g_tls_backend_get_default_database (g_tls_backend_get_default ());

  g_task_return_boolean (task, database != NULL);
}

static void
on_trust (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;

  ((Dial *) g_task_get_task_data (task))->trusts = TRUE;
  go_on (task);
}

/* The first time, the system's trusted certificates are read from disk. That takes up to 64 ms (measured), too long
 * for the main loop. */
static void
begin_trust (GTask *task)
{
  Dial *dial = g_task_get_task_data (task);
  g_autoptr (GTask) trust = NULL;

  dial->trusts = dial->database != NULL;
  if (!dial->secure || dial->trusts)
    return;

  trust = g_task_new (NULL, NULL, on_trust, g_object_ref (task));
  g_task_set_source_tag (trust, load_trust);
  g_task_run_in_thread (trust, load_trust);
}

/**
 * dw_dial_async:
 * @options: where to connect, and how
 * @cancellable: (nullable): stops it at once; deadlines are up to the caller
 * @callback: called when it is connected, or has failed
 * @data: for @callback
 *
 * Resolves the name, connects to the address that answers first (RFC 8305), through a proxy where the system says
 * so (CONNECT or SOCKS, for unencrypted connections too, RFC 6455 section 4.1), and does the TLS handshake. A bad
 * certificate is never accepted.
 */
void
dw_dial_async (const DwDialOptions *options, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);
  Dial *dial = g_new0 (Dial, 1);
  GError *error = NULL;

  DW_ASSERT_MAIN_THREAD ();
  g_task_set_source_tag (task, dw_dial_async);
  g_task_set_task_data (task, dial, dial_free);

  dial->client = g_socket_client_new ();
  dial->host = g_strdup (options->host);
  dial->port = options->port;
  dial->secure = options->secure;
  g_set_object (&dial->database, options->database);
  dial->reached = options->reached;
  dial->data = options->data;

  g_socket_client_set_enable_proxy (dial->client, !options->direct);
  if (options->proxies != NULL)
    g_socket_client_set_proxy_resolver (dial->client, options->proxies);

  g_signal_connect (dial->client, "event", G_CALLBACK (on_event), dial);

  if (!make_address (dial, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  begin_trust (task);
  g_socket_client_connect_async (dial->client, dial->address, cancellable, on_connected, g_object_ref (task));
}

/**
 * dw_dial_finish:
 * @result: what the callback was given
 * @socket: (out) (transfer full): the bare socket underneath
 * @error: %DW_NET_ERROR_CERTIFICATE, %DW_NET_ERROR_PROXY, or an error of the resolver, the network or TLS
 *
 * Returns: (transfer full): the connection, to which nothing has been written yet
 */
GIOStream *
dw_dial_finish (GAsyncResult *result, GSocket **socket, GError **error)
{
  Dial *dial = g_task_get_task_data (G_TASK (result));
  GIOStream *stream = g_task_propagate_pointer (G_TASK (result), error);

  *socket = stream != NULL ? g_object_ref (g_socket_connection_get_socket (dial->connection)) : NULL;
  return stream;
}

/**
 * dw_dial_get_flaws:
 * @result: what the callback was given
 *
 * Returns: what is wrong with the certificate after %DW_NET_ERROR_CERTIFICATE; GIO reports at least one flaw, and
 *   not necessarily all of them
 */
GTlsCertificateFlags
dw_dial_get_flaws (GAsyncResult *result)
{
  return ((Dial *) g_task_get_task_data (G_TASK (result)))->tls_errors;
}

/**
 * dw_dial_take_transport:
 * @result: what the callback was given
 * @transport: (out caller-allocates): what became known of the connection, whether it was made or not; to be cleared with
 *   dw_transport_clear(). A certificate is noted even where it was not accepted.
 *
 * Hands it over: a second call gets nothing.
 */
void
dw_dial_take_transport (GAsyncResult *result, DwTransport *transport)
{
  Dial *dial = g_task_get_task_data (G_TASK (result));

  *transport = dial->transport;
  dial->transport = (DwTransport){ 0 };
}
