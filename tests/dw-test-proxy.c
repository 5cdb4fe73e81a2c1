/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test-proxy.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

struct _DwTestProxy
{
  GObject parent_instance;

  DwTestProxyMode mode;
  GSocketService *service;
  guint16 port;
  GMutex mutex;
  char *asked; /* the last “host:port” */
  guint requests;
};

G_DEFINE_FINAL_TYPE (DwTestProxy, dw_test_proxy, G_TYPE_OBJECT)

static void
note (DwTestProxy *self, const char *asked)
{
  g_mutex_lock (&self->mutex);
  g_free (self->asked);
  self->asked = g_strdup (asked);
  self->requests++;
  g_mutex_unlock (&self->mutex);
}

static gboolean
copy (int from, int to)
{
  char bytes[16384];
  gssize length = read (from, bytes, sizeof bytes);

  for (gssize at = 0; at < length;)
    {
      gssize written = write (to, bytes + at, (gsize) (length - at));

      if (written <= 0)
        return FALSE;
      at += written;
    }
  return length > 0;
}

static void
relay (GSocketConnection *client, const char *where)
{
  g_autoptr (GSocketClient) dialler = g_socket_client_new ();
  g_autoptr (GSocketConnection) server = NULL;
  struct pollfd ends[2];

  g_socket_client_set_enable_proxy (dialler, FALSE);
  server = g_socket_client_connect_to_host (dialler, where, 1, NULL, NULL);
  if (server == NULL)
    return;
  ends[0] = (struct pollfd){ g_socket_get_fd (g_socket_connection_get_socket (client)), POLLIN, 0 };
  ends[1] = (struct pollfd){ g_socket_get_fd (g_socket_connection_get_socket (server)), POLLIN, 0 };
  /* GSocket's sockets are non-blocking; little data is relayed here. */
  while (poll (ends, 2, 20000) > 0)
    for (guint i = 0; i < 2; i++)
      if (ends[i].revents != 0 && !copy (ends[i].fd, ends[1 - i].fd))
        return;
}

static void
say (GSocketConnection *client, const void *bytes, gsize length)
{
  g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (client)), bytes, length, NULL, NULL, NULL);
}

static gboolean
hear (GSocketConnection *client, void *bytes, gsize length)
{
  gsize got;

  return g_input_stream_read_all (g_io_stream_get_input_stream (G_IO_STREAM (client)), bytes, length, &got, NULL,
                                  NULL)
         && got == length;
}

static void
say_text (GSocketConnection *client, const char *text)
{
  say (client, text, strlen (text));
}

static void
serve_http (DwTestProxy *self, GSocketConnection *client, char first)
{
  g_autoptr (GString) head = g_string_new_len (&first, 1);
  g_auto (GStrv) words = NULL;
  char byte;

  while (!g_str_has_suffix (head->str, "\r\n\r\n") && head->len < 10000 && hear (client, &byte, 1))
    g_string_append_c (head, byte);
  words = g_strsplit (head->str, " ", 3);
  note (self, g_strv_length (words) == 3 && strcmp (words[0], "CONNECT") == 0 ? words[1] : "no CONNECT");
  if (self->mode == DW_TEST_PROXY_FORBIDS)
    say_text (client, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
  /* “Ada:secret” */
  else if (self->mode == DW_TEST_PROXY_PASSWORD
           && strstr (head->str, "Proxy-Authorization: Basic QWRhOnNlY3JldA==\r\n") == NULL)
    say_text (client, "HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n");
  else
    {
      say_text (client, "HTTP/1.1 200 OK\r\n\r\n");
      relay (client, words[1]);
    }
}

/* RFC 1928, with host names only. */
static void
serve_socks (DwTestProxy *self, GSocketConnection *client)
{
  guint8 head[5], methods[255], port[2], name[256] = { 0 };
  g_autofree char *asked = NULL;

  if (!hear (client, head, 1) || !hear (client, methods, head[0]))
    return;
  say (client, "\x05\x00", 2);
  if (!hear (client, head, 5) || head[3] != 3 || !hear (client, name, head[4]) || !hear (client, port, 2))
    return;
  asked = g_strdup_printf ("%s:%u", (char *) name, (guint) port[0] << 8 | port[1]);
  note (self, asked);
  if (self->mode == DW_TEST_PROXY_FORBIDS)
    say (client, "\x05\x02\x00\x01\0\0\0\0\0\0", 10);
  else
    {
      say (client, "\x05\x00\x00\x01\0\0\0\0\0\0", 10);
      relay (client, asked);
    }
}

static gboolean
on_run (DwTestProxy *self, GSocketConnection *client)
{
  char first = 0;

  if (self->mode == DW_TEST_PROXY_SILENT)
    while (hear (client, &first, 1))
      ;
  else if (hear (client, &first, 1) && first == 5)
    serve_socks (self, client);
  else
    serve_http (self, client, first);
  g_io_stream_close (G_IO_STREAM (client), NULL, NULL);
  return TRUE;
}

static void
dw_test_proxy_finalize (GObject *object)
{
  DwTestProxy *self = DW_TEST_PROXY (object);

  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
  g_object_unref (self->service);
  g_mutex_clear (&self->mutex);
  g_free (self->asked);
  G_OBJECT_CLASS (dw_test_proxy_parent_class)->finalize (object);
}

static void
dw_test_proxy_class_init (DwTestProxyClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dw_test_proxy_finalize;
}

static void
dw_test_proxy_init (DwTestProxy *self)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) bound = NULL;

  g_mutex_init (&self->mutex);
  self->service = g_threaded_socket_service_new (20);
  g_assert_true (g_socket_listener_add_address (G_SOCKET_LISTENER (self->service), address, G_SOCKET_TYPE_STREAM,
                                                G_SOCKET_PROTOCOL_TCP, NULL, &bound, NULL));
  self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  g_signal_connect_object (self->service, "run", G_CALLBACK (on_run), self, G_CONNECT_SWAPPED);
}

DwTestProxy *
dw_test_proxy_new (DwTestProxyMode mode)
{
  DwTestProxy *self = g_object_new (DW_TYPE_TEST_PROXY, NULL);

  self->mode = mode;
  return self;
}

/* Sends everything through the proxy, loopback too. */
GProxyResolver *
dw_test_proxy_dup_resolver (DwTestProxy *self, const char *scheme, const char *user)
{
  g_autofree char *uri = g_strdup_printf ("%s://%s%s127.0.0.1:%u", scheme, user != NULL ? user : "",
                                          user != NULL ? "@" : "", self->port);

  return g_simple_proxy_resolver_new (uri, NULL);
}

guint16
dw_test_proxy_get_port (DwTestProxy *self)
{
  return self->port;
}

char *
dw_test_proxy_dup_asked (DwTestProxy *self)
{
  char *asked;

  g_mutex_lock (&self->mutex);
  asked = g_strdup (self->asked);
  g_mutex_unlock (&self->mutex);
  return asked;
}

guint
dw_test_proxy_get_requests (DwTestProxy *self)
{
  guint requests;

  g_mutex_lock (&self->mutex);
  requests = self->requests;
  g_mutex_unlock (&self->mutex);
  return requests;
}
