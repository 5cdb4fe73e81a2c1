/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "client/connection/dw-timing.h"

static char *
describe (const DwTraceEntry *entry)
{
  static const char *const names[] = { "name", "tcp", "proxy", "tls", "upgrade" };
  DwTimingBar bars[DW_TIMING_PHASES];
  guint n = dw_timing_measure (entry, bars);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, "%s%s %u+%u%s", i > 0 ? ", " : "", names[bars[i].phase], bars[i].start_ms,
                            bars[i].length_ms, bars[i].failed ? "!" : "");
  return g_string_free (text, FALSE);
}

/* Marks become durations: how long each phase took, and in which one a handshake ended. */
static void
test_durations (void)
{
  static char request[] = "GET / HTTP/1.1\r\n";
  static char response[] = "HTTP/1.1 403 x\r\n";
  static char through[] = "proxy: http 192.0.2.1:3128\nproxied-ms: 150\n";
  static char at_proxy[] = "proxy: http 192.0.2.1:3128\n";
  static const struct
  {
    DwTraceEntry entry;
    const char *found;
  } rows[] = {
    { { .kind = DW_TRACE_OPEN, .took_ms = 161, .steps_ms = { 127, 128, 0 }, .request = request },
      "name 0+127, tcp 127+1, upgrade 128+33" },
    { { .kind = DW_TRACE_OPEN, .took_ms = 200, .steps_ms = { 20, 50, 120 }, .request = request },
      "name 0+20, tcp 20+30, tls 50+70, upgrade 120+80" },
    { { .kind = DW_TRACE_OPEN,
        .took_ms = 300,
        .steps_ms = { 1, 5, 250 },
        .request = request,
        .transport = through },
      "name 0+1, tcp 1+4, proxy 5+145, tls 150+100, upgrade 250+50" },
    { { .kind = DW_TRACE_FAILED, .took_ms = 30 }, "name 0+30!" },
    { { .kind = DW_TRACE_FAILED, .took_ms = 30, .steps_ms = { 10, 0, 0 } }, "name 0+10, tcp 10+20!" },
    { { .kind = DW_TRACE_FAILED, .took_ms = 30, .steps_ms = { 10, 20, 0 } }, "name 0+10, tcp 10+10, tls 20+10!" },
    { { .kind = DW_TRACE_FAILED, .took_ms = 30, .steps_ms = { 10, 20, 0 }, .transport = at_proxy },
      "name 0+10, tcp 10+10, proxy 20+10!" },
    { { .kind = DW_TRACE_FAILED, .took_ms = 200, .steps_ms = { 10, 20, 0 }, .transport = through },
      "name 0+10, tcp 10+10, proxy 20+130, tls 150+50!" },
    { { .kind = DW_TRACE_FAILED,
        .took_ms = 30,
        .steps_ms = { 10, 20, 0 },
        .request = request,
        .response = response },
      "name 0+10, tcp 10+10, upgrade 20+10!" },
    { { .kind = DW_TRACE_CLOSED, .took_ms = 30, .steps_ms = { 10, 20, 0 } }, "" },
    /* A recording may say anything. */
    { { .kind = DW_TRACE_OPEN, .took_ms = 10, .steps_ms = { G_MAXUINT, 5, 7 } },
      "name 0+10, tcp 10+0, tls 10+0, upgrade 10+0" },
    { { .kind = DW_TRACE_OPEN, .took_ms = 0, .steps_ms = { 3, 2, 1 } }, "name 0+0, tcp 0+0, tls 0+0, upgrade 0+0" },
    { { .kind = DW_TRACE_OPEN, .took_ms = 40, .steps_ms = { 0, 0, 0 } }, "upgrade 0+40" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *found = describe (&rows[i].entry);

      g_assert_cmpstr (found, ==, rows[i].found);
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/timing/durations", test_durations);
  return g_test_run ();
}
