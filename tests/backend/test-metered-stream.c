/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "backend/gateway/dw-metered-stream.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
on_stream_closed (GObject *stream, GAsyncResult *result, gpointer data)
{
  g_assert_true (g_io_stream_close_finish (G_IO_STREAM (stream), result, NULL));
  *(gboolean *) data = TRUE;
}

static gboolean
is_set (gpointer flag)
{
  return *(gboolean *) flag;
}

/* GIOStream would run close_fn in a pool thread, beside a flush and a wait of the main loop: libsoup closes in this
 * way. The stream asserts its thread, so this test ends where it is called in another. */
static void
test_stream_closes_here (void)
{
  int fds[2];
  g_autofree char *megabyte = g_strnfill (1024 * 1024, 'x');
  g_autoptr (GBytes) large = g_bytes_new (megabyte, 1024 * 1024);
  g_autoptr (DwPoll) poll = dw_poll_new ();
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (DwMeteredStream) stream = NULL;
  gboolean closed = FALSE;

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
  socket = g_socket_new_from_fd (fds[0], NULL);
  g_socket_set_blocking (socket, FALSE);
  connection = g_socket_connection_factory_create_connection (socket);
  stream = dw_metered_stream_new (G_IO_STREAM (connection), socket, FALSE, poll);

  /* Nobody reads it, so a flush is under way. */
  dw_metered_stream_send (stream, large);
  g_io_stream_close_async (G_IO_STREAM (stream), G_PRIORITY_DEFAULT, NULL, on_stream_closed, &closed);
  dw_test_until ("the stream to be closed", is_set, &closed);
  g_assert_true (g_socket_is_closed (socket));
  close (fds[1]);
}

typedef struct
{
  DwMeteredStream *stream;
  int fd;
  GString *got;
  gsize wanted;
} Reader;

/* Whatever the socket took, which ends in the middle of a frame. */
static gboolean
has_read_all (gpointer data)
{
  Reader *reader = data;
  char part[4096];
  gssize n;

  while ((n = recv (reader->fd, part, sizeof part, MSG_DONTWAIT)) > 0)
    g_string_append_len (reader->got, part, n);
  return reader->got->len >= reader->wanted;
}

/* What a stream is owed in one turn goes in one call at its end; a reader that stalls in the middle of a frame and goes
 * on gets every byte once, in order. */
static void
test_stream_gathers (void)
{
  int fds[2];
  g_autoptr (DwPoll) poll = dw_poll_new ();
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (DwMeteredStream) stream = NULL;
  g_autoptr (GString) sent = g_string_new (NULL);
  g_autoptr (GString) got = g_string_new (NULL);
  Reader reader = { .got = got };

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
  socket = g_socket_new_from_fd (fds[0], NULL);
  g_socket_set_blocking (socket, FALSE);
  connection = g_socket_connection_factory_create_connection (socket);
  stream = dw_metered_stream_new (G_IO_STREAM (connection), socket, FALSE, poll);
  reader.stream = stream;
  reader.fd = fds[1];

  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *text = g_strdup_printf ("<%u>", i);
      g_autoptr (GBytes) frame = g_bytes_new (text, strlen (text));

      g_string_append (sent, text);
      dw_metered_stream_send (stream, frame);
    }
  g_assert_cmpuint (dw_metered_stream_get_written (stream), ==, 0);
  g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (dw_metered_stream_get_written (stream), ==, sent->len);

  for (guint i = 0; i < 3000; i++)
    {
      g_autofree char *text = g_strdup_printf ("[%u %0999u]", i, i);
      g_autoptr (GBytes) frame = g_bytes_new (text, strlen (text));

      g_string_append (sent, text);
      dw_metered_stream_send (stream, frame);
    }
  g_assert_cmpuint (dw_metered_stream_get_written (stream), <, sent->len);
  reader.wanted = sent->len;
  dw_test_until ("every byte", has_read_all, &reader);
  g_assert_cmpstr (got->str, ==, sent->str);
  close (fds[1]);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/metered-stream/closes-here", test_stream_closes_here);
  g_test_add_func ("/backend/metered-stream/gathers", test_stream_gathers);
  return g_test_run ();
}
