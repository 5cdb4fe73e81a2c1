/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-dial.h"

#include "dw-net-error.h"

#include "wire/dw-thread.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

/* What is under way. The end is told before this goes, and events of GSocketClient end with its callback. */
typedef struct
{
  GSocketClient *client;
  char *host;
  guint16 port;
  gboolean secure;
  GTlsDatabase *database; /* or NULL */
  DwDialFunc reached;     /* or NULL */
  gpointer data;
  GTlsConnection *tls; /* or NULL */
  GTlsCertificateFlags tls_errors;
  gboolean at_proxy; /* what is connected to is a proxy, and it has not been spoken with */
} Dial;

static void
dial_free (gpointer data)
{
  Dial *dial = data;

  g_signal_handlers_disconnect_by_data (dial->client, dial);
  if (dial->tls != NULL)
    g_signal_handlers_disconnect_by_data (dial->tls, dial);
  g_clear_object (&dial->tls);
  g_clear_object (&dial->client);
  g_clear_object (&dial->database);
  g_free (dial->host);
  g_free (dial);
}

/* Only looks: the answer is always no. */
static gboolean
on_accept_certificate (GTlsConnection *connection,
                       GTlsCertificate *certificate,
                       GTlsCertificateFlags errors,
                       Dial *dial)
{
  dial->tls_errors = errors;
  return FALSE;
}

static void
prepare_tls (Dial *dial, GTlsConnection *connection)
{
  static const char *const protocols[] = { "http/1.1", NULL };

  /* HTTP/2 has another upgrade (RFC 8441), which API Gateway does not speak. */
  g_tls_connection_set_advertised_protocols (connection, protocols);
  /* As libsoup does: a WebSocket says itself when it ends. */
  g_object_set (connection, "require-close-notify", FALSE, NULL);
  if (dial->database != NULL)
    g_tls_connection_set_database (connection, dial->database);
  if (dial->tls != NULL)
    g_signal_handlers_disconnect_by_data (dial->tls, dial);
  g_set_object (&dial->tls, connection);
  g_signal_connect (connection, "accept-certificate", G_CALLBACK (on_accept_certificate), dial);
}

/* It comes once for each address. */
static void
look_for_proxy (Dial *dial, GSocketConnection *connection)
{
  g_autoptr (GSocketAddress) address = g_socket_connection_get_remote_address (connection, NULL);

  dial->at_proxy = G_IS_PROXY_ADDRESS (address);
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
      /* A frame is small, and somebody waits for it. */
      g_socket_set_option (g_socket_connection_get_socket (G_SOCKET_CONNECTION (connection)), IPPROTO_TCP,
                           TCP_NODELAY, 1, NULL);
      reach (dial, DW_DIAL_CONNECTED);
      break;
    case G_SOCKET_CLIENT_PROXY_NEGOTIATING:
      dial->at_proxy = FALSE;
      break;
    case G_SOCKET_CLIENT_TLS_HANDSHAKING:
      prepare_tls (dial, G_TLS_CONNECTION (connection));
      break;
    case G_SOCKET_CLIENT_TLS_HANDSHAKED:
      reach (dial, DW_DIAL_ENCRYPTED);
      break;
    case G_SOCKET_CLIENT_RESOLVING:
    case G_SOCKET_CLIENT_PROXY_NEGOTIATED:
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

/* What the network says, in the words of this library where they say more. */
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
  /* “Refused” by the proxy is the same error as by the stage. */
  else if (dial->at_proxy || is_of_proxy (error))
    g_task_return_new_error (task, DW_NET_ERROR, DW_NET_ERROR_PROXY, "%s", error->message);
  else
    g_task_return_error (task, g_steal_pointer (&error));
  g_clear_error (&error);
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;
  GSocketConnection *connection = g_socket_client_connect_finish (G_SOCKET_CLIENT (source), result, &error);

  if (connection != NULL)
    g_task_return_pointer (task, connection, g_object_unref);
  else
    return_error (task, error);
}

static void
connect_now (GTask *task)
{
  Dial *dial = g_task_get_task_data (task);
  /* With a scheme, which proxies are chosen by: g_network_address_new() asks for those of “none://” (read). */
  gboolean brackets = strchr (dial->host, ':') != NULL;
  g_autofree char *uri = g_strdup_printf ("%s://%s%s%s:%u", dial->secure ? "https" : "http", brackets ? "[" : "",
                                          dial->host, brackets ? "]" : "", dial->port);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketConnectable) address = g_network_address_parse_uri (uri, dial->port, &error);

  if (address == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  g_socket_client_connect_async (dial->client, address, g_task_get_cancellable (task), on_connected,
                                 g_object_ref (task));
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

  if (!g_task_return_error_if_cancelled (task))
    connect_now (task);
}

/**
 * dw_dial_async:
 * @options: where to
 * @cancellable: (nullable): to stop it at once; a deadline is the caller's
 * @callback: called when it is connected or will not be
 * @data: for @callback
 *
 * Resolves the name, connects to the address that answers first (RFC 8305), through a proxy where the system says
 * so (CONNECT or SOCKS, also for what is not encrypted, RFC 6455 section 4.1), and speaks TLS. A bad certificate is
 * never accepted.
 */
void
dw_dial_async (const DwDialOptions *options, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);
  Dial *dial = g_new0 (Dial, 1);

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
  g_socket_client_set_tls (dial->client, options->secure);
  g_socket_client_set_enable_proxy (dial->client, !options->direct);
  if (options->proxies != NULL)
    g_socket_client_set_proxy_resolver (dial->client, options->proxies);
  g_signal_connect (dial->client, "event", G_CALLBACK (on_event), dial);

  /* Whom the system trusts is read from the disk the first time: up to 64 ms of the main loop (measured). */
  if (options->secure && options->database == NULL)
    {
      g_autoptr (GTask) trust = g_task_new (NULL, NULL, on_trust, g_object_ref (task));

      g_task_set_source_tag (trust, load_trust);
      g_task_run_in_thread (trust, load_trust);
    }
  else
    connect_now (task);
}

/**
 * dw_dial_finish:
 * @result: what the callback was given
 * @socket: (out) (transfer full): the bare socket below
 * @error: %DW_NET_ERROR_CERTIFICATE, %DW_NET_ERROR_PROXY, or what the resolver, the network or TLS says
 *
 * Returns: (transfer full): the connection; nothing was written to it
 */
GIOStream *
dw_dial_finish (GAsyncResult *result, GSocket **socket, GError **error)
{
  g_autoptr (GSocketConnection) connection = g_task_propagate_pointer (G_TASK (result), error);

  *socket = NULL;
  if (connection == NULL)
    return NULL;
  *socket = g_object_ref (g_socket_connection_get_socket (connection));
  /* A wrapper closes the socket without a word of TLS. */
  if (G_IS_TCP_WRAPPER_CONNECTION (connection))
    return g_object_ref (g_tcp_wrapper_connection_get_base_io_stream (G_TCP_WRAPPER_CONNECTION (connection)));
  return G_IO_STREAM (g_steal_pointer (&connection));
}
