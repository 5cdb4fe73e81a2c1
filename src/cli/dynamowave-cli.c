/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-config.h"

#include "dw-line-reader.h"
#include "dw-output.h"

#include "client/dw-chat.h"
#include "client/dw-tail.h"
#include "client/stages/dw-access.h"

#include "wire/dw-descriptors.h"
#include "wire/dw-json.h"
#include "wire/dw-secret.h"
#include "wire/dw-time.h"

#include <errno.h>
#include <gio/gunixinputstream.h>
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The same client without a window. */

enum
{
  EXIT_WELL = 0,
  EXIT_NOT_DELIVERED = 1,
  EXIT_USAGE = 2,
  EXIT_TIMEOUT = 3,
  EXIT_REFUSED = 4,
};

/* How long to wait for the echo of a sent message, in seconds, before we assume that the stage does not echo. */
#define ECHO_WAIT 10

/* How many lines of standard input may wait to be sent before we pause reading. */
#define MOST_WAITING 500

typedef struct
{
  char *policy;
  char *name;
  char *dialect;
  char **headers;
  char *header_file;
  char *token_file;
  char *token_parameter;
  char **protocols;
  int count;
  int timeout;
  gboolean version;
} Options;

typedef struct
{
  const Options *options;
  GMainLoop *loop;
  DwSession *session;
  DwChat *chat;        /* or NULL where nothing is said: then a tail tells what happens */
  DwLineReader *input; /* where lines are sent from standard input, until its end */
  DwOutput *output;
  guint pending; /* own messages whose end is not known */
  guint received;
  gboolean sends;
  gboolean reading;
  gboolean echoes; /* something sent came back */
  gboolean ended;  /* perhaps before the loop began */
  gboolean ended_by_signal;
  guint echo_wait;
  int status;
} Program;

static void
options_clear (Options *options)
{
  g_free (options->policy);
  g_free (options->name);
  g_free (options->dialect);
  g_strfreev (options->headers);
  g_free (options->header_file);
  g_free (options->token_file);
  g_free (options->token_parameter);
  g_strfreev (options->protocols);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static void
finish (Program *program, int status)
{
  program->status = status;
  program->ended = TRUE;
  g_main_loop_quit (program->loop);
}

static void
add_string (JsonBuilder *builder, const char *name, const char *value)
{
  if (value == NULL)
    return;
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

static JsonBuilder *
begin_line (const char *kind)
{
  g_autofree char *now = dw_time_format (g_get_real_time ());
  JsonBuilder *builder = json_builder_new ();

  json_builder_begin_object (builder);
  add_string (builder, "time", now);
  add_string (builder, "kind", kind);
  return builder;
}

/* “tail” and “chat” are useless without output and end here; “send” continues, since its message may be in flight. */
static void
stop_writing (int code, gpointer data)
{
  Program *program = data;

  g_printerr (_ ("Cannot write: %s\n"), g_strerror (code));
  if (!program->sends)
    finish (program, EXIT_NOT_DELIVERED);
}

/* Prints one JSON object per line, completely or not at all. Everything that peers send is printed here. */
static void
end_line (Program *program, JsonBuilder *builder)
{
  g_autoptr (JsonBuilder) owned G_GNUC_UNUSED = builder;
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *text = NULL;
  g_autofree char *whole = NULL;

  /* Messages that are not waited for are dropped last. */
  if (program->output == NULL)
    return;
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  text = dw_json_write (root);
  whole = g_strconcat (text, "\n", NULL);
  dw_output_write (program->output, whole);
}

static void
on_state (Program *program)
{
  const DwSessionStatus *status = dw_session_get_status (program->session);
  JsonBuilder *line = begin_line ("state");

  add_string (line, "state", dw_session_state_get_name (status->state));
  if (status->cause != DW_CAUSE_NONE)
    {
      add_string (line, "cause", dw_cause_get_name (status->cause));
      add_string (line, "text", dw_cause_get_sentence (status->cause));
    }
  if (status->code != 0)
    {
      json_builder_set_member_name (line, "code");
      json_builder_add_int_value (line, status->code);
      if (status->reason != NULL && g_utf8_validate (status->reason, -1, NULL))
        add_string (line, "reason", status->reason);
    }
  if (status->state == DW_SESSION_ONLINE)
    {
      add_string (line, "connectionId", status->connection_id);
      json_builder_set_member_name (line, "confirmed");
      json_builder_add_boolean_value (line, status->confirmed);
    }
  end_line (program, line);
  if (status->state == DW_SESSION_REFUSED)
    finish (program, EXIT_REFUSED);
}

static void read_line (Program *program);

static void
check_finished (Program *program)
{
  if (program->sends && program->pending == 0 && program->input == NULL)
    finish (program, program->status);
}

/* On a stage that has never echoed, “sent” is the final state. */
static gboolean
on_echo_wait (gpointer data)
{
  Program *program = data;

  program->echo_wait = 0;
  if (program->sends && program->input == NULL && dw_outbox_get_n_waiting (dw_chat_get_outbox (program->chat)) == 0)
    finish (program, program->status);
  return G_SOURCE_REMOVE;
}

static void
wait_for_echo (Program *program, DwDelivery delivery)
{
  g_clear_handle_id (&program->echo_wait, g_source_remove);
  if (delivery == DW_DELIVERY_SENT && !dw_stage_echoes (dw_chat_get_stage (program->chat)))
    program->echo_wait = g_timeout_add_seconds (ECHO_WAIT, on_echo_wait, program);
}

/* The connection ended before an echo arrived, so nobody can know whether the message was delivered. */
static void
on_lost (Program *program, gint64 before)
{
  if (program->pending > 0 && program->echo_wait != 0)
    program->status = EXIT_NOT_DELIVERED;
}

static void
on_delivery (DwMessage *message, GParamSpec *pspec, Program *program)
{
  DwDelivery delivery = dw_message_get_delivery (message);
  JsonBuilder *line = begin_line ("delivery");

  add_string (line, "text", dw_message_get_text (message));
  add_string (line, "id", dw_message_get_id (message));
  add_string (line, "state", dw_delivery_get_name (delivery));
  add_string (line, "reason", dw_message_get_reason (message));
  end_line (program, line);
  wait_for_echo (program, delivery);
  /* An unconfirmed message with an id is sent again automatically, so its outcome is still open, unless there is a
   * reason why it is not. */
  if (delivery == DW_DELIVERY_UNCONFIRMED && dw_message_get_reason (message) == NULL
      && (dw_session_get_status (program->session)->features & DW_FEATURE_ID) != 0)
    return;
  if (delivery != DW_DELIVERY_DELIVERED && delivery != DW_DELIVERY_FAILED && delivery != DW_DELIVERY_UNCONFIRMED)
    return;
  g_signal_handlers_disconnect_by_func (message, on_delivery, program);
  program->pending--;
  if (delivery != DW_DELIVERY_DELIVERED)
    program->status = EXIT_NOT_DELIVERED;
  read_line (program);
  check_finished (program);
}

static void
say (Program *program, const char *text)
{
  DwMessage *message = dw_chat_say (program->chat, text);

  if (message == NULL)
    {
      program->status = EXIT_NOT_DELIVERED;
      return;
    }
  program->pending++;
  g_signal_connect (message, "notify::delivery", G_CALLBACK (on_delivery), program);
}

static void
on_line (GObject *source, GAsyncResult *result, gpointer data)
{
  Program *program = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *line = NULL;

  program->reading = FALSE;
  line = dw_line_reader_read_finish (DW_LINE_READER (source), result, &error);
  if (error != NULL)
    {
      g_printerr ("%s\n", error->message);
      program->status = EXIT_NOT_DELIVERED;
    }
  if (line == NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA))
    {
      g_clear_object (&program->input);
      check_finished (program);
      return;
    }
  if (line != NULL && *line != '\0')
    say (program, line);
  read_line (program);
}

static void
read_line (Program *program)
{
  if (program->input == NULL || program->reading || program->pending >= MOST_WAITING)
    return;
  program->reading = TRUE;
  dw_line_reader_read_async (program->input, on_line, program);
}

static void
add_time (JsonBuilder *builder, const char *name, gint64 time)
{
  g_autofree char *text = dw_time_format (time);

  add_string (builder, name, text);
}

static void
on_gap (Program *program, DwMessage *gap)
{
  JsonBuilder *line = begin_line ("gap");

  add_time (line, "since", dw_message_get_time (gap));
  add_time (line, "until", dw_message_get_until (gap));
  end_line (program, line);
}

static void
print_message (Program *program, DwMessage *message)
{
  gboolean notice = dw_message_get_kind (message) == DW_MESSAGE_NOTICE;
  JsonBuilder *line;

  if (program->options->count > 0 && program->received >= (guint) program->options->count)
    return;
  if (dw_message_get_kind (message) == DW_MESSAGE_GAP)
    on_gap (program, message);
  if (dw_message_get_kind (message) != DW_MESSAGE_THEIRS && !notice)
    return;
  line = begin_line (notice ? "notice" : "message");
  add_string (line, "text", dw_message_get_text (message));
  add_string (line, "sender", dw_message_get_sender (message));
  add_string (line, "id", dw_message_get_id (message));
  end_line (program, line);
  program->received += notice ? 0 : 1;
  if (program->options->count > 0 && program->received == (guint) program->options->count)
    finish (program, EXIT_WELL);
}

static void
on_shown (Program *program, GPtrArray *lines)
{
  for (guint i = 0; i < lines->len; i++)
    print_message (program, g_ptr_array_index (lines, i));
}

static gboolean
on_timeout (gpointer data)
{
  g_printerr (_ ("Timed out.\n"));
  finish (data, EXIT_TIMEOUT);
  return G_SOURCE_REMOVE;
}

static gboolean
on_signal (gpointer data)
{
  Program *program = data;

  program->ended_by_signal = TRUE;
  finish (program, program->status);
  return G_SOURCE_CONTINUE;
}

/* Reads a secret from a file, or from standard input for “-”. Blocks. */
static char **
read_secret (const char *path, DwSecretShape shape, GError **error)
{
  gboolean is_input = strcmp (path, "-") == 0;
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GInputStream) stream =
      is_input ? g_unix_input_stream_new (0, FALSE) : G_INPUT_STREAM (g_file_read (file, NULL, error));
  g_autofree char *buffer = g_malloc (DW_SECRET_FILE_BYTES + 1);
  GStatBuf status;
  gsize size = 0;

  if (stream == NULL || !g_input_stream_read_all (stream, buffer, DW_SECRET_FILE_BYTES + 1, &size, NULL, error))
    return NULL;
  if (!is_input && g_stat (path, &status) == 0 && S_ISREG (status.st_mode) && (status.st_mode & S_IROTH) != 0)
    g_printerr (_ ("“%s” is readable by every local user. Make it private: chmod 600\n"), path);
  return dw_secret_parse (buffer, size, shape, path, error);
}

/* Only its own user can read a process's environment, but its children inherit it, so remove the secret. */
static gboolean
read_token (const Options *options, char **token, GError **error)
{
  g_autofree char *given = g_strdup (g_getenv ("DYNAMOWAVE_TOKEN"));
  g_auto (GStrv) lines = NULL;

  g_unsetenv ("DYNAMOWAVE_TOKEN");
  if (options->token_file != NULL)
    lines = read_secret (options->token_file, DW_SECRET_TOKEN, error);
  else if (given != NULL && *given != '\0')
    lines = dw_secret_parse (given, strlen (given), DW_SECRET_TOKEN, "DYNAMOWAVE_TOKEN", error);
  else
    return TRUE;
  *token = lines != NULL ? g_strdup (lines[0]) : NULL;
  return lines != NULL;
}

static gboolean
parse_headers (GHashTable *table, char **headers, GError **error)
{
  for (guint i = 0; headers != NULL && headers[i] != NULL; i++)
    {
      char *colon = strchr (headers[i], ':');
      g_autofree char *name = NULL;
      g_autofree char *value = NULL;

      if (colon == NULL || colon == headers[i] || strpbrk (headers[i], "\r\n") != NULL)
        {
          /* The value may be a secret, so do not print it. */
          g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _ ("Write headers as “Name: value”."));
          return FALSE;
        }
      name = g_strndup (headers[i], (gsize) (colon - headers[i]));
      value = g_strstrip (g_strdup (colon + 1));
      if (!dw_access_check_header (name, value, error))
        return FALSE;
      g_hash_table_insert (table, g_steal_pointer (&name), g_steal_pointer (&value));
    }
  return TRUE;
}

static gboolean
is_authorization (gpointer name, gpointer value, gpointer data)
{
  return g_ascii_strcasecmp (name, "Authorization") == 0;
}

static GHashTable *
make_headers (const Options *options, const char *token, GError **error)
{
  g_autoptr (GHashTable) table = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_auto (GStrv) lines =
      options->header_file != NULL ? read_secret (options->header_file, DW_SECRET_HEADERS, error) : NULL;

  if (options->header_file != NULL && lines == NULL)
    return NULL;
  if (!parse_headers (table, lines, error) || !parse_headers (table, options->headers, error))
    return NULL;
  if (token != NULL && options->token_parameter == NULL
      && g_hash_table_find (table, is_authorization, NULL) == NULL)
    g_hash_table_insert (table, g_strdup ("Authorization"), g_strconcat ("Bearer ", token, NULL));
  return g_steal_pointer (&table);
}

static DwStageUrl *
make_url (const Options *options, const char *address, const char *token, GError **error)
{
  g_autofree char *name = NULL, *value = NULL, *whole = NULL;

  if (token == NULL || options->token_parameter == NULL)
    return dw_stage_url_parse (address, error);
  if (*options->token_parameter == '\0')
    {
      g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                           _ ("Enter the parameter’s name, such as “token”."));
      return NULL;
    }
  name = g_uri_escape_string (options->token_parameter, NULL, FALSE);
  value = g_uri_escape_string (token, NULL, FALSE);
  whole = g_strdup_printf ("%s%s%s=%s", address, strchr (address, '?') != NULL ? "&" : "?", name, value);
  return dw_stage_url_parse (whole, error);
}

static gboolean
check_protocols (char **protocols, GError **error)
{
  for (char **at = protocols; at != NULL && *at != NULL; at++)
    if (!dw_access_check_protocol (*at, error))
      return FALSE;
  return TRUE;
}

static DwStage *
make_stage (const Options *options, const char *address, GError **error)
{
  g_autofree char *token = NULL;
  gboolean read = read_token (options, &token, error);
  g_autoptr (DwStageUrl) url = read ? make_url (options, address, token, error) : NULL;
  g_autoptr (DwDialect) dialect =
      url != NULL ? dw_dialect_from_text (options->dialect != NULL ? options->dialect : "dynamowave", error) : NULL;
  g_autoptr (GHashTable) headers = dialect != NULL ? make_headers (options, token, error) : NULL;
  DwStage *stage;

  if (headers == NULL || !check_protocols (options->protocols, error))
    return NULL;
  stage = dw_stage_new (url);
  dw_stage_set_dialect (stage, dialect);
  dw_stage_set_headers (stage, headers);
  dw_stage_set_protocols (stage, options->protocols);
  dw_stage_set_own_name (stage, options->name);
  return stage;
}

/* What ends the program well, 0 at the end; a hangup does not where somebody asked for that, as nohup does. */
static const int *
ending_signals (void)
{
  static const int signals[] = { SIGHUP, SIGINT, SIGTERM, 0 };
  struct sigaction hangup;

  return signals + (sigaction (SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler == SIG_IGN ? 1 : 0);
}

/* Runs until something ends it; a signal, mostly. */
static int
run (Program *program)
{
  const Options *options = program->options;
  const int *signals = ending_signals ();
  guint sources[4] = { 0 };
  guint timeout = 0;

  program->output = dw_output_new (STDOUT_FILENO, signals, stop_writing, program);

  g_signal_connect_swapped (program->session, "notify::state", G_CALLBACK (on_state), program);
  for (guint i = 0; signals[i] != 0; i++)
    sources[i] = g_unix_signal_add (signals[i], on_signal, program);
  if (options->timeout > 0)
    {
      timeout = g_timeout_add_seconds ((guint) options->timeout, on_timeout, program);
      dw_output_set_deadline (program->output,
                              g_get_monotonic_time () + options->timeout * (gint64) G_USEC_PER_SEC);
    }
  /* GIO ignores SIGPIPE for its sockets' sake, which write without it; “tail | head” has to end all the same. */
  g_type_class_unref (g_type_class_ref (G_TYPE_SOCKET));
  signal (SIGPIPE, SIG_DFL);
  dw_session_connect (program->session);
  if (!program->ended)
    g_main_loop_run (program->loop);

  g_signal_handlers_disconnect_by_data (program->session, program);
  if (!program->ended_by_signal)
    dw_output_flush (program->output);
  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    g_clear_handle_id (&sources[i], g_source_remove);
  if (program->status != EXIT_TIMEOUT)
    g_clear_handle_id (&timeout, g_source_remove);
  g_clear_handle_id (&program->echo_wait, g_source_remove);
  g_clear_pointer (&program->output, dw_output_free);
  return program->status;
}

static int
run_tail (const Options *options, DwStage *stage, DwSessionPolicy *policy)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (DwTail) tail = dw_tail_new (stage, policy, g_network_monitor_get_default ());
  Program program = { .options = options, .loop = loop, .session = dw_tail_get_session (tail) };
  int status;

  g_signal_connect_swapped (tail, "line", G_CALLBACK (print_message), &program);
  status = run (&program);
  g_signal_handlers_disconnect_by_data (tail, &program);
  return status;
}

static int
run_chat (const Options *options, DwStage *stage, DwSessionPolicy *policy, gboolean listens, const char *text)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  /* Nothing is stored: messages only pass through memory. */
  g_autoptr (DwStore) store = dw_store_new (NULL);
  g_autoptr (DwChat) chat = dw_chat_new (stage, store, policy, g_network_monitor_get_default ());
  Program program = {
    .options = options, .loop = loop, .session = dw_chat_get_session (chat), .chat = chat, .sends = !listens
  };
  int status;

  g_signal_connect_swapped (program.session, "lost", G_CALLBACK (on_lost), &program);
  if (listens)
    g_signal_connect_swapped (dw_chat_get_conversation (chat), "shown", G_CALLBACK (on_shown), &program);
  if (strcmp (text, "-") == 0)
    {
      g_autoptr (GInputStream) input = g_unix_input_stream_new (0, FALSE);

      program.input = dw_line_reader_new (input);
      read_line (&program);
    }
  else
    say (&program, text);
  status = run (&program);
  g_signal_handlers_disconnect_by_data (dw_chat_get_conversation (chat), &program);
  g_clear_object (&program.input);
  return status;
}

static gboolean
parse_options (Options *options, char ***arguments, GError **error)
{
  const GOptionEntry entries[] = {
    { "name", 'n', 0, G_OPTION_ARG_STRING, &options->name, N_ ("Your display name, if the stage supports names"),
      N_ ("NAME") },
    { "token-file", 0, 0, G_OPTION_ARG_FILENAME, &options->token_file,
      N_ ("Send the token in this file, or from standard input for “-” (default $DYNAMOWAVE_TOKEN)"), "FILE" },
    { "token-parameter", 0, 0, G_OPTION_ARG_STRING, &options->token_parameter,
      N_ ("Send it as this query parameter instead of an Authorization header"), N_ ("NAME") },
    { "header", 'H', 0, G_OPTION_ARG_STRING_ARRAY, &options->headers, N_ ("Additional handshake header"),
      N_ ("NAME: VALUE") },
    { "header-file", 0, 0, G_OPTION_ARG_FILENAME, &options->header_file,
      N_ ("Additional headers, one per line, from this file, or from standard input for “-”"), "FILE" },
    { "protocol", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->protocols, N_ ("Subprotocol to offer"), N_ ("NAME") },
    { "dialect", 0, 0, G_OPTION_ARG_STRING, &options->dialect,
      N_ ("Message format of the stage: dynamowave, lower-case or data"), N_ ("NAME") },
    { "count", 'c', 0, G_OPTION_ARG_INT, &options->count, N_ ("tail: exit after this many messages"), N_ ("N") },
    { "timeout", 't', 0, G_OPTION_ARG_INT, &options->timeout, N_ ("Exit with status 3 after this many seconds"),
      N_ ("SECONDS") },
    { "policy", 0, 0, G_OPTION_ARG_STRING, &options->policy,
      N_ ("Timing in milliseconds, such as ping=30000,cap=60000"), N_ ("NAME=N,…") },
    { "version", 'V', 0, G_OPTION_ARG_NONE, &options->version, N_ ("Print the version and exit"), NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (_ ("tail URL | chat URL | send URL TEXT|-"));

  g_option_context_set_summary (context,
                                _ ("The DynamoWave client for the command line.\n\n"
                                   "  tail URL         print events, one JSON object per line: time, kind, and\n"
                                   "                   text and sender, or state and cause, or since and until\n"
                                   "  chat URL         like tail, and send each line of standard input\n"
                                   "  send URL TEXT    send a message and wait until the stage broadcasts it\n"
                                   "  send URL -       send each line of standard input"));
  g_option_context_set_description (
      context, _ ("Exit status: 0 if all went well, 1 if a message was not delivered or may not have been,\n"
                  "2 for a wrong command line, 3 on timeout, 4 if the stage refused the connection."));
  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  return g_option_context_parse_strv (context, arguments, error);
}

/* Anything after “--” is not an option. */
static void
drop_dashes (char **arguments)
{
  char **at = arguments;

  while (*at != NULL && strcmp (*at, "--") != 0)
    at++;
  if (*at == NULL)
    return;
  g_free (*at);
  for (; *at != NULL; at++)
    at[0] = at[1];
}

static gboolean
is_input (const char *text)
{
  return g_strcmp0 (text, "-") == 0;
}

static int
complain (const GError *error)
{
  g_printerr ("%s\n", error->message);
  return EXIT_USAGE;
}

/* @words: the arguments after the program's name, such as “tail URL”. */
static int
obey (const Options *options, char **words)
{
  guint n = g_strv_length (words);
  g_autoptr (DwSessionPolicy) policy = dw_session_policy_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (DwStage) stage = NULL;
  gboolean tails = n == 3 && strcmp (words[1], "tail") == 0;
  gboolean chats = n == 3 && strcmp (words[1], "chat") == 0;
  gboolean sends = n == 4 && strcmp (words[1], "send") == 0;
  const char *text = chats ? "-" : sends ? words[3] : NULL;

  if (sends && (*text == '\0' || !g_utf8_validate (text, -1, NULL)))
    {
      g_printerr (_ ("The message must be UTF-8 text and can’t be empty.\n"));
      return EXIT_USAGE;
    }
  if (!tails && !chats && !sends)
    {
      g_printerr (_ ("Use “tail URL”, “chat URL”, “send URL TEXT” or “send URL -”. See --help.\n"));
      return EXIT_USAGE;
    }
  if (options->count < 0 || options->timeout < 0)
    {
      g_printerr (_ ("--count and --timeout can’t be negative.\n"));
      return EXIT_USAGE;
    }
  if (is_input (text) + is_input (options->token_file) + is_input (options->header_file) > 1)
    {
      g_printerr (_ ("Standard input can only be read for one purpose.\n"));
      return EXIT_USAGE;
    }
  if (options->policy != NULL && !dw_session_policy_parse (policy, options->policy, &error))
    return complain (error);
  stage = make_stage (options, words[2], &error);
  if (stage == NULL)
    return complain (error);
  return tails ? run_tail (options, stage, policy) : run_chat (options, stage, policy, chats, text);
}

static int
print_version (void)
{
  if (printf ("dynamowave-cli %s\n", DW_VERSION) > 0 && fflush (stdout) == 0)
    return EXIT_WELL;
  g_printerr (_ ("Cannot write: %s\n"), g_strerror (errno));
  return EXIT_NOT_DELIVERED;
}

int
main (int argc, char *argv[])
{
  static const char *const secrets[] = { "--header", "-H", "--protocol", NULL };
  g_auto (Options) options = { 0 };
  g_auto (GStrv) arguments = g_strdupv (argv);
  gboolean hidden = dw_secret_hide (argv, secrets);
  g_autoptr (GError) error = NULL;

  dw_descriptors_hold ();
  /* Past a limit on files a write is to fail, as on a full disk, and not to end the program. */
  signal (SIGXFSZ, SIG_IGN);
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, DW_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  if (hidden)
    g_printerr (_ ("The token or header on the command line was briefly visible to every local user. Use "
                   "--token-file or --header-file.\n"));
  if (!parse_options (&options, &arguments, &error))
    return complain (error);
  if (options.version)
    return print_version ();
  drop_dashes (arguments);
  return obey (&options, arguments);
}
