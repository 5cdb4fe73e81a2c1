/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The program itself with a watch on its main loop. SIGUSR1 begins a measurement; SIGUSR2 ends it and prints, on
 * standard error, the longest time in milliseconds that an event would have waited. */

#include "app/dw-application.h"

#include <glib-unix.h>
#include <locale.h>

/* How often the watch looks, in milliseconds. */
#define WATCH_MS 5

typedef struct
{
  gint64 last;
  gint64 worst;
} Watch;

static gboolean
on_watch (gpointer data)
{
  Watch *watch = data;
  gint64 now = g_get_monotonic_time ();

  watch->worst = MAX (watch->worst, now - watch->last - WATCH_MS * 1000);
  watch->last = now;
  return G_SOURCE_CONTINUE;
}

static gboolean
on_begin (gpointer data)
{
  ((Watch *) data)->worst = 0;
  return G_SOURCE_CONTINUE;
}

static gboolean
on_end (gpointer data)
{
  g_printerr ("worst gap %f\n", (double) ((Watch *) data)->worst / 1000);
  return G_SOURCE_CONTINUE;
}

int
main (int argc, char *argv[])
{
  g_autoptr (DwApplication) application = NULL;
  Watch watch = { g_get_monotonic_time (), 0 };

  setlocale (LC_ALL, "");
  application = dw_application_new ();
  /* As urgent as a key or the pointer. */
  g_timeout_add (WATCH_MS, on_watch, &watch);
  g_unix_signal_add (SIGUSR1, on_begin, &watch);
  g_unix_signal_add (SIGUSR2, on_end, &watch);
  return g_application_run (G_APPLICATION (application), argc, argv);
}
