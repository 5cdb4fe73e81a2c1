/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-config.h"
#include "dw-letters-command.h"
#include "dw-server-log.h"
#include "dw-server-options.h"
#include "dw-server.h"

#include "wire/dw-descriptors.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

typedef struct
{
  DwServer *server;
  GMainLoop *loop;
  gboolean stopping;
} Program;

static void
on_stopped (GObject *source, GAsyncResult *result, gpointer data)
{
  Program *program = data;

  dw_server_stop_finish (DW_SERVER (source), result, NULL);
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
      dw_server_stop_async (program->server, on_stopped, program);
    }
  return G_SOURCE_CONTINUE;
}

static gboolean
print_line (const char *line)
{
  if (printf ("%s\n", line) > 0 && fflush (stdout) == 0)
    return TRUE;
  g_printerr (_ ("Cannot write: %s\n"), g_strerror (errno));
  return FALSE;
}

static int
run (DwServerOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DwServer) server = dw_server_new_with (g_steal_pointer (&options->config), &error);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autofree char *url = NULL;
  Program program;

  if (server == NULL)
    {
      g_printerr (_ ("Cannot start: %s\n"), error->message);
      return 1;
    }

  /* Whoever can connect can also stop it in an orderly way. */
  program = (Program){ .server = server, .loop = loop };
  g_unix_signal_add (SIGTERM, on_signal, &program);
  g_unix_signal_add (SIGINT, on_signal, &program);
  if (!dw_server_listen (server, options->address, &error))
    {
      g_printerr (_ ("Cannot listen: %s\n"), error->message);
      return 1;
    }

  url = dw_server_dup_url (server);
  print_line (url);
  g_message ("Listening on %s", url);
  g_main_loop_run (loop);
  g_message ("Stopped");
  return 0;
}

/* Most systems set the soft limit to 1,024 for programs that use select(). This one does not, so raise it. */
static void
raise_descriptor_limit (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0)
    return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit (RLIMIT_NOFILE, &limit);
}

/* A core dump would contain tokens and keys, and may be written where others can read it. This also keeps other
 * processes of the same user from reading our memory. */
static void
forbid_dumps (void)
{
  const struct rlimit none = { 0, 0 };

  setrlimit (RLIMIT_CORE, &none);
  /* The kernel ignores the limit if it pipes dumps to a handler; this works there too. */
  prctl (PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static void
do_nothing (int number)
{
}

/* A write beyond the file size limit should fail, as on a full disk, instead of killing the program. A handler rather
 * than SIG_IGN, which the functions we start would inherit. */
static void
survive_file_limit (void)
{
  struct sigaction action = { .sa_handler = do_nothing, .sa_flags = SA_RESTART };

  sigaction (SIGXFSZ, &action, NULL);
}

int
main (int argc, char *argv[])
{
  g_auto (DwServerOptions) options = { NULL };
  g_autoptr (GError) error = NULL;

  dw_descriptors_hold ();
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, DW_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);

  survive_file_limit ();
  if (argc > 1 && strcmp (argv[1], "dead-letters") == 0)
    {
      forbid_dumps ();
      return dw_letters_command (argc - 1, argv + 1);
    }

  if (!dw_server_options_parse (&options, argv, &error))
    {
      g_printerr ("%s\n", error->message);
      return 2;
    }

  if (options.version)
    {
      return print_line ("dynamowave-stage " DW_VERSION) ? 0 : 1;
    }

  if (dw_server_config_has_secrets (options.config))
    forbid_dumps ();
  dw_server_log_start (options.json);
  if (options.hidden)
    g_message ("The token on the command line was briefly visible to every local user. Use --token-file or "
               "--management-token-file.");
  for (guint i = 0; i < options.warnings->len; i++)
    g_warning ("%s", (const char *) options.warnings->pdata[i]);
  raise_descriptor_limit ();
  return run (&options);
}
