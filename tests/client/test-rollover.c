/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-raw-peer.h"
#include "dw-session-fixture.h"

#include <string.h>

#define ANSWER                                                                                                     \
  "{\"message\":\"Connected\",\"connectionId\":\"c\",\"connectedAt\":\"2026-11-25T10:00:00.000Z\",\"features\":["  \
  "\"id\"]}"

static DwSessionPolicy *
quick_policy (void)
{
  DwSessionPolicy *policy = fixture_policy ();

  policy->rollover_ms = 300;
  return policy;
}

typedef struct
{
  DwRawPeer *peer;
  guint attempts;
} Wanted;

static gboolean
has_attempts (gpointer data)
{
  return dw_raw_peer_get_attempts (((Wanted *) data)->peer) >= ((Wanted *) data)->attempts;
}

static void
until_attempts (DwRawPeer *peer, guint attempts)
{
  Wanted wanted = { peer, attempts };

  dw_test_until ("an attempt", has_attempts, &wanted);
}

static gboolean
has_one_open (gpointer data)
{
  return dw_raw_peer_get_open (data) == 1;
}

/* The successor is open and confirmed before the old connection closes, the state stays “online”, and a message that
 * arrives on both is shown once. */
static void
test_quiet (void)
{
  g_autoptr (DwSessionPolicy) policy = quick_policy ();
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autofree char *url = dw_raw_peer_dup_url (peer);
  g_autoptr (Fixture) fixture = fixture_new (policy, NULL, url, NULL);

  dw_raw_peer_set_greeting_text (peer, ANSWER);
  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_ONLINE);
  until_attempts (peer, 2);
  /* Both are open now, and the same broadcasts reach both. */
  dw_test_run_for (20);
  g_assert_cmpuint (dw_raw_peer_get_open (peer), ==, 2);
  dw_raw_peer_write_text (peer, "{\"message\":\"hi\"}");
  dw_raw_peer_write_text (peer, "{\"message\":\"hi\"}");
  dw_raw_peer_write_text (peer, "{\"message\":\"x\",\"id\":\"1\"}");
  dw_test_until ("the old one to go", has_one_open, peer);
  g_assert_cmpuint (dw_raw_peer_get_last_close (peer), ==, 1000);
  dw_raw_peer_write_text (peer, "{\"message\":\"after\"}");
  fixture_until_frames (fixture, 4);
  g_assert_cmpuint (fixture->frames->len, ==, 4);
  g_assert_cmpstr (fixture_text (fixture, 3), ==, "after");
  g_assert_cmpuint (fixture->lost, ==, 0);
  g_assert_cmpuint (dw_outages_count (dw_session_get_outages (fixture->session), 0), ==, 0);
  g_assert_cmpuint (fixture->states->len, ==, 3);
  /* This repeats for as long as the session lives. */
  until_attempts (peer, 4);
  dw_test_until ("the old one to go", has_one_open, peer);
  g_assert_cmpuint (fixture->states->len, ==, 3);
}

static void
count_change (guint *changes)
{
  *changes += 1;
}

/* An unconfirmed connection is replaced by a confirmed one: the old one's timeout must not affect the new one. */
static void
test_confirmed_stays (void)
{
  g_autoptr (DwSessionPolicy) policy = quick_policy ();
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autofree char *url = dw_raw_peer_dup_url (peer);
  g_autoptr (Fixture) fixture = NULL;
  guint changes = 0;

  policy->rollover_ms = 50;
  policy->confirm_ms = 500;
  policy->overlap_ms = 60000;
  fixture = fixture_new (policy, NULL, url, NULL);
  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_CONNECTED);
  dw_raw_peer_set_greeting_text (peer, ANSWER);
  fixture_until_state (fixture, DW_SESSION_ONLINE);
  g_assert_true (dw_session_get_status (fixture->session)->confirmed);
  g_signal_connect_swapped (fixture->session, "changed", G_CALLBACK (count_change), &changes);
  dw_test_run_for (700);
  g_signal_handlers_disconnect_by_data (fixture->session, &changes);
  g_assert_cmpuint (changes, ==, 0);
}

/* If no successor can be opened, the current connection goes on. */
static void
test_no_successor (void)
{
  g_autoptr (DwSessionPolicy) policy = quick_policy ();
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autofree char *url = dw_raw_peer_dup_url (peer);
  g_autoptr (Fixture) fixture = fixture_new (policy, NULL, url, NULL);

  dw_raw_peer_set_greeting_text (peer, ANSWER);
  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_ONLINE);
  dw_raw_peer_set_answer (peer, "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
  until_attempts (peer, 4);
  g_assert_cmpint (dw_session_get_status (fixture->session)->state, ==, DW_SESSION_ONLINE);
  dw_raw_peer_write_text (peer, "{\"message\":\"still here\"}");
  fixture_until_frames (fixture, 1);
  dw_raw_peer_set_answer (peer, NULL);
  until_attempts (peer, 6);
  dw_test_until ("the old one to go", has_one_open, peer);
  g_assert_cmpuint (fixture->lost, ==, 0);
}

/* The old connection ends while its successor is being opened: the successor takes over, and there is no third. */
static void
test_ends_meanwhile (void)
{
  g_autoptr (DwSessionPolicy) policy = quick_policy ();
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autofree char *url = dw_raw_peer_dup_url (peer);
  g_autoptr (Fixture) fixture = NULL;

  policy->confirm_ms = 5000;
  fixture = fixture_new (policy, NULL, url, NULL);
  dw_raw_peer_set_greeting_text (peer, ANSWER);
  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_ONLINE);
  /* The successor's upgrade is still unanswered when every other connection ends. */
  dw_raw_peer_set_answer (peer, "");
  until_attempts (peer, 2);
  dw_raw_peer_drop_oldest (peer);
  fixture_until_state (fixture, DW_SESSION_CONNECTING);
  g_assert_cmpuint (fixture->lost, ==, 1);
  dw_raw_peer_set_answer (peer, NULL);
  fixture_until_state (fixture, DW_SESSION_ONLINE);
}

/* The same before anybody confirmed it: its wait for an answer says nothing of a successor that is not open yet. */
static void
test_ends_unconfirmed (void)
{
  g_autoptr (DwSessionPolicy) policy = quick_policy ();
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autofree char *url = dw_raw_peer_dup_url (peer);
  g_autoptr (Fixture) fixture = NULL;

  policy->rollover_ms = 50;
  policy->confirm_ms = 800;
  policy->handshake_ms = 60000;
  fixture = fixture_new (policy, NULL, url, NULL);
  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_CONNECTED);
  dw_raw_peer_set_answer (peer, "");
  until_attempts (peer, 2);
  dw_raw_peer_drop_oldest (peer);
  fixture_until_state (fixture, DW_SESSION_CONNECTING);
  dw_test_run_for (1000);
  g_assert_cmpint (dw_session_get_status (fixture->session)->state, ==, DW_SESSION_CONNECTING);
}

/* What is due of a connection goes with it: while a session waits to try again it opens nothing. */
static void
test_ended (void)
{
  g_autoptr (DwSessionPolicy) policy = quick_policy ();
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autofree char *url = dw_raw_peer_dup_url (peer);
  g_autoptr (Fixture) fixture = NULL;

  policy->backoff_base_ms = policy->backoff_cap_ms = 60000;
  policy->confirm_ms = 200;
  fixture = fixture_new (policy, NULL, url, NULL);
  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_CONNECTED);
  dw_raw_peer_drop (peer, FALSE);
  fixture_until_state (fixture, DW_SESSION_WAITING);
  dw_test_run_for (600);
  g_assert_cmpint (dw_session_get_status (fixture->session)->state, ==, DW_SESSION_WAITING);
  g_assert_cmpuint (dw_raw_peer_get_attempts (peer), ==, 1);
}

static void
test_disconnect_meanwhile (void)
{
  g_autoptr (DwSessionPolicy) policy = quick_policy ();
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autofree char *url = dw_raw_peer_dup_url (peer);
  g_autoptr (Fixture) fixture = fixture_new (policy, NULL, url, NULL);

  dw_raw_peer_set_greeting_text (peer, ANSWER);
  dw_session_connect (fixture->session);
  until_attempts (peer, 2);
  dw_session_disconnect (fixture->session);
  dw_test_run_for (500);
  g_assert_cmpuint (dw_raw_peer_get_attempts (peer), ==, 2);
  g_assert_cmpint (dw_session_get_status (fixture->session)->state, ==, DW_SESSION_OFFLINE);
}

/* After two failures in a row the next address is tried, and the primary again at the rollover. */
static void
test_failover (void)
{
  g_autoptr (DwSessionPolicy) policy = quick_policy ();
  g_autoptr (DwRawPeer) primary = dw_raw_peer_new ("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
  g_autoptr (DwRawPeer) second = dw_raw_peer_new (NULL);
  g_autofree char *primary_url = dw_raw_peer_dup_url (primary);
  g_autofree char *second_url = dw_raw_peer_dup_url (second);
  g_autoptr (Fixture) fixture = NULL;

  policy->overload_floor_ms = 20;
  fixture = fixture_new (policy, NULL, primary_url, second_url, NULL);
  dw_raw_peer_set_greeting_text (primary, ANSWER);
  dw_raw_peer_set_greeting_text (second, ANSWER);
  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_ONLINE);
  g_assert_cmpuint (dw_raw_peer_get_attempts (primary), ==, 2);
  g_assert_cmpuint (dw_raw_peer_get_attempts (second), ==, 1);
  dw_raw_peer_set_answer (primary, NULL);
  until_attempts (primary, 3);
  while (dw_raw_peer_get_open (second) > 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpstr (dw_stage_url_get_text (dw_session_get_url (fixture->session)), ==, primary_url);
  g_assert_cmpint (dw_session_get_status (fixture->session)->state, ==, DW_SESSION_ONLINE);
  g_assert_cmpuint (fixture->lost, ==, 0);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/rollover/quiet/AG-3", test_quiet);
  g_test_add_func ("/client/rollover/confirmed-stays", test_confirmed_stays);
  g_test_add_func ("/client/rollover/no-successor", test_no_successor);
  g_test_add_func ("/client/rollover/ends-meanwhile", test_ends_meanwhile);
  g_test_add_func ("/client/rollover/ends-unconfirmed", test_ends_unconfirmed);
  g_test_add_func ("/client/rollover/ended", test_ended);
  g_test_add_func ("/client/rollover/disconnect-meanwhile/RC-5", test_disconnect_meanwhile);
  g_test_add_func ("/client/rollover/failover", test_failover);
  return g_test_run ();
}
