/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-backoff.h"

/**
 * dw_backoff_random:
 * @unused: ignored
 *
 * The ordinary #DwRandomFunc, seeded by GLib from the system's own source, so that processes started in the
 * same second differ.
 *
 * Returns: a number in [0, 1)
 */
double
dw_backoff_random (gpointer unused)
{
  return g_random_double ();
}

/**
 * dw_backoff_ceiling:
 * @base_ms: the first ceiling, in milliseconds
 * @cap_ms: the last one, in milliseconds
 * @attempt: how many attempts failed before this one, from 0
 *
 * Returns: min(cap, base·2^attempt) in milliseconds, without overflow for any @attempt
 */
guint
dw_backoff_ceiling (guint base_ms, guint cap_ms, guint attempt)
{
  guint64 ceiling = (guint64) base_ms << MIN (attempt, 31);

  return (guint) MIN (ceiling, cap_ms);
}

/**
 * dw_backoff_delay:
 * @base_ms: the first ceiling, in milliseconds
 * @cap_ms: the longest delay, in milliseconds
 * @attempt: how many attempts failed before this one, from 0
 * @random: the random source
 * @data: for @random
 *
 * Exponential backoff with full jitter: `random(0, min(cap, base·2^n))`, as in the AWS Architecture Blog's
 * "Exponential Backoff And Jitter". RFC 6455 section 7.2.3 asks for a random first delay as well.
 *
 * Returns: the delay before the next attempt, in milliseconds
 */
guint
dw_backoff_delay (guint base_ms, guint cap_ms, guint attempt, DwRandomFunc random, gpointer data)
{
  double share = random (data);

  return (guint) (CLAMP (share, 0.0, 1.0) * dw_backoff_ceiling (base_ms, cap_ms, attempt));
}
