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
  g_autofree char *short_today = dw_time_text_short (now, now);
  g_autofree char *short_yesterday = dw_time_text_short (now - G_TIME_SPAN_DAY, now);
  g_autofree char *short_recent = dw_time_text_short (now - 3 * G_TIME_SPAN_DAY, now);
  g_autofree char *short_old = dw_time_text_short (now - 400 * G_TIME_SPAN_DAY, now);
  g_autofree char *never = dw_time_text_clock (G_MAXINT64);

  g_assert_cmpstr (today, ==, "Today");
  g_assert_cmpstr (yesterday, ==, "Yesterday");
  g_assert_cmpstr (recent, ==, "Sunday, 22 November");
  g_assert_cmpstr (old, ==, "21 October 2025");
  g_assert_cmpstr (gap, ==, "Reconnected at 13:00 (offline since 12:00)");
  g_assert_cmpstr (long_gap, ==, "Reconnected at 12:00 (offline since 24 Nov 12:00)");
  g_assert_cmpstr (short_today, ==, "12:00");
  g_assert_cmpstr (short_yesterday, ==, "Yesterday");
  g_assert_cmpstr (short_recent, ==, "22 Nov");
  g_assert_cmpstr (short_old, ==, "10/21/25");
  g_assert_nonnull (never);
}

/* A duration has two units, and a time of another day its day. */
static void
test_length (void)
{
  static const struct
  {
    gint64 seconds;
    const char *text;
  } rows[] = { { 0, "1 s" },          { 59, "59 s" },         { 60, "1 min 0 s" }, { 3599, "59 min 59 s" },
               { 3600, "1 h 0 min" }, { 90000, "25 h 0 min" } };
  g_autoptr (GDateTime) noon = g_date_time_new_local (2026, 11, 25, 12, 0, 0);
  gint64 now = g_date_time_to_unix (noon) * G_USEC_PER_SEC;
  g_autofree char *today = dw_time_text_when (now - G_TIME_SPAN_HOUR, now);
  g_autofree char *before = dw_time_text_when (now - 13 * G_TIME_SPAN_HOUR, now);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = dw_time_text_length (rows[i].seconds * G_USEC_PER_SEC);

      g_assert_cmpstr (text, ==, rows[i].text);
    }
  g_assert_cmpstr (today, ==, "11:00");
  g_assert_cmpstr (before, ==, "24 Nov 23:00");
}

/* Which day it is depends on the present and on the zone, each time it is asked. */
static void
test_day (void)
{
  static const struct
  {
    const char *zone;
    int minutes; /* from 23:50 in Berlin, when something was said, to the present */
    const char *day;
  } rows[] = {
    { "Europe/Berlin", 9, "Today" },
    { "Europe/Berlin", 11, "Yesterday" },
    { "Europe/Berlin", 24 * 60 + 9, "Yesterday" },
    { "Europe/Berlin", 24 * 60 + 11, "Wednesday, 25 November" },
    { "America/New_York", 11, "Today" },
    { "Asia/Tokyo", 24 * 60 + 9, "Yesterday" },
    { "Asia/Tokyo", 11, "Today" },
  };
  g_autoptr (GTimeZone) berlin = g_time_zone_new_identifier ("Europe/Berlin");
  g_autoptr (GDateTime) when = g_date_time_new (berlin, 2026, 11, 25, 23, 50, 0);
  gint64 said = g_date_time_to_unix (when) * G_USEC_PER_SEC;
  g_auto (DwTestZone) before G_GNUC_UNUSED = dw_test_zone_keep ();

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *day = NULL;

      g_setenv ("TZ", rows[i].zone, TRUE);
      day = dw_time_text_day (said, said + rows[i].minutes * G_TIME_SPAN_MINUTE);
      g_assert_cmpstr (day, ==, rows[i].day);
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/app/time-text/words", test_times);
  g_test_add_func ("/app/time-text/day/DB-5", test_day);
  g_test_add_func ("/app/time-text/length", test_length);
  return g_test_run ();
}
