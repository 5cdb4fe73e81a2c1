/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-time-text.h"

#include "client/messages/dw-day.h"

#include <glib/gi18n.h>

static char *
format (gint64 time, const char *pattern)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (time / G_USEC_PER_SEC);
  g_autoptr (GDateTime) local = utc != NULL ? g_date_time_to_local (utc) : NULL;
  char *text = local != NULL ? g_date_time_format (local, pattern) : NULL;

  /* Clocks can be arbitrarily wrong. */
  return text != NULL ? text : g_strdup ("?");
}

/**
 * dw_time_text_clock:
 * @time: a time, in microseconds since 1970 UTC
 *
 * Returns: (transfer full): its local hours and minutes
 */
char *
dw_time_text_clock (gint64 time)
{
  /* Translators: the time of a message, hours and minutes. */
  return format (time, _ ("%H:%M"));
}

/**
 * dw_time_text_day:
 * @time: a time, in microseconds since 1970 UTC
 * @now: the present one
 *
 * Returns: (transfer full): its local day, in words
 */
char *
dw_time_text_day (gint64 time, gint64 now)
{
  DwDay today = dw_day_of (now, NULL);
  DwDay yesterday = dw_day_of (today.start - 1, NULL);

  if (dw_day_contains (&today, time))
    return g_strdup (_ ("Today"));
  if (dw_day_contains (&yesterday, time))
    return g_strdup (_ ("Yesterday"));
  if (time < now && now - time < 300 * G_TIME_SPAN_DAY)
    /* Translators: a day of the last months, such as “Wednesday, 25 November”. */
    return format (time, _ ("%A, %-d %B"));
  /* Translators: a day long ago, such as “25 November 2026”. */
  return format (time, _ ("%-d %B %Y"));
}

/**
 * dw_time_text_short:
 * @time: a time, in microseconds since 1970 UTC
 * @now: the present one
 *
 * Returns: (transfer full): when that was, in as few letters as say it
 */
char *
dw_time_text_short (gint64 time, gint64 now)
{
  DwDay today = dw_day_of (now, NULL);
  DwDay yesterday = dw_day_of (today.start - 1, NULL);

  if (dw_day_contains (&today, time))
    return dw_time_text_clock (time);
  if (dw_day_contains (&yesterday, time))
    return g_strdup (_ ("Yesterday"));
  if (time < now && now - time < 300 * G_TIME_SPAN_DAY)
    /* Translators: a day of the last months, short, such as “25 Nov”. xgettext:no-c-format */
    return format (time, _ ("%-d %b"));
  return format (time, "%x");
}

/**
 * dw_time_text_when:
 * @time: a time, in microseconds since 1970 UTC
 * @now: the present one
 *
 * Returns: (transfer full): its local hours and minutes, after its day where that is another one
 */
char *
dw_time_text_when (gint64 time, gint64 now)
{
  DwDay today = dw_day_of (now, NULL);

  return dw_day_contains (&today, time) ? dw_time_text_clock (time) : format (time, _ ("%-d %b %H:%M"));
}

/**
 * dw_time_text_length:
 * @length: a duration, in microseconds
 *
 * Returns: (transfer full): that, in the two largest units of hours, minutes and seconds; at least a second
 */
char *
dw_time_text_length (gint64 length)
{
  guint seconds = (guint) CLAMP ((length + G_USEC_PER_SEC / 2) / G_USEC_PER_SEC, 1, G_MAXINT);

  if (seconds < 60)
    /* Translators: a duration in seconds. */
    return g_strdup_printf (_ ("%u s"), seconds);
  if (seconds < 60 * 60)
    /* Translators: a duration in minutes and seconds. */
    return g_strdup_printf (_ ("%1$u min %2$u s"), seconds / 60, seconds % 60);
  /* Translators: a duration in hours and minutes. */
  return g_strdup_printf (_ ("%1$u h %2$u min"), seconds / 3600, seconds / 60 % 60);
}

/**
 * dw_time_text_gap:
 * @from: a time, in microseconds since 1970 UTC
 * @until: a later one
 *
 * Returns: (transfer full): a line saying that one is connected again, and since when one was not
 */
char *
dw_time_text_gap (gint64 from, gint64 until)
{
  DwDay day = dw_day_of (until, NULL);
  /* Translators: day, month, hours and minutes, such as “24 Nov 18:04”. */
  g_autofree char *start = format (from, dw_day_contains (&day, from) ? _ ("%H:%M") : _ ("%-d %b %H:%M"));
  g_autofree char *end = dw_time_text_clock (until);

  /* Translators: a line in the conversation; two times. What was said meanwhile cannot be had. */
  return g_strdup_printf (_ ("Reconnected at %2$s (offline since %1$s)"), start, end);
}
