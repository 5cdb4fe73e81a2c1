/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-day.h"

/**
 * dw_day_of:
 * @time: a time, in microseconds since 1970 UTC
 * @zone: (nullable): where, or %NULL for here
 *
 * Returns: the day that holds it; where summer time begins or ends it has 23 or 25 hours
 */
DwDay
dw_day_of (gint64 time, GTimeZone *zone)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (time / G_USEC_PER_SEC);
  g_autoptr (GTimeZone) here = zone != NULL ? g_time_zone_ref (zone) : g_time_zone_new_local ();
  g_autoptr (GDateTime) local = utc != NULL ? g_date_time_to_timezone (utc, here) : NULL;
  g_autoptr (GDateTime) start = NULL;
  g_autoptr (GDateTime) next = NULL;
  g_autoptr (GDateTime) end = NULL;
  int year, month, day;

  /* A wrong clock may be in a year that GLib has no dates for: no day then. */
  if (local == NULL)
    return (DwDay){ 0, 0 };
  g_date_time_get_ymd (local, &year, &month, &day);
  start = g_date_time_new (here, year, month, day, 0, 0, 0);
  next = g_date_time_add_days (local, 1);
  if (start == NULL || next == NULL)
    return (DwDay){ 0, 0 };
  g_date_time_get_ymd (next, &year, &month, &day);
  end = g_date_time_new (here, year, month, day, 0, 0, 0);
  return (DwDay){ g_date_time_to_unix (start) * G_USEC_PER_SEC, g_date_time_to_unix (end) * G_USEC_PER_SEC };
}

/**
 * dw_day_contains:
 * @day: a day
 * @time: a time, in microseconds since 1970 UTC
 *
 * Returns: whether the time is in it
 */
gboolean
dw_day_contains (const DwDay *day, gint64 time)
{
  return time >= day->start && time < day->end;
}

/**
 * dw_day_find_dated:
 * @records: (element-type DwRecord): lines, in order
 *
 * A gap belongs to no day.
 *
 * Returns: (transfer none) (nullable): the last one that belongs to a day
 */
const DwRecord *
dw_day_find_dated (GPtrArray *records)
{
  for (guint i = records->len; i > 0; i--)
    {
      const DwRecord *record = g_ptr_array_index (records, i - 1);

      if (record->kind != DW_MESSAGE_GAP)
        return record;
    }
  return NULL;
}
