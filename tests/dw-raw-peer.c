/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-raw-peer.h"

#include <string.h>
#include <sys/socket.h>

typedef struct
{
  DwRawPeer *peer;
  GSocketConnection *connection;
  GByteArray *input;
  guint8 buffer[65536];
  gboolean upgraded;
  gboolean greeted;
} Client;

struct _DwRawPeer
{
  GObject parent_instance;

  GSocketService *service;
  GCancellable *stop;
  guint16 port;
  char *answer;
  GBytes *greeting;     /* written with the answer to an upgrade, or NULL */
  GBytes *notification; /* written when a client asks for the first time, or NULL */
  gboolean pongs;
  gboolean deaf; /* answers nothing but upgrades */
  char *protocol;
  guint frames;
  guint n_pongs;
  guint attempts;
  char *last_request;
  char *last_frame;
  GPtrArray *texts; /* of char *: all texts received */
  guint last_close;
  GList *clients;
};

G_DEFINE_FINAL_TYPE (DwRawPeer, dw_raw_peer, G_TYPE_OBJECT)

static void
client_free (Client *client)
{
  if (client->peer != NULL)
    client->peer->clients = g_list_remove (client->peer->clients, client);
  g_io_stream_close (G_IO_STREAM (client->connection), NULL, NULL);
  g_object_unref (client->connection);
  g_byte_array_unref (client->input);
  g_free (client);
}

static void
client_write (Client *client, const void *bytes, gsize length)
{
  GOutputStream *output = g_io_stream_get_output_stream (G_IO_STREAM (client->connection));

  g_output_stream_write_all (output, bytes, length, NULL, NULL, NULL);
}

/* Builds a whole frame, with the shortest encoding of its length. */
static GByteArray *
make_frame (guint8 first_byte, const void *payload, gsize length)
{
  GByteArray *frame = g_byte_array_new ();
  guint8 head[10] = { first_byte };
  guint head_length = 2;

  if (length < 126)
    head[1] = (guint8) length;
  else if (length < 65536)
    {
      head[1] = 126;
      head[2] = (guint8) (length >> 8);
      head[3] = (guint8) length;
      head_length = 4;
    }
  else
    {
      head[1] = 127;
      for (guint i = 0; i < 8; i++)
        head[2 + i] = (guint8) ((guint64) length >> (56 - 8 * i));
      head_length = 10;
    }
  g_byte_array_append (frame, head, head_length);
  return g_byte_array_append (frame, payload, (guint) length);
}

static void
client_write_frame (Client *client, guint8 first_byte, const void *payload, gsize length)
{
  g_autoptr (GByteArray) frame = make_frame (first_byte, payload, length);

  client_write (client, frame->data, frame->len);
}

static char *
accept_key (const char *request)
{
  const char *key = strstr (request, "Sec-WebSocket-Key: ");
  g_autofree char *value = key != NULL ? g_strndup (key + 19, strcspn (key + 19, "\r")) : g_strdup ("");
  g_autofree char *joined = g_strconcat (value, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", NULL);
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA1);
  guint8 digest[20];
  gsize length = sizeof digest;

  g_checksum_update (sum, (const guchar *) joined, -1);
  g_checksum_get_digest (sum, digest, &length);
  return g_base64_encode (digest, length);
}

/* Answers the request at the start of the input. FALSE if the client has disconnected. */
static gboolean
answer_request (Client *client)
{
  DwRawPeer *self = client->peer;
  g_autofree char *request = NULL;
  char *end = g_strstr_len ((char *) client->input->data, client->input->len, "\r\n\r\n");

  if (end == NULL)
    return TRUE;
  request = g_strndup ((char *) client->input->data, (gsize) (end - (char *) client->input->data) + 4);
  g_byte_array_remove_range (client->input, 0, (guint) strlen (request));
  g_free (self->last_request);
  self->last_request = g_steal_pointer (&request);
  if (self->answer != NULL)
    {
      client_write (client, self->answer, strlen (self->answer));
      if (*self->answer == '\0' || strstr (self->answer, " 101 ") != NULL)
        return TRUE;
      client_free (client);
      return FALSE;
    }
  else
    {
      g_autofree char *key = accept_key (self->last_request);
      g_autofree char *head =
          g_strdup_printf ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                           "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n%s%s%s\r\n",
                           key, self->protocol != NULL ? "Sec-WebSocket-Protocol: " : "",
                           self->protocol != NULL ? self->protocol : "", self->protocol != NULL ? "\r\n" : "");

      client_write (client, head, strlen (head));
      client->upgraded = TRUE;
    }
  if (self->greeting != NULL)
    {
      gsize length;
      const void *bytes = g_bytes_get_data (self->greeting, &length);

      client_write (client, bytes, length);
    }
  return TRUE;
}

/* Reads one frame from the client, which always masks. FALSE if there is none yet. */
static gboolean
read_frame (Client *client)
{
  const guint8 *data = client->input->data;
  gsize length, head = 2;
  g_autofree guint8 *payload = NULL;

  if (client->input->len < 2)
    return FALSE;
  length = data[1] & 0x7f;
  if (length == 126)
    {
      if (client->input->len < 4)
        return FALSE;
      length = (gsize) data[2] << 8 | data[3];
      head = 4;
    }
  else if (length == 127)
    g_error ("a client's frame above 64 KiB");
  if (client->input->len < head + 4 + length)
    return FALSE;
  payload = g_malloc0 (length + 1);
  for (gsize i = 0; i < length; i++)
    payload[i] = data[head + 4 + i] ^ data[head + i % 4];
  if ((data[0] & 0x0f) == 1)
    {
      g_free (client->peer->last_frame);
      client->peer->last_frame = g_strdup ((char *) payload);
      g_ptr_array_add (client->peer->texts, g_strdup ((char *) payload));
      client->peer->frames++;
      /* Clients do not believe a notification that arrives before their probe: it could be anybody's. */
      if (client->peer->notification != NULL && !client->greeted)
        client_write (client, g_bytes_get_data (client->peer->notification, NULL),
                      g_bytes_get_size (client->peer->notification));
      client->greeted = TRUE;
    }
  else if ((data[0] & 0x0f) == 8 && length >= 2)
    client->peer->last_close = (guint) payload[0] << 8 | payload[1];
  else if ((data[0] & 0x0f) == 9 && client->peer->pongs && !client->peer->deaf)
    client_write_frame (client, 0x8a, payload, length);
  else if ((data[0] & 0x0f) == 10)
    client->peer->n_pongs++;
  g_byte_array_remove_range (client->input, 0, (guint) (head + 4 + length));
  return TRUE;
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer data)
{
  Client *client = data;
  gssize length = g_input_stream_read_finish (G_INPUT_STREAM (source), result, NULL);

  if (length <= 0 || client->peer == NULL)
    {
      client_free (client);
      return;
    }
  g_byte_array_append (client->input, client->buffer, (guint) length);
  if (!client->upgraded && !answer_request (client))
    return;
  if (client->upgraded)
    while (read_frame (client))
      ;
  g_input_stream_read_async (G_INPUT_STREAM (source), client->buffer, sizeof client->buffer, G_PRIORITY_DEFAULT,
                             client->peer->stop, on_read, client);
}

static gboolean
on_incoming (DwRawPeer *self, GSocketConnection *connection)
{
  Client *client = g_new0 (Client, 1);

  self->attempts++;
  client->peer = self;
  client->connection = g_object_ref (connection);
  client->input = g_byte_array_new ();
  self->clients = g_list_prepend (self->clients, client);
  g_input_stream_read_async (g_io_stream_get_input_stream (G_IO_STREAM (connection)), client->buffer,
                             sizeof client->buffer, G_PRIORITY_DEFAULT, self->stop, on_read, client);
  return TRUE;
}

static void
dw_raw_peer_dispose (GObject *object)
{
  DwRawPeer *self = DW_RAW_PEER (object);

  for (GList *at = self->clients; at != NULL; at = at->next)
    ((Client *) at->data)->peer = NULL;
  g_clear_pointer (&self->clients, g_list_free);
  g_cancellable_cancel (self->stop);
  g_clear_object (&self->stop);
  if (self->service != NULL)
    {
      g_socket_service_stop (self->service);
      g_socket_listener_close (G_SOCKET_LISTENER (self->service));
    }
  g_clear_object (&self->service);
  g_clear_pointer (&self->greeting, g_bytes_unref);
  g_clear_pointer (&self->notification, g_bytes_unref);
  g_clear_pointer (&self->answer, g_free);
  g_clear_pointer (&self->last_request, g_free);
  g_clear_pointer (&self->last_frame, g_free);
  g_clear_pointer (&self->texts, g_ptr_array_unref);
  g_clear_pointer (&self->protocol, g_free);
  G_OBJECT_CLASS (dw_raw_peer_parent_class)->dispose (object);
}

static void
dw_raw_peer_class_init (DwRawPeerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_raw_peer_dispose;
}

static void
dw_raw_peer_init (DwRawPeer *self)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) bound = NULL;

  self->texts = g_ptr_array_new_with_free_func (g_free);
  self->pongs = TRUE;
  self->stop = g_cancellable_new ();
  self->service = g_socket_service_new ();
  g_assert_true (g_socket_listener_add_address (G_SOCKET_LISTENER (self->service), address, G_SOCKET_TYPE_STREAM,
                                                G_SOCKET_PROTOCOL_TCP, NULL, &bound, NULL));
  self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  g_signal_connect_object (self->service, "incoming", G_CALLBACK (on_incoming), self, G_CONNECT_SWAPPED);
}

DwRawPeer *
dw_raw_peer_new (const char *answer)
{
  DwRawPeer *self = g_object_new (DW_TYPE_RAW_PEER, NULL);

  self->answer = g_strdup (answer);
  return self;
}

char *
dw_raw_peer_dup_url (DwRawPeer *self)
{
  return g_strdup_printf ("ws://127.0.0.1:%u/prod", self->port);
}

void
dw_raw_peer_set_answer (DwRawPeer *self, const char *answer)
{
  g_free (self->answer);
  self->answer = g_strdup (answer);
}

void
dw_raw_peer_set_greeting (DwRawPeer *self, const char *bytes, gsize length)
{
  g_clear_pointer (&self->greeting, g_bytes_unref);
  self->greeting = g_bytes_new (bytes, length);
}

void
dw_raw_peer_set_greeting_text (DwRawPeer *self, const char *text)
{
  g_clear_pointer (&self->greeting, g_bytes_unref);
  self->greeting = g_byte_array_free_to_bytes (make_frame (0x81, text, strlen (text)));
}

void
dw_raw_peer_set_notification (DwRawPeer *self, const char *text)
{
  g_clear_pointer (&self->notification, g_bytes_unref);
  if (text != NULL)
    self->notification = g_byte_array_free_to_bytes (make_frame (0x81, text, strlen (text)));
}

void
dw_raw_peer_set_pongs (DwRawPeer *self, gboolean pongs)
{
  self->pongs = pongs;
}

void
dw_raw_peer_set_deaf (DwRawPeer *self, gboolean deaf)
{
  self->deaf = deaf;
}

void
dw_raw_peer_set_protocol (DwRawPeer *self, const char *protocol)
{
  g_free (self->protocol);
  self->protocol = g_strdup (protocol);
}

guint
dw_raw_peer_get_frames (DwRawPeer *self)
{
  return self->frames;
}

/* Ends the oldest connection, with a FIN. */
void
dw_raw_peer_drop_oldest (DwRawPeer *self)
{
  Client *client = g_list_last (self->clients)->data;

  g_socket_shutdown (g_socket_connection_get_socket (client->connection), TRUE, TRUE, NULL);
}

guint
dw_raw_peer_get_attempts (DwRawPeer *self)
{
  return self->attempts;
}

guint
dw_raw_peer_get_open (DwRawPeer *self)
{
  return g_list_length (self->clients);
}

const char *
dw_raw_peer_get_last_request (DwRawPeer *self)
{
  return self->last_request;
}

GPtrArray *
dw_raw_peer_get_texts (DwRawPeer *self)
{
  return self->texts;
}

guint
dw_raw_peer_get_n_frames (DwRawPeer *self, const char *part)
{
  guint n = 0;

  for (guint i = 0; i < self->texts->len; i++)
    n += strstr (g_ptr_array_index (self->texts, i), part) != NULL;
  return n;
}

const char *
dw_raw_peer_get_last_frame (DwRawPeer *self)
{
  return self->last_frame;
}

guint
dw_raw_peer_get_n_pongs (DwRawPeer *self)
{
  return self->n_pongs;
}

guint
dw_raw_peer_get_last_close (DwRawPeer *self)
{
  return self->last_close;
}

void
dw_raw_peer_write (DwRawPeer *self, const void *bytes, gsize length)
{
  for (GList *at = self->clients; at != NULL; at = at->next)
    client_write (at->data, bytes, length);
}

void
dw_raw_peer_write_frame (DwRawPeer *self, guint8 first_byte, const void *payload, gsize length)
{
  for (GList *at = self->clients; at != NULL; at = at->next)
    client_write_frame (at->data, first_byte, payload, length);
}

void
dw_raw_peer_write_text (DwRawPeer *self, const char *text)
{
  dw_raw_peer_write_frame (self, 0x81, text, strlen (text));
}

/* Ends every connection: with a FIN, or with a RST. */
void
dw_raw_peer_drop (DwRawPeer *self, gboolean reset)
{
  for (GList *at = self->clients; at != NULL; at = at->next)
    {
      GSocket *socket = g_socket_connection_get_socket (((Client *) at->data)->connection);
      struct linger linger = { .l_onoff = 1, .l_linger = 0 };

      if (reset)
        {
          setsockopt (g_socket_get_fd (socket), SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
          g_socket_close (socket, NULL);
        }
      else
        g_socket_shutdown (socket, TRUE, TRUE, NULL);
    }
}
