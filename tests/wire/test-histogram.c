/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "wire/dw-histogram.h"

/* A quantile is never below the true one, and at most 1.6% above it, from a microsecond to hours. */
static void
test_error (void)
{
  for (guint64 value = 0; value <= DW_HISTOGRAM_MAX; value += value / 7 + 1)
    {
      g_autofree DwHistogram *histogram = g_new0 (DwHistogram, 1);
      guint64 found;

      dw_histogram_add (histogram, value);
      dw_histogram_add (histogram, DW_HISTOGRAM_MAX);
      found = dw_histogram_get_quantile (histogram, 0.5);
      g_assert_cmpuint (found, >=, value);
      g_assert_cmpuint (found, <=, value + value / 63);
    }
}

/* The quantiles of 1 to 1,000 are what they are by hand, and the largest value is exact. */
static void
test_quantiles (void)
{
  g_autofree DwHistogram *histogram = g_new0 (DwHistogram, 1);

  g_assert_cmpuint (dw_histogram_get_quantile (histogram, 0.5), ==, 0);
  for (guint i = 1; i <= 1000; i++)
    dw_histogram_add (histogram, i);
  g_assert_cmpuint (histogram->n, ==, 1000);
  g_assert_cmpuint (histogram->sum, ==, 500500);
  g_assert_cmpuint (dw_histogram_get_quantile (histogram, 0), ==, 1);
  g_assert_cmpuint (dw_histogram_get_quantile (histogram, 0.05), ==, 50);
  g_assert_cmpuint (dw_histogram_get_quantile (histogram, 0.5), >=, 500);
  g_assert_cmpuint (dw_histogram_get_quantile (histogram, 0.5), <=, 508);
  g_assert_cmpuint (dw_histogram_get_quantile (histogram, 0.99), >=, 990);
  g_assert_cmpuint (dw_histogram_get_quantile (histogram, 1), ==, 1000);

  dw_histogram_add (histogram, G_MAXUINT64);
  g_assert_cmpuint (histogram->max, ==, DW_HISTOGRAM_MAX);
  g_assert_cmpuint (dw_histogram_get_quantile (histogram, 1), ==, DW_HISTOGRAM_MAX);
}

/* What is removed counts no more, whatever its size. */
static void
test_removed (void)
{
  static const guint64 values[] = { 0, 1, 63, 64, 1000, DW_HISTOGRAM_MAX, G_MAXUINT64 };
  g_autofree DwHistogram *histogram = g_new0 (DwHistogram, 1);

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    dw_histogram_add (histogram, values[i]);
  dw_histogram_remove (histogram, 1000);
  g_assert_cmpuint (histogram->n, ==, G_N_ELEMENTS (values) - 1);
  g_assert_cmpuint (dw_histogram_get_quantile (histogram, 0.5), ==, 63);
  g_assert_cmpuint (dw_histogram_get_quantile (histogram, 0.7), >, 1000);
  dw_histogram_add (histogram, 1000);

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    dw_histogram_remove (histogram, values[i]);
  g_assert_cmpuint (histogram->n, ==, 0);
  g_assert_cmpuint (histogram->sum, ==, 0);
  g_assert_cmpuint (dw_histogram_get_quantile (histogram, 1), ==, 0);
}

/* The columns hold all there are, the smallest in the first and the largest in the last. */
static void
test_columns (void)
{
  static const guint64 ends[] = { 0, G_MAXUINT64 };
  g_autofree DwHistogram *histogram = g_new0 (DwHistogram, 1);
  guint columns[24];
  guint total = 0;

  g_assert_cmpuint (dw_histogram_get_columns (histogram, columns, G_N_ELEMENTS (columns)), ==, 0);

  for (guint i = 0; i < 10; i++)
    dw_histogram_add (histogram, 1000);
  dw_histogram_add (histogram, 20 * G_USEC_PER_SEC);
  g_assert_cmpuint (dw_histogram_get_columns (histogram, columns, G_N_ELEMENTS (columns)), ==, 10);
  g_assert_cmpuint (columns[0], ==, 10);
  g_assert_cmpuint (columns[G_N_ELEMENTS (columns) - 1], ==, 1);
  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    total += columns[i];
  g_assert_cmpuint (total, ==, 11);

  /* One alone, at either end, has a column too. */
  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      g_autofree DwHistogram *lone = g_new0 (DwHistogram, 1);

      dw_histogram_add (lone, ends[i]);
      g_assert_cmpuint (dw_histogram_get_columns (lone, columns, G_N_ELEMENTS (columns)), ==, 1);
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/wire/histogram/error", test_error);
  g_test_add_func ("/wire/histogram/quantiles", test_quantiles);
  g_test_add_func ("/wire/histogram/removed", test_removed);
  g_test_add_func ("/wire/histogram/columns", test_columns);
  return g_test_run ();
}
