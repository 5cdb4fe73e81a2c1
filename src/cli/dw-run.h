/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-command.h"
#include "dw-printer.h"

G_BEGIN_DECLS

/** DW_RUN_EXIT_STATUS: what the help of a command says of it that runs until it is ended. */
#define DW_RUN_EXIT_STATUS                                                                                         \
  N_ ("Exit status: 0 if all went well, 1 if the stage can’t be reached or something else failed,\n"             \
      "2 for a wrong command line, 3 on timeout, 4 if the stage refused the connection.")

/**
 * DwRunOptions:
 *
 * How long a command may take, as the command line says it.
 */
typedef struct
{
  int timeout;
} DwRunOptions;

extern const GOptionEntry dw_run_option_entries[];

/**
 * DwRunInterrupted:
 * @data: what was given with it
 *
 * Somebody pressed Ctrl+C.
 *
 * Returns: whether that was meant for something else than the run
 */
typedef gboolean (*DwRunInterrupted) (gpointer data);

/**
 * DwRun:
 *
 * A command that runs until something ends it: its own end, a signal, the timeout, or an output that cannot be
 * written. It has the main loop, the output and the exit status.
 */
typedef struct _DwRun DwRun;

gboolean dw_run_options_check (const DwRunOptions *options, GError **error);
DwRun *dw_run_new (const DwRunOptions *options, const DwPrinterOptions *printing);
void dw_run_set_goes_on (DwRun *run, gboolean goes_on);
void dw_run_set_interrupted (DwRun *run, DwRunInterrupted func, gpointer data);
DwPrinter *dw_run_get_printer (DwRun *run);
DwOutput *dw_run_get_output (DwRun *run);
void dw_run_set_status (DwRun *run, DwExit status);
void dw_run_finish (DwRun *run);
void dw_run_finish_with (DwRun *run, DwExit status);
gboolean dw_run_is_over (DwRun *run);
DwExit dw_run_wait (DwRun *run);
void dw_run_flush (DwRun *run);
void dw_run_free (DwRun *run);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwRun, dw_run_free)

G_END_DECLS
