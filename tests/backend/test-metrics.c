/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "backend/gateway/dw-metrics.h"

#include <string.h>

static void
test_metrics (void)
{
  DwMetrics metrics = { .connections = 3, .deliveries = 42 };
  g_autofree char *text = NULL;

  dw_metrics_add_time (&metrics, 90);
  dw_metrics_add_time (&metrics, 3000);
  dw_metrics_add_time (&metrics, 60 * G_USEC_PER_SEC);
  text = dw_metrics_to_text (&metrics, "prod");
  g_assert_nonnull (strstr (text, "\ndynamowave_connections 3\n"));
  g_assert_nonnull (strstr (text, "\ndynamowave_deliveries_total 42\n"));
  g_assert_nonnull (strstr (text, "_bucket{le=\"0.0001\"} 1\n"));
  g_assert_nonnull (strstr (text, "_bucket{le=\"0.005\"} 2\n"));
  g_assert_nonnull (strstr (text, "_bucket{le=\"29\"} 2\n"));
  g_assert_nonnull (strstr (text, "_bucket{le=\"+Inf\"} 3\n"));
  g_assert_nonnull (strstr (text, "_count 3\n"));
}

/* Each counter under its own name, each time in its own bucket. */
static void
test_every (void)
{
  static const struct
  {
    gint64 microseconds;
    const char *step;
  } steps[] = {
    { 100, "0.0001" },  { 250, "0.00025" }, { 500, "0.0005" },  { 1000, "0.001" },
    { 2500, "0.0025" }, { 5000, "0.005" },  { 10000, "0.01" },  { 50000, "0.05" },
    { 100000, "0.1" },  { 1000000, "1" },   { 29000000, "29" },
  };
  const DwMetrics counted = { .connections = 1,
                              .connects = 2,
                              .refused = 3,
                              .disconnects = 4,
                              .messages = 5,
                              .refusals = 6,
                              .deliveries = 7,
                              .gone = 8,
                              .throttled = 9,
                              .dropped = 10 };
  static const char *const names[] = { "connections",     "connects_total", "refused_total",    "disconnects_total",
                                       "messages_total",  "refusals_total", "deliveries_total", "gone_total",
                                       "throttled_total", "dropped_total" };
  g_autofree char *text = dw_metrics_to_text (&counted, "prod");

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *line = g_strdup_printf ("\ndynamowave_%s %u\n", names[i], i + 1);
      g_autofree char *type = g_strdup_printf ("# TYPE dynamowave_%s %s\n", names[i], i == 0 ? "gauge" : "counter");

      g_assert_nonnull (strstr (text, line));
      g_assert_nonnull (strstr (text, type));
    }
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    for (gint64 beyond = 0; beyond <= 1; beyond++)
      {
        DwMetrics metrics = { 0 };
        g_autofree char *bucket = g_strdup_printf ("_bucket{le=\"%s\"} %d\n", steps[i].step, beyond == 0);
        g_autofree char *told = NULL;

        dw_metrics_add_time (&metrics, steps[i].microseconds + beyond);
        told = dw_metrics_to_text (&metrics, "prod");
        g_assert_nonnull (strstr (told, bucket));
        g_assert_nonnull (strstr (told, "_bucket{le=\"+Inf\"} 1\n"));
        g_assert_cmpuint (metrics.time_us, ==, steps[i].microseconds + beyond);
      }
}

/* A clock that goes back makes no sum of its own. */
static void
test_sum (void)
{
  DwMetrics metrics = { 0 };
  g_autofree char *text = NULL;

  dw_metrics_add_time (&metrics, 1500000);
  dw_metrics_add_time (&metrics, -5);
  text = dw_metrics_to_text (&metrics, "prod");
  g_assert_nonnull (strstr (text, "\ndynamowave_message_seconds_sum 1.5\n"));
  g_assert_nonnull (strstr (text, "\ndynamowave_message_seconds_count 2\n"));
}

/* A label says what it was given, whatever that is, and no line more. */
static void
test_labels (void)
{
  static const struct
  {
    const char *stage;
    const char *written;
  } rows[] = {
    { "prod", "{stage=\"prod\",version=\"" },
    { "", "{stage=\"\",version=\"" },
    { "a\"b\\c\nd", "{stage=\"a\\\"b\\\\c\\nd\",version=\"" },
    { "ä{}", "{stage=\"ä{}\",version=\"" },
  };
  const DwMetrics metrics = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = dw_metrics_to_text (&metrics, rows[i].stage);

      g_test_message ("%s", rows[i].written);
      g_assert_nonnull (strstr (text, rows[i].written));
    }
}

/* A stage without a certificate tells of no expiry, since 1970 would set off an alarm. */
static void
test_expiry (void)
{
  const DwMetrics without = { .started = 1700000000, .reloads = 2, .failed_reloads = 1 };
  const DwMetrics with = { .expires = 1800000000 };
  g_autofree char *first = dw_metrics_to_text (&without, "prod");
  g_autofree char *second = dw_metrics_to_text (&with, "prod");

  g_assert_null (strstr (first, "expiry"));
  g_assert_nonnull (strstr (second, "\ndynamowave_certificate_expiry_timestamp_seconds 1800000000\n"));
  g_assert_nonnull (strstr (first, "\nprocess_start_time_seconds 1700000000\n"));
  g_assert_nonnull (strstr (first, "\ndynamowave_reloads_total{result=\"success\"} 2\n"));
  g_assert_nonnull (strstr (first, "\ndynamowave_reloads_total{result=\"failure\"} 1\n"));
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/metrics/text", test_metrics);
  g_test_add_func ("/backend/metrics/every", test_every);
  g_test_add_func ("/backend/metrics/sum", test_sum);
  g_test_add_func ("/backend/metrics/labels", test_labels);
  g_test_add_func ("/backend/metrics/expiry", test_expiry);
  return g_test_run ();
}
