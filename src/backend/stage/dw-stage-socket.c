/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-stage-socket.h"

#include "wire/dw-limits.h"

struct _DwStageSocket
{
  GObject parent_instance;

  char *id;
  gint64 connected_at;
  gint64 last_active_at;
  gint64 opened; /* monotonic, in microseconds, as the next one: the wall clock may jump */
  gint64 last_active;
  SoupWebsocketConnection *websocket;
};

G_DEFINE_FINAL_TYPE (DwStageSocket, dw_stage_socket, G_TYPE_OBJECT)

enum
{
  SIGNAL_MESSAGE,
  SIGNAL_CLOSED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

/* Data in either direction counts; a ping does not, since nobody has shown that it does at the gateway. */
static void
touch (DwStageSocket *self)
{
  self->last_active_at = g_get_real_time () / 1000;
  self->last_active = g_get_monotonic_time ();
}

static void
on_message (DwStageSocket *self, int type, GBytes *message)
{
  g_autoptr (DwStageSocket) keep = g_object_ref (self);
  gsize length = g_bytes_get_size (message);

  touch (self);
  if (type == SOUP_WEBSOCKET_DATA_BINARY)
    dw_stage_socket_close (self, SOUP_WEBSOCKET_CLOSE_UNSUPPORTED_DATA, NULL);
  else if (length > DW_LIMIT_MESSAGE_BYTES)
    dw_stage_socket_close (self, SOUP_WEBSOCKET_CLOSE_TOO_BIG, NULL);
  else
    {
      g_autofree char *text = g_strndup (g_bytes_get_data (message, NULL), length);

      g_signal_emit (self, signals[SIGNAL_MESSAGE], 0, text);
    }
}

static void
on_closed (DwStageSocket *self)
{
  g_autoptr (DwStageSocket) keep = g_object_ref (self);

  g_signal_emit (self, signals[SIGNAL_CLOSED], 0);
}

static void
dw_stage_socket_dispose (GObject *object)
{
  DwStageSocket *self = DW_STAGE_SOCKET (object);

  if (self->websocket != NULL)
    {
      /* libsoup emits “closed” after the last reference went, so the handlers go first (measured). */
      g_signal_handlers_disconnect_by_data (self->websocket, self);
      dw_stage_socket_close (self, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, NULL);
    }
  g_clear_object (&self->websocket);
  G_OBJECT_CLASS (dw_stage_socket_parent_class)->dispose (object);
}

static void
dw_stage_socket_finalize (GObject *object)
{
  DwStageSocket *self = DW_STAGE_SOCKET (object);

  g_free (self->id);
  G_OBJECT_CLASS (dw_stage_socket_parent_class)->finalize (object);
}

static void
dw_stage_socket_class_init (DwStageSocketClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = dw_stage_socket_dispose;
  object_class->finalize = dw_stage_socket_finalize;

  /**
   * DwStageSocket::message:
   * @text: what the client sent
   */
  signals[SIGNAL_MESSAGE] = g_signal_new ("message", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                          NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  /**
   * DwStageSocket::closed:
   *
   * The connection ended, however it did. Emitted once.
   */
  signals[SIGNAL_CLOSED] =
      g_signal_new ("closed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
dw_stage_socket_init (DwStageSocket *self)
{
}

/**
 * dw_stage_socket_new:
 * @id: its connection ID
 * @connected_at: when `$connect` ran, in milliseconds since 1970 UTC
 * @websocket: the open socket
 *
 * Returns: (transfer full): one client's connection, as the stage sees it
 */
DwStageSocket *
dw_stage_socket_new (const char *id, gint64 connected_at, SoupWebsocketConnection *websocket)
{
  DwStageSocket *self = g_object_new (DW_TYPE_STAGE_SOCKET, NULL);

  self->id = g_strdup (id);
  self->connected_at = connected_at;
  self->last_active_at = connected_at;
  self->opened = self->last_active = g_get_monotonic_time ();
  self->websocket = g_object_ref (websocket);
  /* A cap a frame. Nothing larger than a whole message can ever be right. */
  soup_websocket_connection_set_max_incoming_payload_size (websocket, DW_LIMIT_MESSAGE_BYTES);
  g_signal_connect_object (websocket, "message", G_CALLBACK (on_message), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (websocket, "closed", G_CALLBACK (on_closed), self, G_CONNECT_SWAPPED);
  return self;
}

/**
 * dw_stage_socket_get_id:
 * @self: a connection
 *
 * Returns: its connection ID
 */
const char *
dw_stage_socket_get_id (DwStageSocket *self)
{
  return self->id;
}

/**
 * dw_stage_socket_get_connected_at:
 * @self: a connection
 *
 * Returns: when it was made, in milliseconds since 1970 UTC
 */
gint64
dw_stage_socket_get_connected_at (DwStageSocket *self)
{
  return self->connected_at;
}

/**
 * dw_stage_socket_get_last_active_at:
 * @self: a connection
 *
 * Returns: when it last sent or was sent a message, in milliseconds since 1970 UTC
 */
gint64
dw_stage_socket_get_last_active_at (DwStageSocket *self)
{
  return self->last_active_at;
}

/**
 * dw_stage_socket_get_age:
 * @self: a connection
 *
 * Returns: how long it has been open, in milliseconds
 */
gint64
dw_stage_socket_get_age (DwStageSocket *self)
{
  return (g_get_monotonic_time () - self->opened) / 1000;
}

/**
 * dw_stage_socket_get_idle:
 * @self: a connection
 *
 * Returns: for how long no message went either way, in milliseconds
 */
gint64
dw_stage_socket_get_idle (DwStageSocket *self)
{
  return (g_get_monotonic_time () - self->last_active) / 1000;
}

/**
 * dw_stage_socket_send:
 * @self: a connection
 * @text: a frame, UTF-8
 *
 * Returns: whether the connection was open
 */
gboolean
dw_stage_socket_send (DwStageSocket *self, const char *text)
{
  if (soup_websocket_connection_get_state (self->websocket) != SOUP_WEBSOCKET_STATE_OPEN)
    return FALSE;
  touch (self);
  soup_websocket_connection_send_text (self->websocket, text);
  return TRUE;
}

/**
 * dw_stage_socket_close:
 * @self: a connection
 * @code: the close code the client sees
 * @reason: (nullable): words for it, at most 123 bytes
 */
void
dw_stage_socket_close (DwStageSocket *self, gushort code, const char *reason)
{
  if (soup_websocket_connection_get_state (self->websocket) == SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_close (self->websocket, code, reason);
}
