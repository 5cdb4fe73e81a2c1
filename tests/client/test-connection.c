/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One WebSocket from handshake to close, against a raw peer that writes arbitrary bytes: how the connection reacts to
 * each, that its end is reported once, and never after we closed it. */
#include "dw-raw-peer.h"
#include "dw-test.h"

#include "client/connection/dw-boot-clock.h"
#include "client/connection/dw-connection.h"

#include "net/dw-frame-meter.h"

#include "wire/dw-limits.h"

#include <malloc.h>
#include <string.h>

#define TIMEOUT_MS 400
#define PING_MS 1000
#define SERIAL 7

typedef struct
{
  DwRawPeer *peer;
  DwInbox *inbox;
  DwTrace *trace;
  DwConnection *connection;
  GPtrArray *texts; /* what the inbox received */
  guint opened;
  guint ended;
  DwCause cause;
  guint code;
  char *reason;
  gboolean closes_inside; /* closes the connection when a text arrives */
} Call;

static void
on_text (GBytes *bytes, guint serial, gpointer data)
{
  Call *call = data;
  gsize length;
  const char *text = g_bytes_get_data (bytes, &length);

  g_assert_cmpuint (serial, ==, SERIAL);
  g_ptr_array_add (call->texts, g_strndup (text, length));
  if (call->closes_inside)
    dw_connection_close (call->connection);
}

static void
on_opened (Call *call)
{
  call->opened++;
}

static void
on_ended (Call *call, guint cause, guint code, const char *reason)
{
  call->ended++;
  call->cause = cause;
  call->code = code;
  g_free (call->reason);
  call->reason = g_strdup (reason);
}

static void
call_init (Call *call, const char *answer)
{
  call->peer = dw_raw_peer_new (answer);
  call->inbox = dw_inbox_new (on_text, call);
  call->trace = dw_trace_new ();
  call->texts = g_ptr_array_new_with_free_func (g_free);
  call->connection = dw_connection_new (call->inbox, call->trace, SERIAL);
  g_signal_connect_swapped (call->connection, "opened", G_CALLBACK (on_opened), call);
  g_signal_connect_swapped (call->connection, "ended", G_CALLBACK (on_ended), call);
}

static void
call_clear (Call *call)
{
  if (call->connection != NULL)
    dw_test_finalize (call->connection);
  dw_inbox_free (call->inbox);
  g_object_unref (call->trace);
  g_object_unref (call->peer);
  g_ptr_array_unref (call->texts);
  g_free (call->reason);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Call, call_clear)

static void
start (Call *call)
{
  DwHandshakeOptions options = { .timeout_ms = TIMEOUT_MS };
  g_autofree char *text = dw_raw_peer_dup_url (call->peer);
  g_autoptr (DwStageUrl) url = dw_stage_url_parse (text, NULL);

  dw_connection_open (call->connection, url, &options, PING_MS);
}

static gboolean
has_opened (gpointer data)
{
  return ((Call *) data)->opened > 0;
}

static gboolean
has_ended (gpointer data)
{
  return ((Call *) data)->ended > 0;
}

static void
open_call (Call *call)
{
  call_init (call, NULL);
  start (call);
  dw_test_until ("the connection", has_opened, call);
  g_assert_true (dw_connection_is_open (call->connection));
}

/* Waits long enough for a second signal, or for one that must not come. */
static void
check_told_once (Call *call, guint opened, guint ended)
{
  dw_test_run_for (60);
  g_assert_cmpuint (call->opened, ==, opened);
  g_assert_cmpuint (call->ended, ==, ended);
}

static gboolean
has_a_text (gpointer data)
{
  return ((Call *) data)->texts->len > 0;
}

static guint
count_entries (Call *call, DwTraceKind kind)
{
  guint n = 0;

  for (guint64 i = dw_trace_get_first (call->trace); i <= dw_trace_get_last (call->trace); i++)
    n += dw_trace_get_entry (call->trace, i)->kind == kind;
  return n;
}

static const DwTraceEntry *
last_entry (Call *call)
{
  return dw_trace_get_entry (call->trace, dw_trace_get_last (call->trace));
}

/* One function for each row of the table in dw-connection.c; test-hostile.c covers pings whose answers are not read. */

typedef void (*Write) (DwRawPeer *peer);

static void
write_too_large (DwRawPeer *peer)
{
  g_autofree char *text = g_strnfill (DW_LIMIT_MESSAGE_BYTES + 1, 'a');

  dw_raw_peer_write_frame (peer, 0x81, text, DW_LIMIT_MESSAGE_BYTES + 1);
}

static void
write_too_large_in_parts (DwRawPeer *peer)
{
  g_autofree char *text = g_strnfill (DW_LIMIT_MESSAGE_BYTES / 2 + 1, 'a');

  dw_raw_peer_write_frame (peer, 0x01, text, DW_LIMIT_MESSAGE_BYTES / 2 + 1);
  dw_raw_peer_write_frame (peer, 0x80, text, DW_LIMIT_MESSAGE_BYTES / 2);
}

static void
write_too_many_parts (DwRawPeer *peer)
{
  dw_raw_peer_write_frame (peer, 0x01, "a", 1);
  for (guint i = 0; i < DW_FRAME_FRAGMENTS; i++)
    dw_raw_peer_write_frame (peer, 0x00, "a", 1);
}

static void
write_large_pong (DwRawPeer *peer)
{
  g_autofree char *text = g_strnfill (126, 'a');

  dw_raw_peer_write_frame (peer, 0x8a, text, 126);
}

static void
write_binary (DwRawPeer *peer)
{
  dw_raw_peer_write_frame (peer, 0x82, "\x01\x02\x03", 3);
}

static void
write_no_utf8 (DwRawPeer *peer)
{
  dw_raw_peer_write_frame (peer, 0x81, "\xc3\x28", 2);
}

static void
write_reserved_bit (DwRawPeer *peer)
{
  dw_raw_peer_write_frame (peer, 0xc1, "hello", 5);
}

static void
write_no_opcode (DwRawPeer *peer)
{
  dw_raw_peer_write_frame (peer, 0x83, "x", 1);
}

static void
write_rest_of_nothing (DwRawPeer *peer)
{
  dw_raw_peer_write_frame (peer, 0x80, "x", 1);
}

static void
write_masked (DwRawPeer *peer)
{
  dw_raw_peer_write (peer, "\x81\x85\x01\x02\x03\x04hello", 11);
}

/* A violation of the protocol ends the connection once, with the right cause for the user and the right close code for
 * the peer. Frames before it are delivered, the bad one is not. */
static void
test_verdicts (void)
{
  static const struct
  {
    Write write;
    DwCause cause;
    guint sent; /* the close code the peer gets */
  } rows[] = {
    { write_too_large, DW_CAUSE_MESSAGE_TOO_LARGE, 1009 },
    { write_too_large_in_parts, DW_CAUSE_MESSAGE_TOO_LARGE, 1009 },
    { write_too_many_parts, DW_CAUSE_MESSAGE_TOO_LARGE, 1009 },
    { write_large_pong, DW_CAUSE_PROTOCOL_ERROR, 1002 },
    { write_binary, DW_CAUSE_PROTOCOL_ERROR, 1003 },
    { write_no_utf8, DW_CAUSE_PROTOCOL_ERROR, 1007 },
    { write_reserved_bit, DW_CAUSE_PROTOCOL_ERROR, 1002 },
    { write_no_opcode, DW_CAUSE_PROTOCOL_ERROR, 1002 },
    { write_rest_of_nothing, DW_CAUSE_PROTOCOL_ERROR, 1002 },
    { write_masked, DW_CAUSE_PROTOCOL_ERROR, 1002 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (Call) call = { 0 };

      g_test_message ("row %u", i);
      open_call (&call);
      dw_raw_peer_write_text (call.peer, "before");
      dw_test_until ("what came before", has_a_text, &call);
      rows[i].write (call.peer);
      dw_raw_peer_write_text (call.peer, "after");
      dw_test_until ("the end", has_ended, &call);
      check_told_once (&call, 1, 1);
      g_assert_cmpint (call.cause, ==, rows[i].cause);
      g_assert_cmpuint (dw_raw_peer_get_last_close (call.peer), ==, rows[i].sent);
      g_assert_cmpuint (call.texts->len, ==, 1);
      g_assert_cmpstr (call.texts->pdata[0], ==, "before");
      g_assert_cmpuint (count_entries (&call, DW_TRACE_CLOSED), ==, 1);
      g_assert_false (dw_connection_is_open (call.connection));
    }
}

/* What comes right before a bad frame, in the same segment, is delivered as well, and then the end with its cause. */
static void
test_good_before_bad (void)
{
  static const struct
  {
    const char *bad;
    gsize length;
    DwCause cause;
    guint sent;
  } rows[] = {
    { "\x81\x7f\x00\x00\x00\x00\x00\x02\x00\x01z", 11, DW_CAUSE_MESSAGE_TOO_LARGE, 1009 },
    { "\x01\x01z\x80\x7f\x00\x00\x00\x00\x00\x02\x00\x00z", 14, DW_CAUSE_MESSAGE_TOO_LARGE, 1009 },
    { "\x8a\x7e\x00\x7ez", 5, DW_CAUSE_PROTOCOL_ERROR, 1002 },
    { "\x82\x01z", 3, DW_CAUSE_PROTOCOL_ERROR, 1003 },
    { "\x81\x02\xc3\x28", 4, DW_CAUSE_PROTOCOL_ERROR, 1007 },
    { "\xc1\x01z", 3, DW_CAUSE_PROTOCOL_ERROR, 1002 },
    /* The first of two bad ones counts. */
    { "\xc1\x01z\x81\x7f\x00\x00\x00\x00\x00\x02\x00\x01z", 14, DW_CAUSE_PROTOCOL_ERROR, 1002 },
    { "\x88\x02\x0f\xa1\x81\x7f\x00\x00\x00\x00\x00\x02\x00\x01z", 15, DW_CAUSE_POLICY, 4001 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (Call) call = { 0 };
      g_autoptr (GByteArray) bytes = g_byte_array_new ();

      g_test_message ("row %u", i);
      g_byte_array_append (bytes,
                           (const guint8 *) "\x81\x05"
                                            "first"
                                            "\x81\x06"
                                            "second",
                           15);
      g_byte_array_append (bytes, (const guint8 *) rows[i].bad, (guint) rows[i].length);
      open_call (&call);
      dw_raw_peer_write (call.peer, bytes->data, bytes->len);
      dw_test_until ("the end", has_ended, &call);
      check_told_once (&call, 1, 1);
      g_assert_cmpint (call.cause, ==, rows[i].cause);
      g_assert_cmpuint (dw_raw_peer_get_last_close (call.peer), ==, rows[i].sent);
      g_assert_cmpuint (call.texts->len, ==, 2);
      g_assert_cmpstr (call.texts->pdata[0], ==, "first");
      g_assert_cmpstr (call.texts->pdata[1], ==, "second");
    }
}

static gboolean
has_two_texts (gpointer data)
{
  return ((Call *) data)->texts->len == 2;
}

/* The largest message is accepted, in one frame or in the largest number of fragments. */
static void
test_largest (void)
{
  g_autofree char *text = g_strnfill (DW_LIMIT_MESSAGE_BYTES, 'a');
  g_auto (Call) call = { 0 };

  open_call (&call);
  dw_raw_peer_write_frame (call.peer, 0x81, text, DW_LIMIT_MESSAGE_BYTES);
  dw_raw_peer_write_frame (call.peer, 0x01, "a", 1);
  for (guint i = 0; i < DW_FRAME_FRAGMENTS - 2; i++)
    dw_raw_peer_write_frame (call.peer, 0x00, "a", 1);
  dw_raw_peer_write_frame (call.peer, 0x80, "a", 1);
  dw_test_until ("both", has_two_texts, &call);
  g_assert_cmpuint (strlen (call.texts->pdata[0]), ==, DW_LIMIT_MESSAGE_BYTES);
  g_assert_cmpuint (strlen (call.texts->pdata[1]), ==, DW_FRAME_FRAGMENTS);
  check_told_once (&call, 1, 0);
  g_assert_true (dw_connection_is_open (call.connection));
}

/* A peer's close is reported with its code and reason, and frames after it are ignored. */
static void
test_close_codes (void)
{
  static const struct
  {
    guint code;
    DwCause cause;
    const char *words;
  } rows[] = {
    { 1000, DW_CAUSE_CLOSED, "" },         { 1001, DW_CAUSE_CLOSED, "Going away" },
    { 1008, DW_CAUSE_POLICY, "no" },       { 1009, DW_CAUSE_MESSAGE_TOO_LARGE, "" },
    { 1011, DW_CAUSE_STAGE_FAILED, "x" },  { 1012, DW_CAUSE_STAGE_RESTARTS, "soon" },
    { 1013, DW_CAUSE_STAGE_RESTARTS, "" }, { 4001, DW_CAUSE_POLICY, "é" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (Call) call = { 0 };
      g_autofree char *payload = g_strdup_printf ("%c%c%s", rows[i].code >> 8, rows[i].code & 0xff, rows[i].words);

      g_test_message ("%u", rows[i].code);
      open_call (&call);
      dw_raw_peer_write_text (call.peer, "before");
      dw_raw_peer_write_frame (call.peer, 0x88, payload, 2 + strlen (rows[i].words));
      dw_raw_peer_write_text (call.peer, "after");
      dw_test_until ("the end", has_ended, &call);
      check_told_once (&call, 1, 1);
      g_assert_cmpint (call.cause, ==, rows[i].cause);
      g_assert_cmpuint (call.code, ==, rows[i].code);
      g_assert_cmpstr (call.reason != NULL ? call.reason : "", ==, rows[i].words);
      g_assert_cmpuint (call.texts->len, ==, 1);
      g_assert_cmpint (last_entry (&call)->kind, ==, DW_TRACE_CLOSED);
      g_assert_cmpuint (last_entry (&call)->code, ==, rows[i].code);

      /* After the end nothing reports it a second time. */
      g_assert_false (dw_connection_send (call.connection, "late"));
      dw_connection_close (call.connection);
      check_told_once (&call, 1, 1);
      g_assert_cmpuint (count_entries (&call, DW_TRACE_CLOSED), ==, 1);
      g_assert_cmpuint (count_entries (&call, DW_TRACE_OUT), ==, 0);
    }
}

/* A socket that ends without a close frame is a lost connection, with FIN or RST. */
static void
test_lost (void)
{
  for (guint reset = 0; reset < 2; reset++)
    {
      g_auto (Call) call = { 0 };

      open_call (&call);
      dw_raw_peer_drop (call.peer, reset != 0);
      dw_test_until ("the end", has_ended, &call);
      check_told_once (&call, 1, 1);
      g_assert_cmpint (call.cause, ==, DW_CAUSE_LOST);
    }
}

/* A failed handshake is reported as the end of a connection that never opened. */
static void
test_refused (void)
{
  static const struct
  {
    const char *answer;
    DwCause cause;
    guint code;
    const char *reason;
  } rows[] = {
    { "HTTP/1.1 403 Forbidden\r\nContent-Length: 23\r\n\r\n{\"message\":\"Forbidden\"}", DW_CAUSE_FORBIDDEN, 403,
      "Forbidden" },
    { "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", DW_CAUSE_SERVER_ERROR, 500, "No" },
    { "no HTTP\r\n\r\n", DW_CAUSE_NOT_A_STAGE, 0, NULL },
    { "", DW_CAUSE_HANDSHAKE_TIMEOUT, 0, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (Call) call = { 0 };

      g_test_message ("row %u", i);
      call_init (&call, rows[i].answer);
      start (&call);
      g_assert_cmpuint (call.ended, ==, 0);
      dw_test_until ("the end", has_ended, &call);
      check_told_once (&call, 0, 1);
      g_assert_cmpint (call.cause, ==, rows[i].cause);
      g_assert_cmpuint (call.code, ==, rows[i].code);
      g_assert_cmpstr (call.reason, ==, rows[i].reason);
      g_assert_cmpuint (dw_connection_get_handshake (call.connection)->status, ==, rows[i].code);
      g_assert_false (dw_connection_is_open (call.connection));
      g_assert_false (dw_connection_send (call.connection, "x"));
      g_assert_cmpint (last_entry (&call)->kind, ==, DW_TRACE_FAILED);
      g_assert_cmpuint (last_entry (&call)->code, ==, rows[i].code);
      g_assert_cmpstr (last_entry (&call)->note, ==, dw_cause_get_name (rows[i].cause));
    }
}

static gboolean
has_attempt (gpointer data)
{
  return dw_raw_peer_get_attempts (((Call *) data)->peer) > 0;
}

/* Closing during the handshake: nothing is reported afterwards, whatever the handshake comes to. */
static void
test_close_while_opening (void)
{
  /* A peer that never answers, one that accepts at once, and one that refuses. */
  static const char *const answers[] = { "", NULL, "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n" };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    for (guint later = 0; later < 2; later++)
      {
        g_auto (Call) call = { 0 };

        call_init (&call, answers[i]);
        start (&call);
        if (later)
          dw_test_until ("an attempt", has_attempt, &call);
        if (call.opened > 0 || call.ended > 0)
          continue;
        dw_connection_close (call.connection);
        dw_connection_close (call.connection);
        dw_test_run_for (TIMEOUT_MS);
        check_told_once (&call, 0, 0);
        g_assert_false (dw_connection_is_open (call.connection));
        g_assert_cmpuint (dw_raw_peer_get_open (call.peer), ==, 0);
        g_assert_cmpuint (count_entries (&call, DW_TRACE_OPEN) + count_entries (&call, DW_TRACE_FAILED), ==, 0);
      }
}

static gboolean
was_closed (gpointer data)
{
  return dw_raw_peer_get_last_close (((Call *) data)->peer) != 0;
}

/* Closing from our side sends a close frame and emits no signal; frames that arrive afterwards are dropped. */
static void
test_close (void)
{
  g_auto (Call) call = { 0 };

  open_call (&call);
  dw_connection_close (call.connection);
  g_assert_false (dw_connection_is_open (call.connection));
  g_assert_false (dw_connection_send (call.connection, "late"));
  dw_raw_peer_write_text (call.peer, "after");
  dw_test_until ("the close", was_closed, &call);
  g_assert_cmpuint (dw_raw_peer_get_last_close (call.peer), ==, 1000);
  check_told_once (&call, 1, 0);
  g_assert_cmpuint (call.texts->len, ==, 0);
  g_assert_cmpuint (dw_raw_peer_get_frames (call.peer), ==, 0);
  g_assert_cmpint (last_entry (&call)->kind, ==, DW_TRACE_CLOSED);
  g_assert_cmpuint (last_entry (&call)->code, ==, 1000);
  dw_connection_close (call.connection);
  g_assert_cmpuint (count_entries (&call, DW_TRACE_CLOSED), ==, 1);
}

/* A handler may close the connection while it handles a text; the texts behind it are not delivered. */
static void
test_close_inside (void)
{
  g_auto (Call) call = { 0 };

  open_call (&call);
  call.closes_inside = TRUE;
  for (guint i = 0; i < 3; i++)
    dw_raw_peer_write_text (call.peer, "text");
  dw_test_until ("the close", was_closed, &call);
  check_told_once (&call, 1, 0);
  g_assert_cmpuint (call.texts->len, ==, 1);
}

/* Dropping the last reference, open or opening, closes the socket too. */
static void
test_dropped (void)
{
  for (guint open = 0; open < 2; open++)
    {
      g_auto (Call) call = { 0 };

      if (open)
        open_call (&call);
      else
        {
          call_init (&call, "");
          start (&call);
          dw_test_until ("an attempt", has_attempt, &call);
          dw_connection_close (call.connection);
          dw_test_run_for (60);
        }
      dw_test_finalize (g_steal_pointer (&call.connection));
      dw_test_run_for (60);
      g_assert_cmpuint (dw_raw_peer_get_open (call.peer), ==, 0);
      g_assert_cmpuint (call.ended, ==, 0);
    }
}

static gboolean
has_a_frame (gpointer data)
{
  return dw_raw_peer_get_frames (((Call *) data)->peer) > 0;
}

static gboolean
has_a_pong (gpointer data)
{
  return count_entries (data, DW_TRACE_PONG) > 0;
}

/* The two timestamps that liveness relies on: anything that arrives counts as heard, but only our data frames count as
 * sent, since the gateway's idle limit may ignore pings. */
static void
test_times (void)
{
  g_auto (Call) call = { 0 };
  gint64 heard, sent, before;

  open_call (&call);
  heard = dw_connection_get_last_heard (call.connection);
  sent = dw_connection_get_last_sent (call.connection);
  g_assert_cmpint (heard, <=, dw_boot_clock_now ());
  g_assert_cmpint (heard, ==, sent);

  dw_test_until ("a pong", has_a_pong, &call);
  g_assert_cmpint (dw_connection_get_last_heard (call.connection), >=, heard + PING_MS * 1000 / 2);
  g_assert_cmpint (dw_connection_get_last_sent (call.connection), ==, sent);

  heard = dw_connection_get_last_heard (call.connection);
  before = dw_boot_clock_now ();
  g_assert_true (dw_connection_send (call.connection, "ours"));
  g_assert_cmpint (dw_connection_get_last_sent (call.connection), >=, before);
  sent = dw_connection_get_last_sent (call.connection);
  dw_test_until ("our frame", has_a_frame, &call);
  g_assert_cmpstr (dw_raw_peer_get_last_frame (call.peer), ==, "ours");

  before = dw_boot_clock_now ();
  dw_raw_peer_write_text (call.peer, "theirs");
  dw_test_until ("their frame", has_a_text, &call);
  g_assert_cmpint (dw_connection_get_last_heard (call.connection), >=, before);
  g_assert_cmpint (dw_connection_get_last_sent (call.connection), ==, sent);
}

/* Everything that crossed the wire is in the trace, in order, without secrets. */
static void
test_trace (void)
{
  static const DwTraceKind kinds[] = { DW_TRACE_CONNECTING, DW_TRACE_OPEN, DW_TRACE_OUT, DW_TRACE_IN,
                                       DW_TRACE_CLOSED };
  DwHandshakeOptions options = { .timeout_ms = TIMEOUT_MS };
  g_auto (Call) call = { 0 };
  g_autofree char *text = NULL;
  g_autofree char *secret = NULL;
  g_autofree char *json = NULL;
  g_autoptr (DwStageUrl) url = NULL;
  const DwTraceEntry *open;

  call_init (&call, NULL);
  text = dw_raw_peer_dup_url (call.peer);
  secret = g_strconcat (text, "?token=S3CR3T", NULL);
  url = dw_stage_url_parse (secret, NULL);
  dw_connection_open (call.connection, url, &options, 60 * 1000);
  dw_test_until ("the connection", has_opened, &call);
  dw_connection_send (call.connection, "ours");
  dw_test_until ("our frame", has_a_frame, &call);
  dw_raw_peer_write_text (call.peer, "theirs");
  dw_test_until ("their frame", has_a_text, &call);
  dw_connection_close (call.connection);

  g_assert_cmpuint (dw_trace_get_last (call.trace), ==, G_N_ELEMENTS (kinds));
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_assert_cmpint (dw_trace_get_entry (call.trace, i + 1)->kind, ==, kinds[i]);
      g_assert_cmpuint (dw_trace_get_entry (call.trace, i + 1)->connection, ==, SERIAL);
    }
  open = dw_trace_get_entry (call.trace, 2);
  g_assert_cmpuint (open->code, ==, 101);
  g_assert_null (open->note);
  g_assert_true (g_str_has_prefix (open->request, "GET /prod"));
  g_assert_true (g_str_has_prefix (open->response, "HTTP/1.1 101 "));
  g_assert_cmpuint (open->steps_ms[1], >, 0);
  json = dw_trace_to_json_lines (call.trace);
  g_assert_null (strstr (json, "S3CR3T"));
}

static gboolean
has_the_texts (gpointer data)
{
  return ((Call *) data)->texts->len == 3;
}

/* A frame takes in the trace what it counts there, and not what libsoup had set aside for it. */
static void
test_trace_memory (void)
{
  static const gsize sizes[] = { 140, 1500, 32 * 1024 };
  g_auto (Call) call = { 0 };

  open_call (&call);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *text = g_strnfill (sizes[i], 'a');

      dw_raw_peer_write_text (call.peer, text);
    }
  dw_test_until ("their frames", has_the_texts, &call);

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      const DwTraceEntry *entry = dw_trace_get_entry (call.trace, dw_trace_get_last (call.trace) - 2 + i);

      g_assert_cmpint (entry->kind, ==, DW_TRACE_IN);
      g_assert_cmpuint (g_bytes_get_size (entry->bytes), ==, sizes[i]);
      g_assert_cmpuint (malloc_usable_size ((gpointer) g_bytes_get_data (entry->bytes, NULL)), <=, sizes[i] + 32);
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/connection/verdicts/WS-6", test_verdicts);
  g_test_add_func ("/client/connection/good-before-bad/WS-6", test_good_before_bad);
  g_test_add_func ("/client/connection/largest/WS-1", test_largest);
  g_test_add_func ("/client/connection/close-codes/S-2", test_close_codes);
  g_test_add_func ("/client/connection/lost", test_lost);
  g_test_add_func ("/client/connection/refused", test_refused);
  g_test_add_func ("/client/connection/close-while-opening/RC-5", test_close_while_opening);
  g_test_add_func ("/client/connection/close", test_close);
  g_test_add_func ("/client/connection/close-inside/S-3", test_close_inside);
  g_test_add_func ("/client/connection/dropped", test_dropped);
  g_test_add_func ("/client/connection/times", test_times);
  g_test_add_func ("/client/connection/trace", test_trace);
  g_test_add_func ("/client/connection/trace-memory", test_trace_memory);
  return g_test_run ();
}
