/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-journal.h"

#include "wire/dw-time.h"

#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

/* One JSON object per line, whose members CloudWatch Logs Insights can query. Messages never contain what a person
 * wrote: the code that logs leaves it out. */

static void
add (JsonBuilder *builder, const char *name, const char *value)
{
  if (value == NULL)
    return;
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

static char *
finish (JsonBuilder *builder)
{
  g_autoptr (JsonNode) root = NULL;

  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  return json_to_string (root, FALSE);
}

/**
 * dw_journal_line:
 * @journal: the context @level: such as `INFO`
 * @message: what happened
 * @now: the time, in microseconds since 1970 UTC
 *
 * Returns: (transfer full): a line of the log
 */
char *
dw_journal_line (const DwJournal *journal, const char *level, const char *message, gint64 now)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autofree char *time = dw_time_format (now);
  g_autofree char *valid = g_utf8_make_valid (message, -1);

  json_builder_begin_object (builder);
  add (builder, "time", time);
  add (builder, "level", level);
  add (builder, "requestId", journal->request_id);
  add (builder, "traceId", journal->trace_id);
  add (builder, "message", valid);
  return finish (builder);
}

typedef struct
{
  const char *name;
  const char *unit;
  double value;
} Metric;

static void
declare (JsonBuilder *builder, const Metric *metrics, guint n)
{
  json_builder_begin_array (builder);
  for (guint i = 0; i < n; i++)
    {
      json_builder_begin_object (builder);
      add (builder, "Name", metrics[i].name);
      add (builder, "Unit", metrics[i].unit);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

static void
add_directive (JsonBuilder *builder, const Metric *metrics, guint n, gint64 now)
{
  json_builder_set_member_name (builder, "_aws");
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "Timestamp");
  json_builder_add_int_value (builder, now / 1000);
  json_builder_set_member_name (builder, "CloudWatchMetrics");
  json_builder_begin_array (builder);
  json_builder_begin_object (builder);
  add (builder, "Namespace", "DynamoWave");
  json_builder_set_member_name (builder, "Dimensions");
  json_builder_begin_array (builder);
  json_builder_begin_array (builder);
  json_builder_add_string_value (builder, "FunctionName");
  json_builder_end_array (builder);
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "Metrics");
  declare (builder, metrics, n);
  json_builder_end_object (builder);
  json_builder_end_array (builder);
  json_builder_end_object (builder);
}

/**
 * dw_journal_metrics:
 * @journal: what is going on
 * @tally: what was done
 * @milliseconds: how long it took
 * @cold: whether it was the process's first
 * @now: the time, in microseconds since 1970 UTC
 *
 * CloudWatch's embedded metric format ("Specification: Embedded metric format").
 *
 * Returns: (transfer full): a line of the log
 */
char *
dw_journal_metrics (const DwJournal *journal, const DwTally *tally, double milliseconds, gboolean cold, gint64 now)
{
  const Metric metrics[] = {
    { "Deliveries", "Count", (double) tally->deliveries },
    { "Gone", "Count", (double) tally->gone },
    { "Throttled", "Count", (double) tally->throttled },
    { "Retries", "Count", (double) tally->retries },
    { "Dead", "Count", (double) tally->dead },
    { "HandlerDuration", "Milliseconds", milliseconds },
    { "ColdStart", "Count", cold ? 1 : 0 },
  };
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  add_directive (builder, metrics, G_N_ELEMENTS (metrics), now);
  add (builder, "FunctionName", journal->function_name);
  add (builder, "requestId", journal->request_id);
  for (guint i = 0; i < G_N_ELEMENTS (metrics); i++)
    {
      json_builder_set_member_name (builder, metrics[i].name);
      json_builder_add_double_value (builder, metrics[i].value);
    }
  return finish (builder);
}

/**
 * dw_journal_write:
 * @line: a line without its end
 *
 * Writes it to standard output in one piece.
 */
void
dw_journal_write (const char *line)
{
  puts (line);
  fflush (stdout);
}

static const char *
level_name (GLogLevelFlags level)
{
  if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
    return "ERROR";
  if (level & G_LOG_LEVEL_WARNING)
    return "WARN";
  return "INFO";
}

static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n, gpointer data)
{
  const DwJournal *journal = data;

  if (level & G_LOG_LEVEL_DEBUG)
    return G_LOG_WRITER_HANDLED;
  for (gsize i = 0; i < n; i++)
    if (strcmp (fields[i].key, "MESSAGE") == 0 && fields[i].length < 0)
      {
        g_autofree char *line = dw_journal_line (journal, level_name (level), fields[i].value, g_get_real_time ());

        dw_journal_write (line);
      }
  return G_LOG_WRITER_HANDLED;
}

/**
 * dw_journal_start:
 * @journal: the context; must live as long as the process
 *
 * Makes GLib log in this format. Call it once, before anything is logged.
 */
void
dw_journal_start (DwJournal *journal)
{
  g_log_set_writer_func (write_log, journal, NULL);
}
