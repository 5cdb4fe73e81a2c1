/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "client/messages/dw-today.h"

#include <glib/gstdio.h>
#include <unistd.h>

static void
on_changed (DwToday *today, gpointer changes)
{
  (*(guint *) changes)++;
}

static DwToday *
today_new (const char *zone_file, guint *changes)
{
  DwToday *today = dw_today_new (zone_file);

  *changes = 0;
  g_signal_connect (today, "changed", G_CALLBACK (on_changed), changes);
  return today;
}

static gint64
time_of (GTimeZone *zone, int day, int hour, int minute)
{
  g_autoptr (GDateTime) when = g_date_time_new (zone, 2026, 11, day, hour, minute, 0);

  return g_date_time_to_unix (when) * G_USEC_PER_SEC;
}

/* The signal comes at local midnight and at no other time, when the clock is set to another day in either direction,
 * and when the zone changes, even to one in which the same moment has another date. */
static void
test_changes (void)
{
  g_autoptr (GTimeZone) berlin = g_time_zone_new_identifier ("Europe/Berlin");
  g_autoptr (GTimeZone) kiritimati = g_time_zone_new_identifier ("Pacific/Kiritimati"); /* UTC+14 */
  g_autoptr (GTimeZone) honolulu = g_time_zone_new_identifier ("Pacific/Honolulu");     /* UTC−10 */
  const struct
  {
    GTimeZone *zone;
    gint64 now;
    gboolean changes;
  } rows[] = {
    { berlin, time_of (berlin, 25, 8, 0), TRUE },
    { berlin, time_of (berlin, 25, 23, 59), FALSE },
    { berlin, time_of (berlin, 26, 0, 0), TRUE },
    { berlin, time_of (berlin, 26, 0, 1), FALSE },
    { berlin, time_of (berlin, 29, 9, 0), TRUE }, /* after a sleep */
    { berlin, time_of (berlin, 26, 9, 0), TRUE }, /* the clock was set back */
    { berlin, 0, TRUE },
    { kiritimati, time_of (kiritimati, 26, 12, 0), TRUE },
    { honolulu, time_of (honolulu, 25, 12, 0), TRUE }, /* the same moment */
    { honolulu, G_MAXINT64, TRUE },
    { honolulu, G_MAXINT64, FALSE },
  };
  guint changes;
  g_autoptr (DwToday) today = today_new (DW_TODAY_ZONE_FILE, &changes);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_test_message ("row %u", i);
      changes = 0;
      dw_today_check (today, rows[i].now, rows[i].zone);
      g_assert_cmpuint (changes, ==, rows[i].changes);
    }
}

static gboolean
has_changed (gpointer changes)
{
  return *(guint *) changes > 0;
}

/* Midnight is noticed without a check, on a day that ends in two seconds. */
static void
test_midnight (void)
{
  const int day = 24 * 3600;
  int now = (int) (g_get_real_time () / G_USEC_PER_SEC % day);
  int east = (2 * day - 2 - now) % day;
  g_autofree char *zone = g_strdup_printf ("MID-%d:%02d:%02d", east / 3600, east / 60 % 60, east % 60);
  g_auto (DwTestZone) before G_GNUC_UNUSED = dw_test_zone_keep ();
  g_autoptr (DwToday) today = NULL;
  guint changes;

  g_setenv ("TZ", zone, TRUE);
  today = today_new (DW_TODAY_ZONE_FILE, &changes);
  dw_test_until ("midnight", has_changed, &changes);
  g_assert_cmpuint (changes, ==, 1);
}

/* The system's zone file is replaced by another one, as timedated does. */
static void
test_zone_file (void)
{
  g_autofree char *folder = dw_test_make_folder ();
  g_autofree char *file = g_build_filename (folder, "localtime", NULL);
  g_autofree char *next = g_build_filename (folder, "next", NULL);
  g_auto (DwTestZone) before G_GNUC_UNUSED = dw_test_zone_keep ();
  g_autoptr (DwToday) today = NULL;
  guint changes;

  g_setenv ("TZ", "Europe/Berlin", TRUE);
  g_assert_no_errno (symlink ("/usr/share/zoneinfo/Europe/Berlin", file));
  g_assert_no_errno (symlink ("/usr/share/zoneinfo/Asia/Tokyo", next));
  today = today_new (file, &changes);
  g_setenv ("TZ", "Asia/Tokyo", TRUE);
  g_assert_no_errno (g_rename (next, file));
  dw_test_until ("the zone to be noticed", has_changed, &changes);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/today/changes/DB-5", test_changes);
  g_test_add_func ("/client/today/midnight/DB-5", test_midnight);
  g_test_add_func ("/client/today/zone-file/DB-5", test_zone_file);
  return g_test_run ();
}
