/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-record.h"

#include "dw-run.h"
#include "dw-stage-options.h"

#include "client/connection/dw-session.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Writes what crosses the wire into a file, as the inspector does. */

typedef struct
{
  DwStageOptions stage;
  DwFormatOptions format;
  DwPolicyOptions policy;
  DwRunOptions running;
  int count;
} Options;

typedef struct
{
  const Options *options;
  DwRun *run;
  DwSession *session;
  DwTrace *trace;
  FILE *file;
  guint64 written; /* the last entry that is in the file */
  gsize bytes;
  guint missed;
  guint arrived;
  gboolean full; /* all that was wanted has arrived */
  gboolean failed;
} Recorder;

static void
fail (Recorder *recorder, const char *words)
{
  if (!recorder->failed)
    g_printerr (_ ("Cannot write: %s\n"), words);
  recorder->failed = TRUE;
  dw_run_finish (recorder->run);
}

/* Returns: whether more may be written. */
static gboolean
write_entry (Recorder *recorder, const DwTraceEntry *entry)
{
  g_autofree char *line = dw_trace_entry_to_json (entry);
  gsize length = strlen (line) + 1;

  if (recorder->bytes + length > DW_RECORD_BYTES)
    {
      fail (recorder, g_strerror (EFBIG));
      return FALSE;
    }
  recorder->bytes += length;
  if (fprintf (recorder->file, "%s\n", line) < 0)
    {
      fail (recorder, g_strerror (errno));
      return FALSE;
    }

  recorder->arrived += entry->kind == DW_TRACE_IN ? 1 : 0;
  if (recorder->options->count > 0 && recorder->arrived == (guint) recorder->options->count)
    {
      recorder->full = TRUE;
      dw_run_finish (recorder->run);
    }
  return !recorder->full;
}

static void
on_changed (Recorder *recorder)
{
  guint64 first = dw_trace_get_first (recorder->trace);
  gboolean more = !recorder->full && !recorder->failed;

  /* It came faster than this computer writes. */
  if (first > recorder->written + 1)
    {
      recorder->missed += (guint) (first - recorder->written - 1);
      recorder->written = first - 1;
    }
  while (more && recorder->written < dw_trace_get_last (recorder->trace))
    more = write_entry (recorder, dw_trace_get_entry (recorder->trace, ++recorder->written));
  if (fflush (recorder->file) != 0)
    fail (recorder, g_strerror (errno));
}

static void
on_state (Recorder *recorder)
{
  const DwSessionStatus *status = dw_session_get_status (recorder->session);

  if (status->state != DW_SESSION_REFUSED)
    return;
  on_changed (recorder);
  g_printerr ("%s\n", dw_cause_get_sentence (status->cause));
  dw_run_finish_with (recorder->run, DW_EXIT_REFUSED);
}

static DwExit
record (const Options *options, DwStage *stage, DwSessionPolicy *policy, FILE *file)
{
  const DwPrinterOptions printing = { 0 };
  g_autoptr (DwRun) run = dw_run_new (&options->running, &printing);
  g_autoptr (DwTrace) trace = dw_trace_new ();
  g_autoptr (DwSession) session = dw_session_new (policy, g_network_monitor_get_default (), trace);
  Recorder recorder = { .options = options, .run = run, .session = session, .trace = trace, .file = file };
  DwExit status;

  g_signal_connect_swapped (trace, "changed", G_CALLBACK (on_changed), &recorder);
  g_signal_connect_swapped (session, "notify::state", G_CALLBACK (on_state), &recorder);
  dw_session_set_stage (session, stage);
  dw_session_connect (session);
  status = dw_run_wait (run);

  /* Our own goodbye is not part of it: a replay would say it to its clients. */
  g_signal_handlers_disconnect_by_data (session, &recorder);
  g_signal_handlers_disconnect_by_data (trace, &recorder);
  on_changed (&recorder);
  dw_session_disconnect (session);
  if (recorder.missed > 0)
    g_printerr (_ ("%u frames came too fast to be recorded.\n"), recorder.missed);
  return recorder.failed || recorder.missed > 0 ? DW_EXIT_FAILED : status;
}

/* Nobody else can read what people say there, and no file is overwritten. */
static FILE *
create (const char *path)
{
  int descriptor = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  FILE *file = descriptor >= 0 ? fdopen (descriptor, "w") : NULL;

  if (file == NULL)
    g_printerr ("%s: %s\n", path, g_strerror (errno));
  return file;
}

static DwExit
run_record (gpointer data, char **words)
{
  const Options *options = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (DwSessionPolicy) policy = NULL;
  g_autoptr (DwStage) stage = NULL;
  FILE *file;
  DwExit status;

  if (options->count < 0 || options->running.timeout < 0)
    {
      g_printerr (_ ("%s can’t be negative."), options->count < 0 ? "--count" : "--timeout");
      g_printerr ("\n");
      return DW_EXIT_USAGE;
    }
  if (!dw_stage_options_check_input (&options->stage, FALSE, &error)
      || (policy = dw_policy_options_make (&options->policy, &error)) == NULL
      || (stage = dw_stage_options_make (&options->stage, &options->format, words[0], &error)) == NULL)
    {
      g_printerr ("%s\n", error->message);
      return DW_EXIT_USAGE;
    }

  file = create (words[1]);
  if (file == NULL)
    return DW_EXIT_FAILED;
  status = record (options, stage, policy, file);
  if (fclose (file) == 0)
    return status;
  g_printerr (_ ("Cannot write: %s\n"), g_strerror (errno));
  return DW_EXIT_FAILED;
}

static const GOptionEntry entries[] = {
  { "count", 'c', 0, G_OPTION_ARG_INT, DW_OPTION (Options, count), N_ ("Exit after this many received frames"),
    N_ ("N") },
  { NULL },
};

const DwCommand dw_record_command = {
  .name = "record",
  .arguments = "URL FILE",
  .summary = N_ ("Record a session, for “dynamowave-stage --replay” and the inspector"),
  .description = N_ ("The file is new, private, and contains all messages, but no query, headers or subprotocols."),
  .least = 2,
  .most = 2,
  .options_bytes = sizeof (Options),
  .tables = { { entries, 0 },
              { dw_stage_option_entries, G_STRUCT_OFFSET (Options, stage) },
              { dw_format_option_entries, G_STRUCT_OFFSET (Options, format) },
              { dw_run_option_entries, G_STRUCT_OFFSET (Options, running) },
              { dw_policy_option_entries, G_STRUCT_OFFSET (Options, policy) } },
  .run = run_record,
};
