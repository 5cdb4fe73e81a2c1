/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "net/dw-frame-stream.h"
#include "net/dw-net-error.h"

#include "wire/dw-limits.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const DwFrameLimits gateway = { .side = DW_FRAME_SIDE_SERVER,
                                       .frame_bytes = DW_LIMIT_FRAME_BYTES,
                                       .message_bytes = DW_LIMIT_MESSAGE_BYTES,
                                       .fragments = DW_FRAME_FRAGMENTS };

static DwFrameLimit
feed (DwFrameMeter *meter, const guint8 *data, gsize length)
{
  return dw_frame_meter_feed (meter, &gateway, data, length, NULL);
}

static void
note_control (guint opcode, const guint8 *payload, gsize length, gpointer data)
{
  g_string_append_printf (data, "%u:%.*s ", opcode, (int) length, (const char *) payload);
}

/* Whoever wants them sees pings and pongs with their payload, however the bytes come; of one that is too large its
 * beginning. */
static void
test_control (void)
{
  static const guint8 frames[] = "\x89\x02hi\x81\x03msg\x8a\x00\x01\x01"
                                 "a\x89\x03mid\x80\x01"
                                 "b\x8a\x02yo";
  static const guint8 large[] = { 0x89, 126, 1, 0 };

  for (gsize step = 1; step <= sizeof frames; step++)
    {
      g_autoptr (GString) told = g_string_new (NULL);
      DwFrameControl control = { .func = note_control, .data = told };
      DwFrameMeter meter = { .control = &control };

      for (gsize at = 0; at < sizeof frames - 1; at += step)
        feed (&meter, frames + at, MIN (step, sizeof frames - 1 - at));
      g_assert_cmpstr (told->str, ==, "9:hi 10: 9:mid 10:yo ");
    }

  {
    g_autoptr (GString) told = g_string_new (NULL);
    DwFrameControl control = { .func = note_control, .data = told };
    DwFrameMeter meter = { .control = &control };
    guint8 payload[256];

    memset (payload, 'x', sizeof payload);
    feed (&meter, large, sizeof large);
    feed (&meter, payload, sizeof payload);
    g_assert_cmpuint (told->len, ==, strlen ("9: ") + DW_FRAME_CONTROL_BYTES);
  }
}

/* The gateway's limits: 32 KiB a frame, and 128 KiB a message in one frame or in many. Above that the close code is
 * 1009. */
static void
test_meter (void)
{
  static const struct
  {
    guint8 head[16];
    gsize length;
    DwFrameLimit over;
  } first[] = {
    { { 0x81, 0x80, 1, 2, 3, 4 }, 6, DW_FRAME_LIMIT_NONE },
    { { 0x81, 0xfe, 0x80, 0x00, 1, 2, 3, 4 }, 8, DW_FRAME_LIMIT_NONE },
    { { 0x81, 0xfe, 0x80, 0x01, 1, 2, 3, 4 }, 8, DW_FRAME_LIMIT_FRAME },
    { { 0x82, 0xff, 0, 0, 0, 0, 0, 0, 0x80, 0x00, 1, 2, 3, 4 }, 14, DW_FRAME_LIMIT_NONE },
    { { 0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4 }, 14, DW_FRAME_LIMIT_FRAME },
    { { 0x89, 0xfe, 0xff, 0xff, 1, 2, 3, 4 }, 8, DW_FRAME_LIMIT_NONE }, /* libsoup itself rejects a control frame */
  };
  static const guint8 begin[] = { 0x01, 0xfe, 0x80, 0x00, 1, 2, 3, 4 };
  static const guint8 more[] = { 0x00, 0xfe, 0x80, 0x00, 1, 2, 3, 4 };
  static const guint8 ping[] = { 0x89, 0x81, 1, 2, 3, 4, 5 };
  g_autofree guint8 *payload = g_malloc0 (32768);
  DwFrameMeter meter = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (first); i++)
    {
      DwFrameMeter one = { 0 };
      DwFrameLimit over = DW_FRAME_LIMIT_NONE;

      /* Feeds a byte at a time, as a network may deliver it. */
      for (gsize j = 0; j < first[i].length && over == DW_FRAME_LIMIT_NONE; j++)
        over = feed (&one, &first[i].head[j], 1);
      g_assert_cmpint (over, ==, first[i].over);
    }

  g_assert_cmpint (feed (&meter, begin, sizeof begin), ==, DW_FRAME_LIMIT_NONE);
  g_assert_cmpint (feed (&meter, payload, 32768), ==, DW_FRAME_LIMIT_NONE);
  for (guint i = 0; i < 3; i++)
    {
      g_assert_cmpint (feed (&meter, ping, sizeof ping), ==, DW_FRAME_LIMIT_NONE);
      g_assert_cmpint (feed (&meter, more, sizeof more), ==, DW_FRAME_LIMIT_NONE);
      g_assert_cmpint (feed (&meter, payload, 32768), ==, DW_FRAME_LIMIT_NONE);
    }
  g_assert_cmpuint (meter.pings, ==, 3);
  g_assert_cmpuint (meter.pongs, ==, 3 * (2 + 1));
  g_assert_cmpint (feed (&meter, more, sizeof more), ==, DW_FRAME_LIMIT_MESSAGE);
}

/* Empty frames have no bytes but count as fragments; a finished message resets the count. */
static void
test_fragments (void)
{
  static const guint8 begin[] = { 0x01, 0x00 };
  static const guint8 more[] = { 0x00, 0x00 };
  static const guint8 end[] = { 0x80, 0x00 };
  DwFrameMeter meter = { 0 };

  for (guint round = 0; round < 3; round++)
    {
      g_assert_cmpint (feed (&meter, begin, 2), ==, DW_FRAME_LIMIT_NONE);
      for (guint i = 2; i < DW_FRAME_FRAGMENTS; i++)
        g_assert_cmpint (feed (&meter, more, 2), ==, DW_FRAME_LIMIT_NONE);
      g_assert_cmpint (feed (&meter, end, 2), ==, DW_FRAME_LIMIT_NONE);
    }
  g_assert_cmpint (feed (&meter, more, 2), ==, DW_FRAME_LIMIT_FRAGMENTS);
}

/* libsoup accepts a pong of any length and keeps it, so the meter has to reject it. */
static void
test_pong (void)
{
  static const guint8 fits[] = { 0x8a, 0x7d };
  static const guint8 too_long[] = { 0x8a, 0x7e, 0x00, 0x7e };
  DwFrameMeter one = { 0 };
  DwFrameMeter other = { 0 };

  g_assert_cmpint (feed (&one, fits, sizeof fits), ==, DW_FRAME_LIMIT_NONE);
  g_assert_cmpint (feed (&other, too_long, sizeof too_long), ==, DW_FRAME_LIMIT_CONTROL);
}

/* The meter reports how many bytes come before the frame that is over a limit, and notices a close frame once it is
 * complete. */
static void
test_good_and_closed (void)
{
  static const guint8 bytes[] = { 0x81, 0x02, 'h', 'i', 0x88, 0x02, 0x03, 0xe8, 0x81, 0x7e, 0xff, 0xff };
  DwFrameMeter meter = { 0 };
  DwFrameMeter split = { 0 };
  gsize good;

  g_assert_cmpint (dw_frame_meter_feed (&meter, &gateway, bytes, 7, &good), ==, DW_FRAME_LIMIT_NONE);
  g_assert_cmpuint (good, ==, 7);
  g_assert_false (meter.closed);
  g_assert_cmpint (dw_frame_meter_feed (&meter, &gateway, bytes + 7, 5, &good), ==, DW_FRAME_LIMIT_FRAME);
  g_assert_true (meter.closed);
  g_assert_cmpuint (good, ==, 1);

  /* If the frame's head began in an earlier read, no byte of this read is good. */
  g_assert_cmpint (dw_frame_meter_feed (&split, &gateway, bytes + 8, 2, NULL), ==, DW_FRAME_LIMIT_NONE);
  g_assert_cmpint (dw_frame_meter_feed (&split, &gateway, bytes + 10, 2, &good), ==, DW_FRAME_LIMIT_FRAME);
  g_assert_cmpuint (good, ==, 0);
}

/* A frame stream over one end of a pair of sockets; the other end is the peer. */
typedef struct
{
  DwFrameStream *stream;
  GPollableInputStream *input;
  GPollableOutputStream *output;
  int peer;
  GArray *limits;       /* of DwFrameLimit: those reported */
  DwPoll *poll;         /* or NULL */
  const gboolean *room; /* whether the owner takes more, or NULL if it always does */
} Ends;

static gint64 test_time; /* microseconds */

static gint64
test_clock (void)
{
  return test_time;
}

static DwFrameStreamOptions
plain_options (void)
{
  return (DwFrameStreamOptions){ .limits = { .side = DW_FRAME_SIDE_CLIENT,
                                             .frame_bytes = DW_LIMIT_MESSAGE_BYTES,
                                             .message_bytes = DW_LIMIT_MESSAGE_BYTES,
                                             .fragments = DW_FRAME_FRAGMENTS,
                                             .pong_bytes = DW_FRAME_PONGS },
                                 .budget_us = 4000,
                                 .priority = DW_FRAME_STREAM_PRIORITY,
                                 .rescue_us = 50000,
                                 .buffer_bytes = DW_FRAME_STREAM_BUFFER,
                                 .drop_bytes = DW_FRAME_STREAM_DROP,
                                 .clock = test_clock };
}

static DwFrameStreamOptions
server_options (void)
{
  return (DwFrameStreamOptions){ .limits = { .side = DW_FRAME_SIDE_SERVER,
                                             .frame_bytes = DW_LIMIT_FRAME_BYTES,
                                             .message_bytes = DW_LIMIT_MESSAGE_BYTES,
                                             .fragments = DW_FRAME_FRAGMENTS,
                                             .pong_bytes = DW_FRAME_PONGS },
                                 .turn_bytes = 1000,
                                 .buffer_bytes = 1000,
                                 .drop_bytes = DW_FRAME_STREAM_DROP };
}

static gboolean
may_read (gpointer data)
{
  const Ends *ends = data;

  return ends->room == NULL || *ends->room;
}

static void
on_limit (DwFrameLimit limit, gpointer data)
{
  g_array_append_val (((Ends *) data)->limits, limit);
}

static const DwFrameStreamOwner owner = { may_read, on_limit };

static void
open_ends_with (Ends *ends, const DwFrameStreamOptions *options, GBytes *early, DwPoll *poll)
{
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GError) error = NULL;
  int pair[2];

  g_assert_no_errno (socketpair (AF_UNIX, SOCK_STREAM, 0, pair));
  socket = g_socket_new_from_fd (pair[0], &error);
  g_assert_no_error (error);
  g_socket_set_blocking (socket, FALSE);
  connection = g_socket_connection_factory_create_connection (socket);
  ends->stream = dw_frame_stream_new (G_IO_STREAM (connection), socket, poll, early, options);
  ends->input = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (G_IO_STREAM (ends->stream)));
  ends->output = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (G_IO_STREAM (ends->stream)));
  ends->peer = pair[1];
  ends->limits = g_array_new (FALSE, FALSE, sizeof (DwFrameLimit));
  ends->room = NULL;
  dw_frame_stream_set_owner (ends->stream, &owner, ends);
}

static void
open_ends (Ends *ends, const DwFrameStreamOptions *options, GBytes *early)
{
  open_ends_with (ends, options, early, NULL);
  ends->poll = NULL;
}

/* Opens a stream with a poll of its own, as a server does. */
static void
open_server_ends (Ends *ends, const DwFrameStreamOptions *options)
{
  g_autoptr (DwPoll) poll = dw_poll_new ();

  open_ends_with (ends, options, NULL, poll);
  ends->poll = g_steal_pointer (&poll);
}

static void
close_ends (Ends *ends)
{
  dw_test_finalize (ends->stream);
  g_clear_pointer (&ends->poll, dw_poll_unref);
  g_array_unref (ends->limits);
  if (ends->peer >= 0)
    close (ends->peer);
}

static void
say (Ends *ends, const void *bytes, gsize length)
{
  g_assert_cmpint (write (ends->peer, bytes, length), ==, (gssize) length);
}

static gssize
hear (Ends *ends, char *bytes, gsize count, GError **error)
{
  return g_pollable_input_stream_read_nonblocking (ends->input, bytes, count, NULL, error);
}

static void
assert_would_block (Ends *ends)
{
  g_autoptr (GError) error = NULL;
  char byte;

  g_assert_cmpint (hear (ends, &byte, 1, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
}

static GSource *
make_source (Ends *ends)
{
  return g_pollable_input_stream_create_source (ends->input, NULL);
}

static gboolean
on_readable (GObject *stream, gpointer data)
{
  (*(guint *) data)++;
  return G_SOURCE_REMOVE;
}

/* Whether the main loop reports at once that there is something to read. */
static gboolean
is_ready (Ends *ends)
{
  g_autoptr (GSource) source = make_source (ends);
  guint ready = 0;

  g_source_set_callback (source, G_SOURCE_FUNC (on_readable), &ready, NULL);
  g_source_attach (source, NULL);
  for (guint i = 0; i < 10; i++)
    g_main_context_iteration (NULL, FALSE);
  g_source_destroy (source);
  return ready > 0;
}

/* When a turn's time is up, reads would block even though there is more. The next turn goes on from there, and wakes
 * although the socket itself reports nothing new. */
static void
test_budget (void)
{
  DwFrameStreamOptions options = plain_options ();
  Ends ends;
  char bytes[4] = { 0 };

  test_time = 1000;
  open_ends (&ends, &options, NULL);
  say (&ends,
       "\x81\x02"
       "ab"
       "\x81\x02"
       "cd",
       8);
  g_assert_true (is_ready (&ends));
  g_assert_cmpint (hear (&ends, bytes, 4, NULL), ==, 4);
  g_assert_cmpmem (bytes, 4,
                   "\x81\x02"
                   "ab",
                   4);
  test_time += 4000;
  assert_would_block (&ends);
  assert_would_block (&ends);

  g_assert_true (is_ready (&ends));
  test_time += 3999;
  g_assert_cmpint (hear (&ends, bytes, 4, NULL), ==, 4);
  g_assert_cmpmem (bytes, 4,
                   "\x81\x02"
                   "cd",
                   4);
  assert_would_block (&ends);
  g_assert_false (is_ready (&ends));
  close_ends (&ends);
}

/* Bytes that arrived together with the upgrade are read first, without waiting for the socket. */
static void
test_early (void)
{
  DwFrameStreamOptions options = plain_options ();
  g_autoptr (GBytes) early = g_bytes_new_static ("\x81\x05"
                                                 "earl",
                                                 6);
  Ends ends;
  char bytes[32] = { 0 };

  for (guint i = 0; i < 2; i++)
    {
      options.buffer_bytes = i == 0 ? DW_FRAME_STREAM_BUFFER : 0;
      open_ends (&ends, &options, early);
      g_assert_true (is_ready (&ends));
      g_assert_cmpint (hear (&ends, bytes, sizeof bytes, NULL), ==, 6);
      g_assert_cmpmem (bytes, 6,
                       "\x81\x05"
                       "earl",
                       6);
      assert_would_block (&ends);
      say (&ends, "y", 1);
      g_assert_true (is_ready (&ends));
      g_assert_cmpint (hear (&ends, bytes, sizeof bytes, NULL), ==, 1);
      close_ends (&ends);
    }
}

/* A turn has a lower priority than drawing until it has waited for 50 ms, and then the default priority. */
static void
test_rescue (void)
{
  DwFrameStreamOptions options = plain_options ();
  g_autoptr (GSource) source = NULL;
  Ends ends;

  test_time = 0;
  open_ends (&ends, &options, NULL);
  source = make_source (&ends);
  g_source_attach (source, NULL);
  g_assert_cmpint (g_source_get_priority (source), ==, DW_FRAME_STREAM_PRIORITY);
  test_time = 49999;
  g_main_context_iteration (NULL, FALSE);
  g_assert_cmpint (g_source_get_priority (source), ==, DW_FRAME_STREAM_PRIORITY);
  test_time = 50000;
  g_main_context_iteration (NULL, FALSE);
  g_assert_cmpint (g_source_get_priority (source), ==, G_PRIORITY_DEFAULT);
  g_source_destroy (source);
  close_ends (&ends);
}

static gboolean
on_other_work (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

/* Even if other work always comes first, a peer's bytes are read after 50 ms. */
static void
test_starved (void)
{
  DwFrameStreamOptions options = plain_options ();
  guint work = g_idle_add_full (G_PRIORITY_HIGH_IDLE + 20, on_other_work, NULL, NULL);
  g_autoptr (GSource) source = NULL;
  guint ready = 0;
  Ends ends;

  test_time = 0;
  open_ends (&ends, &options, NULL);
  say (&ends,
       "\x81\x02"
       "hi",
       4);
  source = make_source (&ends);
  g_source_set_callback (source, G_SOURCE_FUNC (on_readable), &ready, NULL);
  g_source_attach (source, NULL);
  for (guint i = 0; i < 100; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (ready, ==, 0);
  test_time = 50000;
  for (guint i = 0; i < 5; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (ready, ==, 1);
  g_source_remove (work);
  close_ends (&ends);
}

/* Without traffic nothing wakes the main loop: raising the priority takes no timer. */
static void
test_asleep (void)
{
  DwFrameStreamOptions options = plain_options ();
  g_autoptr (GSource) source = NULL;
  gint timeout;
  int priority;
  Ends ends;
  GPollFD fds[64];

  options.clock = NULL;
  open_ends (&ends, &options, NULL);
  source = make_source (&ends);
  g_source_attach (source, NULL);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_true (g_main_context_acquire (g_main_context_default ()));
  g_main_context_prepare (g_main_context_default (), &priority);
  g_main_context_query (g_main_context_default (), G_MAXINT, &timeout, fds, G_N_ELEMENTS (fds));
  g_main_context_release (g_main_context_default ());
  g_assert_cmpint (timeout, ==, -1);
  g_source_destroy (source);
  close_ends (&ends);
}

/* The bytes before the frame that is over a limit are delivered, no others are. The limit is reported once, in the next
 * turn, since libsoup delivers what it has read only at the end of one. */
static void
test_over_limit (void)
{
  static const guint8 large[] = { 0x81, 0x7f, 0, 0, 0, 0, 0, 2, 0, 1 };
  DwFrameStreamOptions options = plain_options ();
  char bytes[64] = { 0 };
  Ends ends;

  open_ends (&ends, &options, NULL);
  say (&ends,
       "\x81\x02"
       "hi",
       4);
  say (&ends, large, sizeof large);
  say (&ends, "xxxx", 4);
  g_assert_cmpint (hear (&ends, bytes, sizeof bytes, NULL), ==, 4);
  g_assert_cmpmem (bytes, 4,
                   "\x81\x02"
                   "hi",
                   4);
  assert_would_block (&ends);
  g_assert_cmpuint (ends.limits->len, ==, 0);
  g_assert_true (is_ready (&ends));
  assert_would_block (&ends);
  g_assert_cmpuint (ends.limits->len, ==, 1);
  g_assert_cmpint (g_array_index (ends.limits, DwFrameLimit, 0), ==, DW_FRAME_LIMIT_FRAME);
  g_assert_false (is_ready (&ends));
  say (&ends, "more", 4);
  assert_would_block (&ends);
  g_assert_cmpuint (ends.limits->len, ==, 1);
  close_ends (&ends);
}

/* Bytes after that are discarded, but not forever: a peer that goes on is disconnected. */
static void
test_drops_until (void)
{
  DwFrameStreamOptions options = plain_options ();
  g_autofree char *block = g_malloc0 (16384);
  g_autoptr (GError) error = NULL;
  gsize sent = 0;
  char byte;
  Ends ends;

  open_ends (&ends, &options, NULL);
  dw_frame_stream_begin_close (ends.stream);
  g_assert_cmpint (g_pollable_output_stream_write_nonblocking (ends.output,
                                                               "\x88\x82"
                                                               "mask"
                                                               "\1\2",
                                                               8, NULL, NULL),
                   ==, 8);
  while (error == NULL && sent < 4 * DW_FRAME_STREAM_DROP)
    {
      say (&ends, block, 16384);
      sent += 16384;
      g_assert_cmpint (hear (&ends, &byte, 1, &error), ==, -1);
      if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        g_clear_error (&error);
    }
  g_assert_error (error, DW_NET_ERROR, DW_NET_ERROR_CLOSED);
  g_assert_cmpuint (sent, <=, DW_FRAME_STREAM_DROP + 16384);
  close_ends (&ends);
}

/* Until our close frame has been written nothing is read, since libsoup would drop the frame at the first error. After
 * that, frames before the peer's close frame are discarded, and the close frame ends the stream. */
static void
test_close_leaves_first (void)
{
  DwFrameStreamOptions options = plain_options ();
  char bytes[64];
  Ends ends;

  open_ends (&ends, &options, NULL);
  dw_frame_stream_begin_close (ends.stream);
  say (&ends,
       "\x81\x02"
       "hi",
       4);
  g_assert_false (is_ready (&ends));
  assert_would_block (&ends);
  g_assert_cmpint (g_pollable_output_stream_write_nonblocking (ends.output,
                                                               "\x88\x82"
                                                               "mask"
                                                               "\1\2",
                                                               8, NULL, NULL),
                   ==, 8);
  g_assert_true (is_ready (&ends));
  assert_would_block (&ends);
  say (&ends,
       "\x81\x02"
       "hi"
       "\x88\x02\x03\xe8",
       8);
  g_assert_cmpint (hear (&ends, bytes, sizeof bytes, NULL), ==, 0);
  close_ends (&ends);
}

/* After our close frame the peer reads an end of file, though neither side has closed its socket. */
static void
test_half_close (void)
{
  DwFrameStreamOptions options = plain_options ();
  char bytes[64];
  Ends ends;

  for (guint server = 0; server <= 1; server++)
    {
      options.limits.side = server ? DW_FRAME_SIDE_SERVER : DW_FRAME_SIDE_CLIENT;
      open_ends (&ends, &options, NULL);
      g_assert_cmpint (g_pollable_output_stream_write_nonblocking (ends.output,
                                                                   "\x88\x82"
                                                                   "mask"
                                                                   "\1\2",
                                                                   8, NULL, NULL),
                       ==, 8);
      g_assert_cmpint (recv (ends.peer, bytes, sizeof bytes, 0), ==, 8);
      if (server)
        {
          /* A server waits for the client's close frame. */
          g_assert_cmpint (recv (ends.peer, bytes, sizeof bytes, MSG_DONTWAIT), ==, -1);
          say (&ends, "\x88\x02\x03\xe8", 4);
          g_assert_cmpint (hear (&ends, bytes, sizeof bytes, NULL), ==, 4);
        }
      g_assert_cmpint (recv (ends.peer, bytes, sizeof bytes, MSG_DONTWAIT), ==, 0);
      close_ends (&ends);
    }
}

/* Data after a close frame is discarded and ends the stream. */
static void
test_after_peers_close (void)
{
  DwFrameStreamOptions options = plain_options ();
  char bytes[64];
  Ends ends;

  open_ends (&ends, &options, NULL);
  say (&ends, "\x88\x02\x03\xe8", 4);
  g_assert_cmpint (hear (&ends, bytes, sizeof bytes, NULL), ==, 4);
  assert_would_block (&ends);
  say (&ends,
       "\x81\x02"
       "hi",
       4);
  g_assert_cmpint (hear (&ends, bytes, sizeof bytes, NULL), ==, 0);
  close_ends (&ends);
}

/* A server's own close frame is still written. */
static void
test_answers_close (void)
{
  DwFrameStreamOptions options = server_options ();
  char bytes[64];
  Ends ends;

  open_server_ends (&ends, &options);
  say (&ends, "\x88\x80mask", 6);
  g_assert_cmpint (hear (&ends, bytes, sizeof bytes, NULL), ==, 6);
  say (&ends, "\x81\x80mask", 6);
  assert_would_block (&ends);
  g_assert_cmpint (g_pollable_output_stream_write_nonblocking (ends.output, "\x88\x00", 2, NULL, NULL), ==, 2);
  say (&ends, "\x81\x80mask", 6);
  g_assert_cmpint (hear (&ends, bytes, sizeof bytes, NULL), ==, 0);
  close_ends (&ends);
}

/* libsoup answers pings only at the end of a turn. So a turn ends where too many answers would wait, and the next one goes
 * on if they were sent. */
static void
test_many_pings_at_once (void)
{
  static const char pong[] = "\x8a\x80"
                             "mask";
  DwFrameStreamOptions options = plain_options ();
  g_autofree char *pings = g_malloc (8000);
  char bytes[2];
  guint heard = 0;
  Ends ends;

  for (guint i = 0; i < 4000; i++)
    memcpy (pings + 2 * i, "\x89\x00", 2);
  open_ends (&ends, &options, NULL);
  say (&ends, pings, 8000);
  while (heard < 4000)
    {
      guint answered = heard;

      while (hear (&ends, bytes, sizeof bytes, NULL) == 2)
        heard++;
      g_assert_cmpuint (heard, >, answered);
      g_assert_cmpuint ((heard - answered) * (6 + DW_FRAME_PONG_COST), <=, DW_FRAME_PONGS + 6 + DW_FRAME_PONG_COST);
      for (char answers[8]; answered < heard; answered++)
        {
          g_assert_cmpint (g_pollable_output_stream_write_nonblocking (ends.output, pong, 6, NULL, NULL), ==, 6);
          g_assert_cmpint (recv (ends.peer, answers, sizeof answers, 0), ==, 6);
        }
      g_assert_true (is_ready (&ends) == (heard < 4000));
    }
  g_assert_cmpuint (ends.limits->len, ==, 0);
  close_ends (&ends);
}

/* A peer that never reads its pongs is disconnected at 64 KiB of them; one that reads them may ping forever. */
static void
test_pongs (void)
{
  static const char pong[] = "\x8a\x80"
                             "mask";
  DwFrameStreamOptions options = plain_options ();
  g_autoptr (GError) error = NULL;
  char bytes[64];
  guint pings = 0;
  Ends ends;

  open_ends (&ends, &options, NULL);
  for (guint i = 0; i < 20000; i++)
    {
      say (&ends, "\x89\x00", 2);
      g_assert_cmpint (hear (&ends, bytes, sizeof bytes, NULL), ==, 2);
      g_assert_cmpint (g_pollable_output_stream_write_nonblocking (ends.output, pong, 6, NULL, NULL), ==, 6);
      g_assert_cmpint (recv (ends.peer, bytes, sizeof bytes, 0), ==, 6);
    }
  for (; error == NULL && pings < 20000; pings++)
    {
      say (&ends, "\x89\x00", 2);
      is_ready (&ends);
      g_assert_cmpint (hear (&ends, bytes, sizeof bytes, &error), ==, error == NULL ? 2 : -1);
    }
  g_assert_error (error, DW_NET_ERROR, DW_NET_ERROR_LIMIT);
  g_assert_cmpuint (pings, <=, DW_FRAME_PONGS / (6 + DW_FRAME_PONG_COST) + 2);
  g_assert_cmpuint (ends.limits->len, ==, 1);
  g_assert_cmpint (g_array_index (ends.limits, DwFrameLimit, 0), ==, DW_FRAME_LIMIT_PONGS);
  close_ends (&ends);
}

static void
read_all (Ends *ends, GByteArray *all)
{
  char bytes[65536];
  gssize length;

  while ((length = recv (ends->peer, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
    g_byte_array_append (all, (guint8 *) bytes, (guint) length);
}

typedef struct
{
  Ends *ends;
  GByteArray *all;
  gsize wanted;
} Reading;

static gboolean
has_read (gpointer data)
{
  Reading *reading = data;

  read_all (reading->ends, reading->all);
  return reading->all->len >= reading->wanted;
}

/* Frames are written whole and in order. What the socket does not take yet is written later without another call, and
 * before anything of libsoup's. */
static void
test_send (void)
{
  DwFrameStreamOptions options = plain_options ();
  g_autoptr (GByteArray) all = g_byte_array_new ();
  g_autoptr (GByteArray) expected = g_byte_array_new ();
  g_autofree char *text = g_malloc (100 * 1000);
  g_autoptr (GError) error = NULL;
  Ends ends;

  open_ends (&ends, &options, NULL);
  for (guint i = 0; i < 8; i++)
    {
      g_autoptr (GBytes) frame = NULL;

      memset (text, (int) ('a' + i), 100 * 1000);
      frame = g_bytes_new (text, 100 * 1000);
      g_byte_array_append (expected, (guint8 *) text, 100 * 1000);
      dw_frame_stream_send (ends.stream, frame);
    }
  /* The socket pair buffers about 200 kB. */
  g_assert_cmpuint (dw_frame_stream_get_written (ends.stream), >, 0);
  g_assert_cmpuint (dw_frame_stream_get_written (ends.stream), <, expected->len);
  g_assert_cmpuint (dw_frame_stream_get_n_owed (ends.stream), >, 0);
  g_assert_cmpint (g_pollable_output_stream_write_nonblocking (ends.output, "\x8a\x00", 2, NULL, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  dw_test_until ("what was sent", has_read, &(Reading){ &ends, all, expected->len });
  g_assert_cmpmem (all->data, all->len, expected->data, expected->len);
  g_assert_cmpuint (dw_frame_stream_get_written (ends.stream), ==, expected->len);
  g_assert_cmpuint (dw_frame_stream_get_n_owed (ends.stream), ==, 0);
  g_assert_cmpint (g_pollable_output_stream_write_nonblocking (ends.output, "\x8a\x00", 2, NULL, NULL), ==, 2);
  close_ends (&ends);
}

static void
send_text (Ends *ends, GByteArray *expected, const char *text)
{
  g_autoptr (GBytes) frame = g_bytes_new (text, strlen (text));

  g_byte_array_append (expected, (const guint8 *) text, (guint) strlen (text));
  dw_frame_stream_send (ends->stream, frame);
}

/* Frames sent in one turn are written with one call at its end. A reader that stalls in the middle of a frame and
 * resumes gets every byte once, in order. */
static void
test_gathers (void)
{
  DwFrameStreamOptions options = server_options ();
  g_autoptr (GByteArray) all = g_byte_array_new ();
  g_autoptr (GByteArray) expected = g_byte_array_new ();
  Ends ends;

  open_server_ends (&ends, &options);
  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *text = g_strdup_printf ("<%u>", i);

      send_text (&ends, expected, text);
    }
  g_assert_cmpuint (dw_frame_stream_get_written (ends.stream), ==, 0);
  g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (dw_frame_stream_get_written (ends.stream), ==, expected->len);

  for (guint i = 0; i < 3000; i++)
    {
      g_autofree char *text = g_strdup_printf ("[%u %0999u]", i, i);

      send_text (&ends, expected, text);
    }
  g_assert_cmpuint (dw_frame_stream_get_written (ends.stream), <, expected->len);
  dw_test_until ("every byte", has_read, &(Reading){ &ends, all, expected->len });
  g_assert_cmpmem (all->data, all->len, expected->data, expected->len);
  close_ends (&ends);
}

/* A broken connection drops its unwritten frames, and does not keep the main loop busy. */
static void
test_broken (void)
{
  DwFrameStreamOptions options = server_options ();
  g_autofree char *text = g_strnfill (1000 * 1000, 'x');
  g_autoptr (GByteArray) expected = g_byte_array_new ();
  Ends ends;

  open_server_ends (&ends, &options);
  send_text (&ends, expected, text);
  g_assert_cmpuint (dw_frame_stream_get_n_owed (ends.stream), ==, 1);
  close (ends.peer);
  ends.peer = -1;
  for (guint i = 0; i < 10; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (dw_frame_stream_get_n_owed (ends.stream), ==, 0);
  g_assert_false (g_main_context_iteration (NULL, FALSE));
  close_ends (&ends);
}

/* A turn delivers a limited number of bytes, and the next one continues. */
static void
test_turn_bytes (void)
{
  DwFrameStreamOptions options = server_options ();
  g_autofree char *frames = g_malloc0 (3000);
  char bytes[4096];
  Ends ends;

  /* 500 empty frames from a client */
  for (guint i = 0; i < 3000; i += 6)
    memcpy (frames + i, "\x81\x80", 2);
  for (guint round = 0; round < 2; round++)
    {
      /* TLS is buffered, by more than a turn. */
      options.buffer_bytes = round == 0 ? 1000 : DW_FRAME_STREAM_BUFFER;
      options.encrypted = round == 1;
      open_server_ends (&ends, &options);
      say (&ends, frames, 3000);
      for (guint turn = 0; turn < 3; turn++)
        {
          gsize got = 0;

          g_assert_true (is_ready (&ends));
          while (got < 1000)
            {
              gssize length = hear (&ends, bytes, 300, NULL);

              g_assert_cmpint (length, >, 0);
              got += (gsize) length;
            }
          g_assert_cmpuint (got, ==, 1000);
          assert_would_block (&ends);
        }
      g_assert_false (is_ready (&ends));
      close_ends (&ends);
    }
}

/* While the reader has no room, nothing is read and nothing wakes the loop. Afterwards all that arrived meanwhile is
 * delivered, including bytes that the socket will not report again. */
static void
test_held (void)
{
  DwFrameStreamOptions options = server_options ();
  gboolean room = FALSE;
  char bytes[64];
  Ends ends;

  for (guint round = 0; round < 3; round++)
    {
      g_autoptr (GSource) source = NULL;
      guint ready = 0;

      /* With a poll; then without one, with data in the buffer. */
      if (round == 0)
        open_server_ends (&ends, &options);
      else
        {
          options.turn_bytes = round == 1 ? 1000 : 6;
          options.encrypted = TRUE;
          open_ends (&ends, &options, NULL);
        }
      room = TRUE;
      ends.room = &room;
      say (&ends, "\x81\x80mask\x81\x80mask", 12);
      if (round == 2)
        g_assert_cmpint (hear (&ends, bytes, 6, NULL), ==, 6);
      room = FALSE;
      g_assert_true (is_ready (&ends));
      assert_would_block (&ends);
      g_assert_false (is_ready (&ends));

      source = make_source (&ends);
      g_source_set_callback (source, G_SOURCE_FUNC (on_readable), &ready, NULL);
      g_source_attach (source, NULL);
      room = TRUE;
      g_assert_false (g_main_context_iteration (NULL, FALSE));
      dw_frame_stream_resume (ends.stream);
      for (guint i = 0; i < 10; i++)
        g_main_context_iteration (NULL, FALSE);
      g_assert_cmpuint (ready, ==, 1);
      g_assert_cmpint (hear (&ends, bytes, sizeof bytes, NULL), ==, round == 2 ? 6 : 12);
      g_source_destroy (source);
      close_ends (&ends);
    }
}

/* Behaves like GIO's TLS: after a write that would block it already holds the bytes, and accepts nothing until the same
 * bytes are written again. */
#define TEST_TYPE_TLS_OUTPUT (test_tls_output_get_type ())
G_DECLARE_FINAL_TYPE (TestTlsOutput, test_tls_output, TEST, TLS_OUTPUT, GOutputStream)

struct _TestTlsOutput
{
  GOutputStream parent_instance;

  gboolean stuck;
  GByteArray *pending; /* has to be written again */
  GByteArray *taken;
};

static gboolean
test_tls_output_is_writable (GPollableOutputStream *stream)
{
  return !TEST_TLS_OUTPUT (stream)->stuck;
}

static GSource *
test_tls_output_create_source (GPollableOutputStream *stream, GCancellable *cancellable)
{
  return g_pollable_source_new (G_OBJECT (stream));
}

static gssize
test_tls_output_write (GPollableOutputStream *stream, const void *bytes, gsize count, GError **error)
{
  TestTlsOutput *self = TEST_TLS_OUTPUT (stream);

  if (self->pending->len > 0)
    g_assert_cmpmem (bytes, count, self->pending->data, self->pending->len);
  g_byte_array_set_size (self->pending, 0);
  g_byte_array_append (self->stuck ? self->pending : self->taken, bytes, (guint) count);
  if (!self->stuck)
    return (gssize) count;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "stuck");
  return -1;
}

static void
test_tls_output_iface_init (GPollableOutputStreamInterface *iface)
{
  iface->is_writable = test_tls_output_is_writable;
  iface->create_source = test_tls_output_create_source;
  iface->write_nonblocking = test_tls_output_write;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (TestTlsOutput,
                               test_tls_output,
                               G_TYPE_OUTPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM, test_tls_output_iface_init))

static void
test_tls_output_finalize (GObject *object)
{
  g_byte_array_unref (TEST_TLS_OUTPUT (object)->pending);
  g_byte_array_unref (TEST_TLS_OUTPUT (object)->taken);
  G_OBJECT_CLASS (test_tls_output_parent_class)->finalize (object);
}

static void
test_tls_output_class_init (TestTlsOutputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = test_tls_output_finalize;
}

static void
test_tls_output_init (TestTlsOutput *self)
{
  self->pending = g_byte_array_new ();
  self->taken = g_byte_array_new ();
}

static gboolean
says_pong (GPollableOutputStream *output)
{
  return g_pollable_output_stream_write_nonblocking (output, "\x8a\x00", 2, NULL, NULL) == 2;
}

/* The writer that TLS made wait goes first, whether libsoup or the stream, with exactly the same bytes. */
static void
test_tls_again (void)
{
  DwFrameStreamOptions options = server_options ();
  g_autoptr (GInputStream) none = g_memory_input_stream_new ();
  g_autoptr (TestTlsOutput) below = g_object_new (TEST_TYPE_TLS_OUTPUT, NULL);
  g_autoptr (GIOStream) base = g_simple_io_stream_new (none, G_OUTPUT_STREAM (below));
  g_autoptr (GByteArray) expected = g_byte_array_new ();
  Ends ends = { 0 };

  options.encrypted = TRUE;
  ends.stream = dw_frame_stream_new (base, NULL, NULL, NULL, &options);
  ends.output = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (G_IO_STREAM (ends.stream)));

  below->stuck = TRUE;
  g_assert_false (says_pong (ends.output));
  send_text (&ends, expected, "ours");
  below->stuck = FALSE;
  g_assert_true (says_pong (ends.output));
  g_assert_true (says_pong (ends.output));
  g_assert_cmpmem (below->taken->data, below->taken->len, "\x8a\x00ours\x8a\x00", 8);

  g_main_context_iteration (NULL, FALSE);
  dw_test_finalize (ends.stream);
  ends.stream = dw_frame_stream_new (base, NULL, NULL, NULL, &options);
  ends.output = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (G_IO_STREAM (ends.stream)));
  g_byte_array_set_size (below->taken, 0);
  below->stuck = TRUE;
  send_text (&ends, expected, "one");
  send_text (&ends, expected, "two");
  g_assert_false (says_pong (ends.output));
  below->stuck = FALSE;
  g_assert_true (says_pong (ends.output));
  g_assert_cmpmem (below->taken->data, below->taken->len, "onetwo\x8a\x00", 8);
  dw_test_finalize (ends.stream);
}

static void
on_closed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (g_io_stream_close_finish (G_IO_STREAM (source), result, &error));
  g_assert_no_error (error);
  *(gboolean *) data = TRUE;
}

static gboolean
is_true (gpointer data)
{
  return *(gboolean *) data;
}

/* By default a GIOStream closes in a pool thread. The stream's sources must be off the main loop before the call
 * returns, and DW_ASSERT_THREAD() checks the thread. */
static void
test_close_async (void)
{
  DwFrameStreamOptions options = plain_options ();
  g_autoptr (GBytes) frame = g_bytes_new_take (g_malloc0 (1000 * 1000), 1000 * 1000);
  g_autoptr (GSource) source = NULL;
  gboolean closed = FALSE;
  Ends ends;

  open_ends (&ends, &options, NULL);
  dw_frame_stream_send (ends.stream, frame);
  source = make_source (&ends);
  g_source_attach (source, NULL);
  g_io_stream_close_async (G_IO_STREAM (ends.stream), G_PRIORITY_DEFAULT, NULL, on_closed, &closed);
  g_source_destroy (source);
  dw_frame_stream_send (ends.stream, frame);
  g_assert_cmpuint (dw_frame_stream_get_n_owed (ends.stream), ==, 0);
  dw_test_until ("the close", is_true, &closed);
  dw_frame_stream_abort (ends.stream);
  close_ends (&ends);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/net/frame-meter/pong", test_pong);
  g_test_add_func ("/net/frame-meter/limits/S-14", test_meter);
  g_test_add_func ("/net/frame-meter/control", test_control);
  g_test_add_func ("/net/frame-meter/fragments/S-14", test_fragments);
  g_test_add_func ("/net/frame-meter/good-and-closed", test_good_and_closed);
  g_test_add_func ("/net/frame-stream/budget", test_budget);
  g_test_add_func ("/net/frame-stream/early", test_early);
  g_test_add_func ("/net/frame-stream/rescue", test_rescue);
  g_test_add_func ("/net/frame-stream/starved", test_starved);
  g_test_add_func ("/net/frame-stream/asleep", test_asleep);
  g_test_add_func ("/net/frame-stream/over-limit", test_over_limit);
  g_test_add_func ("/net/frame-stream/drops-until", test_drops_until);
  g_test_add_func ("/net/frame-stream/close-leaves-first", test_close_leaves_first);
  g_test_add_func ("/net/frame-stream/half-close", test_half_close);
  g_test_add_func ("/net/frame-stream/after-peers-close", test_after_peers_close);
  g_test_add_func ("/net/frame-stream/answers-close", test_answers_close);
  g_test_add_func ("/net/frame-stream/many-pings-at-once", test_many_pings_at_once);
  g_test_add_func ("/net/frame-stream/pongs", test_pongs);
  g_test_add_func ("/net/frame-stream/send", test_send);
  g_test_add_func ("/net/frame-stream/gathers", test_gathers);
  g_test_add_func ("/net/frame-stream/broken", test_broken);
  g_test_add_func ("/net/frame-stream/turn-bytes", test_turn_bytes);
  g_test_add_func ("/net/frame-stream/held", test_held);
  g_test_add_func ("/net/frame-stream/tls-again", test_tls_again);
  g_test_add_func ("/net/frame-stream/close-async", test_close_async);
  return g_test_run ();
}
