/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "backend/gateway/dw-connection-id.h"
#include "backend/gateway/dw-gateway-frame.h"
#include "backend/gateway/dw-memory-registry.h"
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

static void
test_ids (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < 10000; i++)
    {
      char *id = dw_connection_id_new ();

      g_assert_true (dw_connection_id_is_valid (id));
      g_assert_true (g_hash_table_add (seen, id));
    }
  g_assert_true (dw_connection_id_is_valid ("FYnvDeD_NjMCKlg="));
  g_assert_false (dw_connection_id_is_valid ("nope"));
  g_assert_false (dw_connection_id_is_valid ("FYnvDeD_NjMCKl=="));
  g_assert_false (dw_connection_id_is_valid ("FYnvDeD/NjMCKlg="));
}

static void
on_put (GObject *source, GAsyncResult *result, gpointer data)
{
  g_assert_true (dw_registry_put_finish (DW_REGISTRY (source), result, NULL));
}

static void
on_page (GObject *source, GAsyncResult *result, gpointer data)
{
  *(DwRegistryPage **) data = dw_registry_scan_finish (DW_REGISTRY (source), result, NULL);
}

/* Pages cover everything once, also where the last key of a page has gone meanwhile. */
static void
test_registry_pages (void)
{
  g_autoptr (DwMemoryRegistry) registry = dw_memory_registry_new (3);
  g_autofree char *key = NULL;
  guint seen = 0;

  for (guint i = 0; i < 10; i++)
    {
      g_autofree char *id = g_strdup_printf ("id%u", i);

      dw_registry_put_async (DW_REGISTRY (registry), id, 0, NULL, on_put, NULL);
    }
  do
    {
      g_autoptr (DwRegistryPage) page = NULL;

      dw_registry_scan_async (DW_REGISTRY (registry), key, NULL, on_page, &page);
      while (page == NULL)
        g_main_context_iteration (NULL, TRUE);
      seen += page->connection_ids->len;
      g_free (key);
      key = g_steal_pointer (&page->last_key);
      if (key != NULL)
        dw_registry_remove_async (DW_REGISTRY (registry), key, NULL, NULL, NULL);
    }
  while (key != NULL);
  g_assert_cmpuint (seen, ==, 10);
}

static void
test_frame_spacing (void)
{
  g_autofree char *frame =
      dw_gateway_frame_new (DW_GATEWAY_FRAME_FORBIDDEN, "XDmENcnwIE0CFEQ=", "XDmGEE2RoE0FRdQ=");

  g_assert_cmpstr (
      frame, ==,
      "{\"message\": \"Forbidden\", \"connectionId\":\"XDmENcnwIE0CFEQ=\", \"requestId\":\"XDmGEE2RoE0FRdQ=\"}");
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/metered-stream/closes-here", test_stream_closes_here);
  g_test_add_func ("/backend/metered-stream/gathers", test_stream_gathers);
  g_test_add_func ("/backend/connection-id", test_ids);
  g_test_add_func ("/backend/registry/pages", test_registry_pages);
  g_test_add_func ("/backend/gateway-frame", test_frame_spacing);
  return g_test_run ();
}
