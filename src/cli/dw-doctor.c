/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-doctor.h"

#include "dw-line-reader.h"
#include "dw-run.h"
#include "dw-stage-options.h"

#include "client/connection/dw-dialect-search.h"
#include "client/connection/dw-session-policy.h"
#include "client/connection/dw-trial.h"

#include "wire/dw-safe-text.h"
#include "wire/dw-time.h"

#include <gio/gunixinputstream.h>
#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

/* Examines a stage as the window's connection test does, step by step, and says what to try. */

/* How wide the names of steps are, in characters. */
#define STEP_CHARS 16

/* A date without its time, in characters. */
#define DATE_CHARS 10

typedef struct
{
  DwStageOptions stage;
  DwFormatOptions format;
  DwPrinterOptions printing;
  DwRunOptions running;
  gboolean find_out;
} Options;

typedef struct
{
  const Options *options;
  DwStage *stage;
  DwRun *run;
  DwPrinter *printer;
  DwTrial *trial;
  gboolean told[DW_TRIAL_STEPS];
  gboolean trial_over;
  DwLineReader *answers; /* while a question is open */
  DwDialectSearch *search;
} Doctor;

static const char *
step_title (DwTrialStep step)
{
  const char *const titles[DW_TRIAL_STEPS] = { _ ("Resolve Host"), C_ ("step", "Connect"), _ ("TLS"),
                                               _ ("Handshake"), _ ("First Reply") };

  return titles[step];
}

static const char *
step_name (DwTrialStep step)
{
  static const char *const names[DW_TRIAL_STEPS] = { "resolve", "connect", "tls", "handshake", "reply" };

  return names[step];
}

static const char *
state_name (DwTrialState state)
{
  static const char *const names[] = { "waiting", "running", "ok", "failed", "not-needed" };

  return names[state];
}

static char *
describe_step (DwTrialStep step, DwTrialState state, const char *words)
{
  const char *marks[] = { " ", " ", "✓", "✗", "–" };
  const char *title = step_title (step);
  int pad = MAX (STEP_CHARS - (int) g_utf8_strlen (title, -1), 1);

  return g_strdup_printf ("%s %s%*s%s", marks[state], title, pad, "", words != NULL ? words : "");
}

static void
tell_step (Doctor *doctor, DwTrialStep step)
{
  DwTrialState state = dw_trial_get_state (doctor->trial, step);
  guint took = dw_trial_get_took (doctor->trial, step);
  g_autofree char *words = dw_safe_line (
      dw_trial_get_words (doctor->trial, step) != NULL ? dw_trial_get_words (doctor->trial, step) : "",
      DW_PRINTER_CHARS);
  g_autofree char *line = describe_step (step, state, words);
  JsonBuilder *event = dw_printer_begin (doctor->printer, "step");

  dw_printer_add (event, "step", step_name (step));
  dw_printer_add (event, "state", state_name (state));
  if (took > 0)
    dw_printer_add_number (event, "milliseconds", took);
  dw_printer_add (event, "text", words);
  dw_printer_end_page (doctor->printer, event,
                       state == DW_TRIAL_FAILED ? DW_INK_BAD
                       : state == DW_TRIAL_DONE ? DW_INK_GOOD
                                                : DW_INK_DIM,
                       line);
  doctor->told[step] = TRUE;
}

static void
tell_certificate (Doctor *doctor)
{
  const DwTransport *transport = dw_trial_get_transport (doctor->trial);
  const char *subject = transport->facts[DW_TRANSPORT_SUBJECT];
  const char *issuer = transport->facts[DW_TRANSPORT_ISSUER];
  const char *since = transport->facts[DW_TRANSPORT_VALID_FROM];
  const char *until = transport->facts[DW_TRANSPORT_VALID_UNTIL];
  g_autofree char *begins = since != NULL ? g_strndup (since, DATE_CHARS) : g_strdup ("?");
  g_autofree char *ends = until != NULL ? g_strndup (until, DATE_CHARS) : g_strdup ("?");
  g_autofree char *words = NULL;
  JsonBuilder *event;

  if (transport->facts[DW_TRANSPORT_SHA256] == NULL)
    return;

  event = dw_printer_begin (doctor->printer, "certificate");
  dw_printer_add_safe (event, "subject", subject, DW_TRANSPORT_FACT_CHARS);
  dw_printer_add_safe (event, "issuer", issuer, DW_TRANSPORT_FACT_CHARS);
  dw_printer_add (event, "validFrom", begins);
  dw_printer_add (event, "validUntil", ends);
  /* Translators: the subject and the issuer of a certificate, and two dates. */
  words = g_strdup_printf (_ ("Certificate: %1$s, issued by %2$s, valid from %3$s to %4$s"),
                           subject != NULL ? subject : "?", issuer != NULL ? issuer : "?", begins, ends);
  dw_printer_end_page (doctor->printer, event, DW_INK_DIM, words);
}

static const char *
get_advice (Doctor *doctor)
{
  DwCause cause = dw_trial_get_cause (doctor->trial);

  if (cause == DW_CAUSE_NONE)
    return dw_trial_was_answered (doctor->trial) ? NULL : _ ("Try --find-out to learn the message format.");
  switch (dw_cause_get_remedy (cause))
    {
    case DW_REMEDY_TOKEN:
      return _ ("Try --token-file, with --token-parameter if the stage reads the token from its address, or "
                "--header-file.");
    case DW_REMEDY_EDIT:
      return _ ("Ask whoever deployed the stage for its address. It looks like "
                "wss://ID.execute-api.REGION.amazonaws.com/STAGE.");
    case DW_REMEDY_SIGN_IN:
      return _ ("Open a web page in a browser and sign in to the network.");
    case DW_REMEDY_RETRY:
      return _ ("Try again in a minute. If it keeps failing, ask whoever runs the stage.");
    case DW_REMEDY_NONE:
    default:
      return NULL;
    }
}

static gboolean
is_well (Doctor *doctor)
{
  return dw_trial_get_cause (doctor->trial) == DW_CAUSE_NONE;
}

static void
tell_verdict (Doctor *doctor)
{
  g_autofree char *verdict = dw_trial_dup_verdict (doctor->trial);
  const char *advice = get_advice (doctor);
  DwCause cause = dw_trial_get_cause (doctor->trial);
  guint status = dw_trial_get_status (doctor->trial);
  g_autofree char *words = g_strjoin ("\n", verdict, advice, NULL);
  JsonBuilder *event = dw_printer_begin (doctor->printer, "verdict");

  dw_printer_add_boolean (event, "ok", is_well (doctor));
  dw_printer_add (event, "text", verdict);
  if (cause != DW_CAUSE_NONE)
    dw_printer_add (event, "cause", dw_cause_get_name (cause));
  if (status != 0)
    dw_printer_add_number (event, "code", status);
  dw_printer_add (event, "advice", advice);
  dw_printer_end_page (doctor->printer, event, is_well (doctor) ? DW_INK_GOOD : DW_INK_BAD, words);
}

static const char *
verdict_name (DwDialectVerdict verdict)
{
  static const char *const names[] = {
    "none", "found", "unreadable", "unknown", "echo", "throttled", "unreachable"
  };

  return names[verdict];
}

static void
on_search_changed (Doctor *doctor)
{
  DwDialectVerdict verdict = dw_dialect_search_get_verdict (doctor->search);
  gboolean found = verdict == DW_DIALECT_VERDICT_FOUND;
  g_autofree char *words = NULL;
  JsonBuilder *event;

  if (!dw_dialect_search_is_over (doctor->search))
    return;
  words = dw_dialect_search_dup_words (doctor->search);
  event = dw_printer_begin (doctor->printer, "format");
  dw_printer_add (event, "verdict", verdict_name (verdict));
  if (found)
    {
      DwDialect *dialect = dw_dialect_search_get_found (doctor->search);

      dw_printer_add (event, "routeKey", dw_dialect_get_route_key (dialect));
      dw_printer_add (event, "sendRoute", dw_dialect_get_send_route (dialect));
      dw_printer_add (event, "textKey", dw_dialect_get_body_key (dialect));
    }
  dw_printer_add (event, "text", words);
  dw_printer_end_page (doctor->printer, event, found ? DW_INK_GOOD : DW_INK_BAD, words);
  dw_run_finish_with (doctor->run, found ? DW_EXIT_WELL : DW_EXIT_FAILED);
}

static void
begin_search (Doctor *doctor)
{
  g_autoptr (DwSessionPolicy) policy = dw_session_policy_new ();

  doctor->search = dw_dialect_search_new (doctor->stage, policy->handshake_ms, DW_DIALECT_SEARCH_WAIT_MS);
  g_signal_connect_swapped (doctor->search, "changed", G_CALLBACK (on_search_changed), doctor);
  dw_dialect_search_start (doctor->search);
}

static gboolean
is_yes (const char *answer)
{
  g_autofree char *small = answer != NULL ? g_utf8_strdown (answer, -1) : g_strdup ("");

  g_strstrip (small);
  /* Translators: what somebody types for “yes”, and its first letter. */
  return *small != '\0' && (g_str_has_prefix (_ ("yes"), small) || g_str_has_prefix ("yes", small));
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree char *answer = dw_line_reader_read_finish (DW_LINE_READER (source), result, NULL);
  Doctor *doctor = data;

  if (is_yes (answer))
    begin_search (doctor);
  else
    dw_run_finish (doctor->run);
}

static void
ask (Doctor *doctor)
{
  g_autoptr (GInputStream) input = g_unix_input_stream_new (0, FALSE);

  dw_printer_say (
      doctor->printer, DW_INK_PLAIN,
      _ ("Find out the message format? Everyone on the stage sees a test message for each format. [y/N]"));
  doctor->answers = dw_line_reader_new (input);
  dw_line_reader_read_async (doctor->answers, on_answer, doctor);
}

static void
end_trial (Doctor *doctor)
{
  tell_certificate (doctor);
  tell_verdict (doctor);
  if (!is_well (doctor))
    dw_run_finish_with (doctor->run, dw_trial_get_status (doctor->trial) != 0 ? DW_EXIT_REFUSED : DW_EXIT_FAILED);
  else if (doctor->options->find_out)
    begin_search (doctor);
  else if (dw_printer_is_for_people (doctor->printer) && isatty (STDIN_FILENO))
    ask (doctor);
  else
    dw_run_finish (doctor->run);
}

static void
on_trial_changed (Doctor *doctor)
{
  /* In their order: that one is not needed is known before it is its turn. */
  for (guint i = 0; i < DW_TRIAL_STEPS && dw_trial_get_state (doctor->trial, (DwTrialStep) i) > DW_TRIAL_RUNNING;
       i++)
    if (!doctor->told[i])
      tell_step (doctor, (DwTrialStep) i);
  if (!dw_trial_is_over (doctor->trial) || doctor->trial_over)
    return;
  doctor->trial_over = TRUE;
  end_trial (doctor);
}

static DwExit
examine (Doctor *doctor)
{
  g_autoptr (DwSessionPolicy) policy = dw_session_policy_new ();
  DwExit status;

  doctor->trial = dw_trial_new (doctor->stage, policy->handshake_ms);
  g_signal_connect_swapped (doctor->trial, "changed", G_CALLBACK (on_trial_changed), doctor);
  dw_printer_say (doctor->printer, DW_INK_PLAIN, dw_stage_url_get_redacted (dw_stage_get_url (doctor->stage, 0)));
  dw_trial_start (doctor->trial);
  status = dw_run_wait (doctor->run);

  g_signal_handlers_disconnect_by_data (doctor->trial, doctor);
  dw_trial_cancel (doctor->trial);
  if (doctor->search != NULL)
    {
      g_signal_handlers_disconnect_by_data (doctor->search, doctor);
      dw_dialect_search_cancel (doctor->search);
    }
  g_clear_object (&doctor->search);
  g_clear_object (&doctor->answers);
  g_clear_object (&doctor->trial);
  dw_run_flush (doctor->run);
  return status;
}

static DwExit
run_doctor (gpointer data, char **words)
{
  const Options *options = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (DwStage) stage = NULL;
  g_autoptr (DwRun) run = NULL;
  Doctor doctor = { .options = options };

  if (dw_run_options_check (&options->running, &error)
      && dw_stage_options_check_input (&options->stage, FALSE, &error))
    stage = dw_stage_options_make (&options->stage, &options->format, words[0], &error);
  if (stage == NULL)
    {
      g_printerr ("%s\n", error->message);
      return DW_EXIT_USAGE;
    }
  run = dw_run_new (&options->running, &options->printing);
  doctor.stage = stage;
  doctor.run = run;
  doctor.printer = dw_run_get_printer (run);
  return examine (&doctor);
}

static const GOptionEntry entries[] = {
  { "find-out", 0, 0, G_OPTION_ARG_NONE, DW_OPTION (Options, find_out),
    N_ ("Find out the message format; everyone on the stage sees the test messages"), NULL },
  { NULL },
};

const DwCommand dw_doctor_command = {
  .name = "doctor",
  .arguments = "URL",
  .summary = N_ ("Test the connection step by step, and suggest what to try"),
  .description = DW_RUN_EXIT_STATUS,
  .least = 1,
  .most = 1,
  .options_bytes = sizeof (Options),
  .tables = { { entries, 0 },
              { dw_format_option_entries, G_STRUCT_OFFSET (Options, format) },
              { dw_stage_option_entries, G_STRUCT_OFFSET (Options, stage) },
              { dw_run_option_entries, G_STRUCT_OFFSET (Options, running) },
              { dw_printer_option_entries, G_STRUCT_OFFSET (Options, printing) } },
  .run = run_doctor,
};
