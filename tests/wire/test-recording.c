/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "wire/dw-recording.h"
#include "wire/dw-wire-error.h"

#include <string.h>

#define TIME "\"time\":\"2026-11-25T10:00:00.123Z\","

static gboolean
read_line (DwRecordingEntry *entry, const char *line, GError **error)
{
  return dw_recording_read (entry, line, strlen (line), 7, error);
}

/* What was recorded is read as it was, whatever the frames contain. */
static void
test_again (void)
{
  static const struct
  {
    const char *data;
    gsize size;
    const char *written;
  } rows[] = {
    { "hello", 5, "\"payload\":\"hello\"" },
    { "", 0, "\"payload\":\"\"" },
    { "a\"b\\\n\x1b[31m\u202e", 13, "\"payload\":\"a\\\"b\\\\\\n\\u001b[31m\\u202e\"" },
    { "\xff\xfe", 2, "\"base64\":\"//4=\"" },
    { "a\0b", 3, "\"base64\":\"YQBi\"" },
    { "\xed\xa0\x80", 3, "\"base64\":\"7aCA\"" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) bytes = g_bytes_new (rows[i].data, rows[i].size);
      const DwRecordingEntry entry = {
        .time = 1764064800123000 + i, .kind = DW_RECORDING_OUT, .connection = 3, .bytes = bytes
      };
      g_autofree char *line = dw_recording_write (&entry);
      g_auto (DwRecordingEntry) read = { 0 };
      g_autofree char *again = NULL;
      g_autoptr (GError) error = NULL;

      g_assert_nonnull (strstr (line, rows[i].written));
      g_assert_true (read_line (&read, line, &error));
      g_assert_no_error (error);
      g_assert_true (g_bytes_equal (read.bytes, bytes));
      g_assert_cmpint (read.time, ==, 1764064800123000);
      g_assert_cmpint (read.kind, ==, DW_RECORDING_OUT);
      g_assert_cmpuint (read.connection, ==, 3);

      again = dw_recording_write (&read);
      g_assert_cmpstr (again, ==, line);
    }
}

/* Every member of every kind comes back. */
static void
test_members (void)
{
  for (DwRecordingKind kind = DW_RECORDING_IN; kind <= DW_RECORDING_CLOSED; kind++)
    {
      g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);
      DwRecordingEntry entry = {
        .time = 1764064800000000,
        .kind = kind,
        .connection = 1,
        .bytes = bytes,
        .note = (char *) "a “note”",
        .code = 1001,
        .took_ms = 12,
        .steps_ms = { 1, 5, 9 },
        .request = (char *) "GET / HTTP/1.1\r\n",
        .response = (char *) "HTTP/1.1 101 x\r\n",
        .transport = (char *) "peer: 192.0.2.1:443\n",
      };
      g_autofree char *line = dw_recording_write (&entry);
      g_auto (DwRecordingEntry) read = { 0 };
      g_autoptr (GError) error = NULL;

      g_assert_true (read_line (&read, line, &error));
      g_assert_no_error (error);
      g_assert_cmpint (read.kind, ==, kind);
      g_assert_cmpstr (read.note, ==, entry.note);
      g_assert_cmpuint (read.code, ==, 1001);
      g_assert_cmpuint (read.took_ms, ==, 12);
      for (guint i = 0; i < DW_RECORDING_STEPS; i++)
        g_assert_cmpuint (read.steps_ms[i], ==, entry.steps_ms[i]);
      g_assert_cmpstr (read.request, ==, entry.request);
      g_assert_cmpstr (read.response, ==, entry.response);
      g_assert_cmpstr (read.transport, ==, entry.transport);
    }
}

/* A file that somebody sends is read or refused, and the message has the line's number and what is wrong there. */
static void
test_refusals (void)
{
  static const struct
  {
    const char *line;
    const char *wrong; /* NULL: it is read */
  } rows[] = {
    { "{" TIME "\"kind\":\"in\",\"connection\":1,\"payload\":\"\"}", NULL },
    { "{" TIME "\"kind\":\"ping\"}", NULL },
    { " {" TIME "\"kind\":\"closed\",\"code\":1001,\"later\":true,\"more\":1.5} \r", NULL },
    { "{" TIME "\"kind\":\"pong\",\"base64\":\"//4=\"}", NULL },
    { "", "not a line" },
    { "hello", "not a line" },
    { "[1]", "not a line" },
    { "{}", "“time”" },
    { "{" TIME "\"kind\":\"in\",\"payload\":\"x\",\"more\":[]}", "not a line" },
    { "{" TIME "\"kind\":\"in\",\"payload\":\"x\",\"more\":{}}", "not a line" },
    { "{" TIME "\"kind\":\"in\",\"payload\":\"x\"", "not a line" },
    { "{" TIME "\"kind\":\"in\",\"payload\":\"\xff\"}", "not a line" },
    { "{" TIME "\"kind\":\"in\"}", "“payload”" },
    { "{" TIME "\"kind\":\"out\",\"payload\":7}", "“payload”" },
    { "{" TIME "\"kind\":\"out\",\"payload\":null}", "“payload”" },
    { "{" TIME "\"kind\":\"out\",\"payload\":\"x\",\"base64\":\"eA==\"}", "“payload”" },
    { "{" TIME "\"kind\":\"out\",\"base64\":\"eA\"}", "“payload”" },
    { "{" TIME "\"kind\":\"out\",\"base64\":\"e A==\"}", "“payload”" },
    { "{" TIME "\"kind\":\"nothing\",\"payload\":\"x\"}", "“kind”" },
    { "{" TIME "\"payload\":\"x\"}", "“kind”" },
    { "{\"time\":\"yesterday\",\"kind\":\"ping\"}", "“time”" },
    { "{\"time\":1764064800,\"kind\":\"ping\"}", "“time”" },
    { "{\"time\":\"1969-01-01T00:00:00Z\",\"kind\":\"ping\"}", "“time”" },
    { "{\"time\":\"9999-12-31T23:59:59-12:00\",\"kind\":\"ping\"}", "“time”" },
    { "{" TIME "\"kind\":\"ping\",\"connection\":-1}", "“connection”" },
    { "{" TIME "\"kind\":\"ping\",\"connection\":99999999999999999999}", "“connection”" },
    { "{" TIME "\"kind\":\"ping\",\"connection\":1.5}", "“connection”" },
    { "{" TIME "\"kind\":\"closed\",\"code\":65536}", "“code”" },
    { "{" TIME "\"kind\":\"closed\",\"code\":\"1001\"}", "“code”" },
    { "{" TIME "\"kind\":\"open\",\"tookMs\":86400001}", "“tookMs”" },
    { "{" TIME "\"kind\":\"open\",\"securedMs\":true}", "“securedMs”" },
    { "{" TIME "\"kind\":\"open\",\"note\":1}", "“note”" },
    { "{" TIME "\"kind\":\"open\",\"request\":1}", "“request”" },
    { "{" TIME "\"kind\":\"open\",\"response\":1}", "“response”" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (DwRecordingEntry) read = { 0 };
      g_autoptr (GError) error = NULL;

      g_test_message ("row %u", i);
      if (rows[i].wrong == NULL)
        {
          g_assert_true (read_line (&read, rows[i].line, &error));
          g_assert_no_error (error);
          continue;
        }
      g_assert_false (read_line (&read, rows[i].line, &error));
      g_assert_error (error, DW_WIRE_ERROR, DW_WIRE_ERROR_RECORDING);
      g_assert_nonnull (strstr (error->message, "Line 7"));
      g_assert_nonnull (strstr (error->message, rows[i].wrong));
      g_assert_null (read.bytes);
    }
}

/* No line is longer than the bound, and none makes a large tree: it is refused before it is parsed. */
static void
test_bounds (void)
{
  g_autofree char *long_text = g_strnfill (DW_RECORDING_LINE_BYTES, 'x');
  g_autofree char *long_line = g_strdup_printf ("{" TIME "\"kind\":\"in\",\"payload\":\"%s\"}", long_text);
  g_autoptr (GString) wide = g_string_new ("{" TIME "\"kind\":\"ping\"");
  g_autofree char *escapes = g_malloc (128 * 1024);
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *largest = NULL;
  g_auto (DwRecordingEntry) read = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_false (read_line (&read, long_line, &error));
  g_assert_nonnull (strstr (error->message, "too long"));
  g_clear_error (&error);

  for (guint i = 0; i < 1000; i++)
    g_string_append_printf (wide, ",\"m%u\":1", i);
  g_string_append_c (wide, '}');
  g_assert_false (read_line (&read, wide->str, &error));
  g_assert_error (error, DW_WIRE_ERROR, DW_WIRE_ERROR_RECORDING);
  g_clear_error (&error);

  /* The largest message that a stage can send, when each byte of it takes six. */
  memset (escapes, 0x1b, 128 * 1024);
  bytes = g_bytes_new_take (g_steal_pointer (&escapes), 128 * 1024);
  largest =
      dw_recording_write (&(DwRecordingEntry){ .time = 1764064800000000, .kind = DW_RECORDING_IN, .bytes = bytes });
  g_assert_true (read_line (&read, largest, &error));
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (read.bytes, bytes));
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/wire/recording/again", test_again);
  g_test_add_func ("/wire/recording/members", test_members);
  g_test_add_func ("/wire/recording/refusals", test_refusals);
  g_test_add_func ("/wire/recording/bounds", test_bounds);
  return g_test_run ();
}
