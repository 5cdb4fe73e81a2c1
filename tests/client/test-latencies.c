/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "client/connection/dw-latencies.h"

static void
check_measures (const DwLatencies *latencies, guint min, guint median, guint max)
{
  guint found[3];

  dw_latencies_measure (latencies, &found[0], &found[1], &found[2]);
  g_assert_cmpuint (found[0], ==, min);
  g_assert_cmpuint (found[1], ==, median);
  g_assert_cmpuint (found[2], ==, max);
}

/* The oldest comes first, and the measures do not depend on the order. */
static void
test_few (void)
{
  DwLatencies latencies = { 0 };

  dw_latencies_add (&latencies, 40);
  check_measures (&latencies, 40, 40, 40);
  dw_latencies_add (&latencies, 0);
  check_measures (&latencies, 0, 20, 40);
  dw_latencies_add (&latencies, 1000);
  check_measures (&latencies, 0, 40, 1000);
  g_assert_cmpuint (latencies.n, ==, 3);
  g_assert_cmpuint (dw_latencies_get (&latencies, 0), ==, 40);
  g_assert_cmpuint (dw_latencies_get (&latencies, 2), ==, 1000);
}

/* Past the bound the oldest goes, in order, and with it from the measures. */
static void
test_full (void)
{
  DwLatencies latencies = { 0 };

  for (guint i = 0; i < DW_LATENCIES_MOST * 5 / 2; i++)
    dw_latencies_add (&latencies, i);
  g_assert_cmpuint (latencies.n, ==, DW_LATENCIES_MOST);
  for (guint i = 0; i < DW_LATENCIES_MOST; i++)
    g_assert_cmpuint (dw_latencies_get (&latencies, i), ==, DW_LATENCIES_MOST * 3 / 2 + i);
  check_measures (&latencies, DW_LATENCIES_MOST * 3 / 2, DW_LATENCIES_MOST * 2 - 1, DW_LATENCIES_MOST * 5 / 2 - 1);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/latencies/few", test_few);
  g_test_add_func ("/client/latencies/full", test_full);
  return g_test_run ();
}
