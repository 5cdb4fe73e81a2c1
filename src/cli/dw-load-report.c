/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-load-report.h"

#include <glib/gi18n.h>
#include <string.h>

#define WIDTH 720
#define HEIGHT 260
#define LEFT 70
#define BOTTOM 40
#define TOP 30

static const struct
{
  const char *name;
  const char *colour;
  double quantile;
} lines[] = {
  { "max", "#c01c28", 1 },
  { "p99", "#e66100", 0.99 },
  { "p50", "#1c71d8", 0.5 },
};

static const double quantiles[] = { 0.5, 0.9, 0.99, 1 };
static const char *const quantile_names[] = { "p50", "p90", "p99", "max" };

/* As gateways say it; not translated. */
static const char *const gateway_errors[DW_LOAD_GATEWAY_ERRORS] = {
  "Forbidden",         "Internal server error", "Endpoint request timed out",
  "Too Many Requests", "Invalid request body",  "other",
};

static void
append_row (GString *text, const char *name, const DwHistogram *histogram)
{
  /* Columns are counted in characters, not bytes. */
  g_string_append_printf (text, "%s%*s", name, (int) MAX (20 - g_utf8_strlen (name, -1), 1), "");
  for (guint i = 0; i < G_N_ELEMENTS (quantiles); i++)
    g_string_append_printf (text, "%8.1f ms", (double) dw_histogram_get_quantile (histogram, quantiles[i]) / 1000);
  g_string_append_c (text, '\n');
}

static void
append_codes (GString *text, const char *name, const guint *counts)
{
  const char *before = name;

  for (guint i = 0; i < DW_LOAD_CODES; i++)
    if (counts[i] > 0)
      {
        g_autofree char *number = g_strdup_printf ("%u", i);

        g_string_append_printf (text, "%s %s: %u", before, i > 0 ? number : _ ("no answer"), counts[i]);
        before = ",";
      }
  if (before != name)
    g_string_append_c (text, '\n');
}

static void
append_gateway_errors (GString *text, const DwLoadResult *result)
{
  const char *name = _ ("Gateway errors:");
  const char *before = name;

  for (guint i = 0; i < DW_LOAD_GATEWAY_ERRORS; i++)
    if (result->gateway_errors[i] > 0)
      {
        g_string_append_printf (text, "%s %s: %" G_GUINT64_FORMAT, before, gateway_errors[i],
                                result->gateway_errors[i]);
        before = ",";
      }
  if (before != name)
    g_string_append_c (text, '\n');
}

/* With the locale's separators. */
static char *
dup_number (guint64 number)
{
  return g_strdup_printf ("%'" G_GUINT64_FORMAT, number);
}

/**
 * dw_load_report_table:
 * @result: a result
 *
 * Returns: (transfer full): it in lines, for people
 */
char *
dw_load_report_table (const DwLoadResult *result)
{
  g_autofree char *sent = dup_number (result->counts.sent);
  g_autofree char *held = dup_number (result->held);
  g_autofree char *received = dup_number (result->counts.received);
  g_autofree char *expected = dup_number (result->counts.expected);
  g_autofree char *lost = dup_number (result->counts.lost);
  g_autofree char *doubled = dup_number (result->counts.doubled);
  g_autofree char *disordered = dup_number (result->counts.disordered);
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "%20s%8s   %8s   %8s   %8s\n", "", quantile_names[0], quantile_names[1],
                          quantile_names[2], quantile_names[3]);
  append_row (text, _ ("Handshake"), &result->handshakes);
  append_row (text, _ ("Broadcast latency"), &result->latencies);
  g_string_append_c (text, '\n');

  g_string_append_printf (text, _ ("Connections: %u opened, %u failed, %u closed early"), result->opened,
                          result->failed, result->closed);
  g_string_append_c (text, '\n');
  g_string_append_printf (text, _ ("Messages: %s sent in %.1f s, %s held back by the stage"), sent, result->seconds,
                          held);
  g_string_append_c (text, '\n');
  g_string_append_printf (text, _ ("Deliveries: %s of %s, %s lost, %s doubled, %s out of order"), received,
                          expected, lost, doubled, disordered);
  g_string_append_c (text, '\n');

  append_codes (text, _ ("Close codes:"), result->codes);
  append_codes (text, _ ("Failed handshakes:"), result->statuses);
  if (result->problem != NULL)
    {
      g_string_append_printf (text, _ ("First failure: %s"), result->problem);
      g_string_append_c (text, '\n');
    }
  append_gateway_errors (text, result);
  return g_string_free (text, FALSE);
}

/* A round number at or above the value, for the top of the chart. */
static double
round_up (double value)
{
  static const double steps[] = { 1, 2, 5, 10 };
  double unit = 0.001;

  while (unit * 10 < value)
    unit *= 10;
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    if (unit * steps[i] >= value)
      return unit * steps[i];
  return value;
}

static double
chart_x (const DwLoadResult *result, guint slot)
{
  double part = ((double) slot + 0.5) / DW_LOAD_SLOTS;

  return LEFT + part * (WIDTH - LEFT - 20);
}

static void
append_curve (GString *text, const DwLoadResult *result, guint which, double top)
{
  gboolean begun = FALSE;

  g_string_append_printf (text, "<path fill=\"none\" stroke-width=\"2\" stroke=\"%s\" d=\"", lines[which].colour);
  for (guint i = 0; i < DW_LOAD_SLOTS; i++)
    {
      double ms = (double) dw_histogram_get_quantile (&result->slots[i], lines[which].quantile) / 1000;
      char x[G_ASCII_DTOSTR_BUF_SIZE], y[G_ASCII_DTOSTR_BUF_SIZE];

      if (result->slots[i].n == 0)
        continue;
      g_ascii_formatd (x, sizeof x, "%.1f", chart_x (result, i));
      g_ascii_formatd (y, sizeof y, "%.1f", HEIGHT - BOTTOM - ms / top * (HEIGHT - BOTTOM - TOP));
      g_string_append_printf (text, "%s%s %s", begun ? " L" : "M", x, y);
      begun = TRUE;
    }
  g_string_append (text, "\"/>\n");
  g_string_append_printf (text, "<text x=\"%d\" y=\"18\" fill=\"%s\">%s</text>\n", LEFT + 60 * (int) which,
                          lines[which].colour, lines[which].name);
}

static void
append_axes (GString *text, const DwLoadResult *result, double top)
{
  for (guint i = 0; i <= 4; i++)
    {
      int y = HEIGHT - BOTTOM - (int) i * (HEIGHT - BOTTOM - TOP) / 4;
      int x = LEFT + (int) i * (WIDTH - LEFT - 20) / 4;

      g_string_append_printf (text, "<path stroke=\"#9a9996\" stroke-opacity=\"0.4\" d=\"M%d %d H%d\"/>\n", LEFT, y,
                              WIDTH - 20);
      g_string_append_printf (text, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%g ms</text>\n", LEFT - 6, y + 4,
                              top * i / 4);
      g_string_append_printf (text, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%g s</text>\n", x, HEIGHT - 14,
                              result->planned_s * i / 4.0);
    }
}

/**
 * dw_load_report_chart:
 * @result: a result
 *
 * Returns: (transfer full): the latency over time, as SVG
 */
char *
dw_load_report_chart (const DwLoadResult *result)
{
  double top = round_up (MAX ((double) result->latencies.max / 1000, 0.001));
  GString *text = g_string_new (NULL);

  g_string_append_printf (
      text,
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" "
      "font-size=\"12\" fill=\"#77767b\" role=\"img\">\n<title>%s</title>\n",
      WIDTH, HEIGHT, _ ("Broadcast latency"));
  append_axes (text, result, top);
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    append_curve (text, result, i, top);
  g_string_append (text, "</svg>\n");
  return g_string_free (text, FALSE);
}

/**
 * dw_load_report_page:
 * @result: a result
 *
 * Returns: (transfer full): the table and the chart, as a page of HTML that needs nothing else
 */
char *
dw_load_report_page (const DwLoadResult *result)
{
  g_autofree char *address = g_markup_escape_text (result->address, -1);
  g_autofree char *table = dw_load_report_table (result);
  g_autofree char *escaped = g_markup_escape_text (table, -1);
  g_autofree char *chart = dw_load_report_chart (result);

  return g_strdup_printf (
      "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n<title>%s</title>\n"
      "<style>\n:root { color-scheme: light dark; font-family: sans-serif }\n"
      "body { max-width: 50rem; margin: 2rem auto; padding: 0 1rem }\n</style>\n</head>\n<body>\n"
      "<h1>%s</h1>\n<pre>%s</pre>\n%s</body>\n</html>\n",
      address, address, escaped, chart);
}

static void
add_quantiles (JsonBuilder *line, const char *name, const DwHistogram *histogram)
{
  json_builder_set_member_name (line, name);
  json_builder_begin_object (line);
  for (guint i = 0; i < G_N_ELEMENTS (quantiles); i++)
    dw_printer_add_number (line, quantile_names[i], (gint64) dw_histogram_get_quantile (histogram, quantiles[i]));
  json_builder_end_object (line);
}

static void
add_codes (JsonBuilder *line, const char *name, const guint *counts)
{
  json_builder_set_member_name (line, name);
  json_builder_begin_object (line);
  for (guint i = 0; i < DW_LOAD_CODES; i++)
    if (counts[i] > 0)
      {
        g_autofree char *code = g_strdup_printf ("%u", i);

        dw_printer_add_number (line, code, counts[i]);
      }
  json_builder_end_object (line);
}

/**
 * dw_load_report_add:
 * @result: a result
 * @plan: what was wanted
 * @line: where its members are added
 */
void
dw_load_report_add (const DwLoadResult *result, const DwLoadPlan *plan, JsonBuilder *line)
{
  dw_printer_add (line, "url", result->address);
  dw_printer_add_number (line, "connections", plan->connections);
  dw_printer_add_number (line, "opened", result->opened);
  dw_printer_add_number (line, "failed", result->failed);
  dw_printer_add_number (line, "closed", result->closed);
  add_quantiles (line, "handshakeUs", &result->handshakes);
  dw_printer_add_number (line, "sent", (gint64) result->counts.sent);
  dw_printer_add_number (line, "held", (gint64) result->held);
  dw_printer_add_number (line, "behindUs", result->behind_us);
  dw_printer_add_number (line, "expected", (gint64) result->counts.expected);
  dw_printer_add_number (line, "received", (gint64) result->counts.received);
  dw_printer_add_number (line, "lost", (gint64) result->counts.lost);
  dw_printer_add_number (line, "doubled", (gint64) result->counts.doubled);
  dw_printer_add_number (line, "outOfOrder", (gint64) result->counts.disordered);
  add_quantiles (line, "latencyUs", &result->latencies);
  add_codes (line, "closeCodes", result->codes);
  add_codes (line, "failedWith", result->statuses);
  dw_printer_add (line, "problem", result->problem);

  json_builder_set_member_name (line, "gatewayErrors");
  json_builder_begin_object (line);
  for (guint i = 0; i < DW_LOAD_GATEWAY_ERRORS; i++)
    if (result->gateway_errors[i] > 0)
      dw_printer_add_number (line, gateway_errors[i], (gint64) result->gateway_errors[i]);
  json_builder_end_object (line);
  dw_printer_add_number (line, "otherFrames", (gint64) result->other);
  dw_printer_add_boolean (line, "stopped", result->stopped);
}
