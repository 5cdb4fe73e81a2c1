/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-throttle.h"

/**
 * dw_throttle_init:
 * @throttle: a throttle
 * @rate: how many tokens are added per second; 0 for no limit
 * @burst: how many the bucket holds; less than 1 counts as 1
 * @now: the time, in microseconds of a monotonic clock
 *
 * Starts with a full bucket.
 */
void
dw_throttle_init (DwThrottle *throttle, double rate, double burst, gint64 now)
{
  throttle->rate = MAX (rate, 0);
  throttle->burst = MAX (burst, 1);
  throttle->tokens = throttle->burst;
  throttle->time = now;
}

static double
level_at (const DwThrottle *throttle, gint64 now)
{
  double came = throttle->rate * (double) MAX (now - throttle->time, 0) / G_USEC_PER_SEC;

  return MIN (throttle->burst, throttle->tokens + came);
}

/**
 * dw_throttle_change:
 * @throttle: a throttle
 * @rate: as for dw_throttle_init()
 * @burst: as for dw_throttle_init()
 * @now: the time, in microseconds
 *
 * What was taken is still gone: a change does not fill the bucket, but a throttle that had no limit starts full.
 */
void
dw_throttle_change (DwThrottle *throttle, double rate, double burst, gint64 now)
{
  double level = throttle->rate > 0 ? level_at (throttle, now) : G_MAXDOUBLE;

  dw_throttle_init (throttle, rate, burst, MAX (throttle->time, now));
  throttle->tokens = MIN (throttle->burst, level);
}

/**
 * dw_throttle_take:
 * @throttle: a throttle
 * @now: the time, in microseconds
 *
 * Returns: whether one more may go; if so, it is counted
 */
gboolean
dw_throttle_take (DwThrottle *throttle, gint64 now)
{
  if (throttle->rate <= 0)
    return TRUE;
  throttle->tokens = level_at (throttle, now);
  throttle->time = MAX (throttle->time, now);
  if (throttle->tokens < 1)
    return FALSE;
  throttle->tokens -= 1;
  return TRUE;
}
