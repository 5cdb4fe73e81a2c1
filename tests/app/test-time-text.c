/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "app/text/dw-time-text.h"

static void
test_times (void)
{
  g_autoptr (GDateTime) when = g_date_time_new_local (2026, 11, 25, 12, 0, 0);
  gint64 now = g_date_time_to_unix (when) * G_USEC_PER_SEC;
  g_autofree char *today = dw_time_text_day (now - G_TIME_SPAN_HOUR, now);
  g_autofree char *yesterday = dw_time_text_day (now - G_TIME_SPAN_DAY, now);
  g_autofree char *recent = dw_time_text_day (now - 3 * G_TIME_SPAN_DAY, now);
  g_autofree char *old = dw_time_text_day (now - 400 * G_TIME_SPAN_DAY, now);
  g_autofree char *gap = dw_time_text_gap (now, now + G_TIME_SPAN_HOUR);
  g_autofree char *long_gap = dw_time_text_gap (now - G_TIME_SPAN_DAY, now);
  g_autofree char *never = dw_time_text_clock (G_MAXINT64);

  g_assert_cmpstr (today, ==, "Today");
  g_assert_cmpstr (yesterday, ==, "Yesterday");
  g_assert_cmpstr (recent, ==, "Sunday, 22 November");
  g_assert_cmpstr (old, ==, "21 October 2025");
  g_assert_cmpstr (gap, ==, "Offline 12:00 – 13:00");
  g_assert_cmpstr (long_gap, ==, "Offline 24 Nov 12:00 – 12:00");
  g_assert_nonnull (never);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/app/time-text/words", test_times);
  return g_test_run ();
}
