/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "backend/gateway/dw-arrivals.h"

#include <sys/socket.h>
#include <unistd.h>

/* The budget for connections that have not sent a request yet, on a clock of our own. */

#define MS 1000
#define PATIENCE_MS 30000

typedef struct
{
  GSocket *socket;
  GSocketAddress *remote;
  int other;
} Peer;

static Peer *
peer_new (const char *address, guint16 port)
{
  Peer *peer = g_new0 (Peer, 1);
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
  peer->socket = g_socket_new_from_fd (fds[0], NULL);
  g_socket_set_blocking (peer->socket, FALSE);
  peer->remote = g_inet_socket_address_new_from_string (address, port);
  peer->other = fds[1];

  return peer;
}

static void
peer_free (Peer *peer)
{
  g_object_unref (peer->socket);
  g_object_unref (peer->remote);
  close (peer->other);
  g_free (peer);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Peer, peer_free)

static gboolean
was_ended (Peer *peer)
{
  char byte;

  return recv (peer->other, &byte, 1, MSG_DONTWAIT) == 0;
}

static DwArrivalsVerdict
arrive (DwArrivals *arrivals, Peer *peer, gint64 now)
{
  return dw_arrivals_add (arrivals, peer->socket, peer->remote, now);
}

/* The deadline does not move with each byte, or a head could trickle in forever. */
static void
test_deadline (void)
{
  g_autoptr (DwArrivals) arrivals = dw_arrivals_new (4, PATIENCE_MS);
  g_autoptr (Peer) stays = peer_new ("192.0.2.1", 1);
  g_autoptr (Peer) asks = peer_new ("192.0.2.2", 1);

  g_assert_cmpint (arrive (arrivals, stays, 0), ==, DW_ARRIVALS_IN);
  g_assert_cmpint (arrive (arrivals, asks, 0), ==, DW_ARRIVALS_IN);
  dw_arrivals_settle (arrivals, asks->remote);

  dw_arrivals_expire (arrivals, PATIENCE_MS * MS - 1);
  g_assert_false (was_ended (stays));
  dw_arrivals_expire (arrivals, PATIENCE_MS * MS);
  g_assert_true (was_ended (stays));
  g_assert_false (was_ended (asks));
  g_assert_cmpuint (dw_arrivals_get_size (arrivals), ==, 0);
}

/* When full, a burst of quick clients waits until stalled ones are dropped. */
static void
test_room (void)
{
  g_autoptr (DwArrivals) arrivals = dw_arrivals_new (2, PATIENCE_MS);
  g_autoptr (Peer) first = peer_new ("127.0.0.1", 1);
  g_autoptr (Peer) second = peer_new ("127.0.0.1", 2);

  g_assert_true (dw_arrivals_have_room (arrivals, 0));
  g_assert_cmpint (arrive (arrivals, first, 0), ==, DW_ARRIVALS_IN);
  g_assert_cmpint (arrive (arrivals, second, 10 * MS), ==, DW_ARRIVALS_IN);

  g_assert_false (dw_arrivals_have_room (arrivals, DW_ARRIVALS_STALL_MS * MS - 1));
  g_assert_false (was_ended (first));
  g_assert_true (dw_arrivals_have_room (arrivals, DW_ARRIVALS_STALL_MS * MS));
  g_assert_true (was_ended (first));
  g_assert_false (was_ended (second));
  g_assert_cmpuint (dw_arrivals_get_size (arrivals), ==, 1);
}

/* A connection that closed by itself no longer takes up a place. */
static void
test_closed (void)
{
  g_autoptr (DwArrivals) arrivals = dw_arrivals_new (1, PATIENCE_MS);
  g_autoptr (Peer) peer = peer_new ("127.0.0.1", 1);

  g_assert_cmpint (arrive (arrivals, peer, 0), ==, DW_ARRIVALS_IN);
  g_assert_false (dw_arrivals_have_room (arrivals, 1));
  g_assert_true (g_socket_close (peer->socket, NULL));
  g_assert_true (dw_arrivals_have_room (arrivals, 1));
}

/* A quarter of the places for one address, with its network for IPv6; its own oldest goes where it stalls. */
static void
test_address (void)
{
  static const struct
  {
    const char *mine[3];
    const char *other;
  } rows[] = {
    { { "192.0.2.1", "192.0.2.1", "192.0.2.1" }, "192.0.2.2" },
    { { "2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:1:9::9" }, "2001:db8:0:2::1" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (DwArrivals) arrivals = dw_arrivals_new (8, PATIENCE_MS);
      g_autoptr (Peer) first = peer_new (rows[i].mine[0], 1);
      g_autoptr (Peer) second = peer_new (rows[i].mine[1], 2);
      g_autoptr (Peer) third = peer_new (rows[i].mine[2], 3);
      g_autoptr (Peer) other = peer_new (rows[i].other, 4);

      g_assert_cmpint (arrive (arrivals, first, 0), ==, DW_ARRIVALS_IN);
      g_assert_cmpint (arrive (arrivals, second, 1), ==, DW_ARRIVALS_IN);
      g_assert_cmpint (arrive (arrivals, third, 2), ==, DW_ARRIVALS_REFUSED);
      g_assert_cmpint (arrive (arrivals, other, 3), ==, DW_ARRIVALS_IN);
      g_assert_false (was_ended (first));

      g_assert_cmpint (arrive (arrivals, third, DW_ARRIVALS_STALL_MS * MS), ==, DW_ARRIVALS_IN);
      g_assert_true (was_ended (first));
      g_assert_false (was_ended (other));
      g_assert_cmpuint (dw_arrivals_get_size (arrivals), ==, 3);
    }
}

/* Behind a local reverse proxy all clients have the same address. */
static void
test_loopback (void)
{
  g_autoptr (DwArrivals) arrivals = dw_arrivals_new (8, PATIENCE_MS);
  Peer *peers[8];

  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    {
      peers[i] = peer_new (i % 2 == 0 ? "127.0.0.1" : "::1", (guint16) (i + 1));
      g_assert_cmpint (arrive (arrivals, peers[i], 0), ==, DW_ARRIVALS_IN);
    }
  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    peer_free (peers[i]);
}

/* When room is needed, the address with the most connections gives it up. */
static void
test_crowd_pays (void)
{
  g_autoptr (DwArrivals) arrivals = dw_arrivals_new (8, PATIENCE_MS);
  g_autoptr (Peer) honest = peer_new ("192.0.2.1", 1);
  g_autoptr (Peer) crowd = peer_new ("192.0.2.2", 1);
  g_autoptr (Peer) more = peer_new ("192.0.2.2", 2);
  Peer *others[5];

  g_assert_cmpint (arrive (arrivals, honest, 0), ==, DW_ARRIVALS_IN);
  g_assert_cmpint (arrive (arrivals, crowd, 1), ==, DW_ARRIVALS_IN);
  g_assert_cmpint (arrive (arrivals, more, 2), ==, DW_ARRIVALS_IN);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      others[i] = peer_new ("127.0.0.1", (guint16) (i + 1));
      g_assert_cmpint (arrive (arrivals, others[i], 3), ==, DW_ARRIVALS_IN);
    }

  g_assert_true (dw_arrivals_have_room (arrivals, 10 * DW_ARRIVALS_STALL_MS * MS));
  g_assert_false (was_ended (honest));
  g_assert_true (was_ended (crowd));
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    peer_free (others[i]);
}

static GInetAddress *
address (const char *text)
{
  return g_inet_address_new_from_string (text);
}

/* A trusted proxy may have all places, and the clients behind it a quarter each once it has told who they are. */
static void
test_proxies (void)
{
  g_autoptr (DwArrivals) arrivals = dw_arrivals_new (8, PATIENCE_MS);
  g_autoptr (GPtrArray) proxies = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GInetAddress) crowd = address ("192.0.2.1");
  g_autoptr (GInetAddress) other = address ("192.0.2.2");
  g_autoptr (GInetAddress) near = address ("127.0.0.1");
  g_autoptr (Peer) direct = peer_new ("192.0.2.1", 1);
  Peer *peers[7];

  g_ptr_array_add (proxies, g_inet_address_mask_new_from_string ("198.51.100.0/24", NULL));
  dw_arrivals_set_proxies (arrivals, proxies);
  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    {
      peers[i] = peer_new ("198.51.100.7", (guint16) (i + 1));
      g_assert_cmpint (arrive (arrivals, peers[i], 0), ==, DW_ARRIVALS_IN);
    }

  g_assert_cmpint (dw_arrivals_name (arrivals, peers[0]->remote, crowd), ==, DW_ARRIVALS_IN);
  g_assert_cmpint (dw_arrivals_name (arrivals, peers[0]->remote, crowd), ==, DW_ARRIVALS_IN);
  g_assert_cmpint (dw_arrivals_name (arrivals, peers[1]->remote, crowd), ==, DW_ARRIVALS_IN);
  g_assert_cmpint (dw_arrivals_name (arrivals, peers[2]->remote, crowd), ==, DW_ARRIVALS_REFUSED);
  g_assert_cmpint (arrive (arrivals, direct, 0), ==, DW_ARRIVALS_REFUSED);
  g_assert_cmpint (dw_arrivals_name (arrivals, peers[2]->remote, other), ==, DW_ARRIVALS_IN);
  g_assert_cmpint (dw_arrivals_name (arrivals, peers[3]->remote, near), ==, DW_ARRIVALS_IN);

  /* What has settled counts no more, and is no news. */
  dw_arrivals_settle (arrivals, peers[0]->remote);
  g_assert_cmpint (dw_arrivals_name (arrivals, peers[0]->remote, crowd), ==, DW_ARRIVALS_IN);
  g_assert_cmpint (dw_arrivals_name (arrivals, peers[4]->remote, crowd), ==, DW_ARRIVALS_IN);
  g_assert_cmpint (dw_arrivals_name (arrivals, peers[5]->remote, crowd), ==, DW_ARRIVALS_REFUSED);

  /* A connection that has closed makes room. */
  g_assert_true (g_socket_close (peers[1]->socket, NULL));
  g_assert_cmpint (dw_arrivals_name (arrivals, peers[5]->remote, crowd), ==, DW_ARRIVALS_IN);
  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    peer_free (peers[i]);
}

static void
test_share (void)
{
  g_assert_cmpuint (dw_arrivals_choose_most (1), ==, DW_ARRIVALS_LEAST);
  g_assert_cmpuint (dw_arrivals_choose_most (1024), ==, 256);
  g_assert_cmpuint (dw_arrivals_choose_most (1000000), ==, DW_ARRIVALS_MOST);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/arrivals/deadline", test_deadline);
  g_test_add_func ("/backend/arrivals/room", test_room);
  g_test_add_func ("/backend/arrivals/closed", test_closed);
  g_test_add_func ("/backend/arrivals/address", test_address);
  g_test_add_func ("/backend/arrivals/loopback", test_loopback);
  g_test_add_func ("/backend/arrivals/crowd-pays", test_crowd_pays);
  g_test_add_func ("/backend/arrivals/proxies", test_proxies);
  g_test_add_func ("/backend/arrivals/share", test_share);
  return g_test_run ();
}
