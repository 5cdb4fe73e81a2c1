/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-retry.h"

struct _DwRetry
{
  DwSessionPolicy *policy;
  guint address;          /* counts on; a stage with n addresses uses the one at this number modulo n */
  guint address_failures; /* in a row, on that address */
  guint failures;         /* the backoff's n */
  guint refusals;         /* in a row */
};

/**
 * dw_retry_new:
 * @policy: the durations and counts
 *
 * Returns: (transfer full): nothing has been tried yet
 */
DwRetry *
dw_retry_new (DwSessionPolicy *policy)
{
  DwRetry *retry = g_new0 (DwRetry, 1);

  retry->policy = dw_session_policy_ref (policy);
  return retry;
}

/**
 * dw_retry_free:
 * @retry: (transfer full): what has been tried
 */
void
dw_retry_free (DwRetry *retry)
{
  dw_session_policy_unref (retry->policy);
  g_free (retry);
}

static guint
draw_delay (const DwRetry *retry, guint attempt)
{
  const DwSessionPolicy *policy = retry->policy;

  return dw_backoff_delay (policy->backoff_base_ms, policy->backoff_cap_ms, attempt, policy->random,
                           policy->random_data);
}

/* About the cap, and not at the same moment as others who met the same trouble together. */
static guint
draw_longest (const DwRetry *retry)
{
  const DwSessionPolicy *policy = retry->policy;

  return policy->backoff_cap_ms / 2
         + dw_backoff_delay (policy->backoff_cap_ms / 2, policy->backoff_cap_ms / 2, 0, policy->random,
                             policy->random_data);
}

static void
count_address_failure (DwRetry *retry, gboolean was_stable)
{
  retry->address_failures = was_stable ? 0 : retry->address_failures + 1;

  if (retry->address_failures >= retry->policy->failover)
    {
      retry->address++;
      retry->address_failures = 0;
    }
}

/**
 * dw_retry_reset:
 * @retry: what has been tried
 *
 * Forgets it: the person disconnected, or changed the stage.
 */
void
dw_retry_reset (DwRetry *retry)
{
  retry->address = 0;
  retry->address_failures = 0;
  retry->failures = 0;
  retry->refusals = 0;
}

/**
 * dw_retry_note_end:
 * @retry: what has been tried
 * @cause: why an attempt failed, or a connection ended
 * @was_stable: whether it had been online for the policy's `stable_ms` before
 * @delay_ms: (out): how long to wait before the next attempt, in milliseconds
 *
 * Full jitter, `random(0, min(cap, base·2^n))`. n starts anew only after a stable connection, so a socket that
 * opens and is closed at once counts as a failure. What hardly mends itself within seconds waits between half of the cap
 * and all of it, and has no end: a certificate that is renewed, or a clock that is set right, is noticed.
 *
 * Returns: %FALSE where the session has to stop, because trying again cannot help
 */
gboolean
dw_retry_note_end (DwRetry *retry, DwCause cause, gboolean was_stable, guint *delay_ms)
{
  DwCourse course = dw_cause_get_course (cause);

  if (was_stable)
    retry->failures = 0;
  retry->refusals = course == DW_COURSE_REFUSE ? retry->refusals + 1 : 0;
  count_address_failure (retry, was_stable);

  *delay_ms = 0;
  if (retry->refusals >= retry->policy->refusals)
    return FALSE;
  if (course == DW_COURSE_PROMPT && was_stable)
    return TRUE;

  *delay_ms = draw_delay (retry, retry->failures);
  if (course == DW_COURSE_LONG)
    *delay_ms = MIN (draw_delay (retry, retry->failures + 2) + retry->policy->overload_floor_ms,
                     MAX (retry->policy->backoff_cap_ms, retry->policy->overload_floor_ms));
  else if (course == DW_COURSE_LONGEST)
    *delay_ms = draw_longest (retry);
  retry->failures++;
  return TRUE;
}

/**
 * dw_retry_note_answer:
 * @retry: what has been tried
 *
 * The stage answered the probe, so it lets the person in: refusals count anew.
 */
void
dw_retry_note_answer (DwRetry *retry)
{
  retry->refusals = 0;
}

/**
 * dw_retry_note_manual:
 * @retry: what has been tried
 *
 * The person asked for an attempt, so refusals count anew.
 */
void
dw_retry_note_manual (DwRetry *retry)
{
  retry->refusals = 0;
}

/**
 * dw_retry_note_rollover:
 * @retry: what has been tried
 *
 * A rollover begins, with the stage's first address.
 */
void
dw_retry_note_rollover (DwRetry *retry)
{
  retry->address = 0;
}

/**
 * dw_retry_note_rollover_done:
 * @retry: what has been tried
 *
 * The rollover's connection is the one in use.
 */
void
dw_retry_note_rollover_done (DwRetry *retry)
{
  retry->failures = 0;
  retry->address_failures = 0;
}

/**
 * dw_retry_note_rollover_failed:
 * @retry: what has been tried
 *
 * Returns: how long to wait, in milliseconds, before a rollover is tried again; the backoff counts it
 */
guint
dw_retry_note_rollover_failed (DwRetry *retry)
{
  return draw_delay (retry, retry->failures++);
}

/**
 * dw_retry_get_failures:
 * @retry: what has been tried
 *
 * Returns: how many failures the backoff counts
 */
guint
dw_retry_get_failures (const DwRetry *retry)
{
  return retry->failures;
}

/**
 * dw_retry_get_address:
 * @retry: what has been tried
 * @addresses: how many addresses the stage has, at least 1
 *
 * Returns: which of them the next attempt goes to, or the connection in use went to; 0 is the primary
 */
guint
dw_retry_get_address (const DwRetry *retry, guint addresses)
{
  return retry->address % addresses;
}
