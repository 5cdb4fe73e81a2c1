/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For POLLRDHUP. */
#define _GNU_SOURCE
#include "dw-tls-door.h"

#include "wire/dw-thread.h"

#include <poll.h>
#include <sys/socket.h>

struct _DwTlsDoor
{
  GTlsCertificate *certificate;
  DwTlsDoorFunc function;
  gpointer data;
  GQueue greeting; /* of Guest: no hello yet; the arrivals bound these three queues */
  GQueue waiting;  /* of Guest: wait for a thread; newest first */
  GQueue shaking;  /* of Guest: have a thread; oldest first */
  guint turn;      /* runs while somebody waits */
};

typedef struct
{
  DwTlsDoor *door; /* NULL once it is gone */
  GQueue *queue;   /* the door's queue that it is in */
  GList *place;
  GSocket *socket;
  GSource *source; /* waits for the hello */
  gboolean asked;  /* the socket was told to wait for the whole hello */
  GIOStream *stream;
  GCancellable *cancellable;
  gint64 since; /* when it got its thread; monotonic, in microseconds */
} Guest;

/* A TLS record begins with a byte of type, two of version and two of length (RFC 8446 section 5.1). */
#define RECORD_HEAD 5
#define RECORD_HANDSHAKE 22
#define RECORD_MOST (16384 + 256)

static void
stand (Guest *guest, GQueue *queue)
{
  if (guest->queue != NULL)
    g_queue_delete_link (guest->queue, guest->place);
  guest->queue = queue;
  guest->place = NULL;
  if (queue == NULL)
    return;

  if (queue == &guest->door->waiting)
    {
      g_queue_push_head (queue, guest);
      guest->place = queue->head;
    }
  else
    {
      g_queue_push_tail (queue, guest);
      guest->place = queue->tail;
    }
}

static void
stop_listening (Guest *guest)
{
  if (guest->source != NULL)
    g_source_destroy (guest->source);
  g_clear_pointer (&guest->source, g_source_unref);
}

static void
guest_free (Guest *guest)
{
  stand (guest, NULL);
  stop_listening (guest);
  g_clear_object (&guest->stream);
  g_clear_object (&guest->cancellable);
  g_object_unref (guest->socket);
  g_free (guest);
}

/* Shuts the socket down first: a thread that still uses it stops at once, and TLS cannot block the main loop with its
 * goodbye. */
static void
turn_away (Guest *guest)
{
  g_socket_shutdown (guest->socket, TRUE, TRUE, NULL);
  if (guest->stream == NULL)
    g_socket_close (guest->socket, NULL);
  guest_free (guest);
}

static void admit (DwTlsDoor *self);

static void
on_shaken (GObject *connection, GAsyncResult *result, gpointer data)
{
  Guest *guest = data;
  DwTlsDoor *door = guest->door;
  g_autoptr (GError) error = NULL;

  if (!g_tls_connection_handshake_finish (G_TLS_CONNECTION (connection), result, &error) || door == NULL)
    {
      if (error != NULL)
        g_debug ("A handshake failed: %s", error->message);
      turn_away (guest);
    }
  else
    {
      door->function (guest->stream, guest->socket, door->data);
      guest_free (guest);
    }

  if (door != NULL)
    admit (door);
}

/* Without the system's trusted certificates, which a server does not need: each connection would load them all, which
 * takes 9 ms of the main loop and 4 MB (measured, glib-networking 2.74). */
static GIOStream *
make_stream (GSocketConnection *plain, GTlsCertificate *certificate, GError **error)
{
  GTlsBackend *backend = g_tls_backend_get_default ();

  return g_initable_new (g_tls_backend_get_server_connection_type (backend), NULL, error, "base-io-stream", plain,
                         "certificate", certificate, "database", NULL, NULL);
}

static void
shake (Guest *guest)
{
  g_autoptr (GSocketConnection) plain = g_socket_connection_factory_create_connection (guest->socket);
  g_autoptr (GError) error = NULL;

  guest->stream = make_stream (plain, guest->door->certificate, &error);
  if (guest->stream == NULL)
    {
      g_message ("A connection was not taken: %s", error->message);
      turn_away (guest);
      return;
    }

  stand (guest, &guest->door->shaking);
  guest->since = g_get_monotonic_time ();
  guest->cancellable = g_cancellable_new ();
  g_tls_connection_handshake_async (G_TLS_CONNECTION (guest->stream), G_PRIORITY_DEFAULT, guest->cancellable,
                                    on_shaken, guest);
}

static gboolean
on_turn (gpointer data)
{
  DwTlsDoor *self = data;
  Guest *oldest = g_queue_peek_head (&self->shaking);

  if (self->waiting.length == 0)
    {
      self->turn = 0;
      return G_SOURCE_REMOVE;
    }

  if (oldest != NULL && g_get_monotonic_time () - oldest->since >= DW_TLS_DOOR_TURN_MS * 1000)
    {
      /* Without its socket the handshake fails and frees its thread; on_shaken() then admits the next guest. */
      g_socket_shutdown (oldest->socket, TRUE, TRUE, NULL);
      g_cancellable_cancel (oldest->cancellable);
    }

  return G_SOURCE_CONTINUE;
}

/* Newest first: in a crowd, those who have waited longest have most likely given up. */
static void
admit (DwTlsDoor *self)
{
  while (self->waiting.length > 0 && self->shaking.length < DW_TLS_DOOR_AT_ONCE)
    shake (g_queue_peek_head (&self->waiting));

  if (self->waiting.length > 0 && self->turn == 0)
    self->turn = g_timeout_add (DW_TLS_DOOR_TURN_MS / 10, on_turn, self);
}

/* Makes the descriptor readable only once this much has arrived, so that a hello that trickles in costs nothing. */
static void
want (Guest *guest, int bytes)
{
  setsockopt (g_socket_get_fd (guest->socket), SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
}

/* Whether the client has closed its side and will send no more. */
static gboolean
has_ended (GSocket *socket)
{
  struct pollfd one = { .fd = g_socket_get_fd (socket), .events = POLLRDHUP };

  return poll (&one, 1, 0) > 0;
}

static gboolean
on_hello (GSocket *socket, GIOCondition condition, gpointer data)
{
  Guest *guest = data;
  DwTlsDoor *door = guest->door;
  guint8 head[RECORD_HEAD];
  gssize n = recv (g_socket_get_fd (socket), head, sizeof head, MSG_PEEK | MSG_DONTWAIT);
  gsize record = n == RECORD_HEAD ? (gsize) head[3] << 8 | head[4] : 0;

  if (n < RECORD_HEAD || head[0] != RECORD_HANDSHAKE || record == 0 || record > RECORD_MOST || has_ended (socket))
    {
      turn_away (guest);
      return G_SOURCE_REMOVE;
    }

  /* Asked only once: a kernel short of memory reports the socket readable earlier, and this would spin. */
  if (!guest->asked && g_socket_get_available_bytes (socket) < (gssize) (RECORD_HEAD + record))
    {
      guest->asked = TRUE;
      want (guest, (int) (RECORD_HEAD + record));
      return G_SOURCE_CONTINUE;
    }

  want (guest, 1);
  g_clear_pointer (&guest->source, g_source_unref);
  stand (guest, &door->waiting);
  admit (door);
  return G_SOURCE_REMOVE;
}

/**
 * dw_tls_door_new:
 * @certificate: the stage's certificate
 * @function: called for each client whose handshake succeeded
 * @data: for @function
 *
 * Returns: (transfer full): a door with nobody at it
 */
DwTlsDoor *
dw_tls_door_new (GTlsCertificate *certificate, DwTlsDoorFunc function, gpointer data)
{
  DwTlsDoor *self = g_new0 (DwTlsDoor, 1);

  self->certificate = g_object_ref (certificate);
  self->function = function;
  self->data = data;
  g_queue_init (&self->greeting);
  g_queue_init (&self->waiting);
  g_queue_init (&self->shaking);

  return self;
}

/**
 * dw_tls_door_free:
 * @self: (transfer full): a door
 *
 * Turns away everybody who is still at it.
 */
void
dw_tls_door_free (DwTlsDoor *self)
{
  Guest *guest;

  while ((guest = g_queue_peek_head (&self->greeting)) != NULL)
    turn_away (guest);
  while ((guest = g_queue_peek_head (&self->waiting)) != NULL)
    turn_away (guest);
  while ((guest = g_queue_peek_head (&self->shaking)) != NULL)
    {
      /* Its handshake still runs, so on_shaken() frees it. */
      stand (guest, NULL);
      guest->door = NULL;
      g_cancellable_cancel (guest->cancellable);
    }

  g_clear_handle_id (&self->turn, g_source_remove);
  g_object_unref (self->certificate);
  g_free (self);
}

/**
 * dw_tls_door_set_certificate:
 * @self: a door
 * @certificate: the certificate that handshakes begin with from here on
 */
void
dw_tls_door_set_certificate (DwTlsDoor *self, GTlsCertificate *certificate)
{
  DW_ASSERT_MAIN_THREAD ();

  g_set_object (&self->certificate, certificate);
}

/**
 * dw_tls_door_knock:
 * @self: a door
 * @socket: a client that has connected; its #DwArrivals bound how many there are and how long they take, and end one
 *   by shutting its socket down
 *
 * Takes in a client, whose handshake starts once its whole hello has arrived.
 */
void
dw_tls_door_knock (DwTlsDoor *self, GSocket *socket)
{
  Guest *guest = g_new0 (Guest, 1);

  DW_ASSERT_MAIN_THREAD ();

  guest->door = self;
  guest->socket = g_object_ref (socket);
  stand (guest, &self->greeting);
  want (guest, RECORD_HEAD);
  guest->source = g_socket_create_source (socket, G_IO_IN, NULL);
  g_source_set_callback (guest->source, G_SOURCE_FUNC (on_hello), guest, NULL);
  g_source_attach (guest->source, g_main_context_get_thread_default ());
}
