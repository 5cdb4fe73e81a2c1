/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-load.h"

#include "dw-config.h"

#include "dw-load-plan.h"
#include "dw-load-report.h"
#include "dw-run.h"
#include "dw-stage-options.h"

#include "client/connection/dw-cause.h"

#include "net/dw-net-error.h"
#include "net/dw-swarm.h"

#include "wire/dw-safe-text.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Opens many connections to a stage, sends numbered messages, and counts what arrives where and when. */

/* How often connections are opened and messages sent, in milliseconds. */
#define TICK_MS 5

/* How often the progress is drawn, in microseconds. */
#define DRAW_US (200 * 1000)

/* How many characters the progress bar has. */
#define BAR 30

/* How many handshakes may be under way at once. */
#define OPENING 1000

/* Besides the connections, what the process has open. */
#define OTHER_DESCRIPTORS 64

typedef enum
{
  RAMPING,
  SENDING,
  DRAINING,
} Phase;

typedef struct
{
  DwStageOptions stage;
  DwFormatOptions format;
  DwPrinterOptions printing;
  DwLoadOptions load;
} Options;

typedef struct
{
  DwLoadPlan plan;
  DwStage *stage;
  DwRun *run;
  DwSwarm *swarm;
  DwTally *tally;
  JsonParser *parser;
  DwLoadResult *result;
  char *padding;
  const char *name; /* of the sender, where somebody gave one; or NULL */

  Phase phase;
  gint64 began; /* this phase, in microseconds of the monotonic clock */
  guint asked;  /* connections that were asked for */
  guint64 due;  /* messages that were due so far */
  guint next;   /* the sender whose turn it is */
  gint64 drawn;
  gboolean draws;
  gboolean complete; /* it came to its end by itself */
} Load;

static void
on_opened (guint index, gint64 took_us, gpointer data)
{
  Load *load = data;

  load->result->opened++;
  dw_histogram_add (&load->result->handshakes, (guint64) took_us);
  dw_tally_join (load->tally, index);
}

/* What network errors say in English is for developers; what the client says of the same is not. */
static char *
describe (guint status, const GError *error)
{
  if (g_error_matches (error, DW_NET_ERROR, DW_NET_ERROR_STATUS))
    return g_strdup (dw_cause_get_sentence (dw_cause_from_status (status, NULL)));
  if (g_error_matches (error, DW_NET_ERROR, DW_NET_ERROR_CERTIFICATE))
    return g_strdup (dw_cause_get_sentence (DW_CAUSE_CERTIFICATE));
  return dw_safe_line (error->message, DW_SAFE_TEXT_NAME_CHARS * 4);
}

static void
on_failed (guint index, guint status, const GError *error, gpointer data)
{
  Load *load = data;

  load->result->failed++;
  load->result->statuses[MIN (status, DW_LOAD_CODES - 1)]++;
  if (load->result->problem == NULL)
    load->result->problem = describe (status, error);
}

static void
on_closed (guint index, guint code, gpointer data)
{
  Load *load = data;

  load->result->closed++;
  load->result->codes[MIN (code, DW_LOAD_CODES - 1)]++;
  dw_tally_leave (load->tally, index);
}

static void
count_other (Load *load, const DwFrameRead *message)
{
  g_autoptr (DwFrame) frame = NULL;

  if (message->opcode == DW_FRAME_TEXT && message->kept == message->length
      && message->length <= DW_FRAME_READER_KEPT)
    frame = dw_frame_classify (dw_stage_get_dialect (load->stage), load->parser, (const char *) message->data,
                               message->kept);
  if (frame != NULL && frame->kind == DW_FRAME_GATEWAY_ERROR)
    load->result->gateway_errors[frame->gateway_error]++;
  else
    load->result->other++;
}

static void
on_message (guint index, const DwFrameRead *message, gpointer data)
{
  Load *load = data;
  gint64 now = g_get_monotonic_time ();
  gint64 sent_at, latency;

  if (!dw_tally_read (load->tally, index, message->data, MIN (message->kept, DW_FRAME_READER_KEPT), &sent_at))
    {
      count_other (load, message);
      return;
    }
  /* A stage that changes the time only fools its own report. */
  if (sent_at < 0 || sent_at > now)
    return;
  latency = now - sent_at;
  dw_histogram_add (&load->result->latencies, (guint64) latency);
  if (load->phase != RAMPING && load->result->slot_us > 0)
    {
      gint64 slot = (sent_at - load->began) / load->result->slot_us;

      dw_histogram_add (&load->result->slots[CLAMP (slot, 0, DW_LOAD_SLOTS - 1)], (guint64) latency);
    }
}

static void
begin (Load *load, Phase phase)
{
  load->phase = phase;
  if (phase == SENDING)
    load->result->slot_us = (gint64) load->plan.seconds * G_USEC_PER_SEC / DW_LOAD_SLOTS;
  load->began = g_get_monotonic_time ();
}

static void
ramp (Load *load)
{
  double elapsed = (double) (g_get_monotonic_time () - load->began) / G_USEC_PER_SEC;
  guint answered = load->result->opened + load->result->failed;

  while (load->asked < load->plan.connections && load->asked < elapsed * load->plan.ramp + 1
         && load->asked - answered < OPENING)
    dw_swarm_open (load->swarm, load->asked++);
  if (answered < load->plan.connections)
    return;
  if (load->result->opened > 0)
    begin (load, SENDING);
  else
    dw_run_finish (load->run);
}

/* The next sender whose connection is open sends. */
static void
send_one (Load *load)
{
  char text[DW_TALLY_TEXT_BYTES];
  g_autofree char *padded = NULL;
  g_autofree char *frame = NULL;
  guint sender = load->next++ % load->plan.senders;

  dw_tally_write (load->tally, sender, g_get_monotonic_time (), text);
  padded = g_strconcat (text, load->padding, NULL);
  frame = dw_frame_encode (dw_stage_get_dialect (load->stage), padded, load->name, NULL, NULL);
  if (frame != NULL && dw_swarm_send (load->swarm, sender, frame, strlen (frame)))
    dw_tally_count_sent (load->tally, sender);
  else
    load->result->held++;
}

static void
send_due (Load *load)
{
  gint64 elapsed = g_get_monotonic_time () - load->began;
  gint64 whole = (gint64) load->plan.seconds * G_USEC_PER_SEC;
  guint64 due = (guint64) ((double) MIN (elapsed, whole) / G_USEC_PER_SEC * load->plan.rate);

  if (load->due < due)
    {
      gint64 wanted = (gint64) ((double) (load->due + 1) / load->plan.rate * G_USEC_PER_SEC);

      load->result->behind_us = MAX (load->result->behind_us, elapsed - wanted);
    }
  for (; load->due < due; load->due++)
    send_one (load);
  if (elapsed >= whole)
    load->phase = DRAINING;
}

static void
drain (Load *load)
{
  gint64 elapsed = g_get_monotonic_time () - load->began;
  DwTallyCounts counts;

  dw_tally_get_counts (load->tally, &counts);
  if (counts.lost > 0 && elapsed < (gint64) (load->plan.seconds + load->plan.drain_s) * G_USEC_PER_SEC)
    return;
  load->complete = TRUE;
  dw_run_finish (load->run);
}

static void
draw (Load *load)
{
  gint64 now = g_get_monotonic_time ();
  gboolean ramping = load->phase == RAMPING;
  double part = ramping ? (double) load->result->opened / load->plan.connections
                        : (double) (now - load->began) / G_USEC_PER_SEC / load->plan.seconds;
  guint full = (guint) (MIN (part, 1) * BAR);
  g_autofree char *bar = g_strnfill (full, '#');
  g_autofree char *rest = g_strnfill (BAR - full, '.');

  if (!load->draws || now - load->drawn < DRAW_US)
    return;
  load->drawn = now;
  if (ramping)
    g_printerr ("\r%s%s ", bar, rest);
  else
    g_printerr ("\r%s%s p50 %.1f ms, p99 %.1f ms ", bar, rest,
                (double) dw_histogram_get_quantile (&load->result->latencies, 0.5) / 1000,
                (double) dw_histogram_get_quantile (&load->result->latencies, 0.99) / 1000);
}

static gboolean
on_tick (gpointer data)
{
  Load *load = data;

  if (load->phase == RAMPING)
    ramp (load);
  else if (load->phase == SENDING)
    send_due (load);
  else
    drain (load);
  if (load->phase == SENDING && load->result->opened == load->result->closed)
    dw_run_finish (load->run);
  draw (load);
  return G_SOURCE_CONTINUE;
}

/* As many descriptors as it takes, where the system lets us. */
static gboolean
raise_limit (guint connections)
{
  struct rlimit limit;
  rlim_t wanted = connections + OTHER_DESCRIPTORS;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= wanted)
    return TRUE;
  if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < wanted)
    {
      g_printerr (_ ("This system allows %lu open files, too few for %u connections. "
                     "Raise the limit with “ulimit -Hn”.\n"),
                  (gulong) limit.rlim_max, connections);
      return FALSE;
    }
  limit.rlim_cur = wanted;
  return setrlimit (RLIMIT_NOFILE, &limit) == 0;
}

static gboolean
write_report (const DwLoadResult *result, const char *path)
{
  g_autofree char *text =
      g_str_has_suffix (path, ".svg") ? dw_load_report_chart (result) : dw_load_report_page (result);
  g_autoptr (GError) error = NULL;

  /* Into the file itself: a device or a pipe is not to be replaced by a file. */
  if (g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_NONE, 0666, &error))
    return TRUE;
  g_printerr ("%s\n", error->message);
  return FALSE;
}

/* Prints all there is to say, also of a load that was stopped. */
static DwExit
report (Load *load, const char *path)
{
  DwLoadResult *result = load->result;
  const DwLoadPlan *plan = &load->plan;
  DwPrinter *printer = dw_run_get_printer (load->run);
  JsonBuilder *line = dw_printer_begin (printer, "load");
  g_autofree char *table = dw_load_report_table (result);
  DwExit status = DW_EXIT_WELL;

  if (load->draws)
    g_printerr ("\r\033[K");
  if (dw_printer_is_for_people (printer))
    dw_output_write (dw_run_get_output (load->run), table);
  dw_load_report_add (result, plan, line);
  dw_printer_end (printer, line, DW_INK_PLAIN, NULL);

  if (result->opened == 0)
    status = DW_EXIT_REFUSED;
  else if ((plan->max_lost >= 0 && result->counts.lost > (guint64) plan->max_lost)
           || (plan->max_p99_ms >= 0
               && dw_histogram_get_quantile (&result->latencies, 0.99) > (guint64) plan->max_p99_ms * 1000))
    status = DW_EXIT_FAILED;
  if (path != NULL && !write_report (result, path))
    status = DW_EXIT_FAILED;
  return status;
}

static DwExit
run_on (Load *load, const DwSwarmTarget *target, const Options *options)
{
  static const DwSwarmEvents events = { on_opened, on_failed, on_message, on_closed };
  const DwRunOptions running = { 0 };
  gint64 began;
  guint tick;
  DwExit status;

  load->run = dw_run_new (&running, &options->printing);
  load->draws = isatty (STDERR_FILENO) && !options->printing.json;
  load->swarm = dw_swarm_new (target, load->plan.connections, &events, load);
  begin (load, RAMPING);
  tick = g_timeout_add_full (G_PRIORITY_HIGH, TICK_MS, on_tick, load, NULL);
  status = dw_run_wait (load->run);

  began = load->phase == RAMPING ? g_get_monotonic_time () : load->began;
  g_source_remove (tick);
  dw_tally_get_counts (load->tally, &load->result->counts);
  load->result->seconds = (double) (g_get_monotonic_time () - began) / G_USEC_PER_SEC;
  load->result->seconds = MIN (load->result->seconds, load->plan.seconds);
  load->result->stopped = !load->complete && load->result->opened > load->result->closed;
  g_clear_pointer (&load->swarm, dw_swarm_free);

  if (status == DW_EXIT_WELL)
    status = report (load, options->load.report);
  dw_run_flush (load->run);
  /* The output may have failed only now. */
  if (dw_run_wait (load->run) == DW_EXIT_FAILED)
    status = DW_EXIT_FAILED;
  g_clear_pointer (&load->run, dw_run_free);
  return status;
}

static DwExit
run_load (gpointer data, char **words)
{
  const Options *options = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (DwStage) stage = NULL;
  g_autofree char *authority = NULL;
  g_autofree char *where = NULL;
  DwStageUrl *url;
  DwSwarmTarget target;
  Load load = { 0 };
  DwExit status;

  if (!dw_load_plan_make (&load.plan, &options->load, &error)
      || !dw_stage_options_check_input (&options->stage, FALSE, &error)
      || (stage = dw_stage_options_make (&options->stage, &options->format, words[0], &error)) == NULL)
    {
      g_printerr ("%s\n", error->message);
      return DW_EXIT_USAGE;
    }
  url = dw_stage_get_url (stage, 0);
  if (!dw_load_plan_consent (&load.plan, url, options->load.yes) || !raise_limit (load.plan.connections))
    return DW_EXIT_USAGE;

  authority = dw_stage_url_dup_authority (url);
  where = dw_stage_url_dup_target (url);
  target = (DwSwarmTarget){ .host = dw_stage_url_get_host (url),
                            .port = dw_stage_url_get_port (url),
                            .secure = dw_stage_url_is_secure (url),
                            .direct = !dw_stage_url_is_secure (url),
                            .authority = authority,
                            .target = where,
                            .agent = "dynamowave-cli/" DW_VERSION,
                            .headers = dw_stage_get_headers (stage),
                            .protocols = dw_stage_get_protocols (stage),
                            .handshake_ms = DW_LOAD_HANDSHAKE_S * 1000 };
  load.stage = stage;
  load.name = options->format.name;
  load.parser = json_parser_new ();
  load.tally = dw_tally_new (load.plan.connections, load.plan.senders, g_random_int ());
  load.padding = g_strnfill (load.plan.size > DW_TALLY_TEXT_BYTES ? load.plan.size - DW_TALLY_TEXT_BYTES : 0, 'x');
  load.result = g_new0 (DwLoadResult, 1);
  load.result->planned_s = load.plan.seconds;
  load.result->address = dw_stage_url_get_redacted (url);
  status = run_on (&load, &target, options);

  g_free (load.result->problem);
  g_free (load.result);
  g_free (load.padding);
  dw_tally_free (load.tally);
  g_object_unref (load.parser);
  return status;
}

const DwCommand dw_load_command = {
  .name = "load",
  .arguments = "URL",
  .summary = N_ ("Open many connections, send messages, and measure their delivery"),
  .description = N_ ("Exit status 1 means that a limit was exceeded, 4 that no connection opened."),
  .least = 1,
  .most = 1,
  .options_bytes = sizeof (Options),
  .tables = { { dw_load_option_entries, G_STRUCT_OFFSET (Options, load) },
              { dw_stage_option_entries, G_STRUCT_OFFSET (Options, stage) },
              { dw_format_option_entries, G_STRUCT_OFFSET (Options, format) },
              { dw_printer_option_entries, G_STRUCT_OFFSET (Options, printing) } },
  .run = run_load,
};
