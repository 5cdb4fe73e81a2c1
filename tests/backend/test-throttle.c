/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "backend/gateway/dw-throttle.h"

static void
test_throttle (void)
{
  DwThrottle throttle;
  gint64 now = 1000;

  dw_throttle_init (&throttle, 10, 5, now);
  for (guint i = 0; i < 5; i++)
    g_assert_true (dw_throttle_take (&throttle, now));
  g_assert_false (dw_throttle_take (&throttle, now));
  g_assert_false (dw_throttle_take (&throttle, now + 99000));
  g_assert_true (dw_throttle_take (&throttle, now + 100001));
  /* However long it was idle, only a burst passes at once. */
  now += G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC;
  for (guint i = 0; i < 5; i++)
    g_assert_true (dw_throttle_take (&throttle, now));
  g_assert_false (dw_throttle_take (&throttle, now));
  /* A clock that goes back gives nothing, and takes nothing away. */
  g_assert_false (dw_throttle_take (&throttle, now - G_TIME_SPAN_HOUR));
  g_assert_false (dw_throttle_take (&throttle, now + 99999));
  g_assert_true (dw_throttle_take (&throttle, now + 100001));
  /* A burst below one would let nobody through. */
  dw_throttle_init (&throttle, 1, 0, now);
  g_assert_true (dw_throttle_take (&throttle, now));
  g_assert_false (dw_throttle_take (&throttle, now));
  g_assert_true (dw_throttle_take (&throttle, now + G_USEC_PER_SEC));
  g_assert_false (dw_throttle_take (&throttle, now + G_USEC_PER_SEC));
  dw_throttle_init (&throttle, 0.5, 1, now);
  g_assert_true (dw_throttle_take (&throttle, now));
  g_assert_false (dw_throttle_take (&throttle, now + 2 * G_USEC_PER_SEC - 1));
  g_assert_true (dw_throttle_take (&throttle, now + 2 * G_USEC_PER_SEC));
  dw_throttle_init (&throttle, -1, 1, now);
  for (guint i = 0; i < 10; i++)
    g_assert_true (dw_throttle_take (&throttle, now));
  dw_throttle_init (&throttle, 0, 0, now);
  for (guint i = 0; i < 10000; i++)
    g_assert_true (dw_throttle_take (&throttle, now));
}

/* A changed throttle gives nobody a second burst. */
static void
test_change (void)
{
  DwThrottle throttle;
  gint64 now = 1;

  dw_throttle_init (&throttle, 10, 5, now);
  for (guint i = 0; i < 5; i++)
    g_assert_true (dw_throttle_take (&throttle, now));
  dw_throttle_change (&throttle, 10, 50, now);
  g_assert_false (dw_throttle_take (&throttle, now));
  g_assert_true (dw_throttle_take (&throttle, now + 100000));

  /* A full one keeps no more than it can hold now. */
  dw_throttle_init (&throttle, 10, 50, now);
  dw_throttle_change (&throttle, 10, 2, now);
  g_assert_true (dw_throttle_take (&throttle, now));
  g_assert_true (dw_throttle_take (&throttle, now));
  g_assert_false (dw_throttle_take (&throttle, now));

  /* From no limit and to none. */
  dw_throttle_change (&throttle, 0, 0, now);
  for (guint i = 0; i < 100; i++)
    g_assert_true (dw_throttle_take (&throttle, now));
  dw_throttle_change (&throttle, 1, 3, now);
  for (guint i = 0; i < 3; i++)
    g_assert_true (dw_throttle_take (&throttle, now));
  g_assert_false (dw_throttle_take (&throttle, now));
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/throttle/burst", test_throttle);
  g_test_add_func ("/backend/throttle/change", test_change);
  return g_test_run ();
}
