/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-function.h"
#include "dw-journal.h"
#include "dw-runtime.h"

#include "backend/dw-backend-error.h"

#include <glib-unix.h>
#include <signal.h>

/* The program of a Lambda function on provided.al2023. */
typedef struct
{
  GMainLoop *loop;
  DwRuntime *runtime;
  DwFunction *function;
  DwJournal journal;
  gint64 begun; /* of the invocation under way */
  gboolean warm;
  int status;
} Program;

static const char *
type_of (const GError *error)
{
  if (g_error_matches (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_EVENT))
    return "Function.UnknownEvent";
  if (g_error_matches (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_DEADLINE))
    return "Function.Deadline";
  return "Function.Failed";
}

static void
on_run (GObject *source, GAsyncResult *result, gpointer data)
{
  Program *program = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *response = dw_function_run_finish (DW_FUNCTION (source), result, &error);
  double milliseconds = (double) (g_get_monotonic_time () - program->begun) / 1000;
  g_autofree char *metrics = dw_journal_metrics (&program->journal, dw_function_get_tally (program->function),
                                                 milliseconds, !program->warm, g_get_real_time ());

  program->warm = TRUE;
  dw_journal_write (metrics);
  if (response == NULL)
    g_warning ("Failed: %s", error->message);
  program->journal.request_id = NULL;
  program->journal.trace_id = NULL;
  if (response != NULL)
    dw_runtime_respond (program->runtime, response);
  else
    dw_runtime_fail (program->runtime, type_of (error), error->message);
}

static void
on_invocation (DwRuntime *runtime, DwInvocation *invocation, gpointer data)
{
  Program *program = data;

  program->journal.request_id = invocation->request_id;
  program->journal.trace_id = invocation->trace_id;
  program->begun = invocation->begun;
  dw_function_run_async (program->function, invocation, on_run, program);
}

static void
on_ended (GObject *source, GAsyncResult *result, gpointer data)
{
  Program *program = data;
  g_autoptr (GError) error = NULL;

  if (!dw_runtime_run_finish (DW_RUNTIME (source), result, &error))
    {
      g_critical ("The runtime ends: %s", error->message);
      program->status = 1;
    }
  g_main_loop_quit (program->loop);
}

static void
on_init_failed (GObject *source, GAsyncResult *result, gpointer data)
{
  Program *program = data;

  dw_runtime_fail_init_finish (DW_RUNTIME (source), result, NULL);
  program->status = 1;
  g_main_loop_quit (program->loop);
}

static gboolean
on_signal (gpointer data)
{
  dw_runtime_stop (((Program *) data)->runtime);
  return G_SOURCE_CONTINUE;
}

/* The certificates packaged beside the program, or else the system's. */
static char *
find_certificates (const char *program)
{
  g_autofree char *folder = g_path_get_dirname (program);
  const char *root = g_getenv ("LAMBDA_TASK_ROOT");
  g_autofree char *path = g_build_filename (root != NULL ? root : folder, "ca.pem", NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS) ? g_steal_pointer (&path) : NULL;
}

static void
start (Program *program, DwFunctionConfig *config, DwHttp *http, GError *error)
{
  g_autoptr (DwCredentials) credentials = config != NULL ? dw_credentials_new_from_environment (&error) : NULL;

  if (credentials == NULL)
    {
      g_critical ("Cannot begin: %s", error->message);
      dw_runtime_fail_init_async (program->runtime, "Runtime.Config", error->message, on_init_failed, program);
      g_error_free (error);
      return;
    }
  program->journal.function_name = config->function_name;
  program->function = dw_function_new (config, http, credentials);
  dw_runtime_run_async (program->runtime, on_invocation, program, on_ended, program);
}

int
main (int argc, char *argv[])
{
  const char *api = g_getenv ("AWS_LAMBDA_RUNTIME_API");
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  GError *error = NULL;
  g_autoptr (DwFunctionConfig) config = NULL;
  g_autofree char *certificates = find_certificates (argv[0]);
  g_autoptr (DwHttp) http = NULL;
  Program program = { .loop = loop };

  if (api == NULL || *api == '\0')
    {
      g_printerr ("This is the program of an AWS Lambda function: AWS_LAMBDA_RUNTIME_API is not set.\n");
      return 2;
    }
  signal (SIGPIPE, SIG_IGN);
  dw_journal_start (&program.journal);
  config = dw_function_config_new_from_environment (&error);
  http = dw_http_new (certificates);
  program.runtime = dw_runtime_new (http, api);
  g_unix_signal_add (SIGTERM, on_signal, &program);
  start (&program, config, http, error);
  g_main_loop_run (loop);
  g_clear_object (&program.function);
  g_clear_object (&program.runtime);
  return program.status;
}
