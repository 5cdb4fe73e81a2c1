/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-fake-monitor.h"
#include "dw-raw-peer.h"
#include "dw-session-fixture.h"

#include "client/connection/dw-boot-clock.h"

#include <string.h>

#define ANSWER                                                                                                     \
  "{\"message\":\"Connected\",\"connectionId\":\"c\",\"connectedAt\":\"2026-11-25T10:00:00.000Z\",\"features\":[]" \
  "}"

static Fixture *
online_fixture (DwRawPeer *peer, DwSessionPolicy *policy, GNetworkMonitor *monitor)
{
  g_autofree char *url = dw_raw_peer_dup_url (peer);
  Fixture *fixture = fixture_new (policy, monitor, url, NULL);

  dw_raw_peer_set_greeting_text (peer, ANSWER);
  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_ONLINE);
  return fixture;
}

typedef struct
{
  DwRawPeer *peer;
  guint frames;
} Wanted;

static gboolean
has_frames (gpointer data)
{
  return dw_raw_peer_get_frames (((Wanted *) data)->peer) >= ((Wanted *) data)->frames;
}

static void
until_peer_got (DwRawPeer *peer, guint frames)
{
  Wanted wanted = { peer, frames };

  dw_test_until ("a frame at the peer", has_frames, &wanted);
}

/* The probe is a data frame sent within the idle limit, and its answer is not shown as chat. */
static void
test_probe (void)
{
  g_autoptr (DwSessionPolicy) policy = fixture_policy ();
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autoptr (Fixture) fixture = NULL;

  policy->probe_ms = 200;
  fixture = online_fixture (peer, policy, NULL);
  until_peer_got (peer, 2);
  g_assert_cmpstr (dw_raw_peer_get_last_frame (peer), ==, "{\"action\":\"dynamowave-status\"}");
  dw_raw_peer_write_text (peer, ANSWER);
  until_peer_got (peer, 4);
  g_assert_cmpuint (fixture->frames->len, ==, 0);
  g_assert_cmpint (dw_session_get_status (fixture->session)->state, ==, DW_SESSION_ONLINE);
}

static gboolean
has_measured_twice (gpointer session)
{
  return dw_session_get_latencies (session)->n == 2;
}

/* A probe that is never answered does not end the measuring: once its answer could come no more, the next one counts. */
static void
test_lost_probe (void)
{
  g_autoptr (DwSessionPolicy) policy = fixture_policy ();
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autoptr (Fixture) fixture = NULL;

  policy->pong_ms = 200;
  policy->answer_ms = 300;
  fixture = online_fixture (peer, policy, NULL);
  g_assert_cmpuint (dw_session_get_latencies (fixture->session)->n, ==, 1);
  dw_session_probe (fixture->session);
  until_peer_got (peer, 2);
  g_usleep ((gulong) policy->answer_ms * 1000 + 1000);
  dw_session_probe (fixture->session);
  until_peer_got (peer, 3);
  dw_raw_peer_write_text (peer, ANSWER);
  dw_test_until ("another latency", has_measured_twice, fixture->session);
}

static gboolean
has_asked_again (gpointer data)
{
  Fixture *fixture = ((gpointer *) data)[0];

  dw_session_measure (fixture->session);
  return dw_raw_peer_get_frames (((gpointer *) data)[1]) >= 3;
}

/* Whoever shows the latency asks for it every few seconds. After a lost probe that does not send one probe into the wait
 * for another for ever, so that no answer says how long it took. */
static void
test_measured_again (void)
{
  g_autoptr (DwSessionPolicy) policy = fixture_policy ();
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autoptr (Fixture) fixture = NULL;
  gpointer both[2];

  policy->pong_ms = 10;
  policy->answer_ms = 300;
  fixture = online_fixture (peer, policy, NULL);
  dw_session_measure (fixture->session);
  until_peer_got (peer, 2);
  both[0] = fixture;
  both[1] = peer;
  dw_test_until ("another probe", has_asked_again, both);
  dw_raw_peer_write_text (peer, ANSWER);
  dw_test_until ("another latency", has_measured_twice, fixture->session);
}

/* The process was stopped or asleep for longer than a peer may be silent. It asks the peer first, and keeps the
 * connection if an answer comes. */
static void
test_stopped_and_alive (void)
{
  g_autoptr (DwSessionPolicy) policy = fixture_policy ();
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autoptr (Fixture) fixture = online_fixture (peer, policy, NULL);

  g_usleep (2 * G_USEC_PER_SEC);
  until_peer_got (peer, 2);
  dw_raw_peer_write_text (peer, ANSWER);
  dw_test_run_for (600);
  g_assert_cmpint (dw_session_get_status (fixture->session)->state, ==, DW_SESSION_ONLINE);
  g_assert_cmpuint (dw_raw_peer_get_attempts (peer), ==, 1);
}

/* The peer left while we were asleep: the connection is replaced within the time for one answer. */
static void
test_stopped_and_dead (void)
{
  g_autoptr (DwSessionPolicy) policy = fixture_policy ();
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autoptr (Fixture) fixture = online_fixture (peer, policy, NULL);
  gint64 resumed;

  dw_raw_peer_set_deaf (peer, TRUE);
  g_usleep (2 * G_USEC_PER_SEC);
  resumed = dw_boot_clock_now ();
  fixture_until_state (fixture, DW_SESSION_WAITING);
  g_assert_cmpint (dw_session_get_status (fixture->session)->cause, ==, DW_CAUSE_SILENT);
  g_assert_cmpint (dw_boot_clock_now () - resumed, <, 15 * G_USEC_PER_SEC);
  dw_raw_peer_set_deaf (peer, FALSE);
  fixture_until_state (fixture, DW_SESSION_ONLINE);
  g_assert_cmpuint (dw_raw_peer_get_attempts (peer), ==, 2);
}

/* After a change of network the peer is probed at once; a dead one is replaced without waiting for the next ping. */
static void
test_network_change (void)
{
  g_autoptr (DwSessionPolicy) policy = fixture_policy ();
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autoptr (DwFakeMonitor) monitor = dw_fake_monitor_new (TRUE);
  g_autoptr (Fixture) fixture = NULL;

  policy->ping_ms = 30000;
  fixture = online_fixture (peer, policy, G_NETWORK_MONITOR (monitor));
  dw_fake_monitor_set (monitor, TRUE);
  until_peer_got (peer, 2);
  dw_raw_peer_write_text (peer, ANSWER);
  dw_test_run_for (600);
  g_assert_cmpuint (dw_raw_peer_get_attempts (peer), ==, 1);
  dw_raw_peer_set_deaf (peer, TRUE);
  dw_fake_monitor_set (monitor, TRUE);
  fixture_until_state (fixture, DW_SESSION_WAITING);
  g_assert_cmpint (dw_session_get_status (fixture->session)->cause, ==, DW_CAUSE_SILENT);
}

/* The monitor may be wrong: it only shortens a wait, and never forbids an attempt. Loopback works without a network. */
static void
test_no_network (void)
{
  g_autoptr (DwSessionPolicy) policy = fixture_policy ();
  g_autoptr (DwFakeMonitor) monitor = dw_fake_monitor_new (FALSE);
  g_autoptr (Fixture) away =
      fixture_new (policy, G_NETWORK_MONITOR (monitor), "wss://no-such-host.invalid/x", NULL);
  g_autoptr (Fixture) here = fixture_new (policy, G_NETWORK_MONITOR (monitor), "ws://127.0.0.1:1/x", NULL);
  guint states;

  dw_session_connect (away->session);
  fixture_until_state (away, DW_SESSION_NO_NETWORK);
  g_assert_cmpuint (dw_session_status_get_retry_seconds (dw_session_get_status (away->session)), ==, 1);
  /* Attempts go on, at the longest delay. */
  fixture_until_state (away, DW_SESSION_CONNECTING);
  fixture_until_state (away, DW_SESSION_NO_NETWORK);
  dw_session_connect (here->session);
  fixture_until_state (here, DW_SESSION_WAITING);
  g_assert_cmpint (dw_session_get_status (here->session)->cause, ==, DW_CAUSE_NOTHING_LISTENS);
  /* A flapping network does not cause an attempt each time. */
  states = away->states->len;
  for (guint i = 0; i < 50; i++)
    dw_fake_monitor_set (monitor, TRUE);
  g_assert_cmpuint (away->states->len, <=, states + 1);
}

/* A network that comes and goes makes an attempt no more than once a second. */
static void
test_flapping (void)
{
  g_autoptr (DwSessionPolicy) policy = fixture_policy ();
  g_autoptr (DwFakeMonitor) monitor = dw_fake_monitor_new (TRUE);
  g_autoptr (Fixture) fixture = NULL;
  gint64 failed;
  guint states;

  policy->backoff_base_ms = policy->backoff_cap_ms = 60000;
  fixture = fixture_new (policy, G_NETWORK_MONITOR (monitor), "ws://127.0.0.1:1/x", NULL);
  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_WAITING);
  failed = dw_boot_clock_now ();
  states = fixture->states->len;
  dw_fake_monitor_set (monitor, TRUE);
  /* On a machine that stands still for so long this says nothing. */
  if (dw_boot_clock_now () - failed < G_USEC_PER_SEC / 2)
    g_assert_cmpuint (fixture->states->len, ==, states);
  dw_test_run_for (1100);
  dw_fake_monitor_set (monitor, FALSE);
  g_assert_cmpuint (fixture->states->len, ==, states);
  dw_fake_monitor_set (monitor, TRUE);
  g_assert_cmpuint (fixture->states->len, ==, states + 1);
}

static void
test_network_returns (void)
{
  g_autoptr (DwSessionPolicy) policy = fixture_policy ();
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new ("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
  g_autoptr (DwFakeMonitor) monitor = dw_fake_monitor_new (TRUE);
  g_autofree char *url = dw_raw_peer_dup_url (peer);
  g_autoptr (Fixture) fixture = NULL;

  policy->overload_floor_ms = policy->backoff_cap_ms = 60000;
  fixture = fixture_new (policy, G_NETWORK_MONITOR (monitor), url, NULL);
  dw_raw_peer_set_greeting_text (peer, ANSWER);
  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_WAITING);
  dw_raw_peer_set_answer (peer, NULL);
  dw_test_run_for (1100);
  dw_fake_monitor_set (monitor, TRUE);
  fixture_until_state (fixture, DW_SESSION_ONLINE);
}

static gboolean
on_due (gpointer data)
{
  *(gint64 *) data = dw_boot_clock_now ();
  return G_SOURCE_REMOVE;
}

static gboolean
has_fired (gpointer data)
{
  return *(gint64 *) data != 0;
}

/* A timer whose time has already passed, even by a day, fires at once and only once. */
static void
test_boot_clock (void)
{
  gint64 fired = 0;
  gint64 start = dw_boot_clock_now ();

  dw_boot_clock_add (start - G_TIME_SPAN_DAY, on_due, &fired);
  dw_test_until ("a timer in the past", has_fired, &fired);
  fired = 0;
  dw_boot_clock_add (start + 50 * 1000, on_due, &fired);
  dw_test_until ("a timer", has_fired, &fired);
  g_assert_cmpint (fired - start, >=, 50 * 1000);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/liveness/probe/AG-3", test_probe);
  g_test_add_func ("/client/liveness/lost-probe", test_lost_probe);
  g_test_add_func ("/client/liveness/measured-again", test_measured_again);
  g_test_add_func ("/client/liveness/stopped-and-alive/RC-4", test_stopped_and_alive);
  g_test_add_func ("/client/liveness/stopped-and-dead/RC-4", test_stopped_and_dead);
  g_test_add_func ("/client/liveness/network-change", test_network_change);
  g_test_add_func ("/client/liveness/no-network", test_no_network);
  g_test_add_func ("/client/liveness/network-returns", test_network_returns);
  g_test_add_func ("/client/liveness/flapping", test_flapping);
  g_test_add_func ("/client/liveness/boot-clock/RC-4", test_boot_clock);
  return g_test_run ();
}
