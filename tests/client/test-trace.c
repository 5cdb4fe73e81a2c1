/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "client/connection/dw-trace.h"

#include <json-glib/json-glib.h>
#include <string.h>

static void
add_frame (DwTrace *trace, gsize size)
{
  g_autofree char *text = g_strnfill (size, 'x');
  g_autoptr (GBytes) bytes = g_bytes_new (text, size);

  dw_trace_add_frame (trace, DW_TRACE_IN, 1, bytes);
}

/* However much crosses the wire, the trace is bounded, and always has the newest entries. */
static void
test_bounds (void)
{
  g_autoptr (DwTrace) trace = dw_trace_new ();
  g_autofree char *huge = g_strnfill (128 * 1024, 'x');

  for (guint i = 0; i < DW_TRACE_ENTRIES + 10; i++)
    dw_trace_add_event (trace, DW_TRACE_PONG, 1, 0, NULL);
  g_assert_cmpuint (dw_trace_get_last (trace), ==, DW_TRACE_ENTRIES + 10);
  g_assert_cmpuint (dw_trace_get_last (trace) - dw_trace_get_first (trace) + 1, ==, DW_TRACE_ENTRIES);
  g_assert_null (dw_trace_get_entry (trace, 1));
  for (guint i = 0; i < 300; i++)
    add_frame (trace, 128 * 1024);
  g_assert_cmpuint (dw_trace_get_last (trace) - dw_trace_get_first (trace) + 1, <=, DW_TRACE_BYTES / (128 * 1024));
  g_assert_nonnull (dw_trace_get_entry (trace, dw_trace_get_last (trace)));
  for (guint i = 0; i < 10000; i++)
    {
      g_autofree char *note = g_strnfill (4096, 'n');

      dw_trace_add_event (trace, DW_TRACE_CONNECTING, 1, 0, note);
      g_assert_cmpuint ((dw_trace_get_last (trace) - dw_trace_get_first (trace) + 1) * 4096, <=,
                        DW_TRACE_BYTES + 128 * 1024);
    }
  add_frame (trace, DW_TRACE_BYTES * 2);
  g_assert_cmpuint (dw_trace_get_first (trace), ==, dw_trace_get_last (trace));

  /* Heads count like payloads. */
  for (guint i = 0; i < 300; i++)
    dw_trace_add_handshake (trace, DW_TRACE_FAILED, 1, 403, 12, (guint[]){ 1, 2, 3 }, NULL, "", NULL, huge);
  g_assert_cmpuint (dw_trace_get_last (trace) - dw_trace_get_first (trace) + 1, <=, DW_TRACE_BYTES / (128 * 1024));
}

/* Frames without a payload take memory too. */
static void
test_small_frames (void)
{
  g_autoptr (DwTrace) trace = dw_trace_new ();
  g_autofree char *text = g_strnfill (200, 'x');
  g_autoptr (GBytes) bytes = g_bytes_new (text, 200);

  for (guint i = 0; i < DW_TRACE_ENTRIES; i++)
    dw_trace_add_frame (trace, DW_TRACE_IN, 1, bytes);
  g_assert_cmpuint (dw_trace_get_last (trace) - dw_trace_get_first (trace) + 1, <=,
                    DW_TRACE_BYTES / (200 + DW_TRACE_ENTRY_BYTES));
}

/* After Clear nothing is left, and the numbers go on. */
static void
test_clear (void)
{
  g_autoptr (DwTrace) trace = dw_trace_new ();

  add_frame (trace, 10);
  add_frame (trace, 10);
  dw_trace_clear (trace);
  g_assert_cmpuint (dw_trace_get_first (trace), >, dw_trace_get_last (trace));
  g_assert_null (dw_trace_get_entry (trace, 1));
  g_assert_null (dw_trace_get_entry (trace, 2));

  add_frame (trace, 10);
  g_assert_cmpuint (dw_trace_get_first (trace), ==, 3);
  g_assert_cmpuint (dw_trace_get_last (trace), ==, 3);
}

static void
count (guint *changes)
{
  *changes += 1;
}

static gboolean
is_one (gpointer data)
{
  return *(guint *) data == 1;
}

/* “changed” is emitted once for many frames, and without observers there is no timer. */
static void
test_ticks (void)
{
  g_autoptr (DwTrace) trace = dw_trace_new ();
  guint changes = 0;

  add_frame (trace, 10);
  g_assert_false (g_main_context_pending (NULL));
  g_signal_connect_swapped (trace, "changed", G_CALLBACK (count), &changes);
  for (guint i = 0; i < 1000; i++)
    add_frame (trace, 10);
  dw_test_until ("a change", is_one, &changes);
  dw_test_run_for (DW_TRACE_TICK_MS * 2);
  g_assert_cmpuint (changes, ==, 1);
}

/* A saved trace is one JSON object a line, whatever the frames contain. */
static void
test_json (void)
{
  g_autoptr (DwTrace) trace = dw_trace_new ();
  g_autoptr (GBytes) bad = g_bytes_new ("\xff\"\n\0x", 5);
  const guint steps[DW_TRACE_STEPS] = { 1, 5, 0 };
  g_autofree char *lines = NULL;
  g_auto (GStrv) parts = NULL;

  dw_trace_add_event (trace, DW_TRACE_CONNECTING, 1, 0, "wss://h.example/prod");
  dw_trace_add_handshake (trace, DW_TRACE_OPEN, 1, 101, 12, steps, NULL, "GET / HTTP/1.1\r\n", "HTTP/1.1 101 x\r\n",
                          "peer: 192.0.2.1:443\n");
  dw_trace_add_frame (trace, DW_TRACE_OUT, 1, bad);
  dw_trace_add_event (trace, DW_TRACE_CLOSED, 1, 1001, "Going away");
  lines = dw_trace_to_json_lines (trace);
  parts = g_strsplit (lines, "\n", -1);
  g_assert_cmpuint (g_strv_length (parts), ==, 5);
  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (JsonNode) node = json_from_string (parts[i], NULL);

      g_assert_nonnull (node);
      g_assert_true (JSON_NODE_HOLDS_OBJECT (node));
    }
  g_assert_nonnull (strstr (parts[1], "\"tookMs\":12"));
  g_assert_nonnull (strstr (parts[1], "\"request\":\"GET / HTTP/1.1"));
  g_assert_nonnull (strstr (parts[1], "\"response\":\"HTTP/1.1 101"));
  g_assert_nonnull (strstr (parts[1], "\"transport\":\"peer: 192.0.2.1:443"));
  g_assert_nonnull (strstr (parts[2], "\"bytes\":5"));
  g_assert_nonnull (strstr (parts[2], "\"base64\":\"/yIKAHg=\""));
  g_assert_nonnull (strstr (parts[3], "1001"));
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/trace/bounds", test_bounds);
  g_test_add_func ("/client/trace/small-frames", test_small_frames);
  g_test_add_func ("/client/trace/clear", test_clear);
  g_test_add_func ("/client/trace/ticks", test_ticks);
  g_test_add_func ("/client/trace/json", test_json);
  return g_test_run ();
}
