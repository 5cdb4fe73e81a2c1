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

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/wire/histogram/error", test_error);
  g_test_add_func ("/wire/histogram/quantiles", test_quantiles);
  return g_test_run ();
}
