/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-histogram.h"

#include <string.h>

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

static guint
bucket_of (guint64 value)
{
  guint shift = shift_of (value);

  return shift * STEPS + (guint) (value >> shift);
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

  histogram->counts[bucket_of (bounded)]++;
  histogram->n++;
  histogram->sum += bounded;
  histogram->max = MAX (histogram->max, bounded);
}

/**
 * dw_histogram_remove:
 * @histogram: a histogram
 * @value: a value that was added
 *
 * The largest value that was ever added stays known.
 */
void
dw_histogram_remove (DwHistogram *histogram, guint64 value)
{
  guint64 bounded = MIN (value, DW_HISTOGRAM_MAX);
  guint bucket = bucket_of (bounded);

  g_return_if_fail (histogram->counts[bucket] > 0);

  histogram->counts[bucket]--;
  histogram->n--;
  histogram->sum -= bounded;
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

/**
 * dw_histogram_get_columns:
 * @histogram: a histogram
 * @columns: (out caller-allocates) (array length=n_columns): how many values are in each column, the
 *   smallest first
 * @n_columns: into how many columns, at least 1
 *
 * Cuts what lies between the smallest and the largest value into columns, of which each is as many times as wide as the
 * one before.
 *
 * Returns: the number in the highest column; 0 where there is none
 */
guint
dw_histogram_get_columns (const DwHistogram *histogram, guint *columns, guint n_columns)
{
  guint first = 0, last = DW_HISTOGRAM_BUCKETS - 1;
  guint highest = 0;

  memset (columns, 0, n_columns * sizeof *columns);
  if (histogram->n == 0)
    return 0;
  while (histogram->counts[first] == 0)
    first++;
  while (histogram->counts[last] == 0)
    last--;

  /* Few of them would otherwise be as far apart as one end is from the other. */
  if (last - first + 1 < n_columns)
    {
      guint missing = n_columns - (last - first + 1);

      first -= MIN (first, missing / 2);
      last = first + n_columns - 1;
    }
  for (guint i = first; i <= MIN (last, DW_HISTOGRAM_BUCKETS - 1); i++)
    {
      guint *column = &columns[(guint64) (i - first) * n_columns / (last - first + 1)];

      *column += (guint) histogram->counts[i];
      highest = MAX (highest, *column);
    }
  return highest;
}
