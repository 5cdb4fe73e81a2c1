/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "backend/gateway/dw-server-socket.h"

#include <sys/socket.h>
#include <unistd.h>

/* A connection and the bare socket at its other end. */
typedef struct
{
  DwPoll *poll;
  DwServerSocket *socket;
  int peer;
  guint messages, closed;
  gboolean drop; /* with the first message */
} Bench;

static void
on_message (DwServerSocket *socket, const char *text, gsize length, gpointer data)
{
  Bench *bench = data;

  g_assert_cmpmem (text, length, "hi", 2);
  bench->messages++;
  if (bench->drop)
    dw_server_socket_drop (socket);
}

static gboolean
may_read (DwServerSocket *socket, gpointer data)
{
  return TRUE;
}

static void
on_closed (DwServerSocket *socket, gpointer data)
{
  ((Bench *) data)->closed++;
}

static const DwServerSocketOwner owner = { on_message, may_read, on_closed };

static void
bench_init (Bench *bench)
{
  g_autoptr (DwCaller) caller = dw_caller_new ("XDmENcnwIE0CFEQ=", 1);
  g_autoptr (GUri) uri = g_uri_parse ("ws://127.0.0.1/prod", SOUP_HTTP_URI_FLAGS, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GSocketConnection) stream = NULL;
  int pair[2];

  g_assert_no_errno (socketpair (AF_UNIX, SOCK_STREAM, 0, pair));
  socket = g_socket_new_from_fd (pair[0], &error);
  g_assert_no_error (error);
  stream = g_socket_connection_factory_create_connection (socket);
  bench->peer = pair[1];
  bench->poll = dw_poll_new ();
  bench->socket = dw_server_socket_new (caller, NULL, socket, FALSE, bench->poll, G_IO_STREAM (stream), uri);
  dw_server_socket_set_owner (bench->socket, &owner, bench);
}

static void
bench_clear (Bench *bench)
{
  dw_server_socket_set_owner (bench->socket, NULL, NULL);
  g_clear_object (&bench->socket);
  dw_poll_unref (bench->poll);
  close (bench->peer);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Bench, bench_clear)

/* Of a client that was cut off nothing is handled any more, not even what was read together with its last message:
 * each of its messages would cost the stage work that the client never pays for. */
static void
test_dropped (void)
{
  static const guint8 three[] = "\x81\x82\0\0\0\0hi\x81\x82\0\0\0\0hi\x81\x82\0\0\0\0hi";

  for (guint drop = 0; drop < 2; drop++)
    {
      g_auto (Bench) bench = { .drop = drop == 1 };
      g_autoptr (DwServerFrame) frame = dw_server_frame_new ("text");

      bench_init (&bench);
      g_assert_cmpint (write (bench.peer, three, sizeof three - 1), ==, sizeof three - 1);
      if (!bench.drop)
        {
          DW_TEST_WAIT ("all messages", bench.messages == 3);
          g_assert_true (dw_server_socket_send (bench.socket, frame, g_get_monotonic_time ()));
          continue;
        }

      DW_TEST_WAIT ("the end of the connection", bench.closed == 1);
      g_assert_cmpuint (bench.messages, ==, 1);
      g_assert_false (dw_server_socket_send (bench.socket, frame, g_get_monotonic_time ()));
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/server-socket/dropped", test_dropped);
  return g_test_run ();
}
