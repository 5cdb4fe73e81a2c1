/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-handshake.h"

#include "dw-client-error.h"

typedef struct
{
  SoupMessage *message;
  GCancellable *cancellable; /* ours: cancelled by the deadline and by the caller's */
  GCancellable *outer;       /* the caller's, or NULL */
  gulong outer_id;
  guint deadline;
  gboolean timed_out;
  char **protocols;
  GTlsCertificateFlags tls_errors;
  DwHandshakeReport report;
  gint64 began;
  DwHandshakeFunc progress; /* or NULL */
  gpointer progress_data;
} Handshake;

/**
 * dw_handshake_report_clear:
 * @report: what dw_handshake_finish() filled
 */
void
dw_handshake_report_clear (DwHandshakeReport *report)
{
  g_clear_pointer (&report->reason, g_free);
}

static void
handshake_free (Handshake *handshake)
{
  g_clear_handle_id (&handshake->deadline, g_source_remove);
  g_cancellable_disconnect (handshake->outer, handshake->outer_id);
  g_clear_object (&handshake->outer);
  g_clear_object (&handshake->cancellable);
  if (handshake->message != NULL)
    g_signal_handlers_disconnect_by_data (handshake->message, handshake);
  g_clear_object (&handshake->message);
  g_strfreev (handshake->protocols);
  dw_handshake_report_clear (&handshake->report);
  g_free (handshake);
}

static void
reach (Handshake *handshake, DwHandshakeStep step)
{
  if (handshake->report.steps_ms[step] != 0)
    return;
  handshake->report.steps_ms[step] = (guint) MAX ((g_get_monotonic_time () - handshake->began) / 1000, 1);
  if (handshake->progress != NULL)
    handshake->progress (step, handshake->progress_data);
}

static void
on_network_event (SoupMessage *message, GSocketClientEvent event, GIOStream *stream, Handshake *handshake)
{
  if (event == G_SOCKET_CLIENT_RESOLVED)
    reach (handshake, DW_HANDSHAKE_NAME);
  else if (event == G_SOCKET_CLIENT_CONNECTED)
    reach (handshake, DW_HANDSHAKE_CONNECTION);
  else if (event == G_SOCKET_CLIENT_TLS_HANDSHAKED)
    reach (handshake, DW_HANDSHAKE_ENCRYPTION);
}

static gboolean
on_deadline (gpointer data)
{
  Handshake *handshake = data;

  handshake->deadline = 0;
  handshake->timed_out = TRUE;
  g_cancellable_cancel (handshake->cancellable);
  return G_SOURCE_REMOVE;
}

static void
on_outer_cancelled (GCancellable *outer, GCancellable *inner)
{
  g_cancellable_cancel (inner);
}

/* Only looks: the answer is always no. */
static gboolean
on_accept_certificate (SoupMessage *message,
                       GTlsCertificate *certificate,
                       GTlsCertificateFlags errors,
                       Handshake *handshake)
{
  handshake->tls_errors = errors;
  return FALSE;
}

static DwCause
cause_of_error (const Handshake *handshake, const GError *error)
{
  guint status = soup_message_get_status (handshake->message);

  if (handshake->timed_out)
    return DW_CAUSE_HANDSHAKE_TIMEOUT;
  if (handshake->tls_errors != 0 || error->domain == G_TLS_ERROR)
    return DW_CAUSE_CERTIFICATE;
  /* libsoup refuses a protocol that was not offered, or differs in case. */
  if (status == SOUP_STATUS_SWITCHING_PROTOCOLS)
    return DW_CAUSE_SUBPROTOCOL;
  if (error->domain == SOUP_WEBSOCKET_ERROR && status != 0)
    {
      SoupMessageHeaders *headers = soup_message_get_response_headers (handshake->message);

      return dw_cause_from_status (status, soup_message_headers_get_content_type (headers, NULL));
    }
  if (error->domain == G_RESOLVER_ERROR)
    return DW_CAUSE_NAME_NOT_FOUND;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
    return DW_CAUSE_NOTHING_LISTENS;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PROXY_FAILED)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PROXY_AUTH_FAILED)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PROXY_NEED_AUTH)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PROXY_NOT_ALLOWED))
    return DW_CAUSE_PROXY;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    return DW_CAUSE_HANDSHAKE_TIMEOUT;
  if (g_error_matches (error, SOUP_SESSION_ERROR, SOUP_SESSION_ERROR_PARSING))
    return DW_CAUSE_NOT_A_STAGE;
  return DW_CAUSE_UNREACHABLE;
}

/* RFC 6455 section 4.1: the answer is one of those offered, letter by letter. libsoup 3.2 ignores the case. */
static gboolean
protocol_was_offered (const Handshake *handshake, SoupWebsocketConnection *websocket)
{
  const char *protocol = soup_websocket_connection_get_protocol (websocket);

  return protocol == NULL
         || (handshake->protocols != NULL
             && g_strv_contains ((const char *const *) handshake->protocols, protocol));
}

static void
fail (GTask *task, DwCause cause, guint status)
{
  Handshake *handshake = g_task_get_task_data (task);

  handshake->report.cause = cause;
  handshake->report.status = status;
  if (status != 0)
    handshake->report.reason = g_strdup (soup_message_get_reason_phrase (handshake->message));
  g_task_return_new_error (task, DW_CLIENT_ERROR, DW_CLIENT_ERROR_HANDSHAKE, "%s", dw_cause_get_sentence (cause));
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  Handshake *handshake = g_task_get_task_data (task);
  g_autoptr (SoupWebsocketConnection) websocket = NULL;

  websocket = soup_session_websocket_connect_finish (SOUP_SESSION (source), result, &error);
  g_clear_handle_id (&handshake->deadline, g_source_remove);
  if (soup_message_get_status (handshake->message) != 0)
    reach (handshake, DW_HANDSHAKE_UPGRADE);
  if (websocket != NULL && protocol_was_offered (handshake, websocket))
    {
      g_task_return_pointer (task, g_steal_pointer (&websocket), g_object_unref);
      return;
    }
  if (websocket != NULL)
    {
      soup_websocket_connection_close (websocket, SOUP_WEBSOCKET_CLOSE_PROTOCOL_ERROR, NULL);
      fail (task, DW_CAUSE_SUBPROTOCOL, SOUP_STATUS_SWITCHING_PROTOCOLS);
      return;
    }
  if (handshake->outer != NULL && g_cancellable_is_cancelled (handshake->outer))
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "cancelled");
      return;
    }
  fail (task, cause_of_error (handshake, error), soup_message_get_status (handshake->message));
}

/* Parsing would resolve “..” in the path; a stage's path is sent as it was typed. */
static GUri *
make_uri (const DwStageUrl *url)
{
  const char *text = dw_stage_url_get_text (url);
  g_autofree char *scheme = NULL;
  g_autofree char *host = NULL;
  g_autofree char *path = NULL;
  g_autofree char *query = NULL;
  int port;

  if (!g_uri_split (text, SOUP_HTTP_URI_FLAGS, &scheme, NULL, &host, &port, &path, &query, NULL, NULL))
    return NULL;
  return g_uri_build (SOUP_HTTP_URI_FLAGS, scheme, NULL, host, port, *path != '\0' ? path : "/", query, NULL);
}

static SoupMessage *
make_message (const DwStageUrl *url, const DwHandshakeOptions *options)
{
  g_autoptr (GUri) uri = make_uri (url);
  SoupMessage *message;

  if (uri == NULL)
    return NULL;
  message = soup_message_new_from_uri (SOUP_METHOD_GET, uri);
  /* A redirect would carry the headers to another host (measured), so none is followed. */
  soup_message_set_flags (message, SOUP_MESSAGE_NO_REDIRECT | SOUP_MESSAGE_NEW_CONNECTION);
  if (options->headers != NULL)
    {
      GHashTableIter iter;
      gpointer name, value;

      g_hash_table_iter_init (&iter, options->headers);
      while (g_hash_table_iter_next (&iter, &name, &value))
        soup_message_headers_replace (soup_message_get_request_headers (message), name, value);
    }
  return message;
}

/**
 * dw_handshake_new_http:
 *
 * Returns: (transfer full): what opens connections, without a timeout of its own: the deadlines are ours, and
 *   libsoup's would end a handshake at 60 s
 */
SoupSession *
dw_handshake_new_http (void)
{
  return soup_session_new_with_options ("timeout", 0, "idle-timeout", 0, "user-agent", "dynamowave-chat ", NULL);
}

/**
 * dw_handshake_async:
 * @http: a session without a timeout of its own below the handshake's
 * @url: the stage
 * @options: how
 * @cancellable: (nullable): to stop it at once
 * @callback: called when the socket is open or will not be
 * @data: for @callback
 *
 * Resolves the name, connects, and upgrades, with a fresh message each time. Redirects are never followed and a bad
 * certificate is never accepted. The deadline is ours: libsoup's is 60 s and its cancellable covers the handshake
 * alone.
 */
void
dw_handshake_async (SoupSession *http,
                    const DwStageUrl *url,
                    const DwHandshakeOptions *options,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer data)
{
  g_autoptr (GTask) task = g_task_new (http, NULL, callback, data);
  Handshake *handshake = g_new0 (Handshake, 1);

  g_task_set_source_tag (task, dw_handshake_async);
  g_task_set_task_data (task, handshake, (GDestroyNotify) handshake_free);
  handshake->cancellable = g_cancellable_new ();
  handshake->message = make_message (url, options);
  handshake->protocols = g_strdupv (options->protocols);
  if (handshake->message == NULL)
    {
      fail (task, DW_CAUSE_NOT_A_STAGE, 0);
      return;
    }
  handshake->began = g_get_monotonic_time ();
  handshake->progress = options->progress;
  handshake->progress_data = options->progress_data;
  g_signal_connect (handshake->message, "accept-certificate", G_CALLBACK (on_accept_certificate), handshake);
  g_signal_connect (handshake->message, "network-event", G_CALLBACK (on_network_event), handshake);
  if (cancellable != NULL)
    {
      handshake->outer = g_object_ref (cancellable);
      handshake->outer_id = g_cancellable_connect (cancellable, G_CALLBACK (on_outer_cancelled),
                                                   g_object_ref (handshake->cancellable), g_object_unref);
    }
  handshake->deadline = g_timeout_add (options->timeout_ms, on_deadline, handshake);
  /* NULL and not an empty array: that sends an empty header before libsoup 3.3. */
  soup_session_websocket_connect_async (
      http, handshake->message, NULL,
      options->protocols != NULL && options->protocols[0] != NULL ? options->protocols : NULL, G_PRIORITY_DEFAULT,
      handshake->cancellable, on_connected, g_steal_pointer (&task));
}

/**
 * dw_handshake_finish:
 * @result: what the callback was given
 * @report: (out): how it went, and why there is no socket; to be cleared with dw_handshake_report_clear()
 * @error: %DW_CLIENT_ERROR_HANDSHAKE, or %G_IO_ERROR_CANCELLED
 *
 * Returns: (transfer full): an open socket, or %NULL
 */
SoupWebsocketConnection *
dw_handshake_finish (GAsyncResult *result, DwHandshakeReport *report, GError **error)
{
  Handshake *handshake = g_task_get_task_data (G_TASK (result));

  *report = handshake->report;
  handshake->report.reason = NULL;
  return g_task_propagate_pointer (G_TASK (result), error);
}
