/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "wire/dw-time.h"

static void
test_time (void)
{
  g_autofree char *text = dw_time_format (G_GINT64_CONSTANT (1700000000123456));
  g_autofree char *early = dw_time_format (-1);

  g_assert_cmpstr (text, ==, "2023-11-14T22:13:20.123Z");
  g_assert_cmpstr (early, ==, "1970-01-01T00:00:00.000Z");
  g_assert_cmpint (dw_time_parse (text), ==, G_GINT64_CONSTANT (1700000000123000));
  g_assert_cmpint (dw_time_parse ("yesterday"), ==, 0);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/wire/time/round", test_time);
  return g_test_run ();
}
