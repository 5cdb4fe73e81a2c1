/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-raw.h"

#include "dw-line-editor.h"
#include "dw-line-reader.h"
#include "dw-run.h"
#include "dw-stage-options.h"

#include "client/connection/dw-session-policy.h"
#include "client/connection/dw-socket.h"

#include <gio/gunixinputstream.h>
#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

/* Frames as they are: nothing is probed, understood or tried again. */

/* How many bytes may wait to be sent before we pause reading, and how long we pause, in milliseconds. */
#define MOST_QUEUED (1024 * 1024)
#define PAUSE_MS 20

/* How long answers are waited for after the last frame, in seconds, unless somebody says otherwise. */
#define WAIT_SECONDS 2

/* How many bytes of a binary message are shown on a terminal. */
#define SHOWN_BYTES 64

#define CLOSE_NORMAL 1000
#define CLOSE_GOING_AWAY 1001
#define CLOSE_NO_CODE 1005

typedef struct
{
  DwStageOptions stage;
  DwPrinterOptions printing;
  DwRunOptions running;
  char **texts;
  char *wait;
  int count;
  int ping;
  gboolean show_pings;
  gboolean binary;
  gboolean nul;
  gboolean whole;
  gboolean plain;
} Options;

typedef struct
{
  const Options *options;
  DwStage *stage;
  DwRun *run;
  DwPrinter *printer;
  DwSocket *socket;
  DwLineReader *input;
  DwLineHistory *history;
  DwLineEditor *editor;
  guint pause;
  guint wait;
  guint received;
  gboolean opened;
} Raw;

static const DwSlashKind typed_commands[] = { DW_SLASH_PING, DW_SLASH_PONG, DW_SLASH_CLOSE,
                                              DW_SLASH_QUIT, DW_SLASH_HELP, DW_SLASH_NONE };

static gboolean
on_wait_over (gpointer data)
{
  Raw *raw = data;

  raw->wait = 0;
  dw_socket_close (raw->socket, CLOSE_NORMAL, NULL);
  return G_SOURCE_REMOVE;
}

/* Nothing more is to be sent. */
static void
begin_wait (Raw *raw)
{
  double seconds = raw->options->wait != NULL ? g_ascii_strtod (raw->options->wait, NULL) : WAIT_SECONDS;

  if (seconds >= 0 && raw->wait == 0)
    raw->wait = g_timeout_add ((guint) (seconds * 1000), on_wait_over, raw);
}

static void
send_frame (Raw *raw, GBytes *bytes)
{
  DwSocketFrame frame = raw->options->binary ? DW_SOCKET_BINARY : DW_SOCKET_TEXT;

  if (dw_socket_send (raw->socket, frame, bytes))
    return;
  g_printerr ("%s\n", dw_socket_is_open (raw->socket)
                          ? _ ("A text frame must be UTF-8. Use --binary to send bytes.")
                          : _ ("Not connected."));
  dw_run_set_status (raw->run, DW_EXIT_FAILED);
}

static void read_record (Raw *raw);

static gboolean
on_pause_over (gpointer data)
{
  Raw *raw = data;

  raw->pause = 0;
  read_record (raw);
  return G_SOURCE_REMOVE;
}

static void
on_record (GObject *source, GAsyncResult *result, gpointer data)
{
  Raw *raw = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) record = dw_line_reader_read_record_finish (DW_LINE_READER (source), result, &error);

  if (raw->input == NULL)
    return;
  if (error != NULL)
    {
      g_printerr ("%s\n", error->message);
      dw_run_set_status (raw->run, DW_EXIT_FAILED);
    }
  if (record != NULL)
    send_frame (raw, record);
  if (record != NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA))
    read_record (raw);
  else
    begin_wait (raw);
}

static void
read_record (Raw *raw)
{
  if (!dw_socket_is_open (raw->socket))
    return;
  if (dw_socket_get_queued (raw->socket) < MOST_QUEUED)
    dw_line_reader_read_async (raw->input, on_record, raw);
  else
    raw->pause = g_timeout_add (PAUSE_MS, on_pause_over, raw);
}

static void
begin_reading (Raw *raw)
{
  g_autoptr (GInputStream) input = g_unix_input_stream_new (0, FALSE);
  DwRecordEnd end = raw->options->whole ? DW_RECORD_FILE : raw->options->nul ? DW_RECORD_NUL : DW_RECORD_LINE;

  raw->input = dw_line_reader_new_for_records (input, end, DW_RAW_BYTES);
  read_record (raw);
}

static void
obey (Raw *raw, const DwSlash *slash)
{
  g_autoptr (GBytes) bytes = g_bytes_new (slash->text, strlen (slash->text));
  g_autofree char *help = NULL;

  switch (slash->kind)
    {
    case DW_SLASH_PING:
    case DW_SLASH_PONG:
      if (!dw_socket_send (raw->socket, slash->kind == DW_SLASH_PING ? DW_SOCKET_PING : DW_SOCKET_PONG, bytes))
        dw_printer_say (raw->printer, DW_INK_BAD, _ ("Not connected."));
      break;
    case DW_SLASH_CLOSE:
      dw_socket_close (raw->socket, (guint16) slash->code, slash->text);
      break;
    case DW_SLASH_QUIT:
      dw_run_finish (raw->run);
      break;
    case DW_SLASH_HELP:
      help = dw_slash_describe (typed_commands);
      dw_printer_say (raw->printer, DW_INK_PLAIN, help);
      break;
    case DW_SLASH_NONE:
      if (*slash->text != '\0')
        send_frame (raw, bytes);
      break;
    case DW_SLASH_RAW:
    case DW_SLASH_NAME:
    default:
      g_assert_not_reached ();
    }
}

static void
on_typed (const char *line, gpointer data)
{
  Raw *raw = data;
  g_auto (DwSlash) slash = { 0 };
  g_autoptr (GError) error = NULL;

  if (line == NULL)
    dw_socket_close (raw->socket, CLOSE_NORMAL, NULL);
  else if (!dw_slash_parse (&slash, typed_commands, line, &error))
    dw_printer_say (raw->printer, DW_INK_BAD, error->message);
  else
    obey (raw, &slash);
}

static gboolean
on_interrupted (gpointer data)
{
  return dw_line_editor_discard (data);
}

static void
begin_typing (Raw *raw)
{
  g_autofree char *path = dw_line_history_dup_path (dw_stage_get_url (raw->stage, 0));

  raw->history = dw_line_history_new (path, raw->stage);
  raw->editor = dw_line_editor_new (dw_run_get_output (raw->run), raw->history, typed_commands, on_typed, raw);
  dw_line_editor_set_printer (raw->editor, raw->printer);
  dw_run_set_interrupted (raw->run, on_interrupted, raw->editor);
}

static void
on_opened (Raw *raw)
{
  const char *protocol = dw_socket_get_protocol (raw->socket);
  JsonBuilder *line = dw_printer_begin (raw->printer, "open");
  char **texts = raw->options->texts;

  raw->opened = TRUE;
  dw_printer_add (line, "subprotocol", protocol);
  dw_printer_add_number (line, "milliseconds",
                         dw_socket_get_handshake (raw->socket)->steps_ms[DW_HANDSHAKE_UPGRADE]);
  if (raw->options->plain)
    g_object_unref (line);
  else
    dw_printer_end (raw->printer, line, DW_INK_DIM, "open");

  for (char **text = texts; text != NULL && *text != NULL; text++)
    {
      g_autoptr (GBytes) bytes = g_bytes_new (*text, strlen (*text));

      send_frame (raw, bytes);
    }
  if (texts != NULL)
    begin_wait (raw);
  else if (dw_printer_is_for_people (raw->printer) && isatty (STDIN_FILENO))
    begin_typing (raw);
  else
    begin_reading (raw);
}

static char *
describe_binary (const guint8 *data, gsize length)
{
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, _ ("%u bytes:"), (guint) length);
  for (gsize i = 0; i < MIN (length, SHOWN_BYTES); i++)
    g_string_append_printf (text, " %02x", data[i]);
  if (length > SHOWN_BYTES)
    g_string_append (text, " …");
  return g_string_free (text, FALSE);
}

static const char *
name_frame (DwSocketFrame frame)
{
  static const char *const names[] = { "message", "binary", "ping", "pong" };

  return names[frame];
}

/* As an event, or in words on a terminal. Text with a NUL in it is no text to either. */
static void
print_frame (Raw *raw, DwSocketFrame frame, const guint8 *data, gsize length)
{
  gboolean is_text = frame != DW_SOCKET_BINARY && g_utf8_validate_len ((const char *) data, length, NULL);
  gboolean is_control = frame == DW_SOCKET_PING || frame == DW_SOCKET_PONG;
  g_autofree char *shown = is_text ? g_strndup ((const char *) data, length) : describe_binary (data, length);
  g_autofree char *words = g_strdup_printf ("%s %s", is_control ? name_frame (frame) : "<", shown);
  JsonBuilder *line = dw_printer_begin (raw->printer, name_frame (frame));

  if (is_text)
    dw_printer_add (line, "text", shown);
  else
    {
      g_autofree char *base64 = g_base64_encode (data, length);

      dw_printer_add (line, "base64", base64);
    }
  dw_printer_end (raw->printer, line, is_control ? DW_INK_DIM : DW_INK_IN, words);
}

/* In a pipe exactly what came. */
static void
print_plain (Raw *raw, const guint8 *data, gsize length)
{
  if (dw_printer_is_for_people (raw->printer))
    {
      g_autofree char *text = g_strndup ((const char *) data, length);

      dw_printer_say (raw->printer, DW_INK_PLAIN, text);
      return;
    }
  if (length > 0)
    dw_output_write_bytes (dw_run_get_output (raw->run), data, length);
  if (!raw->options->whole)
    dw_output_write_bytes (dw_run_get_output (raw->run), raw->options->nul ? "" : "\n", 1);
}

static void
on_frame (Raw *raw, guint frame, GBytes *bytes)
{
  gboolean is_control = frame == DW_SOCKET_PING || frame == DW_SOCKET_PONG;
  guint most = (guint) raw->options->count;
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  if (is_control && raw->editor == NULL && !raw->options->show_pings)
    return;
  /* A pong is what was asked for where somebody types. */
  if (frame == DW_SOCKET_PING && !raw->options->show_pings)
    return;
  if (!is_control && most > 0 && raw->received >= most)
    return;

  if (!raw->options->plain)
    print_frame (raw, frame, data != NULL ? data : (const guint8 *) "", length);
  else if (!is_control)
    print_plain (raw, data, length);
  raw->received += is_control ? 0 : 1;
  if (!is_control && raw->received == most)
    dw_socket_close (raw->socket, CLOSE_NORMAL, NULL);
}

static gboolean
ended_well (guint cause, guint code)
{
  return cause == DW_CAUSE_NONE || code == CLOSE_NORMAL || code == CLOSE_GOING_AWAY || code == CLOSE_NO_CODE;
}

static void
on_ended (Raw *raw, guint cause, guint code, const char *reason)
{
  const char *sentence = cause != DW_CAUSE_NONE ? dw_cause_get_sentence (cause) : NULL;
  gboolean well = raw->opened && ended_well (cause, code);
  JsonBuilder *line = dw_printer_begin (raw->printer, raw->opened ? "closed" : "refused");
  g_autoptr (GString) words = g_string_new (raw->opened ? "closed" : "refused");

  if (code != 0)
    {
      dw_printer_add_number (line, "code", code);
      g_string_append_printf (words, " %u", code);
    }
  if (cause != DW_CAUSE_NONE)
    dw_printer_add (line, "cause", dw_cause_get_name (cause));
  dw_printer_add (line, "text", sentence);
  if (reason != NULL && *reason != '\0' && g_utf8_validate (reason, -1, NULL))
    {
      dw_printer_add (line, "reason", reason);
      g_string_append_printf (words, " %s", reason);
    }
  if (sentence != NULL)
    g_string_append_printf (words, ": %s", sentence);
  if (raw->options->plain)
    {
      g_object_unref (line);
      if (!well && sentence != NULL)
        g_printerr ("%s\n", sentence);
    }
  else
    dw_printer_end (raw->printer, line, well ? DW_INK_DIM : DW_INK_BAD, words->str);

  if (well)
    dw_run_finish (raw->run);
  else
    dw_run_finish_with (raw->run, raw->opened || code == 0 ? DW_EXIT_FAILED : DW_EXIT_REFUSED);
}

/* Says goodbye where a signal or the timeout ended the run, as far as that goes without a wait. */
static void
say_goodbye (Raw *raw)
{
  g_signal_handlers_disconnect_by_data (raw->socket, raw);
  if (!dw_socket_is_open (raw->socket))
    return;
  dw_socket_close (raw->socket, CLOSE_GOING_AWAY, NULL);
  for (guint turns = 0; turns < 10; turns++)
    g_main_context_iteration (NULL, FALSE);
}

static DwExit
run_on (Raw *raw)
{
  g_autoptr (DwSessionPolicy) policy = dw_session_policy_new ();
  DwExit status;

  raw->socket = dw_socket_new (raw->stage);
  g_signal_connect_swapped (raw->socket, "opened", G_CALLBACK (on_opened), raw);
  g_signal_connect_swapped (raw->socket, "frame", G_CALLBACK (on_frame), raw);
  g_signal_connect_swapped (raw->socket, "ended", G_CALLBACK (on_ended), raw);
  dw_socket_open (raw->socket, policy->handshake_ms, (guint) raw->options->ping);
  status = dw_run_wait (raw->run);

  say_goodbye (raw);
  g_clear_handle_id (&raw->pause, g_source_remove);
  g_clear_handle_id (&raw->wait, g_source_remove);
  dw_run_set_interrupted (raw->run, NULL, NULL);
  g_clear_pointer (&raw->editor, dw_line_editor_free);
  g_clear_pointer (&raw->history, dw_line_history_free);
  g_clear_object (&raw->input);
  g_clear_object (&raw->socket);
  dw_run_flush (raw->run);
  return status;
}

static gboolean
check (const Options *options, GError **error)
{
  char *end = NULL;

  if (!dw_run_options_check (&options->running, error))
    return FALSE;
  if (options->count < 0)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _ ("%s can’t be negative."), "--count");
  else if (options->ping < 0)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _ ("%s can’t be negative."), "--ping");
  else if (options->wait != NULL
           && (g_ascii_strtod (options->wait, &end) < -1 || *options->wait == '\0' || *end != '\0'
               || !(g_ascii_strtod (options->wait, NULL) <= 1e6)))
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                         _ ("--wait is a number of seconds, or -1 to wait until the stage closes the connection."));
  else
    return TRUE;
  return FALSE;
}

static DwExit
run_raw (gpointer data, char **words)
{
  const Options *options = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (DwStage) stage = NULL;
  g_autoptr (DwRun) run = NULL;
  Raw raw = { .options = options };

  if (check (options, &error) && dw_stage_options_check_input (&options->stage, options->texts == NULL, &error))
    stage = dw_stage_options_make (&options->stage, NULL, words[0], &error);
  if (stage == NULL)
    {
      g_printerr ("%s\n", error->message);
      return DW_EXIT_USAGE;
    }
  run = dw_run_new (&options->running, &options->printing);
  raw.stage = stage;
  raw.run = run;
  raw.printer = dw_run_get_printer (run);
  return run_on (&raw);
}

static const GOptionEntry entries[] = {
  { "send", 'x', 0, G_OPTION_ARG_STRING_ARRAY, DW_OPTION (Options, texts),
    N_ ("Send this frame instead of standard input; repeatable"), "FRAME" },
  { "wait", 'w', 0, G_OPTION_ARG_STRING, DW_OPTION (Options, wait),
    N_ ("Wait this long after the last frame before closing (default 2, -1 until the stage closes)"),
    N_ ("SECONDS") },
  { "count", 'c', 0, G_OPTION_ARG_INT, DW_OPTION (Options, count), N_ ("Exit after this many messages"), N_ ("N") },
  { "binary", 'b', 0, G_OPTION_ARG_NONE, DW_OPTION (Options, binary), N_ ("Send binary frames instead of text"),
    NULL },
  { "null", '0', 0, G_OPTION_ARG_NONE, DW_OPTION (Options, nul),
    N_ ("Frames on standard input end with a NUL byte instead of a line end"), NULL },
  { "whole", 0, 0, G_OPTION_ARG_NONE, DW_OPTION (Options, whole), N_ ("Send all of standard input as one frame"),
    NULL },
  { "plain", 'p', 0, G_OPTION_ARG_NONE, DW_OPTION (Options, plain),
    N_ ("Print only the messages, exactly as they arrive"), NULL },
  { "show-pings", 'P', 0, G_OPTION_ARG_NONE, DW_OPTION (Options, show_pings), N_ ("Show pings and pongs too"),
    NULL },
  { "ping", 0, 0, G_OPTION_ARG_INT, DW_OPTION (Options, ping), N_ ("Ping this often"), N_ ("SECONDS") },
  { NULL },
};

const DwCommand dw_raw_command = {
  .name = "raw",
  .arguments = "URL",
  .summary = N_ ("Send each line as a frame, unchanged, and print the frames that arrive"),
  .description = DW_RUN_EXIT_STATUS,
  .least = 1,
  .most = 1,
  .options_bytes = sizeof (Options),
  .tables = { { entries, 0 },
              { dw_stage_option_entries, G_STRUCT_OFFSET (Options, stage) },
              { dw_run_option_entries, G_STRUCT_OFFSET (Options, running) },
              { dw_printer_option_entries, G_STRUCT_OFFSET (Options, printing) } },
  .run = run_raw,
};
