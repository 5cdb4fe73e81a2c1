/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** DW_LATENCIES_MOST: how many are remembered; then the oldest goes. */
#define DW_LATENCIES_MOST 60

/**
 * DwLatencies:
 * @values: a ring, in milliseconds
 * @n: how many there are
 * @next: where the next one goes
 *
 * How long the last probes took. All zeros is none.
 */
typedef struct
{
  guint values[DW_LATENCIES_MOST];
  guint n;
  guint next;
} DwLatencies;

void dw_latencies_add (DwLatencies *latencies, guint latency_ms);
guint dw_latencies_get (const DwLatencies *latencies, guint index);
void dw_latencies_measure (const DwLatencies *latencies, guint *min_ms, guint *median_ms, guint *max_ms);

G_END_DECLS
