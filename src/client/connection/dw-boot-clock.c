/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-boot-clock.h"

#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/**
 * SECTION:dw-boot-clock
 *
 * The clock that also runs while the computer sleeps. GLib's timeouts count the monotonic clock, which does not:
 * after a night's sleep they would wait for what was left of them in the evening.
 */

typedef struct
{
  GSource source;
  int fd;
  gpointer tag;
} BootSource;

static gboolean
boot_source_check (GSource *source)
{
  BootSource *self = (BootSource *) source;

  return g_source_query_unix_fd (source, self->tag) != 0;
}

static gboolean
boot_source_dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  return callback != NULL ? callback (data) : G_SOURCE_REMOVE;
}

static void
boot_source_finalize (GSource *source)
{
  close (((BootSource *) source)->fd);
}

static GSourceFuncs boot_source_funcs = {
  .check = boot_source_check,
  .dispatch = boot_source_dispatch,
  .finalize = boot_source_finalize,
};

/**
 * dw_boot_clock_now:
 *
 * Returns: microseconds since the computer was started, its sleep included
 */
gint64
dw_boot_clock_now (void)
{
  struct timespec now;

  clock_gettime (CLOCK_BOOTTIME, &now);
  return (gint64) now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

/**
 * dw_boot_clock_add:
 * @at: when, on this clock, in microseconds
 * @function: what to call, once; it returns %G_SOURCE_REMOVE
 * @data: for @function
 *
 * Calls @function at a time of this clock, at once where it has passed: so right after a resume too.
 *
 * Returns: the id of the source, in the thread's default context
 */
guint
dw_boot_clock_add (gint64 at, GSourceFunc function, gpointer data)
{
  /* A time of 0 would disarm the timer. */
  gint64 due = MAX (at, 1);
  struct itimerspec when = { .it_value = { .tv_sec = due / G_USEC_PER_SEC,
                                           .tv_nsec = (due % G_USEC_PER_SEC) * 1000 } };
  int fd = timerfd_create (CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
  g_autoptr (GSource) source = NULL;

  if (fd >= 0 && timerfd_settime (fd, TFD_TIMER_ABSTIME, &when, NULL) == 0)
    {
      source = g_source_new (&boot_source_funcs, sizeof (BootSource));
      ((BootSource *) source)->fd = fd;
      ((BootSource *) source)->tag = g_source_add_unix_fd (source, fd, G_IO_IN);
    }
  else
    {
      /* Out of descriptors: late after a sleep is better than never. */
      if (fd >= 0)
        close (fd);
      source = g_timeout_source_new ((guint) CLAMP ((at - dw_boot_clock_now ()) / 1000, 0, G_MAXUINT));
    }
  g_source_set_callback (source, function, data, NULL);
  return g_source_attach (source, g_main_context_get_thread_default ());
}
