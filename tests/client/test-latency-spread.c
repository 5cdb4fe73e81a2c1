/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "client/connection/dw-latency-spread.h"

#define HOUR (3600 * (gint64) G_USEC_PER_SEC)

/* A quantile is the one of the sorted latencies, to 3%. */
static void
test_quantiles (void)
{
  DwLatencySpread spread = { 0 };

  g_assert_cmpint (dw_latency_spread_get_quantile (&spread, 0.5), ==, 0);

  for (gint64 i = 1; i <= 1000; i++)
    dw_latency_spread_add (&spread, i * 1000);
  g_assert_cmpuint (spread.n, ==, 1000);
  g_assert_cmpint (ABS (dw_latency_spread_get_quantile (&spread, 0.5) - 500000), <=, 500000 * 3 / 100);
  g_assert_cmpint (ABS (dw_latency_spread_get_quantile (&spread, 0.99) - 990000), <=, 990000 * 3 / 100);
  g_assert_cmpint (ABS (dw_latency_spread_get_quantile (&spread, 0) - 1000), <=, 1000 * 3 / 100);
  g_assert_cmpint (ABS (dw_latency_spread_get_quantile (&spread, 1) - 1000000), <=, 1000000 * 3 / 100);
}

/* What one alone says of itself is right to 3%, whatever its size. */
static void
test_sizes (void)
{
  for (gint64 latency = 0; latency < HOUR; latency = latency * 5 / 4 + 1)
    {
      DwLatencySpread spread = { 0 };

      dw_latency_spread_add (&spread, latency);
      g_assert_cmpint (ABS (dw_latency_spread_get_quantile (&spread, 0.5) - latency), <=, latency * 3 / 100 + 1);
    }
}

/* What is forgotten counts no more, and what no clock measures breaks nothing. */
static void
test_extremes (void)
{
  DwLatencySpread spread = { 0 };
  const gint64 odd[] = { -1, G_MININT64, G_MAXINT64, 0 };

  for (guint i = 0; i < G_N_ELEMENTS (odd); i++)
    dw_latency_spread_add (&spread, odd[i]);
  g_assert_cmpint (dw_latency_spread_get_quantile (&spread, 0.5), ==, 0);
  g_assert_cmpint (dw_latency_spread_get_quantile (&spread, 1), >, HOUR);
  for (guint i = 0; i < G_N_ELEMENTS (odd); i++)
    dw_latency_spread_remove (&spread, odd[i]);
  g_assert_cmpuint (spread.n, ==, 0);
  g_assert_cmpint (dw_latency_spread_get_quantile (&spread, 1), ==, 0);
}

/* The columns hold all there are, the shortest in the first half and the longest in the last column. */
static void
test_columns (void)
{
  DwLatencySpread spread = { 0 };
  guint columns[24];
  guint total = 0;

  g_assert_cmpuint (dw_latency_spread_get_columns (&spread, columns, G_N_ELEMENTS (columns)), ==, 0);

  for (guint i = 0; i < 10; i++)
    dw_latency_spread_add (&spread, 1000);
  dw_latency_spread_add (&spread, 20 * G_USEC_PER_SEC);
  g_assert_cmpuint (dw_latency_spread_get_columns (&spread, columns, G_N_ELEMENTS (columns)), ==, 10);
  g_assert_cmpuint (columns[0], ==, 10);
  g_assert_cmpuint (columns[G_N_ELEMENTS (columns) - 1], ==, 1);
  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    total += columns[i];
  g_assert_cmpuint (total, ==, 11);

  /* One alone, at either end, has a column too. */
  for (gint64 latency = 0; latency >= 0; latency = latency == 0 ? G_MAXINT64 : -1)
    {
      DwLatencySpread lone = { 0 };

      dw_latency_spread_add (&lone, latency);
      g_assert_cmpuint (dw_latency_spread_get_columns (&lone, columns, G_N_ELEMENTS (columns)), ==, 1);
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/latency-spread/quantiles", test_quantiles);
  g_test_add_func ("/client/latency-spread/sizes", test_sizes);
  g_test_add_func ("/client/latency-spread/extremes", test_extremes);
  g_test_add_func ("/client/latency-spread/columns", test_columns);
  return g_test_run ();
}
