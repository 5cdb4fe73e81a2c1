/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-latencies.h"

#include <stdlib.h>
#include <string.h>

/**
 * dw_latencies_add:
 * @latencies: those until now
 * @latency_ms: how long a probe took, in milliseconds
 */
void
dw_latencies_add (DwLatencies *latencies, guint latency_ms)
{
  latencies->values[latencies->next] = latency_ms;
  latencies->next = (latencies->next + 1) % DW_LATENCIES_MOST;
  latencies->n = MIN (latencies->n + 1, DW_LATENCIES_MOST);
}

/**
 * dw_latencies_get:
 * @latencies: some
 * @index: which one, the oldest first, less than their number
 *
 * Returns: how long it took, in milliseconds
 */
guint
dw_latencies_get (const DwLatencies *latencies, guint index)
{
  return latencies->values[(latencies->next + DW_LATENCIES_MOST - latencies->n + index) % DW_LATENCIES_MOST];
}

static int
compare (const void *a, const void *b)
{
  guint first = *(const guint *) a;
  guint second = *(const guint *) b;

  return (first > second) - (first < second);
}

/**
 * dw_latencies_measure:
 * @latencies: at least one
 * @min_ms: (out): the shortest
 * @median_ms: (out): the one in the middle, or between the two there
 * @max_ms: (out): the longest
 */
void
dw_latencies_measure (const DwLatencies *latencies, guint *min_ms, guint *median_ms, guint *max_ms)
{
  guint sorted[DW_LATENCIES_MOST];

  /* A ring that is not full yet fills from its beginning. */
  memcpy (sorted, latencies->values, latencies->n * sizeof *sorted);
  qsort (sorted, latencies->n, sizeof *sorted, compare);
  *min_ms = sorted[0];
  *median_ms = (sorted[(latencies->n - 1) / 2] + sorted[latencies->n / 2]) / 2;
  *max_ms = sorted[latencies->n - 1];
}
