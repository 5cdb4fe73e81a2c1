/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-connection.h"

#include "dw-boot-clock.h"

#include "wire/dw-limits.h"

#include <string.h>

/**
 * SECTION:dw-connection
 *
 * One WebSocket from handshake to close. What happens to suspicious frames:
 *
 * | what arrives | what happens |
 * |---|---|
 * | text up to 131,072 bytes, in one frame or in fragments | queued in the inbox |
 * | a fragmented text above that | closed with 1009, ::ended with %DW_CAUSE_MESSAGE_TOO_LARGE |
 * | a frame above that | libsoup ends it, ::ended with %DW_CAUSE_MESSAGE_TOO_LARGE |
 * | binary | closed with 1003, ::ended with %DW_CAUSE_PROTOCOL_ERROR |
 * | invalid UTF-8, RSV bits, other protocol errors | libsoup ends it, ::ended with %DW_CAUSE_PROTOCOL_ERROR |
 * | data after a close frame | ignored |
 */
struct _DwConnection
{
  GObject parent_instance;

  DwInbox *inbox; /* the owner's, which outlives us */
  DwTrace *trace; /* or NULL */
  gint64 began;   /* the handshake, on the boot clock */
  guint line;
  GCancellable *opening;
  guint ping_seconds;
  SoupWebsocketConnection *websocket;
  gint64 last_heard; /* boot clock, in microseconds */
  gint64 last_sent;  /* boot clock, in microseconds; data frames alone */
  DwCause verdict;   /* what we know before “closed” says it, or DW_CAUSE_NONE */
};

G_DEFINE_FINAL_TYPE (DwConnection, dw_connection, G_TYPE_OBJECT)

enum
{
  SIGNAL_OPENED,
  SIGNAL_ENDED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void
note (DwConnection *self, DwTraceKind kind, guint code, const char *words)
{
  if (self->trace != NULL)
    dw_trace_add_event (self->trace, kind, self->line, code, words);
}

static void
note_handshake (DwConnection *self, DwTraceKind kind, guint code, const DwHandshakeReport *report)
{
  guint took = (guint) ((dw_boot_clock_now () - self->began) / 1000);

  if (self->trace != NULL)
    dw_trace_add_handshake (self->trace, kind, self->line, code, took, report->steps_ms,
                            report->cause != DW_CAUSE_NONE ? dw_cause_get_name (report->cause) : NULL);
}

/* We end it, and do not wait 5 s for a peer that may never answer our close frame. */
static void
end_with (DwConnection *self, DwCause cause, gushort code)
{
  g_autoptr (SoupWebsocketConnection) websocket = g_steal_pointer (&self->websocket);

  g_signal_handlers_disconnect_by_data (websocket, self);
  if (soup_websocket_connection_get_state (websocket) == SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_close (websocket, code, NULL);
  note (self, DW_TRACE_CLOSED, code, dw_cause_get_name (cause));
  g_signal_emit (self, signals[SIGNAL_ENDED], 0, cause, (guint) code, NULL);
}

static void
on_message (DwConnection *self, int type, GBytes *message)
{
  g_autoptr (DwConnection) keep G_GNUC_UNUSED = g_object_ref (self);

  self->last_heard = dw_boot_clock_now ();
  if (self->trace != NULL)
    dw_trace_add_frame (self->trace, DW_TRACE_IN, self->line, message);
  if (type != SOUP_WEBSOCKET_DATA_TEXT)
    end_with (self, DW_CAUSE_PROTOCOL_ERROR, SOUP_WEBSOCKET_CLOSE_UNSUPPORTED_DATA);
  else if (g_bytes_get_size (message) > DW_LIMIT_MESSAGE_BYTES)
    end_with (self, DW_CAUSE_MESSAGE_TOO_LARGE, SOUP_WEBSOCKET_CLOSE_TOO_BIG);
  else
    dw_inbox_push (self->inbox, message, self->line);
}

/* The argument is declared as GBytes and emitted as GByteArray (measured): it is not touched. */
static void
on_pong (DwConnection *self, gpointer unsafe)
{
  note (self, DW_TRACE_PONG, 0, NULL);
  self->last_heard = dw_boot_clock_now ();
}

/* It can come three times for one bad frame (measured), so nothing is done here but to remember why. */
static void
on_error (DwConnection *self, GError *error)
{
  if (self->verdict != DW_CAUSE_NONE || error->domain != SOUP_WEBSOCKET_ERROR)
    return;
  switch (error->code)
    {
    case SOUP_WEBSOCKET_CLOSE_TOO_BIG:
      self->verdict = DW_CAUSE_MESSAGE_TOO_LARGE;
      break;
    case SOUP_WEBSOCKET_CLOSE_PROTOCOL_ERROR:
    case SOUP_WEBSOCKET_CLOSE_BAD_DATA:
    case SOUP_WEBSOCKET_CLOSE_UNSUPPORTED_DATA:
      self->verdict = DW_CAUSE_PROTOCOL_ERROR;
      break;
    default:
      break;
    }
}

static void
on_closed (DwConnection *self)
{
  g_autoptr (DwConnection) keep G_GNUC_UNUSED = g_object_ref (self);
  gushort code = soup_websocket_connection_get_close_code (self->websocket);
  DwCause cause = self->verdict;

  /* On 1012 libsoup reports an error of its own though the peer's code is right (measured). */
  if (cause == DW_CAUSE_NONE || code == 1012 || code == 1013)
    cause = dw_cause_from_close_code (code);
  g_debug ("Closed with %u: %s", code, dw_cause_get_name (cause));
  note (self, DW_TRACE_CLOSED, code, soup_websocket_connection_get_close_data (self->websocket));
  g_signal_emit (self, signals[SIGNAL_ENDED], 0, cause, (guint) code,
                 soup_websocket_connection_get_close_data (self->websocket));
}

static void
dw_connection_dispose (GObject *object)
{
  dw_connection_close (DW_CONNECTION (object));
  g_clear_object (&DW_CONNECTION (object)->trace);
  G_OBJECT_CLASS (dw_connection_parent_class)->dispose (object);
}

static void
dw_connection_class_init (DwConnectionClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_connection_dispose;

  /**
   * DwConnection::opened:
   *
   * The handshake succeeded.
   */
  signals[SIGNAL_OPENED] =
      g_signal_new ("opened", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * DwConnection::ended:
   * @cause: why, a #DwCause
   * @code: the HTTP status of a refused handshake, the peer's close code, or 0
   * @reason: (nullable): the peer's words beside it, as untrusted as a message
   *
   * It could not be opened, or ended without dw_connection_close(). Emitted once.
   */
  signals[SIGNAL_ENDED] = g_signal_new ("ended", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                        G_TYPE_NONE, 3, G_TYPE_UINT, G_TYPE_UINT, G_TYPE_STRING);
}

static void
dw_connection_init (DwConnection *self)
{
  self->last_heard = self->last_sent = dw_boot_clock_now ();
}

/**
 * dw_connection_new:
 * @inbox: where text frames go, checked to be UTF-8 and no larger than a message may be; it has to outlive the
 *   connection
 * @trace: (nullable): what remembers what crossed the wire
 * @line: what comes with them, to tell them from those of other connections
 *
 * Returns: (transfer full): a connection that is not opened yet
 */
DwConnection *
dw_connection_new (DwInbox *inbox, DwTrace *trace, guint line)
{
  DwConnection *self = g_object_new (DW_TYPE_CONNECTION, NULL);

  self->inbox = inbox;
  g_set_object (&self->trace, trace);
  self->line = line;
  return self;
}

static void
adopt (DwConnection *self, SoupWebsocketConnection *websocket)
{
  self->websocket = g_object_ref (websocket);
  self->last_heard = self->last_sent = dw_boot_clock_now ();
  /* It is a cap a frame; 0 would be an out-of-bounds read before libsoup 3.6.6. */
  soup_websocket_connection_set_max_incoming_payload_size (websocket, DW_LIMIT_MESSAGE_BYTES);
  /* libsoup 3.8 has a cap on the whole message too. Ours in on_message() gives the same result on every version,
   * with one byte to spare so that it is ours that speaks. */
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (websocket), "max-total-message-size") != NULL)
    g_object_set (websocket, "max-total-message-size", (guint64) DW_LIMIT_MESSAGE_BYTES + 1, NULL);
  soup_websocket_connection_set_keepalive_interval (websocket, self->ping_seconds);
  g_signal_connect_object (websocket, "message", G_CALLBACK (on_message), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (websocket, "pong", G_CALLBACK (on_pong), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (websocket, "error", G_CALLBACK (on_error), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (websocket, "closed", G_CALLBACK (on_closed), self, G_CONNECT_SWAPPED);
}

static void
on_handshaken (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (DwConnection) self = data;
  g_autoptr (GError) error = NULL;
  DwHandshakeReport report;
  g_autoptr (SoupWebsocketConnection) websocket = dw_handshake_finish (result, &report, &error);
  g_autofree char *reason = report.reason;
  gboolean abandoned = self->opening == NULL;

  g_clear_object (&self->opening);
  if (websocket != NULL && !abandoned)
    {
      adopt (self, websocket);
      note_handshake (self, DW_TRACE_OPEN, 101, &report);
      g_signal_emit (self, signals[SIGNAL_OPENED], 0);
    }
  else if (websocket != NULL)
    soup_websocket_connection_close (websocket, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
  else if (!abandoned)
    {
      note_handshake (self, DW_TRACE_FAILED, report.status, &report);
      g_debug ("Handshake: %s, status %u", dw_cause_get_name (report.cause), report.status);
      g_signal_emit (self, signals[SIGNAL_ENDED], 0, report.cause, report.status, reason);
    }
}

/**
 * dw_connection_open:
 * @self: a new connection
 * @http: what to open it with
 * @url: where to
 * @options: how
 * @ping_ms: how often to ping, in milliseconds; libsoup counts whole seconds, and at least one
 *
 * Starts the handshake. ::opened or ::ended follows, later than this call.
 */
void
dw_connection_open (DwConnection *self,
                    SoupSession *http,
                    const DwStageUrl *url,
                    const DwHandshakeOptions *options,
                    guint ping_ms)
{
  g_return_if_fail (self->opening == NULL && self->websocket == NULL);

  self->ping_seconds = MAX (ping_ms / 1000, 1);
  self->opening = g_cancellable_new ();
  self->began = dw_boot_clock_now ();
  note (self, DW_TRACE_CONNECTING, 0, dw_stage_url_get_redacted (url));
  dw_handshake_async (http, url, options, self->opening, on_handshaken, g_object_ref (self));
}

/**
 * dw_connection_is_open:
 * @self: a connection
 *
 * Returns: whether something can be sent
 */
gboolean
dw_connection_is_open (DwConnection *self)
{
  return self->websocket != NULL
         && soup_websocket_connection_get_state (self->websocket) == SOUP_WEBSOCKET_STATE_OPEN;
}

/**
 * dw_connection_send:
 * @self: a connection
 * @text: a frame of at most %DW_LIMIT_FRAME_BYTES, UTF-8
 *
 * Returns: whether it was handed to the socket
 */
gboolean
dw_connection_send (DwConnection *self, const char *text)
{
  if (!dw_connection_is_open (self))
    return FALSE;
  self->last_sent = dw_boot_clock_now ();
  soup_websocket_connection_send_text (self->websocket, text);
  if (self->trace != NULL)
    {
      g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

      dw_trace_add_frame (self->trace, DW_TRACE_OUT, self->line, bytes);
    }
  return TRUE;
}

/**
 * dw_connection_close:
 * @self: a connection
 *
 * Ends it at once and without ::ended: the close frame (1000) still leaves, but nobody waits for the answer, since
 * libsoup waits 5 s for it (measured).
 */
void
dw_connection_close (DwConnection *self)
{
  g_autoptr (SoupWebsocketConnection) websocket = g_steal_pointer (&self->websocket);
  g_autoptr (GCancellable) opening = g_steal_pointer (&self->opening);

  g_cancellable_cancel (opening);
  if (websocket == NULL)
    return;
  g_signal_handlers_disconnect_by_data (websocket, self);
  if (soup_websocket_connection_get_state (websocket) != SOUP_WEBSOCKET_STATE_OPEN)
    return;
  note (self, DW_TRACE_CLOSED, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
  soup_websocket_connection_close (websocket, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
}

/**
 * dw_connection_get_last_heard:
 * @self: a connection
 *
 * Returns: when anything last arrived, in microseconds of the boot clock
 */
gint64
dw_connection_get_last_heard (DwConnection *self)
{
  return self->last_heard;
}

/**
 * dw_connection_get_last_sent:
 * @self: a connection
 *
 * Returns: when we last sent a data frame, in microseconds of the boot clock
 */
gint64
dw_connection_get_last_sent (DwConnection *self)
{
  return self->last_sent;
}
