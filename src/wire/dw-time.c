/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-time.h"

/**
 * dw_time_format:
 * @microseconds: a time since 1970 UTC, within the years 1 to 9999
 *
 * Returns: (transfer full): the time as frames carry it, such as `2026-11-25T10:00:00.123Z`
 */
char *
dw_time_format (gint64 microseconds)
{
  gint64 milliseconds = microseconds / 1000;
  gint64 fraction = ((milliseconds % 1000) + 1000) % 1000;
  g_autoptr (GDateTime) seconds = g_date_time_new_from_unix_utc ((milliseconds - fraction) / 1000);
  g_autofree char *date = NULL;

  g_return_val_if_fail (seconds != NULL, NULL);
  date = g_date_time_format (seconds, "%Y-%m-%dT%H:%M:%S");
  return g_strdup_printf ("%s.%03dZ", date, (int) fraction);
}

/**
 * dw_time_parse:
 * @text: a time in ISO 8601, of any quality
 *
 * Returns: microseconds since 1970 UTC, or 0 where @text is no time
 */
gint64
dw_time_parse (const char *text)
{
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) time = g_date_time_new_from_iso8601 (text, utc);

  if (time == NULL)
    return 0;
  return g_date_time_to_unix (time) * G_USEC_PER_SEC + g_date_time_get_microsecond (time);
}
