/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A connection test before a stage is saved: its steps, what it says about each, and that nothing of it outlives it. */
#include "dw-raw-peer.h"
#include "dw-test.h"

#include "client/connection/dw-trial.h"

#include <string.h>

#define TIMEOUT_MS 300

typedef struct
{
  DwRawPeer *peer;
  DwTrial *trial;
  guint changes;
  GString *told; /* the states at each change, as one letter for each step */
} Attempt;

static void
dup_states (DwTrial *trial, char *states)
{
  static const char letters[] = "wrdfs";

  for (guint i = 0; i < DW_TRIAL_STEPS; i++)
    states[i] = letters[dw_trial_get_state (trial, (DwTrialStep) i)];
  states[DW_TRIAL_STEPS] = '\0';
}

static void
on_changed (Attempt *attempt)
{
  char states[DW_TRIAL_STEPS + 1];

  attempt->changes++;
  dup_states (attempt->trial, states);
  g_string_append_printf (attempt->told, "%s ", states);
}

static void
attempt_init (Attempt *attempt, const char *answer, const char *greeting)
{
  g_autofree char *text = NULL;
  g_autoptr (DwStageUrl) url = NULL;
  g_autoptr (DwStage) stage = NULL;

  attempt->peer = dw_raw_peer_new (answer);
  if (greeting != NULL)
    dw_raw_peer_set_greeting_text (attempt->peer, greeting);
  text = dw_raw_peer_dup_url (attempt->peer);
  url = dw_stage_url_parse (text, NULL);
  stage = dw_stage_new (url);
  attempt->trial = dw_trial_new (stage, TIMEOUT_MS);
  attempt->told = g_string_new (NULL);
  g_signal_connect_swapped (attempt->trial, "changed", G_CALLBACK (on_changed), attempt);
}

static void
attempt_clear (Attempt *attempt)
{
  if (attempt->trial != NULL)
    dw_test_finalize (attempt->trial);
  g_string_free (attempt->told, TRUE);
  g_object_unref (attempt->peer);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Attempt, attempt_clear)

static gboolean
is_over (gpointer trial)
{
  return dw_trial_is_over (trial);
}

static void
try (Attempt *attempt)
{
  dw_trial_start (attempt->trial);
  g_assert_false (dw_trial_is_over (attempt->trial));
  g_assert_cmpint (dw_trial_get_state (attempt->trial, DW_TRIAL_NAME), ==, DW_TRIAL_RUNNING);
  dw_test_until ("the trial to be over", is_over, attempt->trial);
}

static gboolean
on_never (gpointer unused)
{
  return G_SOURCE_REMOVE;
}

/* Counts the timers that wait for the answer to a probe, recognized by when they are due. */
static guint
count_answer_timers (void)
{
  guint newest = g_timeout_add_seconds (3600, on_never, NULL);
  gint64 now = g_get_monotonic_time ();
  guint n = 0;

  g_source_remove (newest);
  for (guint id = 1; id < newest; id++)
    {
      GSource *source = g_main_context_find_source_by_id (NULL, id);
      gint64 due = source != NULL ? g_source_get_ready_time (source) : -1;

      n += due > now + G_USEC_PER_SEC && due <= now + DW_TRIAL_ANSWER_MS * 1000;
    }
  return n;
}

static void
check_states (DwTrial *trial, const char *wanted)
{
  char found[DW_TRIAL_STEPS + 1];

  dup_states (trial, found);
  g_assert_cmpstr (found, ==, wanted);
}

static void
check_verdict (DwTrial *trial, const char *wanted)
{
  g_autofree char *verdict = dw_trial_dup_verdict (trial);

  if (!g_str_has_prefix (verdict, wanted))
    g_error ("“%s” does not begin with “%s”", verdict, wanted);
}

/* The stage's answer is described correctly, the connection is closed cleanly, and a second answer changes nothing. */
static void
test_answers (void)
{
  static const struct
  {
    const char *greeting;
    const char *part;
  } rows[] = {
    { "{\"message\":\"Connected\",\"connectionId\":\"c\",\"connectedAt\":\"2026-11-25T10:00:00.000Z\",\"stage\":"
      "\"p\","
      "\"features\":[\"id\"]}",
      "supports names" },
    { "Use the sendmessage route to send a message. Your info:{\"ConnectedAt\":1,\"connectionID\":\"c\"}",
      "support names" },
    { "{\"message\":\"Forbidden\",\"connectionId\":\"c\",\"requestId\":\"r\"}", "Forbidden" },
    { "{\"message\":\"hello\"}", "message" },
    { "{\"nothing\":\"of ours\"}", "inspector" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (Attempt) attempt = { 0 };
      guint changes;

      g_test_message ("%s", rows[i].greeting);
      attempt_init (&attempt, NULL, rows[i].greeting);
      try (&attempt);
      check_states (attempt.trial, "ddsdd");
      for (guint step = 0; step < DW_TRIAL_STEPS; step++)
        g_assert_nonnull (dw_trial_get_words (attempt.trial, (DwTrialStep) step));
      g_assert_nonnull (strstr (dw_trial_get_words (attempt.trial, DW_TRIAL_ANSWER), rows[i].part));
      check_verdict (attempt.trial, "OK: connected in ");
      g_assert_cmpuint (count_answer_timers (), ==, 0);
      changes = attempt.changes;
      g_assert_cmpuint (changes, >=, 3);
      dw_raw_peer_write_text (attempt.peer, "{\"message\":\"late\"}");
      dw_test_run_for (30);
      g_assert_cmpuint (attempt.changes, ==, changes);
      g_assert_cmpuint (dw_raw_peer_get_last_close (attempt.peer), ==, 1000);
      g_assert_cmpuint (dw_raw_peer_get_attempts (attempt.peer), ==, 1);
    }
}

/* Each step is reported when it begins, in order; an unencrypted address skips encryption. */
static void
test_order (void)
{
  g_auto (Attempt) attempt = { 0 };

  attempt_init (&attempt, NULL, "{\"message\":\"hello\"}");
  try (&attempt);
  g_assert_cmpstr (attempt.told->str, ==, "rwsww drsww ddsrw ddsdr ddsdd ");
}

/* A long answer from a gateway is cut to a sentence. */
static void
test_long_answer (void)
{
  g_auto (Attempt) attempt = { 0 };
  g_autofree char *said = g_strnfill (5000, 'x');
  g_autofree char *greeting =
      g_strdup_printf ("{\"message\":\"%s\",\"connectionId\":\"c\",\"requestId\":\"r\"}", said);
  guint told = 0;

  attempt_init (&attempt, NULL, greeting);
  try (&attempt);
  check_states (attempt.trial, "ddsdd");
  for (const char *at = dw_trial_get_words (attempt.trial, DW_TRIAL_ANSWER); (at = strchr (at, 'x')) != NULL; at++)
    told++;
  g_assert_cmpuint (told, >=, 90);
  g_assert_cmpuint (told, <=, 101);
}

/* A refusal makes the upgrade step fail, the verdict has its status, and neither says it twice; it is not retried. */
static void
test_refused (void)
{
  g_auto (Attempt) attempt = { 0 };
  const char *words;

  attempt_init (&attempt, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", NULL);
  try (&attempt);
  check_states (attempt.trial, "ddsfw");
  check_verdict (attempt.trial, "Refused: 403 Forbidden");
  words = dw_trial_get_words (attempt.trial, DW_TRIAL_UPGRADE);
  g_assert_nonnull (strstr (words, "403"));
  g_assert_true (strstr (words, "403") == g_strrstr (words, "403"));
  dw_test_run_for (50);
  g_assert_cmpuint (dw_raw_peer_get_attempts (attempt.peer), ==, 1);
}

/* If the stage never answers the upgrade, the trial gives up after the timeout. */
static void
test_silent_upgrade (void)
{
  g_auto (Attempt) attempt = { 0 };
  gint64 began = g_get_monotonic_time ();

  attempt_init (&attempt, "", NULL);
  try (&attempt);
  check_states (attempt.trial, "ddsfw");
  check_verdict (attempt.trial, "Failed: the host doesn’t open");
  g_assert_cmpint ((g_get_monotonic_time () - began) / 1000, >=, TIMEOUT_MS);
  g_assert_cmpint ((g_get_monotonic_time () - began) / 1000, <, TIMEOUT_MS + 5000);
}

/* Nothing listens at the address. */
static void
test_not_listening (void)
{
  g_autoptr (DwStageUrl) url = dw_stage_url_parse ("ws://127.0.0.1:1/prod", NULL);
  g_autoptr (DwStage) stage = dw_stage_new (url);
  DwTrial *trial = dw_trial_new (stage, TIMEOUT_MS);

  dw_trial_start (trial);
  dw_test_until ("the trial to be over", is_over, trial);
  g_assert_cmpint (dw_trial_get_state (trial, DW_TRIAL_NAME), ==, DW_TRIAL_DONE);
  g_assert_cmpint (dw_trial_get_state (trial, DW_TRIAL_CONNECTION), ==, DW_TRIAL_FAILED);
  g_assert_cmpint (dw_trial_get_state (trial, DW_TRIAL_UPGRADE), ==, DW_TRIAL_WAITING);
  check_verdict (trial, "Failed: can’t connect");
  dw_test_finalize (trial);
}

static gboolean
has_probe (gpointer peer)
{
  return dw_raw_peer_get_texts (peer)->len > 0;
}

/* Silence after the probe counts as success, since messages may get through; the wait is bounded. */
static void
test_silence (void)
{
  g_auto (Attempt) attempt = { 0 };
  gint64 began;

  attempt_init (&attempt, NULL, NULL);
  dw_trial_start (attempt.trial);
  dw_test_until ("the probe", has_probe, attempt.peer);
  g_assert_cmpint (dw_trial_get_state (attempt.trial, DW_TRIAL_ANSWER), ==, DW_TRIAL_RUNNING);
  check_verdict (attempt.trial, "Testing");
  began = g_get_monotonic_time ();
  dw_test_until ("the trial to be over", is_over, attempt.trial);
  check_states (attempt.trial, "ddsdd");
  g_assert_cmpint ((g_get_monotonic_time () - began) / 1000, >=, DW_TRIAL_ANSWER_MS - 500);
  g_assert_nonnull (strstr (dw_trial_get_words (attempt.trial, DW_TRIAL_ANSWER), "No reply"));
  check_verdict (attempt.trial, "OK: connected, but no reply");
}

/* If the stage closes instead of answering, the answer step fails. */
static void
test_closed (void)
{
  static const guint8 close[] = { 0x03, 0xf0 }; /* 1008 */
  g_auto (Attempt) attempt = { 0 };

  attempt_init (&attempt, NULL, NULL);
  dw_trial_start (attempt.trial);
  dw_test_until ("the probe", has_probe, attempt.peer);
  dw_raw_peer_write_frame (attempt.peer, 0x88, close, sizeof close);
  dw_raw_peer_drop (attempt.peer, FALSE);
  dw_test_until ("the trial to be over", is_over, attempt.trial);
  check_states (attempt.trial, "ddsdf");
  check_verdict (attempt.trial, "Failed: the stage closed");
}

static gboolean
has_attempt (gpointer peer)
{
  return dw_raw_peer_get_attempts (peer) > 0;
}

static gboolean
is_left (gpointer peer)
{
  return dw_raw_peer_get_last_close (peer) != 0;
}

/* Closing the page cancels the trial: no step is reported afterwards, and no timer or connection is left. */
static void
test_cancelled (void)
{
  /* During the upgrade, and while waiting for the answer. */
  for (guint late = 0; late < 2; late++)
    {
      g_auto (Attempt) attempt = { 0 };
      guint changes;

      attempt_init (&attempt, late ? NULL : "", NULL);
      dw_trial_start (attempt.trial);
      dw_test_until ("an attempt", late ? has_probe : has_attempt, attempt.peer);
      changes = attempt.changes;
      dw_trial_cancel (attempt.trial);
      g_assert_true (dw_trial_is_over (attempt.trial));
      g_assert_cmpuint (count_answer_timers (), ==, 0);
      dw_trial_cancel (attempt.trial);
      if (late)
        dw_test_until ("the close", is_left, attempt.peer);
      dw_test_run_for (TIMEOUT_MS + 50);
      g_assert_cmpuint (attempt.changes, ==, changes);
      g_assert_true (dw_trial_is_over (attempt.trial));
    }
}

/* Dropping a trial in the middle also removes its timer. */
static void
test_dropped (void)
{
  g_auto (Attempt) attempt = { 0 };

  attempt_init (&attempt, NULL, NULL);
  dw_trial_start (attempt.trial);
  dw_test_until ("the probe", has_probe, attempt.peer);
  g_assert_cmpuint (count_answer_timers (), ==, 1);
  g_signal_handlers_disconnect_by_data (attempt.trial, &attempt);
  dw_test_finalize (g_steal_pointer (&attempt.trial));
  g_assert_cmpuint (count_answer_timers (), ==, 0);
  dw_test_until ("the close", is_left, attempt.peer);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/trial/answers", test_answers);
  g_test_add_func ("/client/trial/order", test_order);
  g_test_add_func ("/client/trial/long-answer", test_long_answer);
  g_test_add_func ("/client/trial/refused", test_refused);
  g_test_add_func ("/client/trial/silent-upgrade", test_silent_upgrade);
  g_test_add_func ("/client/trial/not-listening", test_not_listening);
  g_test_add_func ("/client/trial/silence", test_silence);
  g_test_add_func ("/client/trial/closed", test_closed);
  g_test_add_func ("/client/trial/cancelled", test_cancelled);
  g_test_add_func ("/client/trial/dropped", test_dropped);
  return g_test_run ();
}
