/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-raw-peer.h"
#include "dw-test.h"

#include "net/dw-net-error.h"
#include "net/dw-swarm.h"

#include <string.h>

typedef struct
{
  guint opened;
  guint failed;
  guint closed;
  guint messages;
  guint status;
  guint code;
  GError *error;
  GString *last;
} Seen;

static void
on_opened (guint index, gint64 took_us, gpointer data)
{
  g_assert_cmpint (took_us, >, 0);
  ((Seen *) data)->opened++;
}

static void
on_failed (guint index, guint status, const GError *error, gpointer data)
{
  Seen *seen = data;

  g_clear_error (&seen->error);
  seen->error = g_error_copy (error);
  seen->status = status;
  seen->failed++;
}

static void
on_message (guint index, const DwFrameRead *message, gpointer data)
{
  Seen *seen = data;

  g_string_truncate (seen->last, 0);
  g_string_append_len (seen->last, (const char *) message->data, (gssize) message->kept);
  seen->messages++;
}

static void
on_closed (guint index, guint code, gpointer data)
{
  ((Seen *) data)->code = code;
  ((Seen *) data)->closed++;
}

static const DwSwarmEvents events = { on_opened, on_failed, on_message, on_closed };

/* The place of a raw peer. */
static DwSwarmTarget
target_of (DwRawPeer *peer)
{
  g_autofree char *url = dw_raw_peer_dup_url (peer);
  g_autoptr (GUri) uri = g_uri_parse (url, G_URI_FLAGS_NONE, NULL);

  return (DwSwarmTarget){ .host = "127.0.0.1",
                          .port = (guint16) g_uri_get_port (uri),
                          .direct = TRUE,
                          .authority = "127.0.0.1",
                          .target = "/prod",
                          .handshake_ms = 10000 };
}

static gboolean
is_nonzero (gpointer data)
{
  return *(guint *) data > 0;
}

static gboolean
is_thousand (gpointer data)
{
  return *(guint *) data == 1000;
}

static void
seen_clear (Seen *seen)
{
  g_clear_error (&seen->error);
  g_string_free (seen->last, TRUE);
}

static gboolean
has_text (gpointer data)
{
  return dw_raw_peer_get_texts (data)->len > 0;
}

static gboolean
has_pong (gpointer data)
{
  return dw_raw_peer_get_n_pongs (data) == 1;
}

/* What comes with the handshake's last bytes is not lost, a ping is answered, and a close frame's code is reported. */
static void
test_frames (void)
{
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  DwSwarmTarget target = target_of (peer);
  Seen seen = { .last = g_string_new (NULL) };
  g_autoptr (DwSwarm) swarm = dw_swarm_new (&target, 1, &events, &seen);

  dw_raw_peer_set_greeting_text (peer, "early");
  g_assert_false (dw_swarm_send (swarm, 0, "x", 1));
  dw_swarm_open (swarm, 0);
  dw_test_until ("a greeting", is_nonzero, &seen.messages);
  g_assert_cmpuint (seen.opened, ==, 1);
  g_assert_cmpstr (seen.last->str, ==, "early");

  g_assert_true (dw_swarm_send (swarm, 0, "hello", 5));
  dw_test_until ("a text", has_text, peer);
  g_assert_cmpstr (g_ptr_array_index (dw_raw_peer_get_texts (peer), 0), ==, "hello");

  dw_raw_peer_write_frame (peer, 0x89, "beat", 4);
  dw_test_until ("a pong", has_pong, peer);

  dw_raw_peer_write_frame (peer, 0x88, "\x03\xe9gone", 6);
  dw_test_until ("an end", is_nonzero, &seen.closed);
  g_assert_cmpuint (seen.code, ==, 1001);
  g_assert_false (dw_swarm_send (swarm, 0, "x", 1));
  seen_clear (&seen);
}

/* A thousand frames in one go are a thousand messages. */
static void
test_burst (void)
{
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autoptr (GByteArray) burst = g_byte_array_new ();
  DwSwarmTarget target = target_of (peer);
  Seen seen = { .last = g_string_new (NULL) };
  g_autoptr (DwSwarm) swarm = dw_swarm_new (&target, 1, &events, &seen);

  dw_swarm_open (swarm, 0);
  dw_test_until ("a connection", is_nonzero, &seen.opened);
  for (guint i = 0; i < 1000; i++)
    g_byte_array_append (burst,
                         (const guint8 *) "\x81\x03"
                                          "abc",
                         5);
  dw_raw_peer_write (peer, burst->data, burst->len);
  dw_test_until ("all messages", is_thousand, &seen.messages);
  seen_clear (&seen);
}

/* An end that arrives together with the last messages is noticed, and they are not lost. */
static void
test_last_words (void)
{
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  DwSwarmTarget target = target_of (peer);
  Seen seen = { .last = g_string_new (NULL) };
  g_autoptr (DwSwarm) swarm = dw_swarm_new (&target, 1, &events, &seen);

  dw_swarm_open (swarm, 0);
  dw_test_until ("a connection", is_nonzero, &seen.opened);
  dw_raw_peer_write (peer, "\x81\x04last", 6);
  dw_raw_peer_drop (peer, FALSE);
  dw_test_until ("an end", is_nonzero, &seen.closed);
  g_assert_cmpuint (seen.code, ==, 1006);
  g_assert_cmpstr (seen.last->str, ==, "last");
  seen_clear (&seen);
}

/* Each way a connection ends has its code. */
static void
test_ends (void)
{
  for (guint i = 0; i < 4; i++)
    {
      static const guint codes[] = { 1005, 1006, 1002, 1002 };
      g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
      DwSwarmTarget target = target_of (peer);
      Seen seen = { .last = g_string_new (NULL) };
      g_autoptr (DwSwarm) swarm = dw_swarm_new (&target, 1, &events, &seen);

      dw_swarm_open (swarm, 0);
      dw_test_until ("a connection", is_nonzero, &seen.opened);
      if (i == 0)
        dw_raw_peer_write_frame (peer, 0x88, "", 0);
      else if (i == 1)
        dw_raw_peer_drop (peer, TRUE);
      else if (i == 2)
        dw_raw_peer_write (peer, "HTTP/1.1 400 Bad Request\r\n", 26);
      else
        dw_raw_peer_write (peer, "\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff", 10);
      dw_test_until ("an end", is_nonzero, &seen.closed);
      g_assert_cmpuint (seen.code, ==, codes[i]);
      seen_clear (&seen);
    }
}

/* A refusal is reported with its status, and silence after its deadline. */
static void
test_failures (void)
{
  g_autoptr (DwRawPeer) refusing = dw_raw_peer_new ("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
  g_autoptr (DwRawPeer) silent = dw_raw_peer_new ("");
  g_autoptr (DwRawPeer) wrong = dw_raw_peer_new ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                                 "Connection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n");
  DwRawPeer *peers[] = { refusing, silent, wrong };
  const guint statuses[] = { 403, 0, 101 };

  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    {
      DwSwarmTarget target = target_of (peers[i]);
      Seen seen = { .last = g_string_new (NULL) };
      g_autoptr (DwSwarm) swarm = NULL;

      if (peers[i] == silent)
        target.handshake_ms = 100;
      swarm = dw_swarm_new (&target, 1, &events, &seen);
      dw_swarm_open (swarm, 0);
      dw_test_until ("a failure", is_nonzero, &seen.failed);
      g_assert_cmpuint (seen.status, ==, statuses[i]);
      if (peers[i] == silent)
        g_assert_error (seen.error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
      g_assert_cmpuint (seen.opened, ==, 0);
      seen_clear (&seen);
    }
}

/* A peer that does not read costs a bounded number of bytes, and then no more is sent to it. */
static void
test_owed (void)
{
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autofree char *text = g_strnfill (32 * 1024, 'x');
  DwSwarmTarget target = target_of (peer);
  Seen seen = { .last = g_string_new (NULL) };
  g_autoptr (DwSwarm) swarm = dw_swarm_new (&target, 1, &events, &seen);
  guint sent = 0;

  dw_swarm_open (swarm, 0);
  dw_test_until ("a connection", is_nonzero, &seen.opened);

  /* The peer reads in this loop, so it reads nothing while this runs. Linux buffers some megabytes for it. */
  while (sent < 4096 && dw_swarm_send (swarm, 0, text, 32 * 1024))
    sent++;
  g_assert_cmpuint (sent, <, 4096);

  /* Once it reads, everything arrives. */
  while (dw_raw_peer_get_texts (peer)->len < sent)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (dw_swarm_send (swarm, 0, text, 32 * 1024));
  seen_clear (&seen);
}

static void
free_in_event (guint index, const DwFrameRead *message, gpointer data)
{
  g_clear_pointer ((DwSwarm **) data, dw_swarm_free);
}

static void
ignore_opened (guint index, gint64 took_us, gpointer data)
{
}

/* It may be freed at any time: while it connects, and by what it calls. Nothing is reported after that. */
static void
test_freed (void)
{
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  static const DwSwarmEvents freeing = { ignore_opened, on_failed, free_in_event, on_closed };
  DwSwarmTarget target = target_of (peer);
  Seen seen = { .last = g_string_new (NULL) };
  DwSwarm *swarm = dw_swarm_new (&target, 100, &events, &seen);

  for (guint i = 0; i < 100; i++)
    dw_swarm_open (swarm, i);
  dw_swarm_free (swarm);
  dw_test_run_for (100);
  g_assert_cmpuint (seen.opened + seen.failed + seen.closed, ==, 0);

  dw_raw_peer_set_greeting_text (peer, "early");
  swarm = dw_swarm_new (&target, 1, &freeing, &swarm);
  dw_swarm_open (swarm, 0);
  while (swarm != NULL)
    g_main_context_iteration (NULL, TRUE);
  seen_clear (&seen);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/net/swarm/frames", test_frames);
  g_test_add_func ("/net/swarm/burst", test_burst);
  g_test_add_func ("/net/swarm/last-words", test_last_words);
  g_test_add_func ("/net/swarm/ends", test_ends);
  g_test_add_func ("/net/swarm/failures", test_failures);
  g_test_add_func ("/net/swarm/owed", test_owed);
  g_test_add_func ("/net/swarm/freed", test_freed);
  return g_test_run ();
}
