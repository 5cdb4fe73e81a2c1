/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "client/connection/dw-retry.h"

static double
most (gpointer unused)
{
  return 1.0;
}

static DwRetry *
retry_new (void)
{
  g_autoptr (DwSessionPolicy) policy = dw_session_policy_new ();

  policy->random = most;
  return dw_retry_new (policy);
}

static guint
delay_after (DwRetry *retry, DwCause cause, gboolean was_stable)
{
  guint delay;

  g_assert_true (dw_retry_note_end (retry, cause, was_stable, &delay));
  return delay;
}

static void
test_grows (void)
{
  static const guint expected[] = { 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000 };
  g_autoptr (DwRetry) retry = retry_new ();

  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    g_assert_cmpuint (delay_after (retry, DW_CAUSE_LOST, FALSE), ==, expected[i]);
  /* A stable connection resets the delay, and when it ends the next attempt follows at once. */
  g_assert_cmpuint (delay_after (retry, DW_CAUSE_CLOSED, TRUE), ==, 0);
  g_assert_cmpuint (delay_after (retry, DW_CAUSE_NOTHING_LISTENS, FALSE), ==, 1000);
}

/* After 429 and 5xx the wait is longer than after an ordinary failure, whatever the jitter. */
static void
test_overload (void)
{
  static const DwCause causes[] = { DW_CAUSE_THROTTLED, DW_CAUSE_SERVER_ERROR, DW_CAUSE_STAGE_FAILED,
                                    DW_CAUSE_STAGE_RESTARTS };

  for (guint i = 0; i < G_N_ELEMENTS (causes); i++)
    {
      g_autoptr (DwRetry) retry = retry_new ();

      g_assert_cmpuint (delay_after (retry, causes[i], FALSE), ==, 4000 + 5000);
      g_assert_cmpuint (delay_after (retry, causes[i], TRUE), ==, 4000 + 5000);
    }
}

static void
test_refusals (void)
{
  g_autoptr (DwRetry) retry = retry_new ();
  guint delay;

  g_assert_true (dw_retry_note_end (retry, DW_CAUSE_FORBIDDEN, FALSE, &delay));
  /* An unreachable network between two refusals does not count as one. */
  g_assert_true (dw_retry_note_end (retry, DW_CAUSE_UNREACHABLE, FALSE, &delay));
  g_assert_true (dw_retry_note_end (retry, DW_CAUSE_FORBIDDEN, FALSE, &delay));
  g_assert_false (dw_retry_note_end (retry, DW_CAUSE_NOT_FOUND, FALSE, &delay));
}

static double
least (gpointer unused)
{
  return 0.0;
}

/* After a certificate error attempts never end, and from the first one wait between half of the cap and all of it. */
static void
test_certificates (void)
{
  static const DwCause causes[] = { DW_CAUSE_CERTIFICATE, DW_CAUSE_CERTIFICATE_EXPIRED,
                                    DW_CAUSE_CERTIFICATE_NOT_YET_VALID, DW_CAUSE_CERTIFICATE_ISSUER,
                                    DW_CAUSE_CERTIFICATE_HOST };
  static const struct
  {
    DwRandomFunc random;
    guint delay;
  } rows[] = { { least, 30000 }, { most, 60000 } };

  for (guint i = 0; i < G_N_ELEMENTS (causes); i++)
    for (guint j = 0; j < G_N_ELEMENTS (rows); j++)
      {
        g_autoptr (DwSessionPolicy) policy = dw_session_policy_new ();
        g_autoptr (DwRetry) retry = NULL;

        policy->random = rows[j].random;
        retry = dw_retry_new (policy);
        for (guint attempt = 0; attempt < 100; attempt++)
          g_assert_cmpuint (delay_after (retry, causes[i], attempt == 50), ==, rows[j].delay);
      }
}

/* Every certificate error of GIO has a cause; of several the one counts that setting the clock would not fix. */
static void
test_flaws (void)
{
  static const struct
  {
    GTlsCertificateFlags flaws;
    DwCause cause;
  } rows[] = {
    { G_TLS_CERTIFICATE_EXPIRED, DW_CAUSE_CERTIFICATE_EXPIRED },
    { G_TLS_CERTIFICATE_NOT_ACTIVATED, DW_CAUSE_CERTIFICATE_NOT_YET_VALID },
    { G_TLS_CERTIFICATE_UNKNOWN_CA, DW_CAUSE_CERTIFICATE_ISSUER },
    { G_TLS_CERTIFICATE_BAD_IDENTITY, DW_CAUSE_CERTIFICATE_HOST },
    { G_TLS_CERTIFICATE_REVOKED, DW_CAUSE_CERTIFICATE },
    { G_TLS_CERTIFICATE_INSECURE, DW_CAUSE_CERTIFICATE },
    { G_TLS_CERTIFICATE_GENERIC_ERROR, DW_CAUSE_CERTIFICATE },
    { G_TLS_CERTIFICATE_EXPIRED | G_TLS_CERTIFICATE_UNKNOWN_CA, DW_CAUSE_CERTIFICATE_ISSUER },
    { G_TLS_CERTIFICATE_EXPIRED | G_TLS_CERTIFICATE_BAD_IDENTITY, DW_CAUSE_CERTIFICATE_HOST },
    { G_TLS_CERTIFICATE_NOT_ACTIVATED | G_TLS_CERTIFICATE_EXPIRED, DW_CAUSE_CERTIFICATE_NOT_YET_VALID },
    { G_TLS_CERTIFICATE_VALIDATE_ALL, DW_CAUSE_CERTIFICATE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    g_assert_cmpstr (dw_cause_get_name (dw_cause_from_certificate (rows[i].flaws)), ==,
                     dw_cause_get_name (rows[i].cause));
}

static void
test_failover (void)
{
  g_autoptr (DwRetry) retry = retry_new ();

  delay_after (retry, DW_CAUSE_UNREACHABLE, FALSE);
  g_assert_cmpuint (dw_retry_get_address (retry, 3), ==, 0);
  delay_after (retry, DW_CAUSE_UNREACHABLE, FALSE);
  g_assert_cmpuint (dw_retry_get_address (retry, 3), ==, 1);
  delay_after (retry, DW_CAUSE_UNREACHABLE, FALSE);
  delay_after (retry, DW_CAUSE_UNREACHABLE, FALSE);
  g_assert_cmpuint (dw_retry_get_address (retry, 3), ==, 2);
  delay_after (retry, DW_CAUSE_UNREACHABLE, FALSE);
  delay_after (retry, DW_CAUSE_UNREACHABLE, FALSE);
  g_assert_cmpuint (dw_retry_get_address (retry, 3), ==, 0);
  /* When a stable connection ends, the address stays the same. */
  delay_after (retry, DW_CAUSE_CLOSED, TRUE);
  delay_after (retry, DW_CAUSE_UNREACHABLE, FALSE);
  g_assert_cmpuint (dw_retry_get_address (retry, 3), ==, 0);
}

/* An answer from the stage, or a manual retry, resets the count of refusals, but not the delay. */
static void
test_refusals_anew (void)
{
  static void (*const notes[]) (DwRetry *) = { dw_retry_note_answer, dw_retry_note_manual };

  for (guint i = 0; i < G_N_ELEMENTS (notes); i++)
    {
      g_autoptr (DwRetry) retry = retry_new ();
      guint delay;

      g_assert_cmpuint (delay_after (retry, DW_CAUSE_FORBIDDEN, FALSE), ==, 1000);
      notes[i](retry);
      g_assert_cmpuint (delay_after (retry, DW_CAUSE_FORBIDDEN, FALSE), ==, 2000);
      g_assert_false (dw_retry_note_end (retry, DW_CAUSE_FORBIDDEN, FALSE, &delay));
    }
}

/* A rollover begins with the first address. If it fails the backoff grows; if it succeeds the backoff is reset. */
static void
test_rollover (void)
{
  g_autoptr (DwRetry) retry = retry_new ();

  delay_after (retry, DW_CAUSE_UNREACHABLE, FALSE);
  delay_after (retry, DW_CAUSE_UNREACHABLE, FALSE);
  g_assert_cmpuint (dw_retry_get_address (retry, 2), ==, 1);
  dw_retry_note_rollover (retry);
  g_assert_cmpuint (dw_retry_get_address (retry, 2), ==, 0);

  g_assert_cmpuint (dw_retry_note_rollover_failed (retry), ==, 4000);
  g_assert_cmpuint (dw_retry_note_rollover_failed (retry), ==, 8000);
  g_assert_cmpuint (dw_retry_get_failures (retry), ==, 4);
  dw_retry_note_rollover_done (retry);
  g_assert_cmpuint (dw_retry_get_failures (retry), ==, 0);

  /* Earlier failures do not count toward failover either. */
  delay_after (retry, DW_CAUSE_UNREACHABLE, FALSE);
  dw_retry_note_rollover_done (retry);
  g_assert_cmpuint (delay_after (retry, DW_CAUSE_UNREACHABLE, FALSE), ==, 1000);
  g_assert_cmpuint (dw_retry_get_address (retry, 2), ==, 0);
}

/* A reset forgets all failures, and a stage with fewer addresses than before uses one it has. */
static void
test_reset (void)
{
  g_autoptr (DwRetry) retry = retry_new ();

  for (guint i = 0; i < 3; i++)
    delay_after (retry, DW_CAUSE_UNREACHABLE, FALSE);
  delay_after (retry, DW_CAUSE_FORBIDDEN, FALSE);
  g_assert_cmpuint (dw_retry_get_address (retry, 3), ==, 2);
  g_assert_cmpuint (dw_retry_get_address (retry, 1), ==, 0);

  dw_retry_reset (retry);
  g_assert_cmpuint (dw_retry_get_address (retry, 3), ==, 0);
  g_assert_cmpuint (dw_retry_get_failures (retry), ==, 0);
  g_assert_cmpuint (delay_after (retry, DW_CAUSE_FORBIDDEN, FALSE), ==, 1000);
  g_assert_cmpuint (dw_retry_get_address (retry, 3), ==, 0);
}

/* Every close code leads to another attempt, and each has a text. */
static void
test_close_codes (void)
{
  static const struct
  {
    gushort code;
    DwCause cause;
  } rows[] = {
    { 0, DW_CAUSE_LOST },
    { 1000, DW_CAUSE_CLOSED },
    { 1001, DW_CAUSE_CLOSED },
    { 1002, DW_CAUSE_PROTOCOL_ERROR },
    { 1003, DW_CAUSE_PROTOCOL_ERROR },
    { 1005, DW_CAUSE_CLOSED },
    { 1006, DW_CAUSE_LOST },
    { 1007, DW_CAUSE_PROTOCOL_ERROR },
    { 1008, DW_CAUSE_POLICY },
    { 1009, DW_CAUSE_MESSAGE_TOO_LARGE },
    { 1011, DW_CAUSE_STAGE_FAILED },
    { 1012, DW_CAUSE_STAGE_RESTARTS },
    { 1013, DW_CAUSE_STAGE_RESTARTS },
    { 2999, DW_CAUSE_PROTOCOL_ERROR },
    { 1010, DW_CAUSE_PROTOCOL_ERROR },
    { 1014, DW_CAUSE_PROTOCOL_ERROR },
    { 3000, DW_CAUSE_POLICY },
    { 4000, DW_CAUSE_POLICY },
    { 4999, DW_CAUSE_POLICY },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_assert_cmpint (dw_cause_from_close_code (rows[i].code), ==, rows[i].cause);
      g_assert_cmpint (dw_cause_get_course (rows[i].cause), !=, DW_COURSE_REFUSE);
    }
}

/* What a refused handshake means, at the edges of each range. */
static void
test_statuses (void)
{
  static const struct
  {
    guint status;
    const char *type;
    DwCause cause;
  } rows[] = {
    { 200, NULL, DW_CAUSE_NOT_A_STAGE },
    { 200, "text/plain", DW_CAUSE_NOT_A_STAGE },
    { 200, "text/html; charset=utf-8", DW_CAUSE_SIGN_IN },
    { 201, "text/html", DW_CAUSE_NOT_A_STAGE },
    { 299, NULL, DW_CAUSE_NOT_A_STAGE },
    { 300, NULL, DW_CAUSE_REDIRECT },
    { 307, "text/html", DW_CAUSE_REDIRECT },
    { 399, NULL, DW_CAUSE_REDIRECT },
    { 400, "text/html", DW_CAUSE_NOT_A_STAGE },
    { 401, NULL, DW_CAUSE_UNAUTHORIZED },
    { 402, NULL, DW_CAUSE_NOT_A_STAGE },
    { 403, NULL, DW_CAUSE_FORBIDDEN },
    { 404, NULL, DW_CAUSE_NOT_FOUND },
    { 407, NULL, DW_CAUSE_PROXY },
    { 410, NULL, DW_CAUSE_NOT_FOUND },
    { 426, NULL, DW_CAUSE_NOT_A_STAGE },
    { 429, NULL, DW_CAUSE_THROTTLED },
    { 499, NULL, DW_CAUSE_NOT_A_STAGE },
    { 500, NULL, DW_CAUSE_SERVER_ERROR },
    { 502, "text/html", DW_CAUSE_SERVER_ERROR },
    { 504, NULL, DW_CAUSE_SERVER_ERROR },
    { 511, "text/html", DW_CAUSE_SIGN_IN },
    { 599, NULL, DW_CAUSE_SERVER_ERROR },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_test_message ("%u", rows[i].status);
      g_assert_cmpint (dw_cause_from_status (rows[i].status, rows[i].type), ==, rows[i].cause);
    }
}

/* Every cause has a text and a remedy. */
static void
test_causes (void)
{
  g_assert_cmpstr (dw_cause_get_sentence (DW_CAUSE_NONE), ==, "");
  for (guint cause = DW_CAUSE_NONE + 1; cause <= DW_CAUSE_NO_NETWORK; cause++)
    {
      g_assert_cmpstr (dw_cause_get_sentence (cause), !=, "");
      g_assert_cmpstr (dw_cause_get_name (cause), !=, "");
      g_assert_cmpint (dw_cause_get_remedy (cause), !=, DW_REMEDY_NONE);
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/retry/grows/RC-2", test_grows);
  g_test_add_func ("/client/retry/overload/AG-1", test_overload);
  g_test_add_func ("/client/retry/refusals/RC-6", test_refusals);
  g_test_add_func ("/client/retry/certificates/RC-7", test_certificates);
  g_test_add_func ("/client/retry/flaws/RC-7", test_flaws);
  g_test_add_func ("/client/retry/failover", test_failover);
  g_test_add_func ("/client/retry/refusals-anew", test_refusals_anew);
  g_test_add_func ("/client/retry/rollover", test_rollover);
  g_test_add_func ("/client/retry/reset", test_reset);
  g_test_add_func ("/client/retry/close-codes/S-2", test_close_codes);
  g_test_add_func ("/client/retry/statuses", test_statuses);
  g_test_add_func ("/client/retry/causes", test_causes);
  return g_test_run ();
}
