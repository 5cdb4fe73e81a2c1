/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** DW_LATENCY_SPREAD_OCTAVES: how many doublings are told apart; from 1 µs they reach beyond an hour. */
#define DW_LATENCY_SPREAD_OCTAVES 32

/** DW_LATENCY_SPREAD_PARTS: into how many equal parts each doubling is cut, so that a latency is known to 3%. */
#define DW_LATENCY_SPREAD_PARTS 16

/**
 * DwLatencySpread:
 * @n: how many there are
 *
 * How many latencies there are of each size. All zeros is none; it takes the same memory whatever is added.
 */
typedef struct
{
  guint n;

  /*< private >*/
  guint counts[DW_LATENCY_SPREAD_OCTAVES * DW_LATENCY_SPREAD_PARTS];
} DwLatencySpread;

void dw_latency_spread_add (DwLatencySpread *spread, gint64 latency_us);
void dw_latency_spread_remove (DwLatencySpread *spread, gint64 latency_us);
gint64 dw_latency_spread_get_quantile (const DwLatencySpread *spread, double share);
guint dw_latency_spread_get_columns (const DwLatencySpread *spread, guint *columns, guint n_columns);

G_END_DECLS
