/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "client/connection/dw-session.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* What a stage can do to a client. Each peer runs in its own thread and writes as fast as the socket takes it. */

/* How long the main loop may be blocked, in milliseconds of its own CPU time, so that a busy machine does not matter.
 */
#define GAP_MS 50

/* How much memory a program may gain in a flood. A sanitizer keeps freed memory. */
#ifdef __SANITIZE_ADDRESS__
#define GROWTH_KIB (400 * 1024)
#define FLOOD 20000
#else
#define GROWTH_KIB (64 * 1024)
#define FLOOD 1000000
#endif

typedef struct _Peer Peer;

/* Writes to a client after its upgrade; FALSE if that fails. */
typedef gboolean (*PeerFunc) (Peer *peer, int fd);

struct _Peer
{
  PeerFunc function;
  GThread *thread;
  int listener;
  guint16 port;
  int attempts;     /* atomic */
  int over;         /* atomic: the last write failed */
  int stop;         /* atomic */
  gint64 ended;     /* when the last client left, monotonic; read once that is so */
  gsize wanted;     /* bytes or frames, depending on the function */
  GAsyncQueue *ask; /* of GINT: a quiet peer writes one message for each */
};

static gboolean
put (int fd, const void *bytes, gsize length)
{
  const char *at = bytes;

  while (length > 0)
    {
      gssize written = send (fd, at, length, MSG_NOSIGNAL);

      if (written <= 0)
        return FALSE;
      at += written;
      length -= (gsize) written;
    }
  return TRUE;
}

static gboolean
upgrade (int fd)
{
  char request[8192] = { 0 };
  gsize length = 0;
  g_autofree char *key = NULL;
  g_autofree char *salted = NULL;
  g_autofree char *accept = NULL;
  g_autofree char *head = NULL;
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA1);
  guint8 digest[20];
  gsize size = sizeof digest;
  const char *at;

  while (strstr (request, "\r\n\r\n") == NULL && length < sizeof request - 1)
    {
      gssize got = recv (fd, request + length, sizeof request - 1 - length, 0);

      if (got <= 0)
        return FALSE;
      length += (gsize) got;
    }
  at = strstr (request, "Sec-WebSocket-Key: ");
  if (at == NULL)
    return FALSE;
  at += strlen ("Sec-WebSocket-Key: ");
  key = g_strndup (at, strcspn (at, "\r"));
  salted = g_strconcat (key, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", NULL);
  g_checksum_update (sum, (const guchar *) salted, -1);
  g_checksum_get_digest (sum, digest, &size);
  accept = g_base64_encode (digest, size);
  head = g_strdup_printf ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Accept: %s\r\n\r\n",
                          accept);
  return put (fd, head, strlen (head));
}

/* Goes back to accept() when the client has left. */
static void
serve (Peer *peer, int fd)
{
  char bytes[4096];

  if (!upgrade (fd))
    return;
  if (!peer->function (peer, fd))
    g_atomic_int_set (&peer->over, 1);
  else
    {
      shutdown (fd, SHUT_WR);
      while (recv (fd, bytes, sizeof bytes, 0) > 0)
        ;
    }
}

static gpointer
run_peer (gpointer data)
{
  Peer *peer = data;
  int fd;

  while ((fd = accept (peer->listener, NULL, NULL)) >= 0)
    {
      if (g_atomic_int_get (&peer->stop))
        {
          close (fd);
          break;
        }
      /* Only the first attempt is attacked: what the client does next is another test's subject. */
      if (g_atomic_int_add (&peer->attempts, 1) == 0)
        serve (peer, fd);
      close (fd);
      peer->ended = g_get_monotonic_time ();
    }
  return NULL;
}

static void
open_peer (Peer *peer, PeerFunc function)
{
  struct sockaddr_storage storage = { 0 };
  socklen_t length = sizeof storage;
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) bound = NULL;

  peer->function = function;
  peer->ask = g_async_queue_new ();
  peer->listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_true (g_socket_address_to_native (address, &storage, sizeof storage, NULL));
  g_assert_no_errno (bind (peer->listener, (struct sockaddr *) &storage, sizeof (struct sockaddr_in)));
  g_assert_no_errno (listen (peer->listener, 8));
  g_assert_no_errno (getsockname (peer->listener, (struct sockaddr *) &storage, &length));
  bound = g_socket_address_new_from_native (&storage, length);
  peer->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  peer->thread = g_thread_new ("peer", run_peer, peer);
}

static void
close_peer (Peer *peer)
{
  g_atomic_int_set (&peer->stop, 1);
  g_async_queue_push (peer->ask, GINT_TO_POINTER (1));
  /* This wakes accept(). */
  shutdown (peer->listener, SHUT_RDWR);
  g_thread_join (peer->thread);
  close (peer->listener);
  g_async_queue_unref (peer->ask);
}

static gboolean
stopped (Peer *peer)
{
  return g_atomic_int_get (&peer->stop) != 0;
}

/* Writes numbered broadcasts of 60 bytes. */
static gsize
fill_frames (char *block, gsize from, gsize count)
{
  char *at = block;

  for (gsize i = from; i < from + count; i++)
    {
      char text[64];

      g_snprintf (text, sizeof text, "{\"message\":\"m%07" G_GSIZE_FORMAT "%.38s\"}", i,
                  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
      g_assert_cmpuint (strlen (text), ==, 60);
      *at++ = (char) 0x81;
      *at++ = 60;
      memcpy (at, text, 60);
      at += 60;
    }
  return (gsize) (at - block);
}

static gboolean
flood (Peer *peer, int fd)
{
  g_autofree char *block = g_malloc (62 * 1000);

  for (gsize i = 0; i < peer->wanted && !stopped (peer); i += 1000)
    if (!put (fd, block, fill_frames (block, i, 1000)))
      return FALSE;
  return TRUE;
}

/* Writes pings and never reads the answers. */
static gboolean
ping (Peer *peer, int fd)
{
  char frame[127] = { (char) 0x89, 125 };

  for (gsize sent = 0; sent < peer->wanted && !stopped (peer); sent += sizeof frame)
    if (!put (fd, frame, sizeof frame))
      return FALSE;
  return TRUE;
}

static gboolean
send_fragments (Peer *peer, int fd)
{
  g_autofree char *frame = g_malloc0 (4 + 65000);
  char first = 0x01;

  for (gsize sent = 0; sent < peer->wanted && !stopped (peer); sent += 65000)
    {
      frame[0] = first;
      frame[1] = 126;
      frame[2] = (char) (65000 >> 8);
      frame[3] = (char) (65000 & 0xff);
      first = 0;
      if (!put (fd, frame, 4 + 65000))
        return FALSE;
    }
  return TRUE;
}

static gboolean
send_tiny_fragments (Peer *peer, int fd)
{
  char frames[3000];

  for (gsize i = 0; i < sizeof frames; i += 3)
    memcpy (frames + i, "\x00\x01x", 3);
  if (!put (fd, "\x01\x01x", 3))
    return FALSE;
  for (gsize sent = 0; sent < peer->wanted && !stopped (peer); sent += sizeof frames)
    if (!put (fd, frames, sizeof frames))
      return FALSE;
  return TRUE;
}

/* Sends the current time when asked. */
static gboolean
tell_time (Peer *peer, int fd)
{
  for (;;)
    {
      char frame[64] = { (char) 0x81 };

      g_async_queue_pop (peer->ask);
      if (stopped (peer))
        return TRUE;
      frame[1] = (char) g_snprintf (frame + 2, sizeof frame - 2, "{\"message\":\"%" G_GINT64_FORMAT "\"}",
                                    g_get_monotonic_time ());
      if (!put (fd, frame, 2 + (gsize) frame[1]))
        return FALSE;
    }
}

/* A session, and how long its main loop is blocked. */
typedef struct
{
  DwSession *session;
  guint ticks;
  gint64 last_tick; /* of this thread's CPU time, in microseconds */
  gint64 worst_gap;
  guint received;
  gboolean in_order;
  GArray *delays; /* of gint64 microseconds */
  guint online;
  GPtrArray *causes; /* of char *: why it went offline */
  long before;       /* KiB */
} Victim;

static gint64
own_time (void)
{
  struct timespec time;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &time);
  return (gint64) time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

static long
memory_of (const char *name)
{
  g_autofree char *status = NULL;
  const char *line;

  g_assert_true (g_file_get_contents ("/proc/self/status", &status, NULL, NULL));
  line = strstr (status, name);
  return line != NULL ? strtol (line + strlen (name), NULL, 10) : 0;
}

static gboolean
on_tick (gpointer data)
{
  Victim *victim = data;
  gint64 now = own_time ();

  if (victim->last_tick != 0)
    victim->worst_gap = MAX (victim->worst_gap, now - victim->last_tick);
  victim->last_tick = now;
  return G_SOURCE_CONTINUE;
}

static void
on_frame (Victim *victim, const DwFrame *frame)
{
  if (*frame->text == 'm')
    victim->in_order = victim->in_order && strtoul (frame->text + 1, NULL, 10) == victim->received++;
  else
    {
      gint64 delay = g_get_monotonic_time () - g_ascii_strtoll (frame->text, NULL, 10);

      g_array_append_val (victim->delays, delay);
    }
}

static void
on_state (Victim *victim)
{
  const DwSessionStatus *status = dw_session_get_status (victim->session);

  victim->online += status->state == DW_SESSION_ONLINE;
  if (status->state == DW_SESSION_WAITING)
    g_ptr_array_add (victim->causes, (gpointer) dw_cause_get_name (status->cause));
}

static void
open_victim (Victim *victim, Peer *peer)
{
  g_autoptr (DwSessionPolicy) policy = dw_session_policy_new ();
  g_autofree char *text = g_strdup_printf ("ws://127.0.0.1:%u/prod", peer->port);
  g_autoptr (DwStageUrl) url = dw_stage_url_parse (text, NULL);
  g_autoptr (DwStage) stage = dw_stage_new (url);

  policy->confirm_ms = 100;
  policy->ping_ms = 1000;
  policy->pong_ms = 5000;
  *victim = (Victim){ .session = dw_session_new (policy, NULL, NULL),
                      .in_order = TRUE,
                      .delays = g_array_new (FALSE, FALSE, sizeof (gint64)),
                      .causes = g_ptr_array_new () };
  dw_session_set_stage (victim->session, stage);
  g_signal_connect_swapped (victim->session, "frame", G_CALLBACK (on_frame), victim);
  g_signal_connect_swapped (victim->session, "notify::state", G_CALLBACK (on_state), victim);
  victim->ticks = g_timeout_add_full (G_PRIORITY_HIGH, 1, on_tick, victim, NULL);
  victim->before = memory_of ("VmRSS:");
  dw_session_connect (victim->session);
}

static void
close_victim (Victim *victim)
{
  g_source_remove (victim->ticks);
  dw_session_disconnect (victim->session);
  dw_test_finalize (victim->session);
  g_array_unref (victim->delays);
  g_ptr_array_unref (victim->causes);
}

static gboolean
has_ended (gpointer data)
{
  return ((Victim *) data)->causes->len > 0;
}

static gboolean
has_all (gpointer data)
{
  return ((Victim *) data)->received >= FLOOD;
}

static gboolean
is_online (gpointer data)
{
  return ((Victim *) data)->online > 0;
}

static void
assert_bearable (Victim *victim, long growth)
{
  g_test_message ("worst gap %.1f ms, %ld KiB more at most, %u frames", (double) victim->worst_gap / 1000,
                  memory_of ("VmHWM:") - victim->before, victim->received);
  g_assert_cmpint (victim->worst_gap, <, GAP_MS * 1000);
  g_assert_cmpint (memory_of ("VmHWM:") - victim->before, <, growth);
}

/* Pings whose answers are not read: the client must not queue them without bound, nor stay busy while more arrive. */
static void
test_pings (void)
{
  Peer peer = { .wanted = 15 * 1000 * 1000 };
  Victim victim;

  open_peer (&peer, ping);
  open_victim (&victim, &peer);
  dw_test_until ("the end", has_ended, &victim);
  g_assert_cmpstr (victim.causes->pdata[0], ==, "silent");
  assert_bearable (&victim, GROWTH_KIB);
  close_victim (&victim);
  close_peer (&peer);
}

/* An endless message, in large fragments and in small ones. */
static void
test_fragments (void)
{
  static const PeerFunc functions[] = { send_fragments, send_tiny_fragments };

  for (guint i = 0; i < G_N_ELEMENTS (functions); i++)
    {
      Peer peer = { .wanted = 600 * 1000 * 1000 };
      Victim victim;

      open_peer (&peer, functions[i]);
      open_victim (&victim, &peer);
      dw_test_until ("the end", has_ended, &victim);
      g_assert_cmpstr (victim.causes->pdata[0], ==, "message-too-large");
      assert_bearable (&victim, GROWTH_KIB);
      close_victim (&victim);
      close_peer (&peer);
    }
}

/* A million messages at line speed: all arrive in order, the main loop keeps turning, and memory is bounded. */
static void
test_flood (void)
{
  Peer peer = { .wanted = FLOOD };
  Victim victim;

  open_peer (&peer, flood);
  open_victim (&victim, &peer);
  dw_test_until ("all frames", has_all, &victim);
  g_assert_true (victim.in_order);
  g_assert_cmpuint (victim.received, ==, FLOOD);
  assert_bearable (&victim, GROWTH_KIB);
  close_victim (&victim);
  close_peer (&peer);
}

static int
compare_delays (gconstpointer a, gconstpointer b)
{
  gint64 difference = *(const gint64 *) a - *(const gint64 *) b;

  return difference < 0 ? -1 : difference > 0;
}

static gboolean
on_ask (gpointer data)
{
  g_async_queue_push (((Peer *) data)->ask, GINT_TO_POINTER (1));
  return G_SOURCE_CONTINUE;
}

/* While one stage floods, another one's messages arrive without delay, and both stay connected. */
static void
test_quiet_beside (void)
{
  Peer quiet = { 0 };
  Peer loud = { .wanted = FLOOD };
  Victim quiet_victim, loud_victim;
  guint asking;

  open_peer (&quiet, tell_time);
  open_victim (&quiet_victim, &quiet);
  dw_test_until ("the quiet one", is_online, &quiet_victim);
  open_peer (&loud, flood);
  open_victim (&loud_victim, &loud);
  asking = g_timeout_add (20, on_ask, &quiet);
  dw_test_until ("all frames", has_all, &loud_victim);
  g_source_remove (asking);

  g_assert_cmpuint (quiet_victim.delays->len, >, 10);
  g_array_sort (quiet_victim.delays, compare_delays);
  g_test_message ("%u messages, median %.1f ms, last %.1f ms", quiet_victim.delays->len,
                  (double) g_array_index (quiet_victim.delays, gint64, quiet_victim.delays->len / 2) / 1000,
                  (double) g_array_index (quiet_victim.delays, gint64, quiet_victim.delays->len - 1) / 1000);
  g_assert_cmpint (g_array_index (quiet_victim.delays, gint64, quiet_victim.delays->len / 2), <, 50 * 1000);
  g_assert_cmpuint (quiet_victim.causes->len, ==, 0);
  g_assert_cmpuint (loud_victim.causes->len, ==, 0);
  assert_bearable (&loud_victim, GROWTH_KIB);
  close_victim (&quiet_victim);
  close_victim (&loud_victim);
  close_peer (&quiet);
  close_peer (&loud);
}

static gboolean
has_some (gpointer data)
{
  return ((Victim *) data)->received >= 1000;
}

static gboolean
is_over (gpointer data)
{
  return g_atomic_int_get (&((Peer *) data)->over) != 0;
}

/* Disconnecting in the middle of a flood: no more messages are delivered, and the socket closes at once. libsoup alone
 * would read on for 5 s. */
static void
test_close_within (void)
{
  Peer peer = { .wanted = G_MAXSIZE };
  Victim victim;
  guint received;
  gint64 began;

  open_peer (&peer, flood);
  open_victim (&victim, &peer);
  dw_test_until ("some frames", has_some, &victim);
  began = g_get_monotonic_time ();
  dw_session_disconnect (victim.session);
  received = victim.received;
  dw_test_until ("the peer to be without us", is_over, &peer);
  g_assert_cmpuint (victim.received, ==, received);
  /* It usually takes 2 ms. */
  g_assert_cmpint (g_get_monotonic_time () - began, <, 2 * G_USEC_PER_SEC);
  close_victim (&victim);
  close_peer (&peer);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  /* The handler of GLib's test programs would print libsoup's debug messages for every frame. */
  g_log_set_default_handler (g_log_default_handler, NULL);
  g_test_add_func ("/client/hostile/pings/S-14", test_pings);
  g_test_add_func ("/client/hostile/fragments/S-14", test_fragments);
  g_test_add_func ("/client/hostile/flood/WS-4", test_flood);
  g_test_add_func ("/client/hostile/quiet-beside/WS-4", test_quiet_beside);
  g_test_add_func ("/client/hostile/close-within/WS-4", test_close_within);
  return g_test_run ();
}
