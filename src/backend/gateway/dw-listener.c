/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-listener.h"

#include "dw-tls-door.h"

#include "backend/dw-backend-error.h"

#include "wire/dw-thread.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

/* Accepts connections for a SoupServer. libsoup's own listener keeps idle connections for ever, and spins when there
 * is no descriptor left (measured, 3.2). */
struct _DwListener
{
  GObject parent_instance;

  SoupServer *server;   /* the owner */
  DwArrivals *arrivals; /* the server's, which lives longer */
  DwTlsDoor *door;      /* NULL without TLS */
  guint patience;       /* in seconds */
  GSocket *socket;
  GSource *source; /* NULL while nothing is accepted */
  guint pause;
  guint watch; /* runs while there are arrivals */
};

G_DEFINE_FINAL_TYPE (DwListener, dw_listener, G_TYPE_OBJECT)

/* How many are accepted in one turn of the main loop. */
#define AT_ONCE 64

/* How often to look for arrivals that took too long, in milliseconds. */
#define WATCH_MS 250

static void start (DwListener *self);

static void
halt (DwListener *self)
{
  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
  g_clear_handle_id (&self->pause, g_source_remove);
  g_clear_handle_id (&self->watch, g_source_remove);
}

static void
dw_listener_dispose (GObject *object)
{
  DwListener *self = DW_LISTENER (object);

  dw_listener_stop (self);
  g_clear_pointer (&self->door, dw_tls_door_free);

  G_OBJECT_CLASS (dw_listener_parent_class)->dispose (object);
}

static void
dw_listener_class_init (DwListenerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_listener_dispose;
}

static void
dw_listener_init (DwListener *self)
{
}

static void
hand_over (GIOStream *stream, GSocket *client, gpointer data)
{
  DwListener *self = data;
  g_autoptr (GSocketAddress) local = g_socket_get_local_address (client, NULL);
  g_autoptr (GSocketAddress) remote = g_socket_get_remote_address (client, NULL);
  g_autoptr (GError) error = NULL;

  if (local == NULL || remote == NULL || !soup_server_accept_iostream (self->server, stream, local, remote, &error))
    g_message ("A connection was not taken: %s", error != NULL ? error->message : "it ended");
}

/**
 * dw_listener_new:
 * @server: answers the requests; it has to outlive the listener
 * @arrivals: clients without a whole request yet; they have to outlive the listener
 * @certificate: (nullable): for TLS
 * @patience: how long a connection may be silent, in seconds; whoever wants it to live longer changes its socket's
 *   timeout
 *
 * Returns: (transfer full): a listener for @server, not listening yet
 */
DwListener *
dw_listener_new (SoupServer *server, DwArrivals *arrivals, GTlsCertificate *certificate, guint patience)
{
  DwListener *self = g_object_new (DW_TYPE_LISTENER, NULL);

  self->server = server;
  self->arrivals = arrivals;
  self->patience = patience;
  if (certificate != NULL)
    self->door = dw_tls_door_new (certificate, hand_over, self);

  return self;
}

static gboolean
on_watch (gpointer data)
{
  DwListener *self = data;

  dw_arrivals_expire (self->arrivals, g_get_monotonic_time ());
  if (dw_arrivals_get_size (self->arrivals) > 0)
    return G_SOURCE_CONTINUE;
  self->watch = 0;
  return G_SOURCE_REMOVE;
}

static void
receive (DwListener *self, GSocket *client)
{
  g_autoptr (GSocketAddress) remote = g_socket_get_remote_address (client, NULL);

  if (remote == NULL || dw_arrivals_add (self->arrivals, client, remote, g_get_monotonic_time ()) != DW_ARRIVALS_IN)
    {
      g_socket_close (client, NULL);
      return;
    }

  if (self->watch == 0)
    self->watch = g_timeout_add (WATCH_MS, on_watch, self);

  g_socket_set_timeout (client, self->patience);
  /* Messages are small writes, which must not wait until the one before is acknowledged. */
  g_socket_set_option (client, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
  if (self->door != NULL)
    dw_tls_door_knock (self->door, client);
  else
    {
      g_autoptr (GSocketConnection) connection = g_socket_connection_factory_create_connection (client);

      hand_over (G_IO_STREAM (connection), client, self);
    }
}

static gboolean
on_pause_over (gpointer data)
{
  DwListener *self = data;

  self->pause = 0;
  start (self);
  return G_SOURCE_REMOVE;
}

static void
pause_for (DwListener *self, guint milliseconds)
{
  g_clear_pointer (&self->source, g_source_unref);
  self->pause = g_timeout_add (milliseconds, on_pause_over, self);
}

static gboolean
on_ready (GSocket *socket, GIOCondition condition, gpointer data)
{
  DwListener *self = data;

  DW_ASSERT_MAIN_THREAD ();

  for (guint i = 0; i < AT_ONCE; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GSocket) client = NULL;

      if (!dw_arrivals_have_room (self->arrivals, g_get_monotonic_time ()))
        {
          pause_for (self, DW_LISTENER_CROWD_MS);
          return G_SOURCE_REMOVE;
        }

      client = g_socket_accept (socket, NULL, &error);
      if (client != NULL)
        {
          receive (self, client);
          continue;
        }
      if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        return G_SOURCE_CONTINUE;
      /* Most likely there is no descriptor left, and one will be free soon. */
      g_message ("Nothing is accepted for a moment: %s", error->message);
      pause_for (self, DW_LISTENER_PAUSE_MS);
      return G_SOURCE_REMOVE;
    }
  return G_SOURCE_CONTINUE;
}

static void
start (DwListener *self)
{
  self->source = g_socket_create_source (self->socket, G_IO_IN, NULL);
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_ready), self, NULL);
  g_source_attach (self->source, g_main_context_get_thread_default ());
}

/**
 * dw_listener_listen:
 * @self: a listener
 * @address: where to listen; port 0 takes a free one
 * @error: %DW_BACKEND_ERROR_LISTEN: why it cannot
 *
 * Returns: whether connections are accepted now
 */
gboolean
dw_listener_listen (DwListener *self, GSocketAddress *address, GError **error)
{
  g_autoptr (GError) cause = NULL;
  g_autoptr (GSocket) socket =
      g_socket_new (g_socket_address_get_family (address), G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &cause);

  if (socket != NULL)
    {
      g_socket_set_blocking (socket, FALSE);
      g_socket_set_listen_backlog (socket, DW_LISTENER_BACKLOG);
    }

  if (socket == NULL || !g_socket_bind (socket, address, TRUE, &cause) || !g_socket_listen (socket, &cause))
    {
      g_set_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_LISTEN, "%s", cause->message);
      return FALSE;
    }

  self->socket = g_steal_pointer (&socket);
  start (self);
  return TRUE;
}

/**
 * dw_listener_set_certificate:
 * @self: a listener with TLS
 * @certificate: for the connections that come from here on
 */
void
dw_listener_set_certificate (DwListener *self, GTlsCertificate *certificate)
{
  g_return_if_fail (self->door != NULL);

  dw_tls_door_set_certificate (self->door, certificate);
}

/**
 * dw_listener_stop:
 * @self: a listener
 *
 * Stops accepting connections.
 */
void
dw_listener_stop (DwListener *self)
{
  halt (self);
  if (self->socket != NULL)
    g_socket_close (self->socket, NULL);
  g_clear_object (&self->socket);
}

/**
 * dw_listener_dup_url:
 * @self: a listener that is listening
 * @stage: the stage's name
 *
 * Returns: (transfer full): the address of the stage, for a client
 */
char *
dw_listener_dup_url (DwListener *self, const char *stage)
{
  g_autoptr (GSocketAddress) local = g_socket_get_local_address (self->socket, NULL);
  GInetSocketAddress *address = G_INET_SOCKET_ADDRESS (local);
  g_autofree char *host = g_inet_address_to_string (g_inet_socket_address_get_address (address));
  gboolean is_ipv6 = strchr (host, ':') != NULL;

  return g_strdup_printf ("%s://%s%s%s:%u/%s", self->door != NULL ? "wss" : "ws", is_ipv6 ? "[" : "", host,
                          is_ipv6 ? "]" : "", (guint) g_inet_socket_address_get_port (address), stage);
}
