/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-metrics.h"

#include "dw-config.h"
#include "dw-process-metrics.h"

/* The upper bound of each bucket, in microseconds; the last bucket has none. */
static const gint64 steps[DW_METRICS_BUCKETS - 1] = { 100,   250,   500,    1000,    2500,    5000,
                                                      10000, 50000, 100000, 1000000, 29000000 };

/**
 * dw_metrics_add_time:
 * @metrics: metrics
 * @microseconds: how long a message took, from when it was accepted until its handler was done
 */
void
dw_metrics_add_time (DwMetrics *metrics, gint64 microseconds)
{
  guint step = 0;

  while (step < G_N_ELEMENTS (steps) && microseconds > steps[step])
    step++;
  metrics->times[step]++;
  metrics->time_us += (guint64) MAX (microseconds, 0);
}

static void
add (GString *text, const char *name, const char *type, const char *help, guint64 value)
{
  g_string_append_printf (text,
                          "# HELP dynamowave_%s %s\n# TYPE dynamowave_%s %s\ndynamowave_%s %" G_GUINT64_FORMAT "\n",
                          name, help, name, type, name, value);
}

static void
add_seconds (GString *text, double seconds)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append (text, g_ascii_formatd (number, sizeof number, "%.6g", seconds));
}

static void
add_times (GString *text, const DwMetrics *metrics)
{
  guint64 sum = 0;

  g_string_append (text,
                   "# HELP dynamowave_message_seconds From the acceptance of a message until it was posted to "
                   "everybody\n# TYPE dynamowave_message_seconds histogram\n");
  for (guint i = 0; i < DW_METRICS_BUCKETS; i++)
    {
      sum += metrics->times[i];
      g_string_append (text, "dynamowave_message_seconds_bucket{le=\"");
      if (i < G_N_ELEMENTS (steps))
        add_seconds (text, (double) steps[i] / G_USEC_PER_SEC);
      else
        g_string_append (text, "+Inf");
      g_string_append_printf (text, "\"} %" G_GUINT64_FORMAT "\n", sum);
    }

  g_string_append (text, "dynamowave_message_seconds_sum ");
  add_seconds (text, (double) metrics->time_us / G_USEC_PER_SEC);
  g_string_append_printf (text, "\ndynamowave_message_seconds_count %" G_GUINT64_FORMAT "\n", sum);
}

/* In a label's value three characters are written with a backslash ("Exposition formats", text-based format). */
static void
add_label (GString *text, const char *name, const char *value)
{
  g_string_append_printf (text, "%s=\"", name);
  for (; *value != '\0'; value++)
    if (*value == '\n')
      g_string_append (text, "\\n");
    else
      {
        if (*value == '"' || *value == '\\')
          g_string_append_c (text, '\\');
        g_string_append_c (text, *value);
      }
  g_string_append_c (text, '"');
}

static void
add_build (GString *text, const char *stage)
{
  g_string_append (text, "# HELP dynamowave_build_info What runs: always 1\n# TYPE dynamowave_build_info gauge\n"
                         "dynamowave_build_info{");
  add_label (text, "stage", stage);
  g_string_append_c (text, ',');
  add_label (text, "version", DW_VERSION);
  g_string_append (text, "} 1\n");
}

static void
add_reloads (GString *text, const DwMetrics *metrics)
{
  g_string_append_printf (text,
                          "# HELP dynamowave_reloads_total Configurations that were read again\n"
                          "# TYPE dynamowave_reloads_total counter\n"
                          "dynamowave_reloads_total{result=\"success\"} %" G_GUINT64_FORMAT "\n"
                          "dynamowave_reloads_total{result=\"failure\"} %" G_GUINT64_FORMAT "\n",
                          metrics->reloads, metrics->failed_reloads);
}

/**
 * dw_metrics_to_text:
 * @metrics: metrics
 * @stage: the stage's name
 *
 * Returns: (transfer full): the metrics in Prometheus' text format, version 0.0.4, with those of the process
 */
char *
dw_metrics_to_text (const DwMetrics *metrics, const char *stage)
{
  g_autoptr (GString) text = g_string_new (NULL);

  add_build (text, stage);
  add (text, "connections", "gauge", "Connections that are open", metrics->connections);
  add (text, "connects_total", "counter", "Handshakes that were accepted", metrics->connects);
  add (text, "refused_total", "counter", "Handshakes that were refused", metrics->refused);
  add (text, "disconnects_total", "counter", "Connections that ended", metrics->disconnects);
  add (text, "messages_total", "counter", "Messages that were accepted", metrics->messages);
  add (text, "refusals_total", "counter", "Messages that got an error frame of the gateway", metrics->refusals);
  add (text, "deliveries_total", "counter", "Frames that were handed to a connection", metrics->deliveries);
  add (text, "gone_total", "counter", "Posts to connections that are gone", metrics->gone);
  add (text, "throttled_total", "counter", "Posts that had to wait for the throttle", metrics->throttled);
  add (text, "dropped_total", "counter", "Posts that were given up and became dead letters", metrics->dropped);
  add_times (text, metrics);
  add_reloads (text, metrics);
  if (metrics->expires != 0)
    add (text, "certificate_expiry_timestamp_seconds", "gauge", "When the TLS certificate expires",
         (guint64) MAX (metrics->expires, 0));
  g_string_append_printf (
      text,
      "# HELP process_start_time_seconds Start time of the process since unix epoch in seconds.\n"
      "# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds %" G_GINT64_FORMAT "\n",
      metrics->started);
  dw_process_metrics_add (text);
  return g_strdup (text->str);
}
