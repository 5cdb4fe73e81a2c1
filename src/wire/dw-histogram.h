/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** DW_HISTOGRAM_BUCKETS: enough for values up to %DW_HISTOGRAM_MAX, 64 to each power of two: an error of 1.6% at most. */
#define DW_HISTOGRAM_BUCKETS 2048

/** DW_HISTOGRAM_MAX: larger values count as this; as microseconds it is 19 hours. */
#define DW_HISTOGRAM_MAX ((G_GUINT64_CONSTANT (1) << 36) - 1)

/**
 * DwHistogram:
 * @n: how many values there are
 * @sum: their sum
 * @max: the largest that was ever added, exactly
 *
 * How values are distributed, in 16 KiB however many there are. All zeros is none.
 */
typedef struct
{
  guint64 n;
  guint64 sum;
  guint64 max;

  /*< private >*/
  guint64 counts[DW_HISTOGRAM_BUCKETS];
} DwHistogram;

void dw_histogram_add (DwHistogram *histogram, guint64 value);
void dw_histogram_remove (DwHistogram *histogram, guint64 value);
guint64 dw_histogram_get_quantile (const DwHistogram *histogram, double quantile);
guint dw_histogram_get_columns (const DwHistogram *histogram, guint *columns, guint n_columns);

G_END_DECLS
