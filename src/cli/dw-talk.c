/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-talk.h"

#include "dw-line-editor.h"
#include "dw-line-reader.h"
#include "dw-run.h"
#include "dw-stage-options.h"

#include "client/dw-chat.h"
#include "client/dw-tail.h"

#include "wire/dw-limits.h"
#include "wire/dw-safe-text.h"
#include "wire/dw-time.h"

#include <gio/gunixinputstream.h>
#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

/* What is said on a stage: “tail” prints it, “send” adds to it, and “chat” does both. */

/* How many times as long as for the answer to a probe to wait for the echo of a sent message, before we assume that the
 * stage does not echo: 10 s, unless --policy says otherwise. */
#define ECHO_WAITS 2

/* How many lines of standard input may wait to be sent before we pause reading. */
#define MOST_WAITING 500

typedef struct
{
  DwStageOptions stage;
  DwFormatOptions format;
  DwPolicyOptions policy;
  DwPrinterOptions printing;
  DwRunOptions running;
  int count;
} Options;

typedef struct
{
  const Options *options;
  const DwSessionPolicy *policy;
  DwRun *run;
  DwPrinter *printer; /* the run's; NULL once it is over: messages that are not waited for are dropped last */
  DwSession *session;
  DwChat *chat;        /* or NULL where nothing is said: then a tail tells what happens */
  DwLineReader *input; /* where lines are sent from standard input, until its end */
  DwLineHistory *history;
  DwLineEditor *editor; /* or where they are typed on a terminal */
  gint64 pinged_at;     /* monotonic, or 0 where no answer is waited for */
  guint64 traced;       /* the last entry of the trace that was looked at */
  guint pending;        /* own messages whose end is not known */
  guint received;
  gboolean sends;
  gboolean reading;
  guint echo_wait;
} Talk;

static void
on_state (Talk *talk)
{
  const DwSessionStatus *status = dw_session_get_status (talk->session);
  const char *state = dw_session_state_get_name (status->state);
  const char *sentence = status->cause != DW_CAUSE_NONE ? dw_cause_get_sentence (status->cause) : NULL;
  JsonBuilder *line = dw_printer_begin (talk->printer, "state");
  g_autofree char *words = g_strjoin (": ", state, sentence, NULL);

  dw_printer_add (line, "state", state);
  if (status->cause != DW_CAUSE_NONE)
    {
      dw_printer_add (line, "cause", dw_cause_get_name (status->cause));
      dw_printer_add (line, "text", sentence);
    }
  if (status->code != 0)
    {
      dw_printer_add_number (line, "code", status->code);
      if (status->reason != NULL && g_utf8_validate (status->reason, -1, NULL))
        dw_printer_add (line, "reason", status->reason);
    }
  if (status->state == DW_SESSION_ONLINE)
    {
      dw_printer_add (line, "connectionId", status->connection_id);
      dw_printer_add_boolean (line, "confirmed", status->confirmed);
    }
  dw_printer_end (talk->printer, line, status->state == DW_SESSION_REFUSED ? DW_INK_BAD : DW_INK_DIM, words);
  if (status->state == DW_SESSION_REFUSED)
    dw_run_finish_with (talk->run, DW_EXIT_REFUSED);
}

static void read_line (Talk *talk);

static void
check_finished (Talk *talk)
{
  if (talk->sends && talk->pending == 0 && talk->input == NULL)
    dw_run_finish (talk->run);
}

/* On a stage that has never echoed, “sent” is the final state. */
static gboolean
on_echo_wait (gpointer data)
{
  Talk *talk = data;

  talk->echo_wait = 0;
  if (talk->sends && talk->input == NULL && dw_outbox_get_n_waiting (dw_chat_get_outbox (talk->chat)) == 0)
    dw_run_finish (talk->run);
  return G_SOURCE_REMOVE;
}

static void
wait_for_echo (Talk *talk, DwDelivery delivery)
{
  g_clear_handle_id (&talk->echo_wait, g_source_remove);
  if (delivery == DW_DELIVERY_SENT && !dw_stage_echoes (dw_chat_get_stage (talk->chat)))
    talk->echo_wait = g_timeout_add (ECHO_WAITS * talk->policy->confirm_ms, on_echo_wait, talk);
}

/* The connection ended before an echo arrived, so nobody can know whether the message was delivered. */
static void
on_lost (Talk *talk, gint64 before)
{
  if (talk->pending > 0 && talk->echo_wait != 0)
    dw_run_set_status (talk->run, DW_EXIT_FAILED);
}

static gboolean
is_final (DwDelivery delivery)
{
  return delivery == DW_DELIVERY_DELIVERED || delivery == DW_DELIVERY_FAILED || delivery == DW_DELIVERY_UNCONFIRMED;
}

static void
print_delivery (Talk *talk, DwMessage *message)
{
  DwDelivery delivery = dw_message_get_delivery (message);
  const char *state = dw_delivery_get_name (delivery);
  gboolean well = delivery == DW_DELIVERY_DELIVERED;
  JsonBuilder *line;
  g_autofree char *text = NULL;
  g_autofree char *words = NULL;

  if (talk->printer == NULL)
    return;
  line = dw_printer_begin (talk->printer, "delivery");
  dw_printer_add (line, "text", dw_message_get_text (message));
  dw_printer_add (line, "id", dw_message_get_id (message));
  dw_printer_add (line, "state", state);
  dw_printer_add (line, "reason", dw_message_get_reason (message));

  /* In a chat, what went well is seen from its being there. */
  text = dw_safe_line (dw_message_get_text (message), DW_SAFE_TEXT_NAME_CHARS);
  if (is_final (delivery) && !(well && !talk->sends))
    words = g_strdup_printf ("%s: %s", state, text);
  dw_printer_end (talk->printer, line, well ? DW_INK_GOOD : DW_INK_BAD, words);
}

static void
on_delivery (DwMessage *message, GParamSpec *pspec, Talk *talk)
{
  DwDelivery delivery = dw_message_get_delivery (message);

  print_delivery (talk, message);
  wait_for_echo (talk, delivery);
  /* An unconfirmed message with an id is sent again automatically, so its outcome is still open, unless there is a
   * reason why it is not. */
  if (delivery == DW_DELIVERY_UNCONFIRMED && dw_message_get_reason (message) == NULL
      && (dw_session_get_status (talk->session)->features & DW_FEATURE_ID) != 0)
    return;
  if (!is_final (delivery))
    return;

  g_signal_handlers_disconnect_by_func (message, on_delivery, talk);
  talk->pending--;
  if (delivery != DW_DELIVERY_DELIVERED)
    dw_run_set_status (talk->run, DW_EXIT_FAILED);
  read_line (talk);
  check_finished (talk);
}

static void
say (Talk *talk, const char *text)
{
  DwMessage *message = dw_chat_say (talk->chat, text);

  if (message == NULL)
    {
      dw_run_set_status (talk->run, DW_EXIT_FAILED);
      return;
    }
  talk->pending++;
  g_signal_connect (message, "notify::delivery", G_CALLBACK (on_delivery), talk);
}

static void
on_line (GObject *source, GAsyncResult *result, gpointer data)
{
  Talk *talk = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *line = NULL;

  talk->reading = FALSE;
  line = dw_line_reader_read_finish (DW_LINE_READER (source), result, &error);
  if (error != NULL)
    {
      g_printerr ("%s\n", error->message);
      dw_run_set_status (talk->run, DW_EXIT_FAILED);
    }
  if (line == NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA))
    {
      g_clear_object (&talk->input);
      check_finished (talk);
      return;
    }
  if (line != NULL && *line != '\0')
    say (talk, line);
  read_line (talk);
}

static void
read_line (Talk *talk)
{
  if (talk->input == NULL || talk->reading || talk->pending >= MOST_WAITING)
    return;
  talk->reading = TRUE;
  dw_line_reader_read_async (talk->input, on_line, talk);
}

/* What can be typed beside messages. */
static const DwSlashKind typed_commands[] = { DW_SLASH_RAW,  DW_SLASH_PING, DW_SLASH_NAME, DW_SLASH_CLOSE,
                                              DW_SLASH_QUIT, DW_SLASH_HELP, DW_SLASH_NONE };

static void
tell (Talk *talk, DwInk ink, const char *words)
{
  dw_printer_say (talk->printer, ink, words);
}

static void
send_raw (Talk *talk, const char *frame)
{
  if (strlen (frame) > DW_LIMIT_FRAME_BYTES)
    tell (talk, DW_INK_BAD, _ ("The frame is larger than 32 KiB."));
  else if (!dw_session_send (talk->session, frame))
    tell (talk, DW_INK_BAD, _ ("Not connected."));
}

static void
ping (Talk *talk, const char *payload)
{
  if (!dw_session_ping (talk->session, payload))
    tell (talk, DW_INK_BAD, _ ("Not connected."));
  else
    talk->pinged_at = g_get_monotonic_time ();
}

/* The session's own pings are answered too; the first pong after ours is the answer to it, or to one just before. */
static void
on_traced (Talk *talk, DwTrace *trace)
{
  guint64 last = dw_trace_get_last (trace);

  for (guint64 serial = MAX (talk->traced + 1, dw_trace_get_first (trace)); serial <= last; serial++)
    {
      const DwTraceEntry *entry = dw_trace_get_entry (trace, serial);
      g_autofree char *words = NULL;

      if (entry == NULL || entry->kind != DW_TRACE_PONG || talk->pinged_at == 0)
        continue;
      words = g_strdup_printf (_ ("Pong received after %u ms"),
                               (guint) ((g_get_monotonic_time () - talk->pinged_at) / 1000));
      talk->pinged_at = 0;
      tell (talk, DW_INK_DIM, words);
    }
  talk->traced = last;
}

static gboolean
on_closed (gpointer data)
{
  dw_run_finish (data);
  return G_SOURCE_REMOVE;
}

static void
obey (Talk *talk, const DwSlash *slash)
{
  g_autofree char *help = NULL;

  switch (slash->kind)
    {
    case DW_SLASH_RAW:
      send_raw (talk, slash->text);
      break;
    case DW_SLASH_PING:
      ping (talk, slash->text);
      break;
    case DW_SLASH_NAME:
      dw_stage_set_own_name (dw_chat_get_stage (talk->chat), slash->text);
      break;
    case DW_SLASH_CLOSE:
      dw_session_disconnect_with (talk->session, (guint16) slash->code, slash->text);
      /* Later than the close frame, which leaves in the next turn. */
      g_idle_add_full (G_PRIORITY_LOW, on_closed, talk->run, NULL);
      break;
    case DW_SLASH_QUIT:
      dw_run_finish (talk->run);
      break;
    case DW_SLASH_HELP:
      help = dw_slash_describe (typed_commands);
      tell (talk, DW_INK_PLAIN, help);
      break;
    case DW_SLASH_NONE:
      if (*slash->text != '\0')
        say (talk, slash->text);
      break;
    case DW_SLASH_PONG:
    default:
      g_assert_not_reached ();
    }
}

static void
on_typed (const char *line, gpointer data)
{
  Talk *talk = data;
  g_auto (DwSlash) slash = { 0 };
  g_autoptr (GError) error = NULL;

  if (line == NULL)
    dw_run_finish (talk->run);
  else if (!dw_slash_parse (&slash, typed_commands, line, &error))
    tell (talk, DW_INK_BAD, error->message);
  else if (slash.kind == DW_SLASH_NONE && talk->pending >= MOST_WAITING)
    tell (talk, DW_INK_BAD, _ ("Too many messages are waiting to be sent."));
  else
    obey (talk, &slash);
}

static gboolean
on_interrupted (gpointer data)
{
  return dw_line_editor_discard (data);
}

static void
begin_typing (Talk *talk, DwStage *stage)
{
  g_autofree char *path = dw_line_history_dup_path (dw_stage_get_url (stage, 0));

  talk->history = dw_line_history_new (path, stage);
  talk->editor = dw_line_editor_new (dw_run_get_output (talk->run), talk->history, typed_commands, on_typed, talk);
  dw_line_editor_set_printer (talk->editor, talk->printer);
  dw_run_set_interrupted (talk->run, on_interrupted, talk->editor);
  g_signal_connect_swapped (dw_chat_get_trace (talk->chat), "changed", G_CALLBACK (on_traced), talk);
}

static void
end_typing (Talk *talk)
{
  if (talk->editor == NULL)
    return;
  dw_run_set_interrupted (talk->run, NULL, NULL);
  g_signal_handlers_disconnect_by_data (dw_chat_get_trace (talk->chat), talk);
  g_clear_pointer (&talk->editor, dw_line_editor_free);
  g_clear_pointer (&talk->history, dw_line_history_free);
}

static void
add_time (JsonBuilder *builder, const char *name, gint64 time)
{
  g_autofree char *text = dw_time_format (time);

  dw_printer_add (builder, name, text);
}

static void
print_gap (Talk *talk, DwMessage *gap)
{
  JsonBuilder *line = dw_printer_begin (talk->printer, "gap");
  gint64 seconds = (dw_message_get_until (gap) - dw_message_get_time (gap)) / G_USEC_PER_SEC;
  g_autofree char *words = g_strdup_printf ("gap: %" G_GINT64_FORMAT " s", seconds);

  add_time (line, "since", dw_message_get_time (gap));
  add_time (line, "until", dw_message_get_until (gap));
  dw_printer_end (talk->printer, line, DW_INK_DIM, words);
}

static char *
describe_message (DwMessage *message)
{
  g_autofree char *sender =
      dw_safe_name (dw_message_get_sender (message) != NULL ? dw_message_get_sender (message) : "");

  if (*sender == '\0')
    return g_strdup (dw_message_get_text (message));
  return g_strdup_printf ("%s: %s", sender, dw_message_get_text (message));
}

static void
print_message (Talk *talk, DwMessage *message)
{
  gboolean notice = dw_message_get_kind (message) == DW_MESSAGE_NOTICE;
  guint most = (guint) talk->options->count;
  JsonBuilder *line;
  g_autofree char *words = NULL;

  if (most > 0 && talk->received >= most)
    return;
  if (dw_message_get_kind (message) == DW_MESSAGE_GAP)
    print_gap (talk, message);
  if (dw_message_get_kind (message) != DW_MESSAGE_THEIRS && !notice)
    return;

  line = dw_printer_begin (talk->printer, notice ? "notice" : "message");
  dw_printer_add (line, "text", dw_message_get_text (message));
  dw_printer_add (line, "sender", dw_message_get_sender (message));
  dw_printer_add (line, "id", dw_message_get_id (message));
  words = describe_message (message);
  dw_printer_end (talk->printer, line, notice ? DW_INK_DIM : DW_INK_PLAIN, words);
  talk->received += notice ? 0 : 1;
  if (most > 0 && talk->received == most)
    dw_run_finish_with (talk->run, DW_EXIT_WELL);
}

static void
on_shown (Talk *talk, GPtrArray *lines)
{
  for (guint i = 0; i < lines->len; i++)
    print_message (talk, g_ptr_array_index (lines, i));
}

/* Runs until something ends it; a signal, mostly. */
static DwExit
run (Talk *talk)
{
  DwExit status;

  g_signal_connect_swapped (talk->session, "notify::state", G_CALLBACK (on_state), talk);
  dw_session_connect (talk->session);
  status = dw_run_wait (talk->run);

  g_signal_handlers_disconnect_by_data (talk->session, talk);
  end_typing (talk);
  dw_run_flush (talk->run);
  g_clear_handle_id (&talk->echo_wait, g_source_remove);
  talk->printer = NULL;
  return status;
}

static DwExit
complain (const GError *error)
{
  g_printerr ("%s\n", error->message);
  return DW_EXIT_USAGE;
}

/* What “tail”, “chat” and “send” have in common before they start. */
static DwStage *
prepare (const Options *options, const char *address, gboolean reads, DwSessionPolicy **policy, GError **error)
{
  if (!dw_run_options_check (&options->running, error))
    return NULL;
  if (options->count < 0)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _ ("%s can’t be negative."), "--count");
      return NULL;
    }
  if (!dw_stage_options_check_input (&options->stage, reads, error))
    return NULL;
  *policy = dw_policy_options_make (&options->policy, error);
  return *policy != NULL ? dw_stage_options_make (&options->stage, &options->format, address, error) : NULL;
}

static DwExit
run_tail (gpointer data, char **words)
{
  const Options *options = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (DwSessionPolicy) policy = NULL;
  g_autoptr (DwStage) stage = prepare (options, words[0], FALSE, &policy, &error);
  g_autoptr (DwRun) whole = NULL;
  g_autoptr (DwTail) tail = NULL;
  Talk talk = { .options = options };
  DwExit status;

  if (stage == NULL)
    return complain (error);
  whole = dw_run_new (&options->running, &options->printing);
  tail = dw_tail_new (stage, policy, g_network_monitor_get_default ());
  talk.run = whole;
  talk.printer = dw_run_get_printer (whole);
  talk.session = dw_tail_get_session (tail);
  g_signal_connect_swapped (tail, "line", G_CALLBACK (print_message), &talk);
  status = run (&talk);
  g_signal_handlers_disconnect_by_data (tail, &talk);
  g_clear_object (&tail);
  return status;
}

static DwExit
run_chat_on (Talk *talk, DwStage *stage, DwSessionPolicy *policy, const char *text)
{
  /* Nothing is stored: messages only pass through memory. */
  g_autoptr (DwStore) store = dw_store_new (NULL);
  g_autoptr (DwChat) chat = dw_chat_new (stage, store, policy, g_network_monitor_get_default ());
  DwExit status;

  talk->chat = chat;
  talk->policy = policy;
  talk->session = dw_chat_get_session (chat);
  g_signal_connect_swapped (talk->session, "lost", G_CALLBACK (on_lost), talk);
  if (!talk->sends)
    g_signal_connect_swapped (dw_chat_get_conversation (chat), "shown", G_CALLBACK (on_shown), talk);
  if (!talk->sends && dw_printer_is_for_people (talk->printer) && isatty (STDIN_FILENO))
    begin_typing (talk, stage);
  else if (strcmp (text, "-") == 0)
    {
      g_autoptr (GInputStream) input = g_unix_input_stream_new (0, FALSE);

      talk->input = dw_line_reader_new (input);
      read_line (talk);
    }
  else
    say (talk, text);
  status = run (talk);
  g_signal_handlers_disconnect_by_data (dw_chat_get_conversation (chat), talk);
  g_clear_object (&talk->input);
  return status;
}

static DwExit
chat_on (const Options *options, const char *address, const char *text, gboolean sends)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DwSessionPolicy) policy = NULL;
  g_autoptr (DwStage) stage = prepare (options, address, strcmp (text, "-") == 0, &policy, &error);
  g_autoptr (DwRun) whole = NULL;
  Talk talk = { .options = options, .sends = sends };

  if (stage == NULL)
    return complain (error);
  whole = dw_run_new (&options->running, &options->printing);
  /* “tail” and “chat” are useless without output; a message of “send” may be in flight. */
  dw_run_set_goes_on (whole, sends);
  talk.run = whole;
  talk.printer = dw_run_get_printer (whole);
  return run_chat_on (&talk, stage, policy, text);
}

static DwExit
run_chat (gpointer data, char **words)
{
  return chat_on (data, words[0], "-", FALSE);
}

static DwExit
run_send (gpointer data, char **words)
{
  if (*words[1] != '\0' && g_utf8_validate (words[1], -1, NULL))
    return chat_on (data, words[0], words[1], TRUE);
  g_printerr (_ ("The message must be UTF-8 text and can’t be empty.\n"));
  return DW_EXIT_USAGE;
}

/* “send” has no use for a count. */
static const GOptionEntry listening_entries[] = {
  { "count", 'c', 0, G_OPTION_ARG_INT, DW_OPTION (Options, count), N_ ("Exit after this many messages"), N_ ("N") },
  { NULL },
};

#define TABLES                                                                                                     \
  { dw_format_option_entries, G_STRUCT_OFFSET (Options, format) },                                                 \
      { dw_stage_option_entries, G_STRUCT_OFFSET (Options, stage) },                                               \
      { dw_run_option_entries, G_STRUCT_OFFSET (Options, running) },                                               \
      { dw_printer_option_entries, G_STRUCT_OFFSET (Options, printing) },                                          \
  {                                                                                                                \
    dw_policy_option_entries, G_STRUCT_OFFSET (Options, policy)                                                    \
  }

const DwCommand dw_tail_command = {
  .name = "tail",
  .arguments = "URL",
  .summary = N_ ("Print messages and events"),
  .least = 1,
  .most = 1,
  .options_bytes = sizeof (Options),
  .tables = { TABLES, { listening_entries, 0 } },
  .run = run_tail,
};

const DwCommand dw_chat_command = {
  .name = "chat",
  .arguments = "URL",
  .summary = N_ ("Print messages and events, and send each line that you enter"),
  .least = 1,
  .most = 1,
  .options_bytes = sizeof (Options),
  .tables = { TABLES, { listening_entries, 0 } },
  .run = run_chat,
};

const DwCommand dw_send_command = {
  .name = "send",
  .arguments = "URL TEXT|-",
  .summary = N_ ("Send a message, or each line of standard input, and wait until the stage broadcasts it"),
  .least = 2,
  .most = 2,
  .options_bytes = sizeof (Options),
  .tables = { TABLES },
  .run = run_send,
};
