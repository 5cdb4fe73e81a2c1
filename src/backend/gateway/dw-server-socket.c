/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-server-socket.h"

#include "net/dw-frame-stream.h"

#include "wire/dw-limits.h"

#include <string.h>

struct _DwServerSocket
{
  GObject parent_instance;

  DwCaller *caller;
  gint64 opened; /* monotonic, in microseconds, as the next one: the wall clock may jump */
  gint64 last_active;
  DwFrameStream *stream;
  SoupWebsocketConnection *websocket;
  const DwServerSocketOwner *owner; /* or NULL: nobody is told any more */
  gpointer data;
  guint64 queued;     /* bytes that were to be sent, to compare with what the stream has written */
  gboolean dropped;   /* its client does not read */
  gushort close_code; /* what we closed it with, or 0 */
  char *close_reason;
};

G_DEFINE_FINAL_TYPE (DwServerSocket, dw_server_socket, G_TYPE_OBJECT)

/* Data in either direction counts; a ping does not, since nobody has shown that it does at the gateway. */
static void
touch (DwServerSocket *self, gint64 now)
{
  self->last_active = now;
}

/**
 * dw_server_socket_get_backlog:
 * @self: a connection
 *
 * libsoup answers pings by itself and says nothing of it, so what they ask for is counted too: whoever sends pings and
 * reads no answer must not cost memory either.
 *
 * Returns: what waits for the client, in bytes of memory
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
 * Ends it without a word, which would only wait behind the rest. Its owner is told in a later turn.
 */
void
dw_server_socket_drop (DwServerSocket *self)
{
  self->dropped = TRUE;
  dw_frame_stream_abort (self->stream);
}

/* One consumer that stopped reading must not cost the others their memory. */
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
on_over_limit (DwServerSocket *self, guint limit)
{
  gboolean is_control = limit == DW_FRAME_LIMIT_CONTROL;

  /* Its client does not read, and reading from it fails. */
  if (limit == DW_FRAME_LIMIT_PONGS)
    return;
  if (soup_websocket_connection_get_state (self->websocket) == SOUP_WEBSOCKET_STATE_OPEN)
    dw_frame_stream_begin_close (self->stream);
  dw_server_socket_close (self, is_control ? SOUP_WEBSOCKET_CLOSE_PROTOCOL_ERROR : SOUP_WEBSOCKET_CLOSE_TOO_BIG,
                          NULL);
}

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
      /* libsoup emits “closed” after the last reference went, so the handlers go first (measured). */
      g_signal_handlers_disconnect_by_data (self->websocket, self);
      dw_server_socket_close (self, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, NULL);
    }
  if (self->stream != NULL)
    {
      dw_frame_stream_set_read_func (self->stream, NULL, NULL);
      dw_frame_stream_resume (self->stream);
    }
  if (self->stream != NULL)
    g_signal_handlers_disconnect_by_data (self->stream, self);
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

/* What a client may do, and what it costs. */
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
 * @encrypted: whether TLS is between the two
 * @poll: what waits for it
 * @stream: its connection, right after the upgrade
 * @uri: what it asked for
 *
 * Returns: (transfer full): one client's connection, as the stage sees it
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
  /* The meter below knows the limits; libsoup's own ends a connection without the 1009 reaching it (measured). */
  soup_websocket_connection_set_max_incoming_payload_size (self->websocket, DW_LIMIT_MESSAGE_BYTES);
  /* Disconnected in dispose. A closure that watches its object takes 200 bytes more, three times a connection. */
  dw_frame_stream_set_read_func (self->stream, may_read, self);
  g_signal_connect_swapped (self->stream, "over-limit", G_CALLBACK (on_over_limit), self);
  g_signal_connect_swapped (self->websocket, "message", G_CALLBACK (on_message), self);
  g_signal_connect_swapped (self->websocket, "closed", G_CALLBACK (on_closed), self);
  return self;
}

/**
 * dw_server_socket_set_owner:
 * @self: a connection
 * @owner: (nullable): what is to be called; it has to stay
 * @data: for its functions; the owner sets %NULL before it goes
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
 * @code: (out): the status code that `$disconnect` is told
 *
 * As captured: 1005 with words of its own where the client's close frame had no code, what the client said where it
 * said something, and what we said where we closed it. For a connection that was lost nothing was ever captured;
 * 1006 is what RFC 6455 section 7.1.5 calls it.
 *
 * Returns: the words that go with the code
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
 * Returns: when it last sent or was sent a message, in milliseconds since 1970 UTC
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
 * @frame: what goes to it
 * @now: the time, monotonic, in microseconds; whoever sends to many reads the clock once
 *
 * Returns: whether the connection was open
 */
gboolean
dw_server_socket_send (DwServerSocket *self, const DwServerFrame *frame, gint64 now)
{
  if (soup_websocket_connection_get_state (self->websocket) != SOUP_WEBSOCKET_STATE_OPEN)
    return FALSE;
  /* Where the system takes what it is given there is no backlog to count. */
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
 * It is read again, where its owner had said no.
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
 * @reason: (nullable): words for it, at most 123 bytes
 */
void
dw_server_socket_close (DwServerSocket *self, gushort code, const char *reason)
{
  if (soup_websocket_connection_get_state (self->websocket) == SOUP_WEBSOCKET_STATE_OPEN)
    {
      /* The client's own close frame stands behind what it sent. */
      dw_frame_stream_set_read_func (self->stream, NULL, NULL);
      dw_frame_stream_resume (self->stream);
      self->close_code = code;
      g_free (self->close_reason);
      self->close_reason = g_strdup (reason);
      soup_websocket_connection_close (self->websocket, code, reason);
    }
}
