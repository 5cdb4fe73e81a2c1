/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-retry.h"

static guint
backoff (const DwRetry *retry, guint attempt)
{
  const DwSessionPolicy *policy = retry->policy;

  return dw_backoff_delay (policy->backoff_base_ms, policy->backoff_cap_ms, attempt, policy->random,
                           policy->random_data);
}

static void
choose_url (DwRetry *retry, gboolean was_stable)
{
  retry->url_failures = was_stable ? 0 : retry->url_failures + 1;
  if (retry->url_failures >= retry->policy->failover && retry->urls > 1)
    {
      retry->url = (retry->url + 1) % retry->urls;
      retry->url_failures = 0;
    }
}

/**
 * dw_retry_reset:
 * @retry: what has been tried
 *
 * Forgets it: the person connected or disconnected.
 */
void
dw_retry_reset (DwRetry *retry)
{
  retry->url = 0;
  retry->url_failures = 0;
  retry->failures = 0;
  retry->refusals = 0;
}

/**
 * dw_retry_after:
 * @retry: what has been tried
 * @cause: how it ended this time
 * @was_stable: whether it had been online for the policy's `stable_ms` before
 * @delay_ms: (out): how long to wait before the next attempt, in milliseconds
 *
 * Full jitter, `random(0, min(cap, base·2^n))`. n starts anew only after a stable connection, so a socket that
 * opens and is closed at once counts as a failure.
 *
 * Returns: %FALSE where the session has to stop, because trying again cannot help
 */
gboolean
dw_retry_after (DwRetry *retry, DwCause cause, gboolean was_stable, guint *delay_ms)
{
  DwCourse course = dw_cause_get_course (cause);

  if (was_stable)
    retry->failures = 0;
  retry->refusals = course == DW_COURSE_REFUSE ? retry->refusals + 1 : 0;
  choose_url (retry, was_stable);
  *delay_ms = 0;
  if (retry->refusals >= retry->policy->refusals)
    return FALSE;
  if (course == DW_COURSE_PROMPT && was_stable)
    return TRUE;

  *delay_ms = backoff (retry, retry->failures);
  if (course == DW_COURSE_LONG)
    *delay_ms = MIN (backoff (retry, retry->failures + 2) + retry->policy->overload_floor_ms,
                     MAX (retry->policy->backoff_cap_ms, retry->policy->overload_floor_ms));
  retry->failures++;
  return TRUE;
}

/**
 * dw_retry_rest:
 * @retry: what has been tried
 *
 * Returns: how long to wait, in milliseconds, before a rollover is tried again; the backoff counts it
 */
guint
dw_retry_rest (DwRetry *retry)
{
  return backoff (retry, retry->failures++);
}
