/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-latency-spread.h"

#include <math.h>
#include <string.h>

/* The buckets are as wide as a sixteenth of the power of two they begin with. Below 16 µs a bucket has one microsecond. */
static guint
bucket_of (gint64 latency_us)
{
  guint64 value = (guint64) MAX (latency_us, 0);
  guint octave = 1;

  if (value < DW_LATENCY_SPREAD_PARTS)
    return (guint) value;
  while (value >> (octave - 1) >= 2 * DW_LATENCY_SPREAD_PARTS)
    octave++;
  if (octave >= DW_LATENCY_SPREAD_OCTAVES)
    return DW_LATENCY_SPREAD_OCTAVES * DW_LATENCY_SPREAD_PARTS - 1;
  return octave * DW_LATENCY_SPREAD_PARTS + (guint) (value >> (octave - 1)) - DW_LATENCY_SPREAD_PARTS;
}

/* The least latency of a bucket. */
static gint64
start_of (guint bucket)
{
  guint octave = bucket / DW_LATENCY_SPREAD_PARTS;
  gint64 part = bucket % DW_LATENCY_SPREAD_PARTS;

  return octave == 0 ? part : (DW_LATENCY_SPREAD_PARTS + part) << (octave - 1);
}

/**
 * dw_latency_spread_add:
 * @spread: those until now
 * @latency_us: one more, in microseconds; less than 0, after a clock was set, is 0
 */
void
dw_latency_spread_add (DwLatencySpread *spread, gint64 latency_us)
{
  spread->counts[bucket_of (latency_us)]++;
  spread->n++;
}

/**
 * dw_latency_spread_remove:
 * @spread: some
 * @latency_us: one that was added, in microseconds
 */
void
dw_latency_spread_remove (DwLatencySpread *spread, gint64 latency_us)
{
  guint bucket = bucket_of (latency_us);

  g_return_if_fail (spread->counts[bucket] > 0);

  spread->counts[bucket]--;
  spread->n--;
}

/**
 * dw_latency_spread_get_quantile:
 * @spread: some
 * @share: how many of them, from 0 to 1
 *
 * Returns: the latency in microseconds that this share of them does not exceed, to 3%; 0 where there is none
 */
gint64
dw_latency_spread_get_quantile (const DwLatencySpread *spread, double share)
{
  guint wanted = MAX ((guint) ceil (share * spread->n), 1);
  guint seen = 0;

  if (spread->n == 0)
    return 0;
  for (guint i = 0; i < G_N_ELEMENTS (spread->counts); i++)
    {
      seen += spread->counts[i];
      if (seen >= wanted)
        return (start_of (i) + start_of (i + 1) - 1) / 2;
    }
  return 0;
}

/**
 * dw_latency_spread_get_columns:
 * @spread: some
 * @columns: (out caller-allocates) (array length=n_columns): how many are in each column, the shortest first
 * @n_columns: into how many columns, at least 1
 *
 * Cuts what lies between the shortest and the longest into columns, of which each is as many times as long as the one
 * before.
 *
 * Returns: the number in the highest column; 0 where there is none
 */
guint
dw_latency_spread_get_columns (const DwLatencySpread *spread, guint *columns, guint n_columns)
{
  guint first = 0, last = G_N_ELEMENTS (spread->counts) - 1;
  guint highest = 0;

  memset (columns, 0, n_columns * sizeof *columns);
  if (spread->n == 0)
    return 0;
  while (spread->counts[first] == 0)
    first++;
  while (spread->counts[last] == 0)
    last--;

  /* Few of them would otherwise be as far apart as one end is from the other. */
  if (last - first + 1 < n_columns)
    {
      guint missing = n_columns - (last - first + 1);

      first -= MIN (first, missing / 2);
      last = first + n_columns - 1;
    }
  for (guint i = first; i <= MIN (last, G_N_ELEMENTS (spread->counts) - 1); i++)
    {
      guint *column = &columns[(guint64) (i - first) * n_columns / (last - first + 1)];

      *column += spread->counts[i];
      highest = MAX (highest, *column);
    }
  return highest;
}
