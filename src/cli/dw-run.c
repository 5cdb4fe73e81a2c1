/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-run.h"

#include <gio/gio.h>
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <signal.h>
#include <unistd.h>

/* How many signals end a command, and the 0 after them. */
#define SIGNALS 4

struct _DwRun
{
  GMainLoop *loop;
  DwOutput *output;
  DwPrinter *printer;
  guint signals[SIGNALS];
  guint timeout;
  gboolean goes_on;
  DwRunInterrupted interrupted; /* or NULL */
  gpointer interrupted_data;
  gboolean ended; /* perhaps before the loop began */
  gboolean ended_by_signal;
  DwExit status;
};

const GOptionEntry dw_run_option_entries[] = {
  { "timeout", 't', 0, G_OPTION_ARG_INT, DW_OPTION (DwRunOptions, timeout),
    N_ ("Exit with status 3 after this many seconds"), N_ ("SECONDS") },
  { NULL },
};

/* Ends at 0; a hangup does not end a command where somebody asked for that, as nohup does. */
static const int *
ending_signals (void)
{
  static const int signals[] = { SIGHUP, SIGINT, SIGTERM, 0 };
  struct sigaction hangup;

  return signals + (sigaction (SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler == SIG_IGN ? 1 : 0);
}

static void
on_unwritable (int code, gpointer data)
{
  DwRun *run = data;

  g_printerr (_ ("Cannot write: %s\n"), g_strerror (code));
  if (!run->goes_on)
    dw_run_finish_with (run, DW_EXIT_FAILED);
}

static gboolean
on_signal (gpointer data)
{
  DwRun *run = data;

  run->ended_by_signal = TRUE;
  dw_run_finish (run);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_interrupt (gpointer data)
{
  DwRun *run = data;

  if (run->interrupted != NULL && run->interrupted (run->interrupted_data))
    return G_SOURCE_CONTINUE;
  return on_signal (data);
}

static gboolean
on_timeout (gpointer data)
{
  DwRun *run = data;

  run->timeout = 0;
  g_printerr (_ ("Timed out.\n"));
  dw_run_finish_with (run, DW_EXIT_TIMEOUT);
  return G_SOURCE_REMOVE;
}

/**
 * dw_run_options_check:
 * @options: how long a command may take
 * @error: what makes no sense
 *
 * Returns: whether that makes sense
 */
gboolean
dw_run_options_check (const DwRunOptions *options, GError **error)
{
  if (options->timeout >= 0)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _ ("%s can’t be negative."), "--timeout");
  return FALSE;
}

/**
 * dw_run_new:
 * @options: how long it may take, counted from now
 * @printing: how events are printed
 *
 * Returns: (transfer full): a run
 */
DwRun *
dw_run_new (const DwRunOptions *options, const DwPrinterOptions *printing)
{
  DwRun *run = g_new0 (DwRun, 1);
  const int *signals = ending_signals ();

  run->loop = g_main_loop_new (NULL, FALSE);
  run->output = dw_output_new (STDOUT_FILENO, signals, on_unwritable, run);
  run->printer = dw_printer_new (run->output, STDOUT_FILENO, printing);
  for (guint i = 0; signals[i] != 0; i++)
    run->signals[i] = g_unix_signal_add (signals[i], signals[i] == SIGINT ? on_interrupt : on_signal, run);
  if (options->timeout > 0)
    {
      run->timeout = g_timeout_add_seconds ((guint) options->timeout, on_timeout, run);
      dw_output_set_deadline (run->output, g_get_monotonic_time () + options->timeout * (gint64) G_USEC_PER_SEC);
    }

  /* GIO ignores SIGPIPE for its sockets' sake, which write without it; “tail | head” has to end all the same. */
  g_type_class_unref (g_type_class_ref (G_TYPE_SOCKET));
  signal (SIGPIPE, SIG_DFL);
  return run;
}

/**
 * dw_run_set_goes_on:
 * @run: a run
 * @goes_on: whether it goes on where nothing can be written, since that is not what it is for
 */
void
dw_run_set_goes_on (DwRun *run, gboolean goes_on)
{
  run->goes_on = goes_on;
}

/**
 * dw_run_set_interrupted:
 * @run: a run
 * @func: (nullable): asked when somebody presses Ctrl+C
 * @data: for @func
 */
void
dw_run_set_interrupted (DwRun *run, DwRunInterrupted func, gpointer data)
{
  run->interrupted = func;
  run->interrupted_data = data;
}

/**
 * dw_run_get_printer:
 * @run: a run
 *
 * Returns: (transfer none): what prints its events
 */
DwPrinter *
dw_run_get_printer (DwRun *run)
{
  return run->printer;
}

/**
 * dw_run_get_output:
 * @run: a run
 *
 * Returns: (transfer none): standard output
 */
DwOutput *
dw_run_get_output (DwRun *run)
{
  return run->output;
}

/**
 * dw_run_set_status:
 * @run: a run
 * @status: what it ends with, unless something else comes
 */
void
dw_run_set_status (DwRun *run, DwExit status)
{
  run->status = status;
}

/**
 * dw_run_finish:
 * @run: a run, which ends with the status that was set
 */
void
dw_run_finish (DwRun *run)
{
  run->ended = TRUE;
  g_main_loop_quit (run->loop);
}

/**
 * dw_run_finish_with:
 * @run: a run
 * @status: what it ends with
 */
void
dw_run_finish_with (DwRun *run, DwExit status)
{
  run->status = status;
  dw_run_finish (run);
}

/**
 * dw_run_is_over:
 * @run: a run
 *
 * Returns: whether something has ended it
 */
gboolean
dw_run_is_over (DwRun *run)
{
  return run->ended;
}

/**
 * dw_run_wait:
 * @run: a run
 *
 * Runs the main loop until the end.
 *
 * Returns: the exit status
 */
DwExit
dw_run_wait (DwRun *run)
{
  if (!run->ended)
    g_main_loop_run (run->loop);
  return run->status;
}

/**
 * dw_run_flush:
 * @run: a run that is over
 *
 * Writes what waits, unless a signal ended the run.
 */
void
dw_run_flush (DwRun *run)
{
  if (!run->ended_by_signal)
    dw_output_flush (run->output);
}

/**
 * dw_run_free:
 * @run: (transfer full): a run
 */
void
dw_run_free (DwRun *run)
{
  for (guint i = 0; i < SIGNALS; i++)
    g_clear_handle_id (&run->signals[i], g_source_remove);
  g_clear_handle_id (&run->timeout, g_source_remove);
  dw_printer_free (run->printer);
  dw_output_free (run->output);
  g_main_loop_unref (run->loop);
  g_free (run);
}
