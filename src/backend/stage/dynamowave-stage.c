/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-config.h"
#include "dw-stage-server.h"

#include "wire/dw-limits.h"

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <stdio.h>
#include <sys/resource.h>

typedef struct
{
  DwStageServer *server;
  GMainLoop *loop;
  gboolean stopping;
} Program;

typedef struct
{
  char *listen;
  char *stage;
  double idle;
  double age;
  gboolean version;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->listen);
  g_free (options->stage);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static void
on_stopped (GObject *source, GAsyncResult *result, gpointer data)
{
  Program *program = data;

  dw_stage_server_stop_finish (DW_STAGE_SERVER (source), result, NULL);
  g_main_loop_quit (program->loop);
}

static gboolean
on_signal (gpointer data)
{
  Program *program = data;

  if (!program->stopping)
    {
      program->stopping = TRUE;
      g_message ("Stopping");
      dw_stage_server_stop_async (program->server, on_stopped, program);
    }
  return G_SOURCE_CONTINUE;
}

/* Everything goes to standard error: standard output carries the address alone. */
static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer unused)
{
  g_autofree char *line = NULL;

  if (g_log_writer_default_would_drop (level, NULL) && (level & (G_LOG_LEVEL_DEBUG | G_LOG_LEVEL_INFO)) != 0)
    return G_LOG_WRITER_HANDLED;
  line = g_log_writer_format_fields (level, fields, n_fields, FALSE);
  fprintf (stderr, "%s\n", line);
  return G_LOG_WRITER_HANDLED;
}

static gboolean
stage_name_is_valid (const char *name)
{
  return g_regex_match_simple ("^[A-Za-z0-9_-]{1,128}\\z", name, 0, 0);
}

static GSocketAddress *
parse_address (const char *text, GError **error)
{
  g_autoptr (GSocketConnectable) connectable = g_network_address_parse (text, 0, error);
  const char *host;
  GSocketAddress *address;

  if (connectable == NULL)
    return NULL;
  host = g_network_address_get_hostname (G_NETWORK_ADDRESS (connectable));
  if (g_ascii_strcasecmp (host, "localhost") == 0)
    host = "127.0.0.1";
  address =
      g_inet_socket_address_new_from_string (host, g_network_address_get_port (G_NETWORK_ADDRESS (connectable)));
  if (address == NULL)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, _ ("“%s” is no address of this computer."), text);
  return address;
}

static gboolean
parse_options (Options *options, int *argc, char ***argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "listen", 'l', 0, G_OPTION_ARG_STRING, &options->listen,
      N_ ("Where to listen; port 0 takes a free one (default 127.0.0.1:0)"), N_ ("ADDRESS:PORT") },
    { "stage", 's', 0, G_OPTION_ARG_STRING, &options->stage, N_ ("The stage's name (default prod)"), N_ ("NAME") },
    { "idle-timeout", 0, 0, G_OPTION_ARG_DOUBLE, &options->idle,
      N_ ("Close a connection that was idle for so long (default 600)"), N_ ("SECONDS") },
    { "connection-limit", 0, 0, G_OPTION_ARG_DOUBLE, &options->age,
      N_ ("Close a connection after so long (default 7200)"), N_ ("SECONDS") },
    { "version", 'V', 0, G_OPTION_ARG_NONE, &options->version, N_ ("Print the version and exit"), NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  g_option_context_set_summary (
      context, _ ("A DynamoWave stage on this computer: an API Gateway WebSocket API with its four handlers.\n"
                  "The first line of standard output is the address of the stage, written once it accepts\n"
                  "connections. The log goes to standard error. SIGTERM or SIGINT ends it."));
  g_option_context_set_description (context,
                                    _ ("Routes: $connect, $disconnect, $default and sendMessage, chosen by\n"
                                       "$request.body.action. Browsers are refused.\n\n"
                                       "Example:\n  dynamowave-stage --listen 127.0.0.1:8080 --stage prod"));
  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  return g_option_context_parse (context, argc, argv, error);
}

static int
run (const Options *options)
{
  const char *stage = options->stage != NULL ? options->stage : "prod";
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (DwStageServer) server = NULL;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autofree char *url = NULL;
  Program program;

  if (!stage_name_is_valid (stage))
    {
      g_printerr (_ ("A stage's name has up to 128 letters, digits, “-” and “_”, not “%s”.\n"), stage);
      return 2;
    }
  address = parse_address (options->listen != NULL ? options->listen : "127.0.0.1:0", &error);
  if (address == NULL)
    {
      g_printerr ("%s\n", error->message);
      return 2;
    }
  if (options->idle <= 0 || options->age <= 0)
    {
      g_printerr (_ ("A limit is a number of seconds above 0.\n"));
      return 2;
    }
  server = dw_stage_server_new (stage);
  dw_stage_server_set_limits (server, (gint64) (options->idle * 1000), (gint64) (options->age * 1000));
  if (!dw_stage_server_listen (server, address, &error))
    {
      g_printerr (_ ("Cannot listen: %s\n"), error->message);
      return 1;
    }
  program = (Program){ .server = server, .loop = loop };
  g_unix_signal_add (SIGTERM, on_signal, &program);
  g_unix_signal_add (SIGINT, on_signal, &program);
  url = dw_stage_server_dup_url (server);
  printf ("%s\n", url);
  fflush (stdout);
  g_message ("Listening on %s", url);
  g_main_loop_run (loop);
  g_message ("Stopped");
  return 0;
}

/* The soft limit is 1,024 on most systems, for the sake of programs that use select(); this one does not. */
static void
raise_descriptor_limit (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0)
    return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit (RLIMIT_NOFILE, &limit);
}

int
main (int argc, char *argv[])
{
  g_auto (Options) options = { .idle = DW_LIMIT_IDLE_SECONDS, .age = DW_LIMIT_CONNECTION_SECONDS };
  g_autoptr (GError) error = NULL;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, DW_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_log_set_writer_func (write_log, NULL, NULL);

  if (!parse_options (&options, &argc, &argv, &error))
    {
      g_printerr ("%s\n", error->message);
      return 2;
    }
  if (argc > 1)
    {
      g_printerr (_ ("Unknown argument “%s”. See --help.\n"), argv[1]);
      return 2;
    }
  if (options.version)
    {
      printf ("dynamowave-stage %s\n", DW_VERSION);
      return 0;
    }
  raise_descriptor_limit ();
  return run (&options);
}
