/* SPDX-License-Identifier: GPL-3.0-or-later */

/* bench-fanout load PORT CONNECTIONS SECONDS PID [IN_FLIGHT]: opens many WebSockets to a broadcast server, sends from
 * the first, and prints deliveries a second, the median and the 99th percentile of the latency in milliseconds, the
 * server's memory for each connection in KiB, and its CPU time for each delivery in microseconds, which depends least
 * on how busy the machine is. IN_FLIGHT messages are in flight at once, by default four. bench-fanout epoll: the floor,
 * a server made of system calls alone; prints its port. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#define MOST 20000
#define REPLY_MAX 4096

/* How many messages are in flight: enough to keep a server busy, and few enough for a latency to mean something. */
#define IN_FLIGHT 4

/* How many bytes the floor collects before it writes them to everybody. */
#define GATHER (64 * 1024)

typedef struct
{
  int fd;
  gboolean open; /* the handshake is over */
  guint8 rest[REPLY_MAX];
  gsize have;
} Peer;

static const char request[] =
    "GET /prod HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

static void
die (const char *what)
{
  perror (what);
  exit (1);
}

static long
memory_of (int pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/status", pid);
  g_autofree char *text = NULL;
  const char *at;

  if (!g_file_get_contents (path, &text, NULL, NULL) || (at = strstr (text, "VmRSS:")) == NULL)
    return 0;
  return strtol (at + 6, NULL, 10);
}

/* The CPU time of the process, in microseconds, with a resolution of ten milliseconds. */
static double
time_of (int pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/stat", pid);
  g_autofree char *text = NULL;
  unsigned long user, system;
  const char *at;

  /* The fields follow the name, which can contain spaces. */
  if (!g_file_get_contents (path, &text, NULL, NULL) || (at = strrchr (text, ')')) == NULL
      || sscanf (at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
    return 0;
  return (double) (user + system) * G_USEC_PER_SEC / (double) sysconf (_SC_CLK_TCK);
}

static void
raise_limit (void)
{
  struct rlimit limit;

  getrlimit (RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit (RLIMIT_NOFILE, &limit);
}

static void
watch (int poll, int fd, guint64 which)
{
  struct epoll_event event = { .events = EPOLLIN, .data.u64 = which };
  int one = 1;

  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (epoll_ctl (poll, EPOLL_CTL_ADD, fd, &event) != 0)
    die ("epoll_ctl");
}

/* The server */

/* The bytes to write to everybody in this turn. */
static guint8 owed[GATHER];
static gsize owed_length;

static void
write_owed (const GArray *fds)
{
  for (guint i = 0; owed_length > 0 && i < fds->len; i++)
    if (send (g_array_index (fds, int, i), owed, owed_length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno != EAGAIN)
      die ("send");
  owed_length = 0;
}

static void
broadcast (const GArray *fds, const guint8 *payload, gsize length)
{
  gsize head = length < 126 ? 2 : 4;
  guint8 *frame;

  if (owed_length + head + length > GATHER)
    write_owed (fds);
  frame = owed + owed_length;
  frame[0] = 0x81;
  frame[1] = length < 126 ? (guint8) length : 126;
  frame[2] = (guint8) (length >> 8);
  frame[3] = (guint8) length;
  memcpy (frame + head, payload, length);
  owed_length += head + length;
}

/* Whole masked frames below 64 KiB. */
static gsize
take_frame (Peer *peer, const GArray *fds)
{
  gsize length = peer->rest[1] & 0x7f;
  gsize head = 6;
  guint8 *mask;

  if (peer->have < 8)
    return 0;
  if (length == 126)
    {
      length = (gsize) peer->rest[2] << 8 | peer->rest[3];
      head = 8;
    }
  if (peer->have < head + length)
    return 0;
  mask = peer->rest + head - 4;
  for (gsize i = 0; i < length; i++)
    peer->rest[head + i] ^= mask[i % 4];
  broadcast (fds, peer->rest + head, length);
  return head + length;
}

/* The answer to a handshake's key, RFC 6455 section 4.2.2. */
static void
answer_peer (Peer *peer)
{
  static const char name[] = "Sec-WebSocket-Key: ";
  const char *key = memmem (peer->rest, peer->have, name, strlen (name));
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA1);
  guint8 digest[20];
  gsize size = sizeof digest;
  g_autofree char *accept = NULL;
  g_autofree char *text = NULL;

  if (key != NULL)
    g_checksum_update (sum, (const guchar *) key + strlen (name), 24);
  g_checksum_update (sum, (const guchar *) "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", -1);
  g_checksum_get_digest (sum, digest, &size);
  accept = g_base64_encode (digest, size);
  text = g_strconcat ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      "Sec-WebSocket-Accept: ",
                      accept, "\r\n\r\n", NULL);
  if (send (peer->fd, text, strlen (text), 0) < 0)
    die ("send");
}

static void
serve_peer (Peer *peer, const GArray *fds)
{
  ssize_t got = recv (peer->fd, peer->rest + peer->have, REPLY_MAX - peer->have, MSG_DONTWAIT);
  gsize used;

  if (got <= 0)
    exit (0);
  peer->have += (gsize) got;
  if (!peer->open)
    {
      if (memmem (peer->rest, peer->have, "\r\n\r\n", 4) == NULL)
        return;
      answer_peer (peer);
      peer->open = TRUE;
      peer->have = 0;
      return;
    }
  while ((used = take_frame (peer, fds)) > 0)
    {
      peer->have -= used;
      memmove (peer->rest, peer->rest + used, peer->have);
    }
}

static void
serve (void)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t size = sizeof address;
  int listener = socket (AF_INET, SOCK_STREAM, 0);
  int poll = epoll_create1 (0);
  GArray *fds = g_array_new (FALSE, FALSE, sizeof (int));
  Peer **peers = g_new0 (Peer *, MOST);

  if (bind (listener, (struct sockaddr *) &address, size) != 0 || listen (listener, 1024) != 0)
    die ("listen");
  getsockname (listener, (struct sockaddr *) &address, &size);
  printf ("%d\n", ntohs (address.sin_port));
  fflush (stdout);
  watch (poll, listener, MOST);
  for (;;)
    {
      struct epoll_event events[256];
      int n = epoll_wait (poll, events, 256, -1);

      for (int i = 0; i < n; i++)
        if (events[i].data.u64 == MOST)
          {
            Peer *peer = g_new0 (Peer, 1);

            peer->fd = accept (listener, NULL, NULL);
            watch (poll, peer->fd, fds->len);
            peers[fds->len] = peer;
            g_array_append_val (fds, peer->fd);
          }
        else
          serve_peer (peers[events[i].data.u64], fds);
      write_owed (fds);
    }
}

/* The load */

typedef struct
{
  Peer *peers;
  guint n;
  int poll;
  guint64 deliveries;
  GArray *delays; /* of double, for every 16th delivery */
  guint64 sent;
  gint64 end;
} Load;

static int
open_peer (int port)
{
  struct sockaddr_in address = { .sin_family = AF_INET,
                                 .sin_addr.s_addr = htonl (INADDR_LOOPBACK),
                                 .sin_port = htons ((guint16) port) };
  int fd = socket (AF_INET, SOCK_STREAM, 0);
  char reply[1024];
  gsize have = 0;

  if (connect (fd, (struct sockaddr *) &address, sizeof address) != 0
      || send (fd, request, sizeof request - 1, 0) < 0)
    die ("connect");
  while (memmem (reply, have, "\r\n\r\n", 4) == NULL)
    {
      ssize_t got = recv (fd, reply + have, sizeof reply - have, 0);

      if (got <= 0)
        die ("handshake");
      have += (gsize) got;
    }
  if (memcmp (reply, "HTTP/1.1 101", 12) != 0)
    die ("refused");
  return fd;
}

/* {"action":"sendMessage","message":"TIME…"}, masked with zeros. */
static void
send_one (Load *load)
{
  g_autofree char *text = g_strdup_printf ("{\"action\":\"sendMessage\",\"message\":\"%020" G_GINT64_FORMAT "\"}",
                                           g_get_monotonic_time ());
  guint8 frame[256] = { 0x81, (guint8) (0x80 | strlen (text)) };

  memcpy (frame + 6, text, strlen (text));
  if (send (load->peers[0].fd, frame, 6 + strlen (text), 0) < 0)
    die ("send");
  load->sent++;
}

static void
count (Load *load, const guint8 *payload, gsize length)
{
  const char *digits = memmem (payload, length, "\"message\":\"", 11);

  load->deliveries++;
  if (load->deliveries % 16 == 0 && digits != NULL)
    {
      double delay = (double) (g_get_monotonic_time () - g_ascii_strtoll (digits + 11, NULL, 10)) / 1000;

      g_array_append_val (load->delays, delay);
    }
}

static void
receive (Load *load, guint which)
{
  Peer *peer = &load->peers[which];
  ssize_t got = recv (peer->fd, peer->rest + peer->have, REPLY_MAX - peer->have, MSG_DONTWAIT);
  gsize at = 0;

  if (got <= 0)
    die ("recv");
  peer->have += (gsize) got;
  while (peer->have - at >= 2 && peer->have - at >= 2u + (peer->rest[at + 1] & 0x7f))
    {
      gsize length = peer->rest[at + 1] & 0x7f;

      count (load, peer->rest + at + 2, length);
      at += 2 + length;
      /* Keeps the number of messages in flight constant. */
      if (which == 0 && g_get_monotonic_time () < load->end)
        send_one (load);
    }
  peer->have -= at;
  memmove (peer->rest, peer->rest + at, peer->have);
}

static int
compare (gconstpointer a, gconstpointer b)
{
  return *(const double *) a < *(const double *) b ? -1 : *(const double *) a > *(const double *) b;
}

static void
run_load (int port, guint n, double seconds, int pid, guint in_flight)
{
  Load load = { .peers = g_new0 (Peer, n),
                .n = n,
                .poll = epoll_create1 (0),
                .delays = g_array_new (FALSE, FALSE, sizeof (double)) };
  long before = memory_of (pid);
  double memory;
  double busy;
  gint64 start;

  for (guint i = 0; i < n; i++)
    {
      load.peers[i].fd = open_peer (port);
      watch (load.poll, load.peers[i].fd, i);
    }
  g_usleep (500 * 1000);
  memory = (double) (memory_of (pid) - before) / n;
  busy = time_of (pid);
  start = g_get_monotonic_time ();
  load.end = start + (gint64) (seconds * G_USEC_PER_SEC);
  for (guint i = 0; i < in_flight; i++)
    send_one (&load);
  while (load.deliveries < load.sent * n)
    {
      struct epoll_event events[256];
      int got = epoll_wait (load.poll, events, 256, 10000);

      if (got <= 0)
        die ("nothing came");
      for (int i = 0; i < got; i++)
        receive (&load, (guint) events[i].data.u64);
    }
  g_array_sort (load.delays, compare);
  printf ("%f %f %f %f %f\n",
          (double) load.deliveries * G_USEC_PER_SEC / (double) (g_get_monotonic_time () - start),
          g_array_index (load.delays, double, load.delays->len / 2),
          g_array_index (load.delays, double, load.delays->len * 99 / 100), memory,
          (time_of (pid) - busy) / (double) load.deliveries);
}

int
main (int argc, char *argv[])
{
  raise_limit ();
  if (argc == 2 && strcmp (argv[1], "epoll") == 0)
    serve ();
  else if ((argc == 6 || argc == 7) && strcmp (argv[1], "load") == 0)
    run_load (atoi (argv[2]), (guint) atoi (argv[3]), g_ascii_strtod (argv[4], NULL), atoi (argv[5]),
              argc == 7 ? (guint) atoi (argv[6]) : IN_FLIGHT);
  else
    return 2;
  return 0;
}
