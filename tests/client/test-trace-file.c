/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A trace that goes into a file, and comes out of one of any quality. */
#include "dw-test.h"

#include "client/connection/dw-trace-file.h"
#include "client/dw-client-error.h"

#include "wire/dw-wire-error.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <unistd.h>

typedef struct
{
  char *folder;
  GFile *file;
  GAsyncResult *result;
} Fixture;

static void
fixture_init (Fixture *fixture)
{
  fixture->folder = dw_test_make_folder ();
  fixture->file = g_file_new_build_filename (fixture->folder, "frames", NULL);
  fixture->result = NULL;
}

static void
fixture_clear (Fixture *fixture)
{
  g_file_delete (fixture->file, NULL, NULL);
  g_rmdir (fixture->folder);
  g_clear_object (&fixture->file);
  g_clear_object (&fixture->result);
  g_free (fixture->folder);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fixture, fixture_clear)

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  g_set_object ((GAsyncResult **) data, result);
}

static void
save (Fixture *fixture, DwTrace *trace, DwTraceFormat format)
{
  g_autoptr (GError) error = NULL;

  g_clear_object (&fixture->result);
  dw_trace_file_save_async (trace, fixture->file, format, "1.0", on_done, &fixture->result);
  DW_TEST_WAIT ("the file", fixture->result != NULL);
  g_assert_true (dw_trace_file_save_finish (fixture->result, &error));
  g_assert_no_error (error);
}

static DwTrace *
load (Fixture *fixture, GError **error)
{
  g_clear_object (&fixture->result);
  dw_trace_file_load_async (fixture->file, on_done, &fixture->result);
  DW_TEST_WAIT ("the trace", fixture->result != NULL);
  return dw_trace_file_load_finish (fixture->result, error);
}

static void
write_file (Fixture *fixture, const char *text, gssize length)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents (g_file_peek_path (fixture->file), text, length, &error);
  g_assert_no_error (error);
}

static void
add_frame (DwTrace *trace, DwTraceKind kind, guint connection, const char *data, gsize length)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, length);

  dw_trace_add_frame (trace, kind, connection, bytes);
}

#define REQUEST "GET /prod HTTP/1.1\r\nHost: h.example\r\nX-Odd: a:b\r\n\r\n"
#define RESPONSE "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"

/* Two connections that overlap, with frames of text, of bytes, and an empty one. */
static DwTrace *
make_trace (void)
{
  DwTrace *trace = dw_trace_new ();

  dw_trace_add_event (trace, DW_TRACE_CONNECTING, 1, 0, "wss://h.example/prod");
  dw_trace_add_handshake (trace, DW_TRACE_OPEN, 1, 101, 120, (guint[]){ 10, 30, 90 }, NULL, REQUEST, RESPONSE,
                          "peer: 192.0.2.1:443\n");
  add_frame (trace, DW_TRACE_OUT, 1, "{\"a\":\"\\u2028\"}", 14);
  dw_trace_add_event (trace, DW_TRACE_CONNECTING, 2, 0, "wss://h.example/prod");
  add_frame (trace, DW_TRACE_IN, 1, "\xff\0x", 3);
  dw_trace_add_handshake (trace, DW_TRACE_FAILED, 2, 403, 12, (guint[]){ 1, 2, 0 }, "forbidden", NULL, NULL, NULL);
  add_frame (trace, DW_TRACE_IN, 1, "", 0);
  dw_trace_add_event (trace, DW_TRACE_PONG, 1, 0, NULL);
  dw_trace_add_event (trace, DW_TRACE_CLOSED, 1, 1001, "Going away");
  return trace;
}

static void
assert_same (const DwTraceEntry *one, const DwTraceEntry *other)
{
  g_assert_cmpint (one->kind, ==, other->kind);
  g_assert_cmpint (one->time / 1000, ==, other->time / 1000);
  g_assert_cmpuint (one->connection, ==, other->connection);
  g_assert_cmpuint (one->code, ==, other->code);
  g_assert_cmpuint (one->took_ms, ==, other->took_ms);
  g_assert_cmpmem (one->steps_ms, sizeof one->steps_ms, other->steps_ms, sizeof other->steps_ms);
  g_assert_cmpstr (one->note, ==, other->note);
  g_assert_cmpstr (one->request, ==, other->request);
  g_assert_cmpstr (one->response, ==, other->response);
  g_assert_true ((one->bytes == NULL) == (other->bytes == NULL));
  if (one->bytes != NULL)
    g_assert_true (g_bytes_equal (one->bytes, other->bytes));
}

/* What was saved is read again as it was, and nobody else may read the file. */
static void
test_round_trip (void)
{
  g_auto (Fixture) fixture;
  g_autoptr (DwTrace) trace = make_trace ();
  g_autoptr (DwTrace) again = NULL;
  g_autoptr (GError) error = NULL;
  GStatBuf status;

  fixture_init (&fixture);
  save (&fixture, trace, DW_TRACE_FORMAT_JSON_LINES);
  g_assert_cmpint (g_stat (g_file_peek_path (fixture.file), &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0777, ==, 0600);

  again = load (&fixture, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (dw_trace_get_last (again), ==, dw_trace_get_last (trace));
  for (guint64 serial = 1; serial <= dw_trace_get_last (trace); serial++)
    assert_same (dw_trace_get_entry (trace, serial), dw_trace_get_entry (again, serial));
}

/* Many pieces, at whose edges nothing is lost or doubled. */
static void
test_pieces (void)
{
  g_auto (Fixture) fixture;
  g_autoptr (DwTrace) trace = dw_trace_new ();
  g_autoptr (DwTrace) again = NULL;
  g_autoptr (JsonParser) parser = json_parser_new ();

  fixture_init (&fixture);
  for (guint i = 0; i < 600; i++)
    {
      g_autofree char *text = g_strdup_printf ("%0*u", (int) (i % 200) * 8 + 1, i);

      add_frame (trace, DW_TRACE_IN, i / 200, text, strlen (text));
    }
  save (&fixture, trace, DW_TRACE_FORMAT_JSON_LINES);
  again = load (&fixture, NULL);
  g_assert_nonnull (again);
  g_assert_cmpuint (dw_trace_get_last (again), ==, 600);
  for (guint64 serial = 1; serial <= 600; serial++)
    assert_same (dw_trace_get_entry (trace, serial), dw_trace_get_entry (again, serial));

  save (&fixture, trace, DW_TRACE_FORMAT_HAR);
  g_assert_true (json_parser_load_from_file (parser, g_file_peek_path (fixture.file), NULL));
  for (guint i = 0; i < 3; i++)
    {
      JsonObject *log = json_object_get_object_member (json_node_get_object (json_parser_get_root (parser)), "log");
      JsonObject *entry = json_array_get_object_element (json_object_get_array_member (log, "entries"), i);
      JsonArray *frames = json_object_get_array_member (entry, "_webSocketMessages");

      g_assert_cmpuint (json_array_get_length (frames), ==, 200);
    }
}

static const char *
text_of (JsonObject *object, const char *name)
{
  return json_object_get_string_member (object, name);
}

/* The archive has what browsers read: a connection each with its frames and the durations of its handshake. */
static void
test_har (void)
{
  g_auto (Fixture) fixture;
  g_autoptr (DwTrace) trace = make_trace ();
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *log, *entry, *request, *timings, *frame;
  JsonArray *entries, *headers, *frames;

  fixture_init (&fixture);
  save (&fixture, trace, DW_TRACE_FORMAT_HAR);
  g_assert_true (json_parser_load_from_file (parser, g_file_peek_path (fixture.file), NULL));
  log = json_object_get_object_member (json_node_get_object (json_parser_get_root (parser)), "log");
  g_assert_cmpstr (text_of (log, "version"), ==, "1.2");
  g_assert_cmpstr (text_of (json_object_get_object_member (log, "creator"), "version"), ==, "1.0");
  entries = json_object_get_array_member (log, "entries");
  g_assert_cmpuint (json_array_get_length (entries), ==, 2);

  entry = json_array_get_object_element (entries, 0);
  g_assert_cmpstr (text_of (entry, "_resourceType"), ==, "websocket");
  g_assert_cmpint (json_object_get_int_member (entry, "time"), ==, 120);
  request = json_object_get_object_member (entry, "request");
  g_assert_cmpstr (text_of (request, "url"), ==, "wss://h.example/prod");
  headers = json_object_get_array_member (request, "headers");
  g_assert_cmpuint (json_array_get_length (headers), ==, 2);
  g_assert_cmpstr (text_of (json_array_get_object_element (headers, 1), "value"), ==, "a:b");
  g_assert_cmpstr (text_of (json_object_get_object_member (entry, "response"), "statusText"), ==,
                   "Switching Protocols");

  timings = json_object_get_object_member (entry, "timings");
  g_assert_cmpint (json_object_get_int_member (timings, "dns"), ==, 10);
  g_assert_cmpint (json_object_get_int_member (timings, "connect"), ==, 80);
  g_assert_cmpint (json_object_get_int_member (timings, "ssl"), ==, 60);
  g_assert_cmpint (json_object_get_int_member (timings, "wait"), ==, 30);

  frames = json_object_get_array_member (entry, "_webSocketMessages");
  g_assert_cmpuint (json_array_get_length (frames), ==, 3);
  frame = json_array_get_object_element (frames, 0);
  g_assert_cmpstr (text_of (frame, "type"), ==, "send");
  g_assert_cmpint (json_object_get_int_member (frame, "opcode"), ==, 1);
  g_assert_cmpstr (text_of (frame, "data"), ==, "{\"a\":\"\\u2028\"}");
  g_assert_cmpfloat_with_epsilon (json_object_get_double_member (frame, "time"),
                                  (double) dw_trace_get_entry (trace, 3)->time / G_USEC_PER_SEC, 0.001);
  frame = json_array_get_object_element (frames, 1);
  g_assert_cmpstr (text_of (frame, "type"), ==, "receive");
  g_assert_cmpint (json_object_get_int_member (frame, "opcode"), ==, 2);
  g_assert_cmpstr (text_of (frame, "data"), ==, "/wB4");
  g_assert_cmpstr (text_of (json_array_get_object_element (frames, 2), "data"), ==, "");

  entry = json_array_get_object_element (entries, 1);
  g_assert_cmpint (json_object_get_int_member (json_object_get_object_member (entry, "response"), "status"), ==,
                   403);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (entry, "_webSocketMessages")), ==, 0);
}

/* An archive of nothing, and what is forgotten before its turn comes. */
static void
test_har_without_frames (void)
{
  g_auto (Fixture) fixture;
  g_autoptr (DwTrace) trace = dw_trace_new ();
  g_autoptr (JsonParser) parser = json_parser_new ();

  fixture_init (&fixture);
  save (&fixture, trace, DW_TRACE_FORMAT_HAR);
  g_assert_true (json_parser_load_from_file (parser, g_file_peek_path (fixture.file), NULL));

  add_frame (trace, DW_TRACE_IN, 1, "a", 1);
  g_clear_object (&fixture.result);
  dw_trace_file_save_async (trace, fixture.file, DW_TRACE_FORMAT_HAR, "1.0", on_done, &fixture.result);
  dw_trace_clear (trace);
  DW_TEST_WAIT ("the file", fixture.result != NULL);
  g_assert_true (dw_trace_file_save_finish (fixture.result, NULL));
  g_assert_true (json_parser_load_from_file (parser, g_file_peek_path (fixture.file), NULL));
}

/* Where it cannot be written, that is said. */
static void
test_no_place (void)
{
  g_auto (Fixture) fixture;
  g_autoptr (DwTrace) trace = make_trace ();
  g_autoptr (GFile) nowhere = g_file_new_for_path ("/proc/none/frames");
  g_autoptr (GError) error = NULL;

  fixture_init (&fixture);
  dw_trace_file_save_async (trace, nowhere, DW_TRACE_FORMAT_HAR, "1.0", on_done, &fixture.result);
  DW_TEST_WAIT ("an error", fixture.result != NULL);
  g_assert_false (dw_trace_file_save_finish (fixture.result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

#define LINE "{\"time\":\"2026-11-25T10:00:00.123Z\",\"kind\":\"in\",\"connection\":1,\"payload\":\"a\"}"

static void
assert_refused (Fixture *fixture, const char *text, gssize length, const char *words)
{
  g_autoptr (GError) error = NULL;

  write_file (fixture, text, length);
  g_assert_null (load (fixture, &error));
  g_assert_error (error, DW_WIRE_ERROR, DW_WIRE_ERROR_RECORDING);
  g_assert_nonnull (strstr (error->message, words));
}

/* A file of any quality is read or refused, with the number of the line. */
static void
test_files (void)
{
  g_auto (Fixture) fixture;
  g_autofree char *endless = g_strnfill (4 * 1024 * 1024, ' ');
  g_autoptr (GError) error = NULL;

  fixture_init (&fixture);
  write_file (&fixture, "", 0);
  g_object_unref (load (&fixture, &error));
  g_assert_no_error (error);

  write_file (&fixture, LINE "\r\n\n" LINE, -1);
  {
    g_autoptr (DwTrace) trace = load (&fixture, &error);

    g_assert_no_error (error);
    g_assert_cmpuint (dw_trace_get_last (trace), ==, 2);
  }

  assert_refused (&fixture, LINE "\n\n{\"time\":1}\n", -1, "3");
  assert_refused (&fixture, LINE "\nnonsense", -1, "2");
  assert_refused (&fixture, "\0\0\0\n", 4, "1");
  /* It is not read to its end first. */
  assert_refused (&fixture, endless, -1, "1");

  g_file_delete (fixture.file, NULL, NULL);
  g_assert_null (load (&fixture, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

/* Neither a huge file is read nor one of lines without end, whatever is in them. */
static void
test_huge_files (void)
{
  g_auto (Fixture) fixture;
  g_autofree char *lines = g_strnfill (DW_TRACE_FILE_LINES + 1, '\n');
  g_autoptr (GError) error = NULL;

  fixture_init (&fixture);
  write_file (&fixture, lines, -1);
  g_assert_null (load (&fixture, &error));
  g_assert_error (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_RECORDING);
  g_clear_error (&error);

  write_file (&fixture, LINE "\n", -1);
  g_assert_cmpint (truncate (g_file_peek_path (fixture.file), DW_TRACE_FILE_BYTES + 1), ==, 0);
  g_assert_null (load (&fixture, &error));
  g_assert_error (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_RECORDING);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/trace-file/round-trip", test_round_trip);
  g_test_add_func ("/client/trace-file/pieces", test_pieces);
  g_test_add_func ("/client/trace-file/har", test_har);
  g_test_add_func ("/client/trace-file/har-without-frames", test_har_without_frames);
  g_test_add_func ("/client/trace-file/no-place", test_no_place);
  g_test_add_func ("/client/trace-file/S-31/files", test_files);
  g_test_add_func ("/client/trace-file/S-31/huge-files", test_huge_files);
  return g_test_run ();
}
