/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-socket.h"

#include "net/dw-frame-stream.h"

#include "wire/dw-thread.h"

/**
 * SECTION:dw-socket
 *
 * One WebSocket as it is, for people who look at a stage's frames: nothing is probed, understood or tried again. What
 * a peer may do is bounded as for a #DwConnection, but binary messages are let through.
 */
struct _DwSocket
{
  GObject parent_instance;

  DwStage *stage;
  GCancellable *opening; /* or NULL */
  DwHandshakeReport handshake;
  SoupWebsocketConnection *websocket; /* or NULL */
  guint ping_seconds;
  guint64 handed;          /* bytes to the socket, without the heads of frames */
  DwFrameControl *control; /* while there is a socket */
  GPtrArray *controls;     /* of Control: told in an idle, since they come in the middle of a read */
  gsize controls_bytes;
  guint controls_idle;
  guint close_timer;
};

typedef struct
{
  DwSocketFrame frame;
  GBytes *bytes;
} Control;

G_DEFINE_FINAL_TYPE (DwSocket, dw_socket, G_TYPE_OBJECT)

enum
{
  SIGNAL_OPENED,
  SIGNAL_FRAME,
  SIGNAL_ENDED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void
control_free (gpointer data)
{
  Control *control = data;

  g_bytes_unref (control->bytes);
  g_free (control);
}

static DwFrameStream *
stream_of (SoupWebsocketConnection *websocket)
{
  return DW_FRAME_STREAM (soup_websocket_connection_get_io_stream (websocket));
}

static void
forget_websocket (DwSocket *self)
{
  g_clear_handle_id (&self->close_timer, g_source_remove);
  g_clear_handle_id (&self->controls_idle, g_source_remove);
  g_ptr_array_set_size (self->controls, 0);
  if (self->websocket == NULL)
    return;
  dw_frame_stream_set_control (stream_of (self->websocket), NULL);
  dw_frame_stream_set_owner (stream_of (self->websocket), NULL, NULL);
  g_signal_handlers_disconnect_by_data (self->websocket, self);
  g_clear_object (&self->websocket);
}

static void
dw_socket_dispose (GObject *object)
{
  DwSocket *self = DW_SOCKET (object);
  g_autoptr (GCancellable) opening = g_steal_pointer (&self->opening);
  g_autoptr (SoupWebsocketConnection) websocket = self->websocket != NULL ? g_object_ref (self->websocket) : NULL;

  g_cancellable_cancel (opening);
  forget_websocket (self);
  if (websocket != NULL)
    dw_handshake_close (websocket, SOUP_WEBSOCKET_CLOSE_NORMAL);
  g_clear_object (&self->stage);
  dw_handshake_report_clear (&self->handshake);
  G_OBJECT_CLASS (dw_socket_parent_class)->dispose (object);
}

static void
dw_socket_finalize (GObject *object)
{
  DwSocket *self = DW_SOCKET (object);

  g_ptr_array_unref (self->controls);
  g_free (self->control);
  G_OBJECT_CLASS (dw_socket_parent_class)->finalize (object);
}

static void
dw_socket_class_init (DwSocketClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_socket_dispose;
  G_OBJECT_CLASS (klass)->finalize = dw_socket_finalize;

  /**
   * DwSocket::opened:
   *
   * The handshake succeeded.
   */
  signals[SIGNAL_OPENED] =
      g_signal_new ("opened", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * DwSocket::frame:
   * @frame: a #DwSocketFrame
   * @bytes: a #GBytes; text has been checked to be UTF-8
   *
   * Something arrived. Pings and pongs may be told after messages that came behind them.
   */
  signals[SIGNAL_FRAME] = g_signal_new ("frame", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                        G_TYPE_NONE, 2, G_TYPE_UINT, G_TYPE_BYTES);
  /**
   * DwSocket::ended:
   * @cause: a #DwCause; %DW_CAUSE_NONE where the connection was closed in order
   * @code: the HTTP status of a refused handshake, the peer's close code, or 0
   * @reason: (nullable): the peer's words beside it, as untrusted as a message
   *
   * It could not be opened, or has ended, by either side. Emitted once.
   */
  signals[SIGNAL_ENDED] = g_signal_new ("ended", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                        G_TYPE_NONE, 3, G_TYPE_UINT, G_TYPE_UINT, G_TYPE_STRING);
}

static void
dw_socket_init (DwSocket *self)
{
  self->controls = g_ptr_array_new_with_free_func (control_free);
}

/**
 * dw_socket_new:
 * @stage: where to: its first address, headers and subprotocols
 *
 * Returns: (transfer full): a socket that is not open
 */
DwSocket *
dw_socket_new (DwStage *stage)
{
  DwSocket *self = g_object_new (DW_TYPE_SOCKET, NULL);

  self->stage = g_object_ref (stage);
  return self;
}

static void
end (DwSocket *self, DwCause cause, guint code, const char *reason)
{
  g_autofree char *words = g_strdup (reason);

  forget_websocket (self);
  g_signal_emit (self, signals[SIGNAL_ENDED], 0, cause, code, words);
}

static void
tell (DwSocket *self, DwSocketFrame frame, GBytes *bytes)
{
  g_signal_emit (self, signals[SIGNAL_FRAME], 0, frame, bytes);
}

static void
tell_controls (DwSocket *self)
{
  g_autoptr (GPtrArray) controls = g_steal_pointer (&self->controls);

  self->controls = g_ptr_array_new_with_free_func (control_free);
  self->controls_bytes = 0;
  g_clear_handle_id (&self->controls_idle, g_source_remove);
  for (guint i = 0; i < controls->len; i++)
    {
      Control *control = g_ptr_array_index (controls, i);

      tell (self, control->frame, control->bytes);
    }
}

static gboolean
on_controls (gpointer data)
{
  g_autoptr (DwSocket) keep = g_object_ref (data);

  keep->controls_idle = 0;
  tell_controls (keep);
  return G_SOURCE_REMOVE;
}

static void
on_control (guint opcode, const guint8 *payload, gsize length, gpointer data)
{
  DwSocket *self = data;
  Control *control;

  if (self->controls_bytes + length + sizeof *control > DW_SOCKET_CONTROL_BYTES)
    return;
  self->controls_bytes += length + sizeof *control;
  control = g_new (Control, 1);
  control->frame = opcode == 9 ? DW_SOCKET_PING : DW_SOCKET_PONG;
  control->bytes = g_bytes_new (payload, length);
  g_ptr_array_add (self->controls, control);
  if (self->controls_idle == 0)
    self->controls_idle = g_idle_add_full (G_PRIORITY_DEFAULT, on_controls, self, NULL);
}

static void
on_message (DwSocket *self, int type, GBytes *message)
{
  g_autoptr (DwSocket) keep G_GNUC_UNUSED = g_object_ref (self);

  tell (self, type == SOUP_WEBSOCKET_DATA_TEXT ? DW_SOCKET_TEXT : DW_SOCKET_BINARY, message);
}

static gboolean
may_read (gpointer data)
{
  return TRUE;
}

static void
on_over_limit (DwFrameLimit limit, gpointer data)
{
  DwSocket *self = data;
  g_autoptr (DwSocket) keep G_GNUC_UNUSED = g_object_ref (self);
  g_autoptr (SoupWebsocketConnection) websocket = g_object_ref (self->websocket);
  gboolean too_big = limit != DW_FRAME_LIMIT_PONGS && limit != DW_FRAME_LIMIT_CONTROL;

  forget_websocket (self);
  dw_handshake_close (websocket, too_big ? SOUP_WEBSOCKET_CLOSE_TOO_BIG : SOUP_WEBSOCKET_CLOSE_PROTOCOL_ERROR);
  end (self, too_big ? DW_CAUSE_MESSAGE_TOO_LARGE : DW_CAUSE_PROTOCOL_ERROR, 0, NULL);
}

static void
on_closed (DwSocket *self)
{
  g_autoptr (DwSocket) keep G_GNUC_UNUSED = g_object_ref (self);
  gushort code = soup_websocket_connection_get_close_code (self->websocket);
  DwCause cause = self->close_timer != 0 || code == SOUP_WEBSOCKET_CLOSE_NORMAL ? DW_CAUSE_NONE
                                                                                : dw_cause_from_close_code (code);

  tell_controls (self);
  end (self, cause, code, soup_websocket_connection_get_close_data (self->websocket));
}

static const DwFrameStreamOwner stream_owner = { may_read, on_over_limit };

static void
take_websocket (DwSocket *self, SoupWebsocketConnection *websocket)
{
  self->websocket = g_object_ref (websocket);
  self->handed = 0;
  self->control = g_new0 (DwFrameControl, 1);
  self->control->func = on_control;
  self->control->data = self;
  dw_frame_stream_set_control (stream_of (websocket), self->control);
  soup_websocket_connection_set_keepalive_interval (websocket, self->ping_seconds);
  g_signal_connect_object (websocket, "message", G_CALLBACK (on_message), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (websocket, "closed", G_CALLBACK (on_closed), self, G_CONNECT_SWAPPED);
  dw_frame_stream_set_owner (stream_of (websocket), &stream_owner, self);
}

static void
on_handshake_over (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (DwSocket) self = data;
  g_autoptr (GError) error = NULL;
  g_auto (DwHandshakeReport) report = { 0 };
  g_autoptr (SoupWebsocketConnection) websocket = dw_handshake_finish (result, &report, &error);
  gboolean wanted = self->opening != NULL;

  g_clear_object (&self->opening);
  dw_handshake_report_clear (&self->handshake);
  self->handshake = report;
  report = (DwHandshakeReport){ .cause = self->handshake.cause };
  if (websocket != NULL && wanted)
    {
      take_websocket (self, websocket);
      g_signal_emit (self, signals[SIGNAL_OPENED], 0);
    }
  else if (websocket != NULL)
    dw_handshake_close (websocket, SOUP_WEBSOCKET_CLOSE_NORMAL);
  else if (wanted)
    end (self, self->handshake.cause, self->handshake.status, self->handshake.reason);
}

/**
 * dw_socket_open:
 * @self: a new socket
 * @timeout_ms: how long the handshake may take, in milliseconds
 * @ping_seconds: how often to ping, in seconds; 0 for never
 *
 * Starts the handshake. ::opened or ::ended follows, later than this call.
 */
void
dw_socket_open (DwSocket *self, guint timeout_ms, guint ping_seconds)
{
  DwHandshakeOptions options = { .timeout_ms = timeout_ms,
                                 .protocols = dw_stage_get_protocols (self->stage),
                                 .headers = dw_stage_get_headers (self->stage) };

  DW_ASSERT_MAIN_THREAD ();

  g_return_if_fail (self->opening == NULL && self->control == NULL);

  self->ping_seconds = ping_seconds;
  self->opening = g_cancellable_new ();
  dw_handshake_async (dw_stage_get_url (self->stage, 0), &options, self->opening, on_handshake_over,
                      g_object_ref (self));
}

/**
 * dw_socket_is_open:
 * @self: a socket
 *
 * Returns: whether something can be sent
 */
gboolean
dw_socket_is_open (DwSocket *self)
{
  return self->websocket != NULL
         && soup_websocket_connection_get_state (self->websocket) == SOUP_WEBSOCKET_STATE_OPEN;
}

/**
 * dw_socket_send:
 * @self: a socket
 * @frame: what kind of frame
 * @bytes: its payload: UTF-8 for %DW_SOCKET_TEXT, at most %DW_FRAME_CONTROL_BYTES for pings and pongs
 *
 * Sends one frame. The caller bounds what is queued, see dw_socket_get_queued().
 *
 * Returns: whether it was handed to the socket
 */
gboolean
dw_socket_send (DwSocket *self, DwSocketFrame frame, GBytes *bytes)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  DW_ASSERT_MAIN_THREAD ();

  if (!dw_socket_is_open (self))
    return FALSE;
  if (frame == DW_SOCKET_PING || frame == DW_SOCKET_PONG)
    return dw_frame_stream_ping (stream_of (self->websocket), frame == DW_SOCKET_PONG, data, length);

  if (frame == DW_SOCKET_TEXT && !g_utf8_validate_len ((const char *) data, length, NULL))
    return FALSE;
  self->handed += length;
  soup_websocket_connection_send_message (
      self->websocket, frame == DW_SOCKET_TEXT ? SOUP_WEBSOCKET_DATA_TEXT : SOUP_WEBSOCKET_DATA_BINARY, bytes);
  return TRUE;
}

/**
 * dw_socket_get_queued:
 * @self: a socket
 *
 * Returns: how many bytes are waiting to be written, at least about
 */
guint64
dw_socket_get_queued (DwSocket *self)
{
  guint64 written =
      self->websocket != NULL ? dw_frame_stream_get_written (stream_of (self->websocket)) : self->handed;

  return self->handed > written ? self->handed - written : 0;
}

static gboolean
on_close_timeout (gpointer data)
{
  g_autoptr (DwSocket) keep = g_object_ref (data);
  g_autoptr (SoupWebsocketConnection) websocket = g_object_ref (keep->websocket);

  keep->close_timer = 0;
  dw_frame_stream_abort (stream_of (websocket));
  end (keep, DW_CAUSE_SILENT, 0, NULL);
  return G_SOURCE_REMOVE;
}

/**
 * dw_socket_close:
 * @self: a socket
 * @code: a close code, for which dw_socket_is_close_code() holds, or 0 for a close frame without one
 * @reason: (nullable): words beside it, at most %DW_SOCKET_REASON_BYTES bytes
 *
 * Says goodbye and waits for the peer's answer; ::ended follows. Before the socket is open, it is given up.
 */
void
dw_socket_close (DwSocket *self, guint16 code, const char *reason)
{
  DW_ASSERT_MAIN_THREAD ();

  if (self->opening != NULL)
    {
      g_autoptr (GCancellable) opening = g_steal_pointer (&self->opening);

      g_cancellable_cancel (opening);
      end (self, DW_CAUSE_NONE, 0, NULL);
    }
  if (!dw_socket_is_open (self) || self->close_timer != 0)
    return;
  self->close_timer = g_timeout_add (DW_SOCKET_CLOSE_MS, on_close_timeout, self);
  soup_websocket_connection_close (self->websocket, code != 0 ? code : SOUP_WEBSOCKET_CLOSE_NO_STATUS, reason);
}

/**
 * dw_socket_get_handshake:
 * @self: a socket
 *
 * Returns: (transfer none): how its handshake went; all zeros before its end
 */
const DwHandshakeReport *
dw_socket_get_handshake (DwSocket *self)
{
  return &self->handshake;
}

/**
 * dw_socket_get_protocol:
 * @self: a socket
 *
 * Returns: (nullable): the subprotocol that the peer chose, as untrusted as a message
 */
const char *
dw_socket_get_protocol (DwSocket *self)
{
  return self->websocket != NULL ? soup_websocket_connection_get_protocol (self->websocket) : NULL;
}

/**
 * dw_socket_is_close_code:
 * @code: a number
 *
 * Returns: whether a client may close with it: 1000 to 1003, 1007 to 1009 and 3000 to 4999 (RFC 6455 section 7.4; 1004
 *   to 1006, 1010, 1011 and 1015 are reserved, or for servers)
 */
gboolean
dw_socket_is_close_code (guint code)
{
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1009) || (code >= 3000 && code <= 4999);
}
