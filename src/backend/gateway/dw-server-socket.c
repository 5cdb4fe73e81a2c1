/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-server-socket.h"

#include "net/dw-frame-stream.h"

#include "wire/dw-limits.h"

#include <string.h>

struct _DwServerSocket
{
  GObject parent_instance;

  DwCaller *caller;
  gint64 opened; /* this and the next are monotonic, in microseconds: the wall clock may jump */
  gint64 last_active;
  DwFrameStream *stream;
  SoupWebsocketConnection *websocket;
  const DwServerSocketOwner *owner; /* NULL once it is to report nothing more */
  gpointer data;
  guint64 queued;     /* bytes handed over for sending, to compare with what the stream has written */
  gboolean dropped;   /* cut off because its client does not read */
  gushort close_code; /* the code we closed it with, or 0 */
  char *close_reason;
};

G_DEFINE_FINAL_TYPE (DwServerSocket, dw_server_socket, G_TYPE_OBJECT)

/* Messages in either direction count as activity. Pings do not: nothing shows that API Gateway counts them. */
static void
touch (DwServerSocket *self, gint64 now)
{
  self->last_active = now;
}

/**
 * dw_server_socket_get_backlog:
 * @self: a connection
 *
 * Counts queued pongs too, which libsoup sends by itself without telling: a client that sends pings and does not read
 * must not take up memory either.
 *
 * Returns: what is queued for the client, in bytes of memory
 */
guint64
dw_server_socket_get_backlog (DwServerSocket *self)
{
  guint64 wanted = self->queued + dw_frame_stream_get_pongs (self->stream);
  guint64 written = dw_frame_stream_get_written (self->stream);
  guint64 frames = dw_frame_stream_get_n_owed (self->stream);

  return (wanted > written ? wanted - written : 0) + frames * DW_FRAME_STREAM_FRAME;
}

/**
 * dw_server_socket_drop:
 * @self: a connection whose client does not read
 *
 * Ends it without a close frame, which would only queue up behind the rest. Its owner is told in a later turn of the
 * main loop.
 */
void
dw_server_socket_drop (DwServerSocket *self)
{
  self->dropped = TRUE;
  dw_frame_stream_abort (self->stream);
}

/* Whether the client keeps up with reading. One that has stopped is dropped, so that it does not use up memory. */
static gboolean
reads (DwServerSocket *self)
{
  if (self->dropped)
    return FALSE;
  if (dw_server_socket_get_backlog (self) <= DW_SERVER_SOCKET_QUEUE)
    return TRUE;
  g_message ("%s does not read; closed", self->caller->connection_id);
  dw_server_socket_drop (self);
  return FALSE;
}

static void
on_message (DwServerSocket *self, int type, GBytes *message)
{
  g_autoptr (DwServerSocket) keep G_GNUC_UNUSED = g_object_ref (self);
  if (!reads (self))
    return;
  touch (self, g_get_monotonic_time ());
  if (type == SOUP_WEBSOCKET_DATA_BINARY)
    dw_server_socket_close (self, SOUP_WEBSOCKET_CLOSE_UNSUPPORTED_DATA, NULL);
  else if (self->owner != NULL)
    {
      gsize length;
      const char *text = g_bytes_get_data (message, &length);

      self->owner->message (self, text != NULL ? text : "", length, self->data);
    }
}

static gboolean
may_read (gpointer data)
{
  DwServerSocket *self = data;

  return self->owner == NULL || self->owner->may_read (self, self->data);
}

static void
on_over_limit (DwFrameLimit limit, gpointer data)
{
  DwServerSocket *self = data;
  gboolean is_control = limit == DW_FRAME_LIMIT_CONTROL;

  /* The client does not read, so a close frame would not reach it; the failing read ends the connection. */
  if (limit == DW_FRAME_LIMIT_PONGS)
    return;
  if (soup_websocket_connection_get_state (self->websocket) == SOUP_WEBSOCKET_STATE_OPEN)
    dw_frame_stream_begin_close (self->stream);
  dw_server_socket_close (self, is_control ? SOUP_WEBSOCKET_CLOSE_PROTOCOL_ERROR : SOUP_WEBSOCKET_CLOSE_TOO_BIG,
                          NULL);
}

static const DwFrameStreamOwner stream_owner = { may_read, on_over_limit };

static void
on_closed (DwServerSocket *self)
{
  g_autoptr (DwServerSocket) keep G_GNUC_UNUSED = g_object_ref (self);

  const DwServerSocketOwner *owner = g_steal_pointer (&self->owner);

  if (owner != NULL)
    owner->closed (self, self->data);
}

static void
dw_server_socket_dispose (GObject *object)
{
  DwServerSocket *self = DW_SERVER_SOCKET (object);

  if (self->websocket != NULL)
    {
      /* libsoup emits “closed” even after the last reference is gone, so disconnect first (measured). */
      g_signal_handlers_disconnect_by_data (self->websocket, self);
      dw_server_socket_close (self, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, NULL);
    }

  if (self->stream != NULL)
    {
      dw_frame_stream_set_owner (self->stream, NULL, NULL);
      dw_frame_stream_resume (self->stream);
    }

  g_clear_object (&self->websocket);
  g_clear_object (&self->stream);
  G_OBJECT_CLASS (dw_server_socket_parent_class)->dispose (object);
}

static void
dw_server_socket_finalize (GObject *object)
{
  DwServerSocket *self = DW_SERVER_SOCKET (object);

  dw_caller_unref (self->caller);
  g_free (self->close_reason);
  G_OBJECT_CLASS (dw_server_socket_parent_class)->finalize (object);
}

static void
dw_server_socket_class_init (DwServerSocketClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = dw_server_socket_dispose;
  object_class->finalize = dw_server_socket_finalize;
}

static void
dw_server_socket_init (DwServerSocket *self)
{
}

/* What a client may send, and how it is read. */
static const DwFrameStreamOptions plain = { .limits = { .side = DW_FRAME_SIDE_SERVER,
                                                        .frame_bytes = DW_LIMIT_FRAME_BYTES,
                                                        .message_bytes = DW_LIMIT_MESSAGE_BYTES,
                                                        .fragments = DW_FRAME_FRAGMENTS,
                                                        .pong_bytes = DW_SERVER_SOCKET_PONGS },
                                            .turn_bytes = DW_SERVER_SOCKET_TURN,
                                            .buffer_bytes = DW_SERVER_SOCKET_TURN,
                                            .drop_bytes = DW_SERVER_SOCKET_DROP };
static const DwFrameStreamOptions encrypted_too = { .limits = { .side = DW_FRAME_SIDE_SERVER,
                                                                .frame_bytes = DW_LIMIT_FRAME_BYTES,
                                                                .message_bytes = DW_LIMIT_MESSAGE_BYTES,
                                                                .fragments = DW_FRAME_FRAGMENTS,
                                                                .pong_bytes = DW_SERVER_SOCKET_PONGS },
                                                    .encrypted = TRUE,
                                                    .turn_bytes = DW_SERVER_SOCKET_TURN,
                                                    .buffer_bytes = DW_FRAME_STREAM_BUFFER,
                                                    .drop_bytes = DW_SERVER_SOCKET_DROP };

/**
 * dw_server_socket_new:
 * @caller: who is at the other end
 * @protocol: (nullable): the subprotocol that `$connect` chose
 * @socket: (nullable): its bare socket
 * @encrypted: whether there is TLS between @stream and @socket
 * @poll: what waits for @socket
 * @stream: its connection, right after the upgrade
 * @uri: what libsoup takes for its URI
 *
 * Returns: (transfer full): a client's connection
 */
DwServerSocket *
dw_server_socket_new (DwCaller *caller,
                      const char *protocol,
                      GSocket *socket,
                      gboolean encrypted,
                      DwPoll *poll,
                      GIOStream *stream,
                      GUri *uri)
{
  DwServerSocket *self = g_object_new (DW_TYPE_SERVER_SOCKET, NULL);

  self->caller = dw_caller_ref (caller);
  self->opened = self->last_active = g_get_monotonic_time ();
  self->stream = dw_frame_stream_new (stream, socket, poll, NULL, encrypted ? &encrypted_too : &plain);
  self->websocket = soup_websocket_connection_new (G_IO_STREAM (self->stream), uri,
                                                   SOUP_WEBSOCKET_CONNECTION_SERVER, NULL, protocol, NULL);
  /* The frame stream enforces the limits; libsoup's own would end it before the 1009 gets out (measured). */
  soup_websocket_connection_set_max_incoming_payload_size (self->websocket, DW_LIMIT_MESSAGE_BYTES);
  dw_frame_stream_set_owner (self->stream, &stream_owner, self);
  /* Disconnected in dispose; g_signal_connect_object() would take 200 bytes more, twice per connection. */
  g_signal_connect_swapped (self->websocket, "message", G_CALLBACK (on_message), self);
  g_signal_connect_swapped (self->websocket, "closed", G_CALLBACK (on_closed), self);
  return self;
}

/**
 * dw_server_socket_set_owner:
 * @self: a connection
 * @owner: (nullable): the callbacks, which have to stay in memory; set %NULL before @data goes away
 * @data: for the callbacks
 */
void
dw_server_socket_set_owner (DwServerSocket *self, const DwServerSocketOwner *owner, gpointer data)
{
  self->owner = owner;
  self->data = data;
}

/**
 * dw_server_socket_get_caller:
 * @self: a connection
 *
 * Returns: (transfer none): who is at the other end
 */
DwCaller *
dw_server_socket_get_caller (DwServerSocket *self)
{
  return self->caller;
}

/**
 * dw_server_socket_get_end:
 * @self: a connection that ended
 * @code: (out): the status code for `$disconnect`
 *
 * As captured from AWS: the client's code and reason if its close frame had them, 1005 with a fixed reason if it had
 * no code, and our own code and reason if we closed it. There is no capture of a lost connection; it gets the 1006
 * of RFC 6455 section 7.1.5.
 *
 * Returns: the reason that goes with the code
 */
const char *
dw_server_socket_get_end (DwServerSocket *self, guint *code)
{
  const char *reason;

  if (self->close_code != 0)
    {
      *code = self->close_code;
      return self->close_reason != NULL ? self->close_reason : "";
    }

  *code = soup_websocket_connection_get_close_code (self->websocket);
  reason = soup_websocket_connection_get_close_data (self->websocket);
  if (*code == SOUP_WEBSOCKET_CLOSE_NO_STATUS)
    return "Client-side close frame status not set";
  if (*code != 0)
    return reason != NULL ? reason : "";

  *code = SOUP_WEBSOCKET_CLOSE_ABNORMAL;
  return "Connection lost";
}

/**
 * dw_server_socket_get_last_active_at:
 * @self: a connection
 *
 * Returns: when a message last went either way, in milliseconds since 1970 UTC
 */
gint64
dw_server_socket_get_last_active_at (DwServerSocket *self)
{
  return (g_get_real_time () - (g_get_monotonic_time () - self->last_active)) / 1000;
}

/**
 * dw_server_socket_get_age:
 * @self: a connection
 *
 * Returns: how long it has been open, in milliseconds
 */
gint64
dw_server_socket_get_age (DwServerSocket *self)
{
  return (g_get_monotonic_time () - self->opened) / 1000;
}

/**
 * dw_server_socket_get_idle:
 * @self: a connection
 *
 * Returns: for how long no message went either way, in milliseconds
 */
gint64
dw_server_socket_get_idle (DwServerSocket *self)
{
  return (g_get_monotonic_time () - self->last_active) / 1000;
}

/**
 * dw_server_socket_send:
 * @self: a connection
 * @frame: the frame
 * @now: the time, monotonic, in microseconds; a parameter so that a broadcast reads the clock once
 *
 * Returns: whether the connection was open
 */
gboolean
dw_server_socket_send (DwServerSocket *self, const DwServerFrame *frame, gint64 now)
{
  if (soup_websocket_connection_get_state (self->websocket) != SOUP_WEBSOCKET_STATE_OPEN)
    return FALSE;
  /* There is a backlog to count only while the kernel takes no more. */
  if (self->dropped || (dw_frame_stream_is_stuck (self->stream) && !reads (self)))
    return FALSE;
  touch (self, now);
  self->queued += g_bytes_get_size (frame->bytes);
  dw_frame_stream_send (self->stream, frame->bytes);
  return TRUE;
}

/**
 * dw_server_socket_resume:
 * @self: a connection
 *
 * Reads from it again after its owner said no.
 */
void
dw_server_socket_resume (DwServerSocket *self)
{
  dw_frame_stream_resume (self->stream);
}

/**
 * dw_server_socket_close:
 * @self: a connection
 * @code: the close code the client sees
 * @reason: (nullable): the reason, at most 123 bytes
 */
void
dw_server_socket_close (DwServerSocket *self, gushort code, const char *reason)
{
  if (soup_websocket_connection_get_state (self->websocket) == SOUP_WEBSOCKET_STATE_OPEN)
    {
      /* Read on, since the client's close frame comes after whatever it sent before. */
      dw_frame_stream_set_owner (self->stream, NULL, NULL);
      dw_frame_stream_resume (self->stream);
      self->close_code = code;
      g_free (self->close_reason);
      self->close_reason = g_strdup (reason);
      soup_websocket_connection_close (self->websocket, code, reason);
    }
}
