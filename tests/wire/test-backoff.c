/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "wire/dw-backoff.h"

static double
always (gpointer data)
{
  return *(double *) data;
}

static void
test_ceiling (void)
{
  static const guint expected[] = { 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000 };

  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    g_assert_cmpuint (dw_backoff_ceiling (1000, 60000, i), ==, expected[i]);
  g_assert_cmpuint (dw_backoff_ceiling (1000, 60000, G_MAXUINT), ==, 60000);
  /* Beyond that a shift has no bits left. */
  g_assert_cmpuint (dw_backoff_ceiling (1, G_MAXUINT, 30), ==, 1u << 30);
  g_assert_cmpuint (dw_backoff_ceiling (1, G_MAXUINT, 31), ==, 1u << 31);
  g_assert_cmpuint (dw_backoff_ceiling (1, G_MAXUINT, 32), ==, 1u << 31);
  g_assert_cmpuint (dw_backoff_ceiling (1, G_MAXUINT, G_MAXUINT), ==, 1u << 31);
}

static void
test_jitter (void)
{
  double share = 0;

  g_assert_cmpuint (dw_backoff_delay (1000, 60000, 3, always, &share), ==, 0);
  share = 0.5;
  g_assert_cmpuint (dw_backoff_delay (1000, 60000, 3, always, &share), ==, 4000);
  share = 0.999;
  g_assert_cmpuint (dw_backoff_delay (1000, 60000, 20, always, &share), <, 60000);
  /* A random source that returns bad values must not exceed the cap, nor go back in time. */
  share = 7;
  g_assert_cmpuint (dw_backoff_delay (1000, 60000, 20, always, &share), ==, 60000);
  share = -7;
  g_assert_cmpuint (dw_backoff_delay (1000, 60000, 20, always, &share), ==, 0);
}

/* 50 clients that lose the stage in one second must not all come back in one. */
static void
test_spread (void)
{
  guint least = G_MAXUINT, most = 0;

  for (guint i = 0; i < 50; i++)
    {
      guint delay = dw_backoff_delay (1000, 60000, 0, dw_backoff_random, NULL);

      least = MIN (least, delay);
      most = MAX (most, delay);
    }
  g_assert_cmpuint (most - least, >=, 500);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/wire/backoff/ceiling", test_ceiling);
  g_test_add_func ("/wire/backoff/jitter", test_jitter);
  g_test_add_func ("/wire/backoff/spread/RC-1", test_spread);
  return g_test_run ();
}
