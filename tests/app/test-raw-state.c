/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "app/inspector/dw-frame-text.h"
#include "app/inspector/dw-handshake-text.h"
#include "app/inspector/dw-raw-state.h"

#include "wire/dw-limits.h"

#include <string.h>

static const DwPlaceholderValues values = { "6ba7b810-9dad-11d1-80b4-00c04fd430c8", 0, 7 };

/* What is being written is said in words, with its place, and with the size that it will have when it is sent. */
static void
test_words (void)
{
  static const struct
  {
    const char *text, *words;
    gsize start, end;
    gboolean sendable;
  } rows[] = {
    { "", "", 0, 0, FALSE },
    { " \n", "", 0, 0, FALSE },
    { "hello", "Plain text · 5 of 32768 bytes", 0, 0, TRUE },
    { "{\"n\":{{n}}}", "Valid JSON · 7 of 32768 bytes", 0, 0, TRUE },
    { "\"{{uuid}}\"", "Valid JSON · 38 of 32768 bytes", 0, 0, TRUE },
    { "{\n\"é\": x\n}", "Line 2, column 6: value expected · 11 of 32768 bytes", 8, 9, TRUE },
    { "{\"a\":1", "Line 1, column 7: unexpected end · 6 of 32768 bytes", 5, 6, TRUE },
    { "[1]]", "Line 1, column 4: unexpected text after the end · 4 of 32768 bytes", 3, 4, TRUE },
    { "{\n \"a\":\"{{guid}}\"}", "Line 2, column 7: unknown placeholder {{guid}} · 18 of 32768 bytes", 8, 16,
      FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      DwRawState state;
      g_autofree char *words = NULL;

      dw_raw_state_read (&state, rows[i].text, &values);
      words = dw_raw_state_describe (&state, rows[i].text);
      g_assert_cmpstr (words, ==, rows[i].words);
      g_assert_cmpuint (state.start, ==, rows[i].start);
      g_assert_cmpuint (state.end, ==, rows[i].end);
      g_assert_cmpint (dw_raw_state_can_be_sent (&state), ==, rows[i].sendable);
    }
}

/* The limit is the filled frame's, and what is above it cannot be sent. */
static void
test_limit (void)
{
  g_autofree char *fill = g_strnfill (DW_LIMIT_FRAME_BYTES - 36, 'x');
  g_autofree char *largest = g_strconcat (fill, "{{uuid}}", NULL);
  g_autofree char *larger = g_strconcat (fill, "{{uuid}}x", NULL);
  g_autofree char *words = NULL;
  DwRawState state;

  dw_raw_state_read (&state, largest, &values);
  g_assert_true (dw_raw_state_can_be_sent (&state));
  dw_raw_state_read (&state, larger, &values);
  g_assert_false (dw_raw_state_can_be_sent (&state));
  words = dw_raw_state_describe (&state, larger);
  g_assert_cmpstr (words, ==, "Plain text · 32769 bytes, too large: API Gateway closes the connection above 32768");
}

/* A frame is shown in lines that can be laid out, whatever it is, and without what a terminal would obey. */
static void
test_frame_text (void)
{
  g_autofree char *long_line = g_strnfill (5000, 'x');
  gboolean cut;
  g_autofree char *json = dw_frame_text_spread ("{\"a\":[1,2.50]}", 1000, &cut);
  g_autofree char *text = dw_frame_text_spread ("a\x1b[31m\xff", 1000, &cut);
  g_autofree char *broken = dw_frame_text_spread (long_line, 1000, &cut);

  g_assert_cmpstr (json, ==, "{\n  \"a\": [\n    1,\n    2.50\n  ]\n}");
  g_assert_null (strchr (text, '\x1b'));
  g_assert_true (g_utf8_validate (text, -1, NULL));
  g_assert_true (cut);
  g_assert_cmpuint (strlen (broken), <=, 1010);
  for (const char *line = broken; line != NULL; line = strchr (line, '\n') != NULL ? strchr (line, '\n') + 1 : NULL)
    g_assert_cmpuint (strcspn (line, "\n"), <=, 256);
}

/* All that is known of a handshake stands in lines, durations first. */
static void
test_handshake (void)
{
  static char request[] = "GET /prod?… HTTP/1.1\r\nHost: h.example\r\n\r\n";
  static char response[] = "HTTP/1.1 101 Switching\r\nX: a\x1b\r\n\r\n";
  static char transport[] = "local: 192.0.2.2:40000\npeer: 192.0.2.1:443\ntls: TLS 1.3\nsubject: CN=h.example\n"
                            "issuer: CN=ca\nvalid-until: 2027-01-01T00:00:00.000Z\n";
  const DwTraceEntry open = { .kind = DW_TRACE_OPEN,
                              .took_ms = 161,
                              .steps_ms = { 20, 50, 120 },
                              .request = request,
                              .response = response,
                              .transport = transport };
  const DwTraceEntry failed = { .kind = DW_TRACE_FAILED, .took_ms = 30, .steps_ms = { 10, 0, 0 } };
  g_autofree char *text = dw_handshake_text (&open);
  g_autofree char *short_text = dw_handshake_text (&failed);

  g_assert_true (g_str_has_prefix (text,
                                   "DNS: 20 ms\nTCP: 30 ms\nTLS: 70 ms\nUpgrade: 41 ms\n\nConnection\n"
                                   "Local Address: 192.0.2.2:40000\nPeer Address: 192.0.2.1:443\nTLS: TLS 1.3\n\n"
                                   "Certificate\nSubject: CN=h.example\nIssuer: CN=ca\n"
                                   "Valid Until: 2027-01-01T00:00:00.000Z\n\nRequest\nGET /prod?… HTTP/1.1\n"
                                   "Host: h.example\n\nResponse\nHTTP/1.1 101 Switching\nX: a"));
  g_assert_null (strchr (text, '\x1b'));
  g_assert_null (strchr (text, '\r'));
  g_assert_cmpstr (short_text, ==, "DNS: 10 ms\nTCP: failed after 20 ms\n");
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/app/raw-state/words", test_words);
  g_test_add_func ("/app/raw-state/limit", test_limit);
  g_test_add_func ("/app/raw-state/frame-text", test_frame_text);
  g_test_add_func ("/app/raw-state/handshake", test_handshake);
  return g_test_run ();
}
