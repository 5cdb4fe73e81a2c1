/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The program itself, with a timer that watches its main loop. SIGUSR1 begins a measurement; SIGUSR2 ends it and
 * prints, on standard error and in milliseconds, the longest time that an event would have waited, how much of that the
 * main loop itself was working, and how long a typed letter took to reach the screen: the median, and the longest. */

#include "app/dw-application.h"

#include <glib-unix.h>
#include <locale.h>
#include <time.h>

/* How often the timer fires, in milliseconds. */
#define WATCH_MS 5

/* How often a letter is typed, in milliseconds. */
#define LETTER_MS 40

typedef struct
{
  gint64 last;
  gint64 worst;
  gint64 last_own; /* the same in CPU time of this thread */
  gint64 worst_own;
  GArray *echoes;  /* of gint64, in microseconds */
  gint64 typed_at; /* or 0 if the last letter is on the screen */
  GdkFrameClock *clock;
} Watch;

static gint64
get_own_time (void)
{
  struct timespec time;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &time);
  return (gint64) time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

static gboolean
on_watch (gpointer data)
{
  Watch *watch = data;
  gint64 now = g_get_monotonic_time ();
  gint64 own = get_own_time ();

  watch->worst = MAX (watch->worst, now - watch->last - WATCH_MS * 1000);
  watch->worst_own = MAX (watch->worst_own, own - watch->last_own);
  watch->last = now;
  watch->last_own = own;
  return G_SOURCE_CONTINUE;
}

static void
on_painted (GdkFrameClock *clock, Watch *watch)
{
  gint64 echo = g_get_monotonic_time () - watch->typed_at;

  if (watch->typed_at == 0)
    return;

  g_array_append_val (watch->echoes, echo);
  watch->typed_at = 0;
}

/* Typing changes the text that has the focus, and the next frame shows it. */
static gboolean
on_letter (gpointer data)
{
  Watch *watch = data;
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (g_application_get_default ()));
  GtkWidget *focus = window != NULL ? gtk_window_get_focus (window) : NULL;

  if (!GTK_IS_TEXT_VIEW (focus) || watch->typed_at != 0)
    return G_SOURCE_CONTINUE;

  if (watch->clock == NULL)
    {
      watch->clock = g_object_ref (gtk_widget_get_frame_clock (focus));
      g_signal_connect (watch->clock, "after-paint", G_CALLBACK (on_painted), watch);
    }
  watch->typed_at = g_get_monotonic_time ();
  gtk_text_buffer_insert_at_cursor (gtk_text_view_get_buffer (GTK_TEXT_VIEW (focus)), "x", 1);
  return G_SOURCE_CONTINUE;
}

static int
compare_times (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a;
  gint64 y = *(const gint64 *) b;

  return x < y ? -1 : x > y;
}

static gboolean
on_begin (gpointer data)
{
  Watch *watch = data;

  watch->worst = watch->worst_own = 0;
  g_array_set_size (watch->echoes, 0);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_end (gpointer data)
{
  Watch *watch = data;
  guint n = watch->echoes->len;
  double median = 0;
  double most = 0;

  if (n > 0)
    {
      g_array_sort (watch->echoes, compare_times);
      median = (double) g_array_index (watch->echoes, gint64, n / 2) / 1000;
      most = (double) g_array_index (watch->echoes, gint64, n - 1) / 1000;
    }
  g_printerr ("worst gap %f, own %f, %u echoes, median %f, worst %f\n", (double) watch->worst / 1000,
              (double) watch->worst_own / 1000, n, median, most);
  return G_SOURCE_CONTINUE;
}

int
main (int argc, char *argv[])
{
  g_autoptr (DwApplication) application = NULL;
  Watch watch = { .last = g_get_monotonic_time () };

  setlocale (LC_ALL, "");
  application = dw_application_new ();
  watch.echoes = g_array_new (FALSE, FALSE, sizeof (gint64));
  /* With the priority of key presses and the pointer. */
  g_timeout_add (WATCH_MS, on_watch, &watch);
  g_timeout_add (LETTER_MS, on_letter, &watch);
  g_unix_signal_add (SIGUSR1, on_begin, &watch);
  g_unix_signal_add (SIGUSR2, on_end, &watch);
  return g_application_run (G_APPLICATION (application), argc, argv);
}
