/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-metrics.h"

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

/**
 * dw_metrics_to_text:
 * @metrics: metrics
 *
 * Returns: (transfer full): the metrics in Prometheus' text format, version 0.0.4
 */
char *
dw_metrics_to_text (const DwMetrics *metrics)
{
  g_autoptr (GString) text = g_string_new (NULL);

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
  return g_strdup (text->str);
}
