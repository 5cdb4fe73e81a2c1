/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-today.h"

#include "dw-day.h"

#include "wire/dw-thread.h"

#include <glib-unix.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

/**
 * SECTION:dw-today
 *
 * Signals when another day begins, or the same one has to be described differently: at midnight, when the clock or the
 * time zone is changed, and after a sleep through any of these. It wakes the program for nothing else. Belongs to the
 * main loop.
 */
struct _DwToday
{
  GObject parent_instance;

  DwDay day;
  char *zone; /* its name, or NULL before the first look */
  GFileMonitor *monitor;
  int timer;
  guint source;
};

G_DEFINE_FINAL_TYPE (DwToday, dw_today, G_TYPE_OBJECT)

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

/* Where a wrong clock is in a year without dates. */
#define NO_DAY_SECONDS 3600

/* In wall-clock time, which goes on while the computer sleeps; setting the clock ends the wait too. */
static void
wait_for_midnight (DwToday *self, gint64 now)
{
  gint64 due = self->day.end > now ? self->day.end / G_USEC_PER_SEC : now / G_USEC_PER_SEC + NO_DAY_SECONDS;
  struct itimerspec when = { .it_value = { .tv_sec = MAX (due, 1) } };

  if (self->timer >= 0)
    timerfd_settime (self->timer, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, NULL);
}

static void
look (DwToday *self)
{
  gint64 now = g_get_real_time ();

  dw_today_check (self, now, NULL);
  wait_for_midnight (self, now);
}

static gboolean
on_timer (int timer, GIOCondition condition, gpointer data)
{
  DwToday *self = data;
  g_autoptr (DwToday) keep G_GNUC_UNUSED = g_object_ref (self);
  guint64 expirations;

  /* It fails when the clock was set, which is as good a reason to check. */
  if (read (timer, &expirations, sizeof expirations) < 0)
    g_debug ("The clock was set");
  look (self);
  return G_SOURCE_CONTINUE;
}

static void
on_zone_file (DwToday *self)
{
  g_autoptr (DwToday) keep G_GNUC_UNUSED = g_object_ref (self);

  look (self);
}

static void
dw_today_dispose (GObject *object)
{
  DwToday *self = DW_TODAY (object);

  g_clear_handle_id (&self->source, g_source_remove);
  if (self->monitor != NULL)
    g_file_monitor_cancel (self->monitor);
  g_clear_object (&self->monitor);
  G_OBJECT_CLASS (dw_today_parent_class)->dispose (object);
}

static void
dw_today_finalize (GObject *object)
{
  DwToday *self = DW_TODAY (object);

  if (self->timer >= 0)
    close (self->timer);
  g_free (self->zone);
  G_OBJECT_CLASS (dw_today_parent_class)->finalize (object);
}

static void
dw_today_class_init (DwTodayClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_today_dispose;
  G_OBJECT_CLASS (klass)->finalize = dw_today_finalize;

  /**
   * DwToday::changed:
   *
   * Texts that say “Today”, or a time of day, have to change.
   */
  signals[SIGNAL_CHANGED] =
      g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
dw_today_init (DwToday *self)
{
  self->timer = timerfd_create (CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
  if (self->timer >= 0)
    self->source = g_unix_fd_add (self->timer, G_IO_IN, on_timer, self);
}

/**
 * dw_today_new:
 * @zone_file: what changes with the time zone, %DW_TODAY_ZONE_FILE; where it cannot be watched only midnight and a clock
 *   that is set are noticed
 *
 * Returns: (transfer full): what knows the day from now on
 */
DwToday *
dw_today_new (const char *zone_file)
{
  DwToday *self = g_object_new (DW_TYPE_TODAY, NULL);
  g_autoptr (GFile) file = g_file_new_for_path (zone_file);

  DW_ASSERT_MAIN_THREAD ();

  self->monitor = g_file_monitor_file (file, G_FILE_MONITOR_NONE, NULL, NULL);
  if (self->monitor != NULL)
    g_signal_connect_object (self->monitor, "changed", G_CALLBACK (on_zone_file), self, G_CONNECT_SWAPPED);
  look (self);
  return self;
}

/**
 * dw_today_check:
 * @self: a day
 * @now: the time, in microseconds since 1970 UTC
 * @zone: (nullable): where, or %NULL for here
 *
 * Emits #DwToday::changed where that is another day, or the zone is another one.
 */
void
dw_today_check (DwToday *self, gint64 now, GTimeZone *zone)
{
  g_autoptr (GTimeZone) here = zone != NULL ? g_time_zone_ref (zone) : g_time_zone_new_local ();
  const char *name = g_time_zone_get_identifier (here);
  DwDay day = dw_day_of (now, here);
  gboolean first = self->zone == NULL;

  if (!first && day.start == self->day.start && day.end == self->day.end && strcmp (name, self->zone) == 0)
    return;

  self->day = day;
  g_free (self->zone);
  self->zone = g_strdup (name);
  if (!first)
    g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}
