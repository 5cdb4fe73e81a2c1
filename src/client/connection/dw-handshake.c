/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-handshake.h"

#include "dw-config.h"

#include "client/dw-client-error.h"

#include "net/dw-dial.h"
#include "net/dw-net-error.h"

#include "wire/dw-json.h"
#include "wire/dw-limits.h"

#include <string.h>

typedef struct
{
  GCancellable *cancellable; /* ours: cancelled by the deadline and by the caller's */
  GCancellable *outer;       /* the caller's, or NULL */
  gulong outer_id;
  guint deadline;
  gboolean timed_out;
  char *url;
  char *host; /* of the header */
  char *target;
  char *key;
  char **protocols;
  GHashTable *headers; /* or NULL */
  GIOStream *stream;
  GSocket *socket; /* below it */
  GTlsCertificateFlags flaws;
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
  g_clear_pointer (&report->detail, g_free);
  g_clear_pointer (&report->request, g_free);
  g_clear_pointer (&report->response, dw_upgrade_head_free);
  dw_transport_clear (&report->transport);
}

static void
handshake_free (Handshake *handshake)
{
  g_clear_handle_id (&handshake->deadline, g_source_remove);
  g_cancellable_disconnect (handshake->outer, handshake->outer_id);
  g_clear_object (&handshake->outer);
  g_clear_object (&handshake->cancellable);
  g_clear_object (&handshake->stream);
  g_clear_object (&handshake->socket);
  g_clear_pointer (&handshake->headers, g_hash_table_unref);
  g_strfreev (handshake->protocols);
  g_free (handshake->url);
  g_free (handshake->host);
  g_free (handshake->target);
  g_free (handshake->key);
  dw_handshake_report_clear (&handshake->report);
  g_free (handshake);
}

static void
note_step (Handshake *handshake, DwHandshakeStep step)
{
  if (handshake->report.steps_ms[step] != 0)
    return;
  handshake->report.steps_ms[step] = (guint) MAX ((g_get_monotonic_time () - handshake->began) / 1000, 1);
  if (handshake->progress != NULL)
    handshake->progress (step, handshake->progress_data);
}

static void
on_dialled (DwDialStep step, gpointer data)
{
  static const DwHandshakeStep steps[] = { [DW_DIAL_RESOLVED] = DW_HANDSHAKE_NAME,
                                           [DW_DIAL_CONNECTED] = DW_HANDSHAKE_CONNECTION,
                                           [DW_DIAL_PROXIED] = DW_HANDSHAKE_PROXY,
                                           [DW_DIAL_ENCRYPTED] = DW_HANDSHAKE_ENCRYPTION };

  note_step (data, steps[step]);
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

static DwCause
cause_of_net_error (const Handshake *handshake, int code)
{
  switch ((DwNetError) code)
    {
    case DW_NET_ERROR_CERTIFICATE:
      return dw_cause_from_certificate (handshake->flaws);
    case DW_NET_ERROR_PROXY:
      return DW_CAUSE_PROXY;
    case DW_NET_ERROR_SUBPROTOCOL:
      return DW_CAUSE_SUBPROTOCOL;
    case DW_NET_ERROR_HEAD_ENDED:
      return DW_CAUSE_UNREACHABLE;
    case DW_NET_ERROR_REQUEST:
    case DW_NET_ERROR_HEAD_TOO_LARGE:
    case DW_NET_ERROR_HEAD_MALFORMED:
    case DW_NET_ERROR_STATUS:
    case DW_NET_ERROR_NOT_WEBSOCKET:
    case DW_NET_ERROR_ACCEPT_KEY:
    case DW_NET_ERROR_BODY:
    case DW_NET_ERROR_EXTENSION:
    case DW_NET_ERROR_LIMIT:
    case DW_NET_ERROR_CLOSED:
    default:
      return DW_CAUSE_NOT_A_STAGE;
    }
}

/* As glib-networking 2.74 has it (measured): an answer that is no TLS is “miscellaneous”, and “not TLS” is said of a peer
 * that ends the connection in the middle of the handshake, as one that restarts does. */
static DwCause
cause_of_tls_error (int code)
{
  switch (code)
    {
    case G_TLS_ERROR_BAD_CERTIFICATE:
      return DW_CAUSE_CERTIFICATE;
    case G_TLS_ERROR_MISC:
      return DW_CAUSE_NOT_A_STAGE;
    default:
      return DW_CAUSE_UNREACHABLE;
    }
}

static DwCause
cause_of_error (const Handshake *handshake, const GError *error)
{
  if (handshake->timed_out)
    return DW_CAUSE_HANDSHAKE_TIMEOUT;
  if (error->domain == DW_NET_ERROR)
    return cause_of_net_error (handshake, error->code);
  if (error->domain == G_TLS_ERROR)
    return cause_of_tls_error (error->code);
  if (error->domain == G_RESOLVER_ERROR)
    return DW_CAUSE_NAME_NOT_FOUND;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
    return DW_CAUSE_NOTHING_LISTENS;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    return DW_CAUSE_HANDSHAKE_TIMEOUT;
  return DW_CAUSE_UNREACHABLE;
}

static const char *
string_member (JsonObject *object, const char *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;

  return node != NULL && json_node_get_value_type (node) == G_TYPE_STRING ? json_node_get_string (node) : NULL;
}

/* API Gateway says why in {"message":"Forbidden"}, and an authorizer's policy in {"Message":"…"}. */
static char *
read_words (const DwUpgradeHead *head)
{
  g_autofree char *body = dw_upgrade_head_dup_body (head);
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonNode *node = dw_json_parse (parser, body, (gssize) strlen (body), NULL);
  JsonObject *object = node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  const char *words = string_member (object, "message");

  if (words == NULL)
    words = string_member (object, "Message");
  if (words == NULL || *words == '\0')
    return *head->reason != '\0' ? g_strdup (head->reason) : NULL;
  return g_utf8_substring (words, 0, MIN (g_utf8_strlen (words, -1), DW_UPGRADE_REASON_BYTES / 4));
}

static void
fail_with_cause (GTask *task, DwCause cause, const char *detail)
{
  Handshake *handshake = g_task_get_task_data (task);

  handshake->report.cause = cause;
  handshake->report.detail = g_strdup (detail);
  g_task_return_new_error (task, DW_CLIENT_ERROR, DW_CLIENT_ERROR_HANDSHAKE, "%s", dw_cause_get_sentence (cause));
}

static void
fail_with_error (GTask *task, const GError *error)
{
  Handshake *handshake = g_task_get_task_data (task);

  if (handshake->outer != NULL && g_cancellable_is_cancelled (handshake->outer))
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "cancelled");
  else
    fail_with_cause (task, cause_of_error (handshake, error), error->message);
}

static void
fail_with_answer (GTask *task, const DwUpgradeHead *head, const GError *error)
{
  Handshake *handshake = g_task_get_task_data (task);

  handshake->report.status = head->status;
  handshake->report.reason = read_words (head);
  if (g_error_matches (error, DW_NET_ERROR, DW_NET_ERROR_STATUS))
    fail_with_cause (task, dw_cause_from_status (head->status, dw_upgrade_head_get (head, "Content-Type")),
                     error->message);
  else
    fail_with_error (task, error);
}

static DwUpgradeRequest
request_of (const Handshake *handshake)
{
  return (DwUpgradeRequest){ .host = handshake->host,
                             .target = handshake->target,
                             .key = handshake->key,
                             .agent = "dynamowave-chat/" DW_VERSION,
                             .headers = handshake->headers,
                             .protocols = handshake->protocols };
}

/* libsoup does the frames, over a stream that no peer can hold the main loop with. */
static SoupWebsocketConnection *
make_websocket (Handshake *handshake)
{
  static const DwFrameStreamOptions options = { .limits = { .side = DW_FRAME_SIDE_CLIENT,
                                                            .frame_bytes = DW_LIMIT_MESSAGE_BYTES,
                                                            .message_bytes = DW_LIMIT_MESSAGE_BYTES,
                                                            .fragments = DW_FRAME_FRAGMENTS,
                                                            .pong_bytes = DW_FRAME_PONGS },
                                                .budget_us = DW_FRAME_STREAM_BUDGET_US,
                                                .priority = DW_FRAME_STREAM_PRIORITY,
                                                .rescue_us = DW_FRAME_STREAM_RESCUE_US,
                                                .buffer_bytes = DW_FRAME_STREAM_BUFFER,
                                                .drop_bytes = DW_FRAME_STREAM_DROP };
  const DwUpgradeHead *head = handshake->report.response;
  g_autoptr (DwFrameStream) stream =
      dw_frame_stream_new (handshake->stream, handshake->socket, NULL, head->rest, &options);
  g_autoptr (GUri) uri = g_uri_parse (handshake->url, SOUP_HTTP_URI_FLAGS, NULL);
  SoupWebsocketConnection *websocket =
      soup_websocket_connection_new (G_IO_STREAM (stream), uri, SOUP_WEBSOCKET_CONNECTION_CLIENT, NULL,
                                     dw_upgrade_head_get (head, "Sec-WebSocket-Protocol"), NULL);

  /* Ours is the one that speaks. libsoup's own frame limit ends a connection without a 1009 (measured), and 0 would
   * be an out-of-bounds read before 3.6.6; 3.8 has one for the whole message too. */
  soup_websocket_connection_set_max_incoming_payload_size (websocket, DW_LIMIT_MESSAGE_BYTES + 1);
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (websocket), "max-total-message-size") != NULL)
    g_object_set (websocket, "max-total-message-size", (guint64) DW_LIMIT_MESSAGE_BYTES + 1, NULL);
  return websocket;
}

static void
on_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  Handshake *handshake = g_task_get_task_data (task);
  DwUpgradeHead *head = dw_upgrade_head_exchange_finish (result, &error);
  DwUpgradeRequest request = request_of (handshake);

  if (head == NULL)
    {
      fail_with_error (task, error);
      return;
    }
  handshake->report.response = head;
  note_step (handshake, DW_HANDSHAKE_UPGRADE);
  if (g_cancellable_is_cancelled (handshake->cancellable))
    g_set_error_literal (&error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "cancelled");
  if (error != NULL)
    fail_with_error (task, error);
  else if (!dw_upgrade_head_check (head, &request, &error))
    fail_with_answer (task, head, error);
  else
    {
      handshake->report.status = head->status;
      g_task_return_pointer (task, make_websocket (handshake), g_object_unref);
    }
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  Handshake *handshake = g_task_get_task_data (task);
  DwUpgradeRequest request = request_of (handshake);
  g_autofree char *text = NULL;

  handshake->stream = dw_dial_finish (result, &handshake->socket, &error);
  handshake->flaws = dw_dial_get_flaws (result);
  dw_dial_take_transport (result, &handshake->report.transport);
  dw_transport_set_ms (&handshake->report.transport, DW_TRANSPORT_PROXIED_MS,
                       handshake->report.steps_ms[DW_HANDSHAKE_PROXY]);
  if (handshake->stream != NULL)
    text = dw_upgrade_request_write (&request, FALSE, &error);
  if (text == NULL)
    {
      fail_with_error (task, error);
      return;
    }
  handshake->report.request = dw_upgrade_request_write (&request, TRUE, NULL);
  dw_upgrade_head_exchange_async (handshake->stream, text, handshake->cancellable, on_answered,
                                  g_steal_pointer (&task));
}

static gboolean
read_url (Handshake *handshake, const DwStageUrl *url, DwDialOptions *where)
{
  gboolean secure = dw_stage_url_is_secure (url);

  /* libsoup wants to parse it too. */
  if (!g_uri_is_valid (dw_stage_url_get_text (url), SOUP_HTTP_URI_FLAGS, NULL))
    return FALSE;
  *where = (DwDialOptions){ .host = dw_stage_url_get_host (url),
                            .port = dw_stage_url_get_port (url),
                            .secure = secure,
                            /* What is not encrypted never leaves this computer. */
                            .direct = !secure };
  handshake->url = g_strdup (dw_stage_url_get_text (url));
  handshake->host = dw_stage_url_dup_authority (url);
  handshake->target = dw_stage_url_dup_target (url);
  return TRUE;
}

/**
 * dw_handshake_async:
 * @url: the stage
 * @options: how
 * @cancellable: (nullable): to stop it at once
 * @callback: called when the socket is open or will not be
 * @data: for @callback
 *
 * Resolves the name, connects, and upgrades, each time anew. Redirects are never followed and a bad certificate is
 * never accepted. The deadline is for all of it, an answer that trickles included.
 */
void
dw_handshake_async (const DwStageUrl *url,
                    const DwHandshakeOptions *options,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, data);
  Handshake *handshake = g_new0 (Handshake, 1);
  DwDialOptions where;

  g_task_set_source_tag (task, dw_handshake_async);
  g_task_set_task_data (task, handshake, (GDestroyNotify) handshake_free);
  handshake->cancellable = g_cancellable_new ();
  handshake->key = dw_upgrade_key_new ();
  handshake->protocols = g_strdupv (options->protocols);
  handshake->headers = options->headers != NULL ? g_hash_table_ref (options->headers) : NULL;
  handshake->began = g_get_monotonic_time ();
  handshake->progress = options->progress;
  handshake->progress_data = options->progress_data;
  if (!read_url (handshake, url, &where))
    {
      fail_with_cause (task, DW_CAUSE_NOT_A_STAGE, "no address");
      return;
    }

  if (cancellable != NULL)
    {
      handshake->outer = g_object_ref (cancellable);
      handshake->outer_id = g_cancellable_connect (cancellable, G_CALLBACK (on_outer_cancelled),
                                                   g_object_ref (handshake->cancellable), g_object_unref);
    }
  handshake->deadline = g_timeout_add (options->timeout_ms, on_deadline, handshake);
  where.proxies = options->proxies;
  where.database = options->trust;
  where.reached = on_dialled;
  where.data = handshake;
  dw_dial_async (&where, handshake->cancellable, on_connected, g_steal_pointer (&task));
}

/**
 * dw_handshake_finish:
 * @result: what the callback was given
 * @report: (out): how it went, and why there is no socket; to be cleared with dw_handshake_report_clear()
 * @error: %DW_CLIENT_ERROR_HANDSHAKE, or %G_IO_ERROR_CANCELLED
 *
 * Returns: (transfer full): an open socket over a #DwFrameStream, or %NULL
 */
SoupWebsocketConnection *
dw_handshake_finish (GAsyncResult *result, DwHandshakeReport *report, GError **error)
{
  Handshake *handshake = g_task_get_task_data (G_TASK (result));

  *report = handshake->report;
  handshake->report = (DwHandshakeReport){ .cause = report->cause };
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * dw_handshake_close:
 * @websocket: what dw_handshake_finish() returned; nobody listens to it any more
 * @code: the close code
 *
 * Says goodbye, where it is open, and hears nothing more of it: libsoup would go on delivering for 5 s (measured).
 */
void
dw_handshake_close (SoupWebsocketConnection *websocket, gushort code)
{
  dw_handshake_close_with (websocket, code, NULL);
}

/**
 * dw_handshake_close_with:
 * @websocket: what dw_handshake_finish() returned; nobody listens to it any more
 * @code: the close code
 * @reason: (nullable): words beside it, at most 123 bytes (RFC 6455 section 5.5)
 *
 * As dw_handshake_close().
 */
void
dw_handshake_close_with (SoupWebsocketConnection *websocket, gushort code, const char *reason)
{
  if (soup_websocket_connection_get_state (websocket) != SOUP_WEBSOCKET_STATE_OPEN)
    return;
  dw_frame_stream_begin_close (DW_FRAME_STREAM (soup_websocket_connection_get_io_stream (websocket)));
  soup_websocket_connection_close (websocket, code, reason);
}
