/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-connection.h"

#include "dw-boot-clock.h"

#include "net/dw-frame-stream.h"

#include "wire/dw-limits.h"
#include "wire/dw-thread.h"

#include <string.h>

/**
 * SECTION:dw-connection
 *
 * One WebSocket from handshake to close. What becomes of suspicious frames:
 *
 * | what arrives | what happens | ::ended with |
 * |---|---|---|
 * | text up to 131,072 bytes, in one frame or in at most 4,096 fragments | handed to the inbox | |
 * | a longer text, or one in more fragments | closed with 1009 | %DW_CAUSE_MESSAGE_TOO_LARGE |
 * | pings whose answers it does not read | dropped once 64 KiB of answers wait | %DW_CAUSE_SILENT |
 * | more than can be read in 4 ms | left in the system, where TCP slows the stage | |
 * | binary | closed with 1003 | %DW_CAUSE_PROTOCOL_ERROR |
 * | a pong of more than 125 bytes | closed with 1002 | %DW_CAUSE_PROTOCOL_ERROR |
 * | invalid UTF-8, RSV bits, other protocol errors | libsoup closes it | %DW_CAUSE_PROTOCOL_ERROR |
 * | data after a bad frame or a close frame | ignored | |
 */
struct _DwConnection
{
  GObject parent_instance;

  DwInbox *inbox; /* the owner's, which outlives us */
  DwTrace *trace; /* or NULL */
  gint64 began;   /* the handshake, on the boot clock */
  guint serial;
  GCancellable *opening;
  DwHandshakeReport handshake;
  guint ping_seconds;
  SoupWebsocketConnection *websocket;
  gboolean held;     /* nothing is read */
  gint64 last_heard; /* boot clock, in microseconds */
  gint64 last_sent;  /* boot clock, in microseconds; data frames alone */
  DwCause verdict;   /* what “error” said before “closed” comes, or DW_CAUSE_NONE */
};

G_DEFINE_FINAL_TYPE (DwConnection, dw_connection, G_TYPE_OBJECT)

enum
{
  SIGNAL_OPENED,
  SIGNAL_ENDED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

/* A copy, also of what arrived: libsoup's buffer has room for up to twice as much, which the trace would keep and not
 * count (measured on 3.2). */
static void
trace_frame (DwConnection *self, DwTraceKind kind, const void *data, gsize length)
{
  g_autoptr (GBytes) bytes = NULL;

  if (self->trace == NULL)
    return;
  bytes = g_bytes_new (data, length);
  dw_trace_add_frame (self->trace, kind, self->serial, bytes);
}

static void
trace_event (DwConnection *self, DwTraceKind kind, guint code, const char *words)
{
  if (self->trace != NULL)
    dw_trace_add_event (self->trace, kind, self->serial, code, words);
}

static void
trace_handshake (DwConnection *self, DwTraceKind kind, guint code)
{
  const DwHandshakeReport *report = &self->handshake;
  guint took = (guint) ((dw_boot_clock_now () - self->began) / 1000);
  g_autofree char *response = report->response != NULL ? dw_upgrade_head_write (report->response) : NULL;
  g_autofree char *transport = dw_transport_write (&report->transport);

  if (self->trace != NULL)
    dw_trace_add_handshake (self->trace, kind, self->serial, code, took, report->steps_ms,
                            report->cause != DW_CAUSE_NONE ? dw_cause_get_name (report->cause) : NULL,
                            report->request, response, transport);
}

static DwFrameStream *
stream_of (SoupWebsocketConnection *websocket)
{
  return DW_FRAME_STREAM (soup_websocket_connection_get_io_stream (websocket));
}

/* At once: libsoup would wait 5 s for a peer that may never answer our close frame, and deliver what it sends. */
static void
close_socket (DwConnection *self, gushort code, const char *reason)
{
  g_autoptr (SoupWebsocketConnection) websocket = g_steal_pointer (&self->websocket);

  g_signal_handlers_disconnect_by_data (websocket, self);
  dw_frame_stream_set_owner (stream_of (websocket), NULL, NULL);
  dw_frame_stream_resume (stream_of (websocket));
  dw_handshake_close_with (websocket, code, reason);
}

static void
end_connection (DwConnection *self, DwCause cause, gushort code)
{
  close_socket (self, code, NULL);
  trace_event (self, DW_TRACE_CLOSED, code, dw_cause_get_name (cause));
  g_signal_emit (self, signals[SIGNAL_ENDED], 0, cause, (guint) code, NULL);
}

static void
on_message (DwConnection *self, int type, GBytes *message)
{
  g_autoptr (DwConnection) keep G_GNUC_UNUSED = g_object_ref (self);

  /* libsoup 3.2 goes on with what it has read already after a bad frame (measured); RFC 6455 section 7.1.7 forbids it. */
  if (self->verdict != DW_CAUSE_NONE)
    return;

  self->last_heard = dw_boot_clock_now ();
  trace_frame (self, DW_TRACE_IN, g_bytes_get_data (message, NULL), g_bytes_get_size (message));
  if (type != SOUP_WEBSOCKET_DATA_TEXT)
    end_connection (self, DW_CAUSE_PROTOCOL_ERROR, SOUP_WEBSOCKET_CLOSE_UNSUPPORTED_DATA);
  else
    dw_inbox_push (self->inbox, message, self->serial);
}

static void
on_over_limit (DwFrameLimit limit, gpointer data)
{
  g_autoptr (DwConnection) self = g_object_ref (data);

  /* A bad frame came before, and libsoup is closing already. */
  if (self->verdict != DW_CAUSE_NONE)
    return;

  if (limit == DW_FRAME_LIMIT_PONGS)
    end_connection (self, DW_CAUSE_SILENT, SOUP_WEBSOCKET_CLOSE_POLICY_VIOLATION);
  else if (limit == DW_FRAME_LIMIT_CONTROL)
    end_connection (self, DW_CAUSE_PROTOCOL_ERROR, SOUP_WEBSOCKET_CLOSE_PROTOCOL_ERROR);
  else
    end_connection (self, DW_CAUSE_MESSAGE_TOO_LARGE, SOUP_WEBSOCKET_CLOSE_TOO_BIG);
}

/* The signal's argument is declared as GBytes and emitted as GByteArray (measured), so it is not touched. */
static void
on_pong (DwConnection *self, gpointer unsafe)
{
  trace_event (self, DW_TRACE_PONG, 0, NULL);
  self->last_heard = dw_boot_clock_now ();
}

/* “error” can come three times for one bad frame (measured), so this only remembers why; “closed” follows. */
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
  trace_event (self, DW_TRACE_CLOSED, code, soup_websocket_connection_get_close_data (self->websocket));
  g_signal_emit (self, signals[SIGNAL_ENDED], 0, cause, (guint) code,
                 soup_websocket_connection_get_close_data (self->websocket));
}

static void
dw_connection_dispose (GObject *object)
{
  dw_connection_close (DW_CONNECTION (object));
  g_clear_object (&DW_CONNECTION (object)->trace);
  dw_handshake_report_clear (&DW_CONNECTION (object)->handshake);
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
 * @serial: what comes with them, to tell them from those of other connections
 *
 * Returns: (transfer full): a connection that is not opened yet
 */
DwConnection *
dw_connection_new (DwInbox *inbox, DwTrace *trace, guint serial)
{
  DwConnection *self = g_object_new (DW_TYPE_CONNECTION, NULL);

  self->inbox = inbox;
  g_set_object (&self->trace, trace);
  self->serial = serial;
  return self;
}

static gboolean
may_read (gpointer data)
{
  return !DW_CONNECTION (data)->held;
}

static const DwFrameStreamOwner stream_owner = { may_read, on_over_limit };

static void
take_websocket (DwConnection *self, SoupWebsocketConnection *websocket)
{
  self->websocket = g_object_ref (websocket);
  self->last_heard = self->last_sent = dw_boot_clock_now ();
  soup_websocket_connection_set_keepalive_interval (websocket, self->ping_seconds);
  g_signal_connect_object (websocket, "message", G_CALLBACK (on_message), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (websocket, "pong", G_CALLBACK (on_pong), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (websocket, "error", G_CALLBACK (on_error), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (websocket, "closed", G_CALLBACK (on_closed), self, G_CONNECT_SWAPPED);
  dw_frame_stream_set_owner (stream_of (websocket), &stream_owner, self);
}

static void
on_handshake_over (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (DwConnection) self = data;
  g_autoptr (GError) error = NULL;
  g_auto (DwHandshakeReport) report = { 0 };
  g_autoptr (SoupWebsocketConnection) websocket = dw_handshake_finish (result, &report, &error);
  gboolean abandoned = self->opening == NULL;

  g_clear_object (&self->opening);
  dw_handshake_report_clear (&self->handshake);
  self->handshake = report;
  report = (DwHandshakeReport){ .cause = self->handshake.cause };
  if (websocket != NULL && !abandoned)
    {
      take_websocket (self, websocket);
      trace_handshake (self, DW_TRACE_OPEN, 101);
      g_signal_emit (self, signals[SIGNAL_OPENED], 0);
    }
  else if (websocket != NULL)
    dw_handshake_close (websocket, SOUP_WEBSOCKET_CLOSE_NORMAL);
  else if (!abandoned)
    {
      const DwHandshakeReport *handshake = &self->handshake;

      trace_handshake (self, DW_TRACE_FAILED, handshake->status);
      g_debug ("Handshake: %s, status %u", dw_cause_get_name (handshake->cause), handshake->status);
      g_signal_emit (self, signals[SIGNAL_ENDED], 0, handshake->cause, handshake->status, handshake->reason);
    }
}

/**
 * dw_connection_open:
 * @self: a new connection
 * @url: where to
 * @options: how
 * @ping_ms: how often to ping, in milliseconds; libsoup counts whole seconds, and at least one
 *
 * Starts the handshake. ::opened or ::ended follows, later than this call.
 */
void
dw_connection_open (DwConnection *self, const DwStageUrl *url, const DwHandshakeOptions *options, guint ping_ms)
{
  DW_ASSERT_MAIN_THREAD ();

  g_return_if_fail (self->opening == NULL && self->websocket == NULL);

  self->ping_seconds = MAX (ping_ms / 1000, 1);
  self->opening = g_cancellable_new ();
  self->began = dw_boot_clock_now ();
  trace_event (self, DW_TRACE_CONNECTING, 0, dw_stage_url_get_redacted (url));
  dw_handshake_async (url, options, self->opening, on_handshake_over, g_object_ref (self));
}

/**
 * dw_connection_set_held:
 * @self: a connection
 * @held: whether nothing is read from it
 *
 * What the peer sends meanwhile waits in the system, until TCP lets the peer wait too.
 */
void
dw_connection_set_held (DwConnection *self, gboolean held)
{
  DW_ASSERT_MAIN_THREAD ();

  self->held = held;
  if (!held && self->websocket != NULL)
    dw_frame_stream_resume (stream_of (self->websocket));
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
  DW_ASSERT_MAIN_THREAD ();

  if (!dw_connection_is_open (self))
    return FALSE;
  self->last_sent = dw_boot_clock_now ();
  soup_websocket_connection_send_text (self->websocket, text);
  trace_frame (self, DW_TRACE_OUT, text, strlen (text));
  return TRUE;
}

/**
 * dw_connection_ping:
 * @self: a connection
 * @payload: (nullable): what the ping says and the pong repeats, at most %DW_FRAME_CONTROL_BYTES bytes
 *
 * Pings at once; the trace has the pong.
 *
 * Returns: whether it was handed to the socket
 */
gboolean
dw_connection_ping (DwConnection *self, const char *payload)
{
  gsize length = payload != NULL ? strlen (payload) : 0;

  DW_ASSERT_MAIN_THREAD ();

  return dw_connection_is_open (self)
         && dw_frame_stream_ping (stream_of (self->websocket), FALSE, (const guint8 *) payload, length);
}

/**
 * dw_connection_close:
 * @self: a connection
 *
 * Ends it at once and without ::ended: the close frame (1000) is still sent, but its answer is not waited for, since
 * libsoup waits 5 s for it (measured).
 */
void
dw_connection_close (DwConnection *self)
{
  dw_connection_close_with (self, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
}

/**
 * dw_connection_close_with:
 * @self: a connection
 * @code: the close code: 1000, or 3000 to 4999 (RFC 6455 section 7.4.2)
 * @reason: (nullable): words beside it, at most 123 bytes
 *
 * As dw_connection_close(), with a code of one's own.
 */
void
dw_connection_close_with (DwConnection *self, gushort code, const char *reason)
{
  g_autoptr (GCancellable) opening = g_steal_pointer (&self->opening);

  DW_ASSERT_MAIN_THREAD ();

  g_cancellable_cancel (opening);
  if (self->websocket == NULL)
    return;
  if (soup_websocket_connection_get_state (self->websocket) == SOUP_WEBSOCKET_STATE_OPEN)
    trace_event (self, DW_TRACE_CLOSED, code, reason);
  close_socket (self, code, reason);
}

/**
 * dw_connection_get_handshake:
 * @self: a connection
 *
 * Returns: (transfer none): how its handshake went, with both heads and what each step took; all zeros before its
 * end
 */
const DwHandshakeReport *
dw_connection_get_handshake (DwConnection *self)
{
  return &self->handshake;
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
