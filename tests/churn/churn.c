/* SPDX-License-Identifier: GPL-3.0-or-later */

/* churn PORT SECONDS SEED [tls]: clients of a stage on loopback that connect and disconnect in every possible way, as
 * fast as they can, from eight threads. Prints how many did what, and exits with 0 if the stage survived. Accepts any
 * certificate, since nothing here is secret. */

#include <arpa/inet.h>
#include <errno.h>
#include <gio/gio.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS 8
#define REPLY_MAX 16384

/* How many half-open connections each thread keeps before it resets the oldest. */
#define HELD 6

/* A working stage answers within this many seconds, even under a sanitizer on a busy machine. */
#define PATIENCE 20

/* The total number of connections, so that a run is bounded in number as well as in time. */
#define MOST 2000000

typedef struct
{
  int fd;
  GSocket *socket; /* with TLS: it has the descriptor */
  GIOStream *tls;  /* or NULL */
} Peer;

typedef enum
{
  WAY_CLOSE_1000,
  WAY_CLOSE_EMPTY,
  WAY_CLOSE_AND_GO,
  WAY_FIN,
  WAY_RESET,
  WAY_HALF_OPEN,
  WAY_MID_FRAME,
  WAY_ALL_AT_ONCE,
  WAY_UNREAD_PINGS,
  WAY_BEFORE_CONNECT_FIN,
  WAY_BEFORE_CONNECT_RESET,
  WAY_MID_HEAD,
  WAY_SILENT,
  WAY_MID_POST,
  WAY_MID_HELLO,
  WAY_AFTER_HELLO,
  N_WAYS,
} Way;

/* Most are well-behaved: those found errors that the violent ones did not. */
static const struct
{
  const char *name;
  guint weight;
  gboolean tls_only;
} ways[N_WAYS] = {
  [WAY_CLOSE_1000] = { "close 1000 after a word", 12 },
  [WAY_CLOSE_EMPTY] = { "close without a code", 4 },
  [WAY_CLOSE_AND_GO] = { "close and gone at once", 3 },
  [WAY_FIN] = { "FIN without a close", 3 },
  [WAY_RESET] = { "reset", 3 },
  [WAY_HALF_OPEN] = { "half-open", 1 },
  [WAY_MID_FRAME] = { "mid-frame", 2 },
  [WAY_ALL_AT_ONCE] = { "head, word and close in one write", 3 },
  [WAY_UNREAD_PINGS] = { "pings unread", 1 },
  [WAY_BEFORE_CONNECT_FIN] = { "FIN before $connect answered", 2 },
  [WAY_BEFORE_CONNECT_RESET] = { "reset before $connect answered", 2 },
  [WAY_MID_HEAD] = { "mid-head", 2 },
  [WAY_SILENT] = { "silent", 1 },
  [WAY_MID_POST] = { "mid-post", 1 },
  [WAY_MID_HELLO] = { "mid-hello", 2, TRUE },
  [WAY_AFTER_HELLO] = { "after-hello", 2, TRUE },
};

typedef struct
{
  guint number;
  GRand *dice;
  Peer held[HELD];
  guint next_held;
  guint gone[N_WAYS];
  guint opened, refused, unanswered;
} Worker;

static guint16 port;
static gboolean over_tls;
static gint64 deadline;
static GBytes *hello; /* the first bytes of a TLS client */
static gint gone;     /* whether the stage is; atomic */
static gint total;    /* number of connections; atomic */

static const char upgrade[] =
    "GET /prod HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
static const char post[] = "POST /prod/@connections/L0SM9cOFvHcCIhw= HTTP/1.1\r\nHost: localhost\r\n"
                           "Content-Length: 100000\r\n\r\nhalf of it";

static gboolean
on_certificate (GTlsConnection *tls, GTlsCertificate *certificate, GTlsCertificateFlags errors, gpointer data)
{
  return TRUE;
}

static void
set_patience (int fd)
{
  struct timeval patience = { .tv_sec = PATIENCE };
  int one = 1;

  setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt (fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

/* Connects from a different loopback address each time, like strangers: one address would run out of ports, and the
 * stage limits each address. */
static gboolean
dial (Worker *worker, Peer *peer)
{
  struct sockaddr_in from = { .sin_family = AF_INET };
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons (port) };
  int one = 1;

  peer->fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (peer->fd < 0)
    g_error ("socket: %s", g_strerror (errno));
  from.sin_addr.s_addr = htonl (0x7f000000u + 256 * (1 + worker->number) + g_rand_int_range (worker->dice, 1, 255));
  to.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  setsockopt (peer->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
  set_patience (peer->fd);
  if (bind (peer->fd, (struct sockaddr *) &from, sizeof from) != 0)
    g_error ("bind: %s", g_strerror (errno));
  g_atomic_int_inc (&total);
  if (connect (peer->fd, (struct sockaddr *) &to, sizeof to) == 0)
    return TRUE;
  if (errno == ECONNREFUSED)
    g_atomic_int_set (&gone, 1);
  close (peer->fd);
  peer->fd = -1;
  return FALSE;
}

/* Without the system's certificates, which each connection would read for 4 MB and 9 ms (measured). */
static GIOStream *
wrap (GSocket *socket)
{
  g_autoptr (GSocketConnection) connection = g_socket_connection_factory_create_connection (socket);
  GIOStream *tls = g_initable_new (g_tls_backend_get_client_connection_type (g_tls_backend_get_default ()), NULL,
                                   NULL, "base-io-stream", connection, "database", NULL, NULL);

  g_signal_connect (tls, "accept-certificate", G_CALLBACK (on_certificate), NULL);
  return tls;
}

static gboolean
start_tls (Peer *peer)
{
  peer->socket = g_socket_new_from_fd (peer->fd, NULL);
  g_socket_set_timeout (peer->socket, PATIENCE);
  peer->tls = wrap (peer->socket);
  return g_tls_connection_handshake (G_TLS_CONNECTION (peer->tls), NULL, NULL);
}

static gboolean
put (Peer *peer, const void *data, gsize length)
{
  if (peer->tls != NULL)
    return g_output_stream_write_all (g_io_stream_get_output_stream (peer->tls), data, length, NULL, NULL, NULL);
  return send (peer->fd, data, length, MSG_NOSIGNAL) == (ssize_t) length;
}

/* Returns 0 at the end, and a negative value after a timeout or an error. */
static gssize
get (Peer *peer, void *data, gsize length)
{
  if (peer->tls != NULL)
    return g_input_stream_read (g_io_stream_get_input_stream (peer->tls), data, length, NULL, NULL);
  return recv (peer->fd, data, length, 0);
}

static void
drop (Peer *peer, gboolean reset)
{
  struct linger linger = { .l_onoff = 1, .l_linger = 0 };

  if (peer->fd < 0)
    return;
  if (reset)
    setsockopt (peer->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  if (peer->socket != NULL)
    {
      /* Closes below TLS, without a close_notify. */
      g_socket_close (peer->socket, NULL);
      g_clear_object (&peer->tls);
      g_clear_object (&peer->socket);
    }
  else
    close (peer->fd);
  peer->fd = -1;
}

/* Masked with zeros, which leaves the bytes unchanged. */
static gsize
make_frame (guint8 *into, guint8 opcode, const void *payload, gsize length)
{
  into[0] = 0x80 | opcode;
  into[1] = 0x80 | (guint8) length;
  memset (into + 2, 0, 4);
  if (length > 0)
    memmove (into + 6, payload, length);
  return 6 + length;
}

static gsize
make_word (Worker *worker, guint8 *into)
{
  const char *all = "{\"action\":\"sendMessage\",\"message\":\"passing by\"}";
  const char *one = "anybody?";
  const char *word = g_rand_int_range (worker->dice, 0, 16) == 0 ? all : one;

  return make_frame (into, 1, word, strlen (word));
}

static gboolean
say_word (Worker *worker, Peer *peer)
{
  guint8 frame[128];

  return put (peer, frame, make_word (worker, frame));
}

static gboolean
say_close (Peer *peer, gboolean with_code)
{
  static const guint8 code[] = { 1000 >> 8, 1000 & 0xff };
  guint8 frame[16];

  return put (peer, frame, make_frame (frame, 8, code, with_code ? sizeof code : 0));
}

/* Whether the stage accepted the handshake. Anything else ends the connection and is counted. */
static gboolean
open_websocket (Worker *worker, Peer *peer)
{
  char reply[REPLY_MAX];
  gsize have = 0;

  if (!put (peer, upgrade, sizeof upgrade - 1))
    return FALSE;
  while (have < sizeof reply - 1)
    {
      gssize got = get (peer, reply + have, sizeof reply - 1 - have);

      if (got <= 0)
        {
          worker->refused++;
          return FALSE;
        }
      have += (gsize) got;
      reply[have] = '\0';
      if (strstr (reply, "\r\n\r\n") != NULL)
        break;
    }
  if (!g_str_has_prefix (reply, "HTTP/1.1 101"))
    {
      worker->refused++;
      return FALSE;
    }
  worker->opened++;
  return TRUE;
}

/* The stage answers a close frame and ends the connection. */
static void
await_end (Worker *worker, Peer *peer)
{
  char reply[REPLY_MAX];
  gssize got;

  do
    got = get (peer, reply, sizeof reply);
  while (got > 0);
  if (peer->tls == NULL && got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
    worker->unanswered++;
}

/* Waits for a frame, or the end. */
static void
await_answer (Peer *peer)
{
  char reply[REPLY_MAX];

  get (peer, reply, sizeof reply);
}

static void
hold (Worker *worker, Peer *peer)
{
  Peer *place = &worker->held[worker->next_held];

  worker->next_held = (worker->next_held + 1) % HELD;
  drop (place, TRUE);
  *place = *peer;
  *peer = (Peer){ .fd = -1 };
}

static void
leave_unopened (Worker *worker, Peer *peer, Way way)
{
  gsize length;
  const guint8 *data;
  char reply[REPLY_MAX];

  switch ((guint) way)
    {
    case WAY_BEFORE_CONNECT_FIN:
    case WAY_BEFORE_CONNECT_RESET:
      put (peer, upgrade, sizeof upgrade - 1);
      break;
    case WAY_MID_HEAD:
      put (peer, upgrade, (gsize) g_rand_int_range (worker->dice, 1, sizeof upgrade - 2));
      break;
    case WAY_MID_POST:
      put (peer, post, sizeof post - 1);
      break;
    case WAY_MID_HELLO:
      data = g_bytes_get_data (hello, &length);
      put (peer, data, (gsize) g_rand_int_range (worker->dice, 1, (gint32) length - 1));
      break;
    case WAY_AFTER_HELLO:
      put (peer, g_bytes_get_data (hello, NULL), g_bytes_get_size (hello));
      get (peer, reply, sizeof reply);
      break;
    default:
      break;
    }
  drop (peer, way == WAY_BEFORE_CONNECT_RESET || g_rand_boolean (worker->dice));
}

static void
leave_opened (Worker *worker, Peer *peer, Way way)
{
  guint8 bytes[4096];
  gsize length = 0;

  switch ((guint) way)
    {
    case WAY_CLOSE_1000:
    case WAY_CLOSE_EMPTY:
      if (!say_word (worker, peer))
        break;
      if (g_rand_int_range (worker->dice, 0, 4) > 0)
        await_answer (peer);
      if (say_close (peer, way == WAY_CLOSE_1000))
        await_end (worker, peer);
      break;
    case WAY_CLOSE_AND_GO:
      say_word (worker, peer);
      say_close (peer, TRUE);
      break;
    case WAY_HALF_OPEN:
      say_word (worker, peer);
      hold (worker, peer);
      break;
    case WAY_MID_FRAME:
      length = make_word (worker, bytes);
      put (peer, bytes, (gsize) g_rand_int_range (worker->dice, 1, (gint32) length));
      break;
    case WAY_UNREAD_PINGS:
      while (length < 2048)
        length += make_frame (bytes + length, 9, bytes, 100);
      for (guint i = 0; i < 20; i++)
        if (!put (peer, bytes, length))
          break;
      break;
    default:
      say_word (worker, peer);
      break;
    }
  drop (peer, way == WAY_RESET || (way != WAY_FIN && g_rand_boolean (worker->dice)));
}

static void
leave_at_once (Worker *worker, Peer *peer)
{
  guint8 bytes[1024];
  static const guint8 code[] = { 1000 >> 8, 1000 & 0xff };
  gsize length = sizeof upgrade - 1;

  memcpy (bytes, upgrade, length);
  length += make_word (worker, bytes + length);
  length += make_frame (bytes + length, 8, code, sizeof code);
  if (put (peer, bytes, length))
    await_end (worker, peer);
  drop (peer, FALSE);
}

static Way
choose (Worker *worker)
{
  guint sum = 0;
  guint at;

  for (guint i = 0; i < N_WAYS; i++)
    sum += ways[i].tls_only && !over_tls ? 0 : ways[i].weight;
  at = (guint) g_rand_int_range (worker->dice, 0, (gint32) sum);
  for (guint i = 0; i < N_WAYS; i++)
    {
      guint weight = ways[i].tls_only && !over_tls ? 0 : ways[i].weight;

      if (at < weight)
        return (Way) i;
      at -= weight;
    }
  return WAY_CLOSE_1000;
}

static void
come_and_go (Worker *worker)
{
  Peer peer = { .fd = -1 };
  Way way = choose (worker);

  if (!dial (worker, &peer))
    return;
  worker->gone[way]++;
  /* With TLS, half of the silent clients and of the half heads stay below it. */
  if (over_tls && !ways[way].tls_only && !(way == WAY_SILENT && g_rand_boolean (worker->dice))
      && !start_tls (&peer))
    {
      worker->refused++;
      drop (&peer, FALSE);
      return;
    }
  if (way == WAY_ALL_AT_ONCE)
    leave_at_once (worker, &peer);
  else if (way >= WAY_BEFORE_CONNECT_FIN)
    leave_unopened (worker, &peer, way);
  else if (open_websocket (worker, &peer))
    leave_opened (worker, &peer, way);
  else
    drop (&peer, FALSE);
}

static gpointer
work (gpointer data)
{
  Worker *worker = data;

  while (g_get_monotonic_time () < deadline && !g_atomic_int_get (&gone) && g_atomic_int_get (&total) < MOST)
    come_and_go (worker);
  for (guint i = 0; i < HELD; i++)
    drop (&worker->held[i], TRUE);
  return NULL;
}

static gpointer
shake (gpointer data)
{
  g_tls_connection_handshake (G_TLS_CONNECTION (data), NULL, NULL);
  return NULL;
}

/* Captures the first bytes that this system's TLS sends. */
static GBytes *
listen_to_hello (void)
{
  int ends[2];
  guint8 bytes[4096];
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GIOStream) tls = NULL;
  GThread *thread;
  ssize_t got;

  if (socketpair (AF_UNIX, SOCK_STREAM, 0, ends) != 0)
    g_error ("socketpair: %s", g_strerror (errno));
  socket = g_socket_new_from_fd (ends[0], NULL);
  tls = wrap (socket);
  thread = g_thread_new ("hello", shake, tls);
  got = recv (ends[1], bytes, sizeof bytes, 0);
  close (ends[1]);
  g_thread_join (thread);
  if (got < 64)
    g_error ("no hello");
  return g_bytes_new (bytes, (gsize) got);
}

static guint
report (Worker *workers)
{
  guint opened = 0, refused = 0, unanswered = 0;

  for (guint i = 0; i < N_WAYS; i++)
    {
      guint n = 0;

      for (guint k = 0; k < THREADS; k++)
        n += workers[k].gone[i];
      if (n > 0)
        printf ("%u %s\n", n, ways[i].name);
    }
  for (guint k = 0; k < THREADS; k++)
    {
      opened += workers[k].opened;
      refused += workers[k].refused;
      unanswered += workers[k].unanswered;
    }
  printf ("connections %d opened %u refused %u unanswered %u gone %d\n", g_atomic_int_get (&total), opened, refused,
          unanswered, g_atomic_int_get (&gone));
  return unanswered;
}

int
main (int argc, char **argv)
{
  Worker workers[THREADS] = { 0 };
  GThread *threads[THREADS];
  guint unanswered;

  if (argc < 4)
    {
      fprintf (stderr, "churn PORT SECONDS SEED [tls]\n");
      return 2;
    }
  port = (guint16) atoi (argv[1]);
  over_tls = argc > 4;
  hello = over_tls ? listen_to_hello () : NULL;
  deadline = g_get_monotonic_time () + (gint64) (g_ascii_strtod (argv[2], NULL) * G_USEC_PER_SEC);
  for (guint i = 0; i < THREADS; i++)
    {
      workers[i].number = i;
      workers[i].dice = g_rand_new_with_seed ((guint32) atoi (argv[3]) * THREADS + i);
      for (guint k = 0; k < HELD; k++)
        workers[i].held[k].fd = -1;
      threads[i] = g_thread_new ("churn", work, &workers[i]);
    }
  for (guint i = 0; i < THREADS; i++)
    g_thread_join (threads[i]);
  unanswered = report (workers);
  for (guint i = 0; i < THREADS; i++)
    g_rand_free (workers[i].dice);
  g_clear_pointer (&hello, g_bytes_unref);
  return g_atomic_int_get (&gone) ? 1 : unanswered > 0 ? 3 : 0;
}
