/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "client/dw-raw-history.h"

#include <string.h>

/* The newest one comes first, and what is sent twice in a row is there once. */
static void
test_order (void)
{
  g_autoptr (DwRawHistory) history = dw_raw_history_new ();

  g_assert_null (dw_raw_history_get (history, 0));
  g_assert_cmpuint (dw_raw_history_get_next (history), ==, 1);
  dw_raw_history_add (history, "a");
  dw_raw_history_add (history, "b");
  dw_raw_history_add (history, "b");
  dw_raw_history_add (history, "a");
  g_assert_cmpuint (dw_raw_history_get_n (history), ==, 3);
  g_assert_cmpstr (dw_raw_history_get (history, 0), ==, "a");
  g_assert_cmpstr (dw_raw_history_get (history, 1), ==, "b");
  g_assert_cmpstr (dw_raw_history_get (history, 2), ==, "a");
  g_assert_null (dw_raw_history_get (history, 3));
  g_assert_cmpuint (dw_raw_history_get_next (history), ==, 5);
}

/* It is bounded in number and in bytes, and always has the newest one. */
static void
test_bounds (void)
{
  g_autoptr (DwRawHistory) history = dw_raw_history_new ();
  g_autofree char *huge = g_strnfill (DW_RAW_HISTORY_BYTES * 2, 'x');

  for (guint i = 0; i < DW_RAW_HISTORY_MOST * 3; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      dw_raw_history_add (history, text);
    }
  g_assert_cmpuint (dw_raw_history_get_n (history), ==, DW_RAW_HISTORY_MOST);
  for (guint i = 0; i < 50; i++)
    {
      g_autofree char *text = g_strnfill (DW_RAW_HISTORY_BYTES / 10, (char) ('a' + i % 26));

      dw_raw_history_add (history, text);
    }
  g_assert_cmpuint (dw_raw_history_get_n (history), ==, 10);
  dw_raw_history_add (history, huge);
  g_assert_cmpuint (dw_raw_history_get_n (history), ==, 1);
  g_assert_cmpstr (dw_raw_history_get (history, 0), ==, huge);
  dw_raw_history_add (history, "small");
  g_assert_cmpuint (dw_raw_history_get_n (history), ==, 1);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/raw-history/order", test_order);
  g_test_add_func ("/client/raw-history/bounds", test_bounds);
  return g_test_run ();
}
