/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-session-fixture.h"

#include "client/connection/dw-boot-clock.h"

#include <string.h>

#define NOTIFICATION                                                                                               \
  "{\"message\":\"Connected\",\"connectionId\":\"c\",\"connectedAt\":\"2026-11-25T10:00:00.000Z\",\"stage\":"      \
  "\"prod\","                                                                                                      \
  "\"features\":[\"id\"]}"

static Fixture *
fixture_for (DwRawPeer *peer)
{
  g_autoptr (DwSessionPolicy) policy = fixture_policy ();
  g_autofree char *url = dw_raw_peer_dup_url (peer);

  return fixture_new (policy, NULL, url, NULL);
}

static const DwSessionStatus *
status_of (Fixture *fixture)
{
  return dw_session_get_status (fixture->session);
}

static guint
n_outages (Fixture *fixture)
{
  return dw_outages_count (dw_session_get_outages (fixture->session), dw_boot_clock_now ());
}

static void
count_change (guint *changes)
{
  *changes += 1;
}

static void
test_confirmed (void)
{
  g_autoptr (DwSessionPolicy) policy = fixture_policy ();
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autofree char *url = dw_raw_peer_dup_url (peer);
  g_autoptr (Fixture) fixture = NULL;
  guint changes = 0;

  policy->confirm_ms = 800;
  fixture = fixture_new (policy, NULL, url, NULL);
  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_CONNECTED);
  /* The stage takes its time, and that is what is shown. */
  dw_test_run_for (30);
  dw_raw_peer_write_text (peer, NOTIFICATION);
  fixture_until_state (fixture, DW_SESSION_ONLINE);
  g_assert_true (status_of (fixture)->confirmed);
  g_assert_cmpstr (status_of (fixture)->connection_id, ==, "c");
  g_assert_cmpint (status_of (fixture)->features, ==, DW_FEATURE_ID);
  g_assert_cmpint (status_of (fixture)->latency_ms, >=, 29);
  g_assert_cmpint (status_of (fixture)->latency_ms, <, DW_TEST_DEADLINE_MS);
  g_assert_cmpstr (dw_raw_peer_get_last_frame (peer), ==, "{\"action\":\"dynamowave-status\"}");
  g_assert_cmpuint (fixture->frames->len, ==, 0);
  g_assert_cmpuint (fixture->states->len, ==, 3);
  /* Who was answered does not go on waiting for it. */
  g_signal_connect_swapped (fixture->session, "changed", G_CALLBACK (count_change), &changes);
  dw_test_run_for (1000);
  g_assert_cmpuint (changes, ==, 0);
  g_signal_handlers_disconnect_by_data (fixture->session, &changes);
}

/* A stage without $default answers the probe with “Forbidden”. That confirms the connection and is not reported. */
static void
test_forbidden_confirms (void)
{
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autoptr (Fixture) fixture = fixture_for (peer);
  const char *forbidden = "{\"message\": \"Forbidden\", \"connectionId\":\"c\", \"requestId\":\"r\"}";

  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_CONNECTED);
  dw_raw_peer_write_text (peer, forbidden);
  fixture_until_state (fixture, DW_SESSION_ONLINE);
  g_assert_true (status_of (fixture)->confirmed);
  g_assert_cmpuint (fixture->frames->len, ==, 0);
  /* A second one answers nothing we sent, so it is reported. */
  dw_raw_peer_write_text (peer, forbidden);
  fixture_until_frames (fixture, 1);
}

static void
test_unconfirmed (void)
{
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autoptr (Fixture) fixture = fixture_for (peer);

  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_ONLINE);
  g_assert_false (status_of (fixture)->confirmed);
  dw_raw_peer_write_text (peer, "hello");
  fixture_until_frames (fixture, 1);
  g_assert_cmpstr (fixture_text (fixture, 0), ==, "hello");
}

typedef struct
{
  const char *answer;
  DwCause cause;
  DwSessionState state; /* the state in the end */
  guint code;
} Answer;

static const Answer answers[] = {
  { "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", DW_CAUSE_UNAUTHORIZED, DW_SESSION_REFUSED, 401 },
  { "HTTP/1.1 403 Forbidden\r\nContent-Length: 23\r\n\r\n{\"message\":\"Forbidden\"}", DW_CAUSE_FORBIDDEN,
    DW_SESSION_REFUSED, 403 },
  { "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", DW_CAUSE_NOT_FOUND, DW_SESSION_REFUSED, 404 },
  { "HTTP/1.1 307 Temporary Redirect\r\nLocation: ws://127.0.0.1:1/x\r\nContent-Length: 0\r\n\r\n",
    DW_CAUSE_REDIRECT, DW_SESSION_REFUSED, 307 },
  { "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n", DW_CAUSE_THROTTLED, DW_SESSION_WAITING, 429 },
  { "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n", DW_CAUSE_SERVER_ERROR, DW_SESSION_WAITING,
    500 },
  { "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", DW_CAUSE_SERVER_ERROR, DW_SESSION_WAITING, 502 },
  { "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>", DW_CAUSE_SIGN_IN,
    DW_SESSION_WAITING, 200 },
  { "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi", DW_CAUSE_NOT_A_STAGE,
    DW_SESSION_WAITING, 200 },
  { "220 mail.example ESMTP\r\n", DW_CAUSE_NOT_A_STAGE, DW_SESSION_WAITING, 0 },
};

static void
test_answers (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autoptr (DwRawPeer) peer = dw_raw_peer_new (answers[i].answer);
      g_autoptr (Fixture) fixture = fixture_for (peer);

      g_test_message ("row %u", i);
      dw_session_connect (fixture->session);
      fixture_until_state (fixture, answers[i].state);
      g_assert_cmpint (status_of (fixture)->cause, ==, answers[i].cause);
      g_assert_cmpuint (status_of (fixture)->code, ==, answers[i].code);
      g_assert_cmpint (status_of (fixture)->reason != NULL, ==, answers[i].code != 0);
      if (answers[i].state == DW_SESSION_REFUSED)
        {
          guint attempts = dw_raw_peer_get_attempts (peer);

          /* Two attempts at most. */
          g_assert_cmpuint (attempts, ==, 2);
          dw_test_run_for (250);
          g_assert_cmpuint (dw_raw_peer_get_attempts (peer), ==, attempts);
        }
    }
}

static void
test_nothing_listens (void)
{
  g_autoptr (DwSessionPolicy) policy = fixture_policy ();
  g_autoptr (Fixture) fixture = fixture_new (policy, NULL, "ws://127.0.0.1:1/x", NULL);
  g_autoptr (Fixture) nowhere = fixture_new (policy, NULL, "wss://no-such-host.invalid/x", NULL);

  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_WAITING);
  g_assert_cmpint (status_of (fixture)->cause, ==, DW_CAUSE_NOTHING_LISTENS);
  dw_session_connect (nowhere->session);
  fixture_until_state (nowhere, DW_SESSION_WAITING);
  g_assert_cmpint (status_of (nowhere)->cause, ==, DW_CAUSE_NAME_NOT_FOUND);
}

static void
test_silent_handshake (void)
{
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new ("");
  g_autoptr (Fixture) fixture = fixture_for (peer);

  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_WAITING);
  g_assert_cmpint (status_of (fixture)->cause, ==, DW_CAUSE_HANDSHAKE_TIMEOUT);
}

/* An end is reported once, however libsoup reports it, and followed by one attempt. */
static void
check_comes_back (DwRawPeer *peer, Fixture *fixture, DwCause cause)
{
  fixture_until_state (fixture, DW_SESSION_WAITING);
  g_assert_cmpint (status_of (fixture)->cause, ==, cause);
  g_assert_cmpuint (fixture->lost, ==, 1);
  fixture_until_state (fixture, DW_SESSION_ONLINE);
  g_assert_cmpuint (dw_raw_peer_get_attempts (peer), ==, 2);
  g_assert_cmpuint (dw_raw_peer_get_open (peer), ==, 1);
}

static void
test_fin_and_reset (void)
{
  for (guint reset = 0; reset <= 1; reset++)
    {
      g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
      g_autoptr (Fixture) fixture = fixture_for (peer);

      dw_session_connect (fixture->session);
      fixture_until_state (fixture, DW_SESSION_ONLINE);
      dw_raw_peer_drop (peer, reset != 0);
      check_comes_back (peer, fixture, DW_CAUSE_LOST);
    }
}

static void
test_bad_frames (void)
{
  static const struct
  {
    const char *bytes;
    gsize length;
  } cases[] = {
    { "\xc1\x05hello", 7 },                  /* RSV1 without an extension */
    { "\xf1\x05hello", 7 },                  /* RSV1 to RSV3 */
    { "\x81\x02\xc3\x28", 4 },               /* not UTF-8 */
    { "\x82\x03\x01\x02\x03", 5 },           /* binary */
    { "\x83\x01x", 3 },                      /* an opcode that does not exist */
    { "\x80\x01x", 3 },                      /* a continuation of nothing */
    { "\x81\x85\x01\x02\x03\x04hello", 11 }, /* masked, as only a client's frames are */
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
      g_autoptr (Fixture) fixture = fixture_for (peer);

      g_test_message ("row %u", i);
      dw_session_connect (fixture->session);
      fixture_until_state (fixture, DW_SESSION_ONLINE);
      dw_raw_peer_write (peer, cases[i].bytes, cases[i].length);
      check_comes_back (peer, fixture, DW_CAUSE_PROTOCOL_ERROR);
      g_assert_cmpuint (fixture->frames->len, ==, 0);
      dw_raw_peer_write_text (peer, "the next one");
      fixture_until_frames (fixture, 1);
    }
}

static void
test_data_after_close (void)
{
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autoptr (Fixture) fixture = fixture_for (peer);

  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_ONLINE);
  dw_raw_peer_write (peer, "\x81\x02hi\x88\x02\x03\xe8\x81\x04late", 4 + 4 + 6);
  fixture_until_state (fixture, DW_SESSION_WAITING);
  g_assert_cmpint (status_of (fixture)->cause, ==, DW_CAUSE_CLOSED);
  g_assert_cmpuint (status_of (fixture)->code, ==, 1000);
  fixture_until_state (fixture, DW_SESSION_ONLINE);
  g_assert_cmpuint (fixture->frames->len, ==, 1);
  g_assert_cmpstr (fixture_text (fixture, 0), ==, "hi");
}

/* A ping between two fragments that split a character, and a close with a reason. */
static void
test_fragments_and_reason (void)
{
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autoptr (Fixture) fixture = fixture_for (peer);

  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_ONLINE);
  dw_raw_peer_write (peer,
                     "\x01\x02"
                     "a\xc3"
                     "\x89\x01p"
                     "\x80\x02"
                     "\xa9"
                     "b",
                     4 + 3 + 4);
  fixture_until_frames (fixture, 1);
  g_assert_cmpstr (fixture_text (fixture, 0), ==,
                   "a\xc3\xa9"
                   "b");
  dw_raw_peer_write (peer,
                     "\x88\x07\x0f\xa1"
                     "later",
                     9);
  fixture_until_state (fixture, DW_SESSION_WAITING);
  g_assert_cmpuint (status_of (fixture)->code, ==, 4001);
  g_assert_cmpint (status_of (fixture)->cause, ==, DW_CAUSE_POLICY);
  g_assert_cmpstr (status_of (fixture)->reason, ==, "later");
}

/* 131,072 bytes are accepted. One byte more ends the connection, and the backoff limits how often that happens. */
static void
test_large (void)
{
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autoptr (Fixture) fixture = fixture_for (peer);
  g_autofree char *text = g_strnfill (131073, 'a');

  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_ONLINE);
  dw_raw_peer_write_frame (peer, 0x81, text, 131072);
  fixture_until_frames (fixture, 1);
  g_assert_cmpuint (strlen (fixture_text (fixture, 0)), ==, 131072);
  dw_raw_peer_write_frame (peer, 0x01, text, 65536);
  dw_raw_peer_write_frame (peer, 0x80, text, 65536);
  fixture_until_frames (fixture, 2);
  g_assert_cmpuint (strlen (fixture_text (fixture, 1)), ==, 131072);

  dw_raw_peer_write_frame (peer, 0x81, text, 131073);
  fixture_until_state (fixture, DW_SESSION_WAITING);
  g_assert_cmpint (status_of (fixture)->cause, ==, DW_CAUSE_MESSAGE_TOO_LARGE);
  fixture_until_state (fixture, DW_SESSION_ONLINE);

  dw_raw_peer_write_frame (peer, 0x01, text, 65537);
  dw_raw_peer_write_frame (peer, 0x80, text, 65536);
  fixture_until_state (fixture, DW_SESSION_WAITING);
  g_assert_cmpint (status_of (fixture)->cause, ==, DW_CAUSE_MESSAGE_TOO_LARGE);
  fixture_until_state (fixture, DW_SESSION_ONLINE);
  g_assert_cmpuint (fixture->frames->len, ==, 2);
}

/* A connection that is closed right after it opened is a failure: the delays grow to the cap, and the counter is not
 * reset. */
static void
test_opened_then_closed (void)
{
  static const char *const closes[] = { "\x88\x02\x03\xf0", "\x88\x02\x03\xe9" }; /* 1008, 1001 */

  for (guint i = 0; i < G_N_ELEMENTS (closes); i++)
    {
      g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
      g_autoptr (Fixture) fixture = fixture_for (peer);

      dw_raw_peer_set_greeting (peer, closes[i], 4);
      dw_session_connect (fixture->session);
      while (status_of (fixture)->attempt < 5)
        g_main_context_iteration (NULL, TRUE);
      /* Half of min(200, 20·2^n) each: 10 + 20 + 40 + 80 before the fifth. */
      g_assert_cmpuint (dw_raw_peer_get_attempts (peer), ==, 5);
      dw_test_run_for (300);
      g_assert_cmpuint (dw_raw_peer_get_attempts (peer), <=, 8);
    }
}

static void
test_disconnect_while_waiting (void)
{
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new ("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
  g_autoptr (Fixture) fixture = fixture_for (peer);
  guint attempts;

  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_WAITING);
  dw_session_disconnect (fixture->session);
  g_assert_cmpint (status_of (fixture)->state, ==, DW_SESSION_OFFLINE);
  attempts = dw_raw_peer_get_attempts (peer);
  dw_test_run_for (500);
  g_assert_cmpuint (dw_raw_peer_get_attempts (peer), ==, attempts);
  g_assert_cmpint (status_of (fixture)->state, ==, DW_SESSION_OFFLINE);
}

static void
test_disconnect_while_connecting (void)
{
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new ("");
  g_autoptr (Fixture) fixture = fixture_for (peer);

  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_CONNECTING);
  dw_test_run_for (50);
  dw_session_disconnect (fixture->session);
  g_assert_cmpint (status_of (fixture)->state, ==, DW_SESSION_OFFLINE);
  dw_test_run_for (500);
  g_assert_cmpuint (dw_raw_peer_get_attempts (peer), ==, 1);
  g_assert_cmpuint (dw_raw_peer_get_open (peer), ==, 0);
}

/* The peer never answers the close frame, and the session does not wait for it. */
static void
test_disconnect_while_online (void)
{
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autoptr (Fixture) fixture = fixture_for (peer);

  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_ONLINE);
  dw_session_disconnect (fixture->session);
  g_assert_cmpint (status_of (fixture)->state, ==, DW_SESSION_OFFLINE);
  g_assert_cmpuint (fixture->lost, ==, 1);
  while (dw_raw_peer_get_last_close (peer) == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (dw_raw_peer_get_last_close (peer), ==, 1000);
  dw_test_run_for (300);
  g_assert_cmpuint (dw_raw_peer_get_attempts (peer), ==, 1);
}

/* “Retry Now” leaves one attempt in progress, not two. */
static void
test_retry_now (void)
{
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new ("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
  g_autoptr (Fixture) fixture = fixture_for (peer);
  guint attempts;

  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_WAITING);
  attempts = dw_raw_peer_get_attempts (peer);
  dw_raw_peer_set_answer (peer, NULL);
  for (guint i = 0; i < 5; i++)
    dw_session_retry (fixture->session);
  fixture_until_state (fixture, DW_SESSION_ONLINE);
  dw_test_run_for (300);
  g_assert_cmpuint (dw_raw_peer_get_attempts (peer), ==, attempts + 1);
  g_assert_cmpuint (dw_raw_peer_get_open (peer), ==, 1);
}

/* A refused session stops and says so; after an edit the very next request carries the new token. */
static void
test_new_token (void)
{
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new ("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
  g_autoptr (DwSessionPolicy) policy = fixture_policy ();
  g_autofree char *base = dw_raw_peer_dup_url (peer);
  g_autofree char *old_text = g_strconcat (base, "?token=OLD+/=", NULL);
  g_autofree char *new_text = g_strconcat (base, "?token=NEW+/=", NULL);
  g_autoptr (Fixture) fixture = fixture_new (policy, NULL, old_text, NULL);
  g_autoptr (DwStageUrl) url = dw_stage_url_parse (new_text, NULL);
  g_autoptr (DwStage) stage = dw_stage_new (url);

  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_REFUSED);
  g_assert_cmpint (dw_cause_get_remedy (status_of (fixture)->cause), ==, DW_REMEDY_TOKEN);
  g_assert_true (g_str_has_prefix (dw_raw_peer_get_last_request (peer), "GET /prod?token=OLD+/= HTTP/1.1\r\n"));
  dw_raw_peer_set_answer (peer, NULL);
  dw_session_set_stage (fixture->session, stage);
  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_ONLINE);
  g_assert_cmpuint (dw_raw_peer_get_attempts (peer), ==, 3);
  g_assert_true (g_str_has_prefix (dw_raw_peer_get_last_request (peer), "GET /prod?token=NEW+/= HTTP/1.1\r\n"));
}

/* The peer silently stops answering pings: the connection is replaced. */
static void
test_dead_peer (void)
{
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autoptr (Fixture) fixture = fixture_for (peer);

  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_ONLINE);
  dw_raw_peer_set_pongs (peer, FALSE);
  fixture_until_state (fixture, DW_SESSION_WAITING);
  g_assert_cmpint (status_of (fixture)->cause, ==, DW_CAUSE_SILENT);
  fixture_until_state (fixture, DW_SESSION_ONLINE);
  g_assert_cmpuint (dw_raw_peer_get_attempts (peer), ==, 2);
}

/* Whatever a handler does while the end of a connection is reported must not be undone or repeated. */
static void
on_lost_disconnect (DwSession *session)
{
  dw_session_disconnect (session);
}

static void
test_disconnect_inside_lost (void)
{
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autoptr (Fixture) fixture = fixture_for (peer);

  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_ONLINE);
  g_signal_connect (fixture->session, "lost", G_CALLBACK (on_lost_disconnect), NULL);
  dw_raw_peer_drop (peer, TRUE);
  fixture_until_state (fixture, DW_SESSION_OFFLINE);
  dw_test_run_for (300);
  g_assert_cmpuint (dw_raw_peer_get_attempts (peer), ==, 1);
}

/* Dropped without a word, in whatever state: nothing of it is left that would call it. */
static void
test_dropped (void)
{
  static const DwSessionState states[] = { DW_SESSION_CONNECTING, DW_SESSION_CONNECTED, DW_SESSION_ONLINE,
                                           DW_SESSION_WAITING };
  g_autoptr (DwSessionPolicy) policy = fixture_policy ();

  policy->backoff_base_ms = policy->backoff_cap_ms = 60000;
  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    {
      g_autoptr (DwRawPeer) peer =
          dw_raw_peer_new (states[i] == DW_SESSION_WAITING ? "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n" : NULL);
      g_autofree char *url = dw_raw_peer_dup_url (peer);
      g_autoptr (DwStageUrl) address = dw_stage_url_parse (url, NULL);
      g_autoptr (DwStage) stage = dw_stage_new (address);
      DwSession *session = dw_session_new (policy, NULL, NULL);

      g_test_message ("%s", dw_session_state_get_name (states[i]));
      dw_session_set_stage (session, stage);
      dw_session_connect (session);
      DW_TEST_WAIT ("the state", dw_session_get_status (session)->state == states[i]);
      dw_test_finalize (session);
      /* libsoup's own close needs some turns. */
      dw_test_run_for (20);
    }
}

static gboolean
has_outage (gpointer data)
{
  return n_outages (data) > 0;
}

/* What the details of a connection show: the outages that nobody asked for, with cause and length, since when the
 * connection is open, and how long each probe took. */
static void
test_details (void)
{
  static const guint8 close[] = { 0x03, 0xf3 }; /* 1011 */
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autoptr (Fixture) fixture = fixture_for (peer);
  gint64 before = g_get_real_time ();
  const DwOutage *outage;
  gint64 opened_at;

  g_assert_cmpint (status_of (fixture)->opened_at, ==, 0);
  dw_raw_peer_set_greeting_text (peer, NOTIFICATION);
  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_ONLINE);
  opened_at = status_of (fixture)->opened_at;
  g_assert_cmpint (opened_at, >=, before);
  g_assert_cmpuint (n_outages (fixture), ==, 0);
  g_assert_cmpuint (dw_session_get_latencies (fixture->session)->n, ==, 1);

  dw_raw_peer_write_frame (peer, 0x88, close, sizeof close);
  dw_test_until ("an outage", has_outage, fixture);
  g_assert_cmpint (status_of (fixture)->opened_at, ==, 0);
  outage = dw_outages_get (dw_session_get_outages (fixture->session), 0);
  g_assert_cmpint (outage->cause, ==, DW_CAUSE_STAGE_FAILED);
  g_assert_cmpuint (outage->code, ==, 1011);
  g_assert_cmpint (outage->ended, ==, 0);
  g_assert_cmpint (outage->time, >=, opened_at);

  fixture_until_state (fixture, DW_SESSION_ONLINE);
  g_assert_cmpint (outage->ended, >, outage->began);
  g_assert_cmpuint (n_outages (fixture), ==, 1);
  g_assert_cmpint (status_of (fixture)->opened_at, >, opened_at);
  g_assert_cmpuint (dw_session_get_latencies (fixture->session)->n, ==, 2);

  /* What the person ends is no outage. */
  dw_session_disconnect (fixture->session);
  g_assert_cmpuint (n_outages (fixture), ==, 1);
  g_assert_cmpint (status_of (fixture)->opened_at, ==, 0);
  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_ONLINE);
  dw_raw_peer_drop (peer, FALSE);
  fixture_until_state (fixture, DW_SESSION_WAITING);
  g_assert_cmpuint (n_outages (fixture), ==, 2);
  dw_session_disconnect (fixture->session);
  g_assert_cmpuint (n_outages (fixture), ==, 1);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/session/confirmed", test_confirmed);
  g_test_add_func ("/client/session/forbidden-confirms", test_forbidden_confirms);
  g_test_add_func ("/client/session/unconfirmed", test_unconfirmed);
  g_test_add_func ("/client/session/answers/RC-6", test_answers);
  g_test_add_func ("/client/session/nothing-listens", test_nothing_listens);
  g_test_add_func ("/client/session/silent-handshake/WS-2", test_silent_handshake);
  g_test_add_func ("/client/session/fin-and-reset", test_fin_and_reset);
  g_test_add_func ("/client/session/bad-frames/WS-6", test_bad_frames);
  g_test_add_func ("/client/session/data-after-close/WS-6", test_data_after_close);
  g_test_add_func ("/client/session/fragments-and-reason/S-1", test_fragments_and_reason);
  g_test_add_func ("/client/session/large/WS-1", test_large);
  g_test_add_func ("/client/session/opened-then-closed/RC-2", test_opened_then_closed);
  g_test_add_func ("/client/session/disconnect-while-waiting/RC-5", test_disconnect_while_waiting);
  g_test_add_func ("/client/session/disconnect-while-connecting/RC-5", test_disconnect_while_connecting);
  g_test_add_func ("/client/session/disconnect-while-online/RC-5", test_disconnect_while_online);
  g_test_add_func ("/client/session/retry-now/RC-5", test_retry_now);
  g_test_add_func ("/client/session/new-token/RC-6", test_new_token);
  g_test_add_func ("/client/session/dead-peer/WS-2", test_dead_peer);
  g_test_add_func ("/client/session/disconnect-inside-lost/S-3", test_disconnect_inside_lost);
  g_test_add_func ("/client/session/dropped/S-3", test_dropped);
  g_test_add_func ("/client/session/details", test_details);
  return g_test_run ();
}
