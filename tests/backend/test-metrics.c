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
  text = dw_metrics_to_text (&metrics);
  g_assert_nonnull (strstr (text, "\ndynamowave_connections 3\n"));
  g_assert_nonnull (strstr (text, "\ndynamowave_deliveries_total 42\n"));
  g_assert_nonnull (strstr (text, "_bucket{le=\"0.0001\"} 1\n"));
  g_assert_nonnull (strstr (text, "_bucket{le=\"0.005\"} 2\n"));
  g_assert_nonnull (strstr (text, "_bucket{le=\"29\"} 2\n"));
  g_assert_nonnull (strstr (text, "_bucket{le=\"+Inf\"} 3\n"));
  g_assert_nonnull (strstr (text, "_count 3\n"));
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/metrics/text", test_metrics);
  return g_test_run ();
}
