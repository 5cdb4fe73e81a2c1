/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-config.h"
#include "dw-letters-command.h"
#include "dw-server-log.h"
#include "dw-server-options.h"
#include "dw-server.h"

#include "wire/dw-descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

typedef struct
{
  DwServer *server;
  GMainLoop *loop;
  DwServerOptions *options; /* what the stage runs with */
  gboolean at_terminal;
  gboolean reloading;
  gboolean again; /* SIGHUP came while reloading */
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
log_warnings (const DwServerOptions *options)
{
  for (guint i = 0; i < options->warnings->len; i++)
    g_warning ("%s", (const char *) options->warnings->pdata[i]);
}

static void
free_options (gpointer data)
{
  dw_server_options_clear (data);
  g_free (data);
}

/* In a thread: files may be slow, and the certificate is tried with a handshake. It has the arguments to itself, since
 * the program does not wait for it when it ends. */
static void
read_again (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  DwServerOptions *fresh = g_new0 (DwServerOptions, 1);
  GError *error = NULL;

  if (dw_server_options_parse_again (fresh, data, &error))
    g_task_return_pointer (task, fresh, free_options);
  else
    {
      free_options (fresh);
      g_task_return_error (task, error);
    }
}

static void
take_over (Program *program, DwServerOptions *fresh)
{
  g_auto (GStrv) fixed = dw_server_options_find_fixed (program->options, fresh);
  g_autofree char *names = g_strjoinv (", ", fixed);
  DwServerConfig *config = g_steal_pointer (&fresh->config);

  if (dw_server_config_has_secrets (config))
    forbid_dumps ();
  log_warnings (fresh);
  if (!dw_server_reload (program->server, config))
    g_message ("TLS is turned on and off only by a restart");
  if (*names != '\0')
    g_message ("These have changed, which takes a restart: %s", names);
  g_message ("Reloaded");
}

static void reload (Program *program);

static void
on_read_again (GObject *source, GAsyncResult *result, gpointer data)
{
  Program *program = data;
  DwMetrics *metrics = dw_socket_gateway_get_metrics (dw_server_get_gateway (program->server));
  g_autoptr (GError) error = NULL;
  DwServerOptions *fresh = g_task_propagate_pointer (G_TASK (result), &error);

  program->reloading = FALSE;
  if (fresh != NULL)
    {
      metrics->reloads++;
      take_over (program, fresh);
      free_options (fresh);
    }
  else
    {
      metrics->failed_reloads++;
      g_warning ("Not reloaded, so everything stays as it was: %s", error->message);
    }

  if (program->again && !program->stopping)
    reload (program);
}

/* One at a time: however many signals come meanwhile, the files are read once more. */
static void
reload (Program *program)
{
  g_autoptr (GTask) task = NULL;

  program->again = program->reloading;
  if (program->reloading)
    {
      g_message ("The files are still being read");
      return;
    }

  program->reloading = TRUE;
  task = g_task_new (NULL, NULL, on_read_again, program);
  g_task_set_source_tag (task, reload);
  g_task_set_task_data (task, g_strdupv (program->options->arguments), (GDestroyNotify) g_strfreev);
  g_task_run_in_thread (task, read_again);
}

static gboolean
has_terminal (void)
{
  int terminal = open ("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);

  if (terminal >= 0)
    close (terminal);
  return terminal >= 0;
}

/* What nohup does to a program, which then is to outlive its terminal. */
static gboolean
ignores_hangup (void)
{
  struct sigaction before;

  return sigaction (SIGHUP, NULL, &before) == 0 && before.sa_handler == SIG_IGN;
}

/* SIGHUP has two meanings: read the files again, and the terminal is gone. */
static gboolean
on_hangup (gpointer data)
{
  Program *program = data;

  if (program->stopping)
    return G_SOURCE_CONTINUE;
  if (program->at_terminal && !has_terminal ())
    return on_signal (program);
  reload (program);
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
  program = (Program){ .server = server, .loop = loop, .options = options };
  program.at_terminal = has_terminal () && !ignores_hangup ();
  g_unix_signal_add (SIGTERM, on_signal, &program);
  g_unix_signal_add (SIGINT, on_signal, &program);
  g_unix_signal_add (SIGHUP, on_hangup, &program);
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

/* Whoever has started the program may tell it to reload before it listens, which would end it. It reads its files after
 * this anyway. */
static void
survive_early_hangup (void)
{
  struct sigaction action = { .sa_handler = do_nothing, .sa_flags = SA_RESTART };

  if (!has_terminal () && !ignores_hangup ())
    sigaction (SIGHUP, &action, NULL);
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

  survive_early_hangup ();
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
  log_warnings (&options);
  raise_descriptor_limit ();
  return run (&options);
}
