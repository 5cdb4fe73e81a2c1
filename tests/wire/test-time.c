/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "wire/dw-time.h"

static void
test_time (void)
{
  g_autofree char *text = dw_time_format (G_GINT64_CONSTANT (1700000000123456));
  g_autofree char *early = dw_time_format (-1);
  static const struct
  {
    gint64 microseconds;
    const char *text;
  } rows[] = {
    { 0, "1970-01-01T00:00:00.000Z" },        { 999, "1970-01-01T00:00:00.000Z" },
    { 1000, "1970-01-01T00:00:00.001Z" },     { 999999, "1970-01-01T00:00:00.999Z" },
    { 1000000, "1970-01-01T00:00:01.000Z" },  { -1000, "1969-12-31T23:59:59.999Z" },
    { -1000000, "1969-12-31T23:59:59.000Z" }, { -1001000, "1969-12-31T23:59:58.999Z" },
  };

  g_assert_cmpstr (text, ==, "2023-11-14T22:13:20.123Z");
  g_assert_cmpstr (early, ==, "1970-01-01T00:00:00.000Z");
  g_assert_cmpint (dw_time_parse (text), ==, G_GINT64_CONSTANT (1700000000123000));
  g_assert_cmpint (dw_time_parse ("yesterday"), ==, 0);
  g_assert_cmpint (dw_time_parse ("2023-11-14T23:13:20.123456+01:00"), ==, G_GINT64_CONSTANT (1700000000123456));
  g_assert_cmpint (dw_time_parse ("1970-01-01T00:00:01"), ==, G_USEC_PER_SEC);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *row = dw_time_format (rows[i].microseconds);

      g_assert_cmpstr (row, ==, rows[i].text);
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/wire/time/round-trip", test_time);
  return g_test_run ();
}
