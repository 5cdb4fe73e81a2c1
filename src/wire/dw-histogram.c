/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-histogram.h"

/* Values below this have a bucket each; above, each power of two has as many. */
#define STEPS 64
#define STEP_BITS 6

static guint
shift_of (guint64 value)
{
  return value < STEPS ? 0 : (guint) g_bit_storage (value) - 1 - STEP_BITS;
}

/* The largest value of a bucket. */
static guint64
end_of (guint bucket)
{
  guint shift = bucket < 2 * STEPS ? 0 : bucket / STEPS - 1;

  return (((guint64) bucket - shift * STEPS + 1) << shift) - 1;
}

/**
 * dw_histogram_add:
 * @histogram: a histogram
 * @value: a value; above %DW_HISTOGRAM_MAX it counts as that
 */
void
dw_histogram_add (DwHistogram *histogram, guint64 value)
{
  guint64 bounded = MIN (value, DW_HISTOGRAM_MAX);
  guint shift = shift_of (bounded);

  histogram->counts[shift * STEPS + (bounded >> shift)]++;
  histogram->n++;
  histogram->sum += bounded;
  histogram->max = MAX (histogram->max, bounded);
}

/**
 * dw_histogram_get_quantile:
 * @histogram: a histogram
 * @quantile: from 0 to 1, such as 0.99
 *
 * Returns: a value that this share of the values does not exceed, at most 1.6% above the smallest such value; 0 where
 *   there are none
 */
guint64
dw_histogram_get_quantile (const DwHistogram *histogram, double quantile)
{
  guint64 wanted = (guint64) ((double) histogram->n * CLAMP (quantile, 0, 1) + 0.999999);
  guint64 seen = 0;

  if (histogram->n == 0)
    return 0;
  for (guint i = 0; i < DW_HISTOGRAM_BUCKETS; i++)
    {
      seen += histogram->counts[i];
      if (seen >= MAX (wanted, 1))
        return MIN (end_of (i), histogram->max);
    }
  return histogram->max;
}
