/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-local-stage.h"

#include "dw-config.h"

#include "client/dw-client-error.h"

#include <glib/gi18n-lib.h>
#include <signal.h>
#include <sys/prctl.h>

/**
 * SECTION:dw-local-stage
 *
 * “Start a Local Stage”: a `dynamowave-stage` that lives as long as this program.
 */
struct _DwLocalStage
{
  GObject parent_instance;

  GSubprocess *process;
  GDataInputStream *output;
  DwStageUrl *url;
};

G_DEFINE_FINAL_TYPE (DwLocalStage, dw_local_stage, G_TYPE_OBJECT)

static void
dw_local_stage_dispose (GObject *object)
{
  dw_local_stage_stop (DW_LOCAL_STAGE (object));
  G_OBJECT_CLASS (dw_local_stage_parent_class)->dispose (object);
}

static void
dw_local_stage_class_init (DwLocalStageClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_local_stage_dispose;
}

static void
dw_local_stage_init (DwLocalStage *self)
{
}

/**
 * dw_local_stage_new:
 *
 * Returns: (transfer full): a stage that is not started
 */
DwLocalStage *
dw_local_stage_new (void)
{
  return g_object_new (DW_TYPE_LOCAL_STAGE, NULL);
}

static void
on_first_line (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  DwLocalStage *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  g_autofree char *line = NULL;
  gboolean current = self->output == G_DATA_INPUT_STREAM (source);

  line = g_data_input_stream_read_line_finish_utf8 (G_DATA_INPUT_STREAM (source), result, NULL, &error);
  /* One that has ended since gives out no address. */
  if (line != NULL && current)
    self->url = dw_stage_url_parse (line, NULL);
  if (current && self->url != NULL)
    {
      g_task_return_pointer (task, dw_stage_url_ref (self->url), (GDestroyNotify) dw_stage_url_unref);
      return;
    }
  if (current)
    dw_local_stage_stop (self);
  g_task_return_new_error (task, DW_CLIENT_ERROR, DW_CLIENT_ERROR_LOCAL_STAGE, "%s",
                           _ ("The local stage stopped before it was ready."));
}

/* The stage goes when we go, even where we are killed. */
static void
on_child (gpointer unused)
{
  prctl (PR_SET_PDEATHSIG, SIGTERM);
}

/* It ended by itself: the next press starts another. */
static void
on_ended (GObject *source, GAsyncResult *result, gpointer data)
{
  GWeakRef *weak = data;
  g_autoptr (DwLocalStage) self = g_weak_ref_get (weak);

  g_weak_ref_clear (weak);
  g_free (weak);
  g_subprocess_wait_finish (G_SUBPROCESS (source), result, NULL);
  if (self != NULL && self->process == G_SUBPROCESS (source))
    dw_local_stage_stop (self);
}

static char *
find_program (void)
{
  const char *given = g_getenv ("DYNAMOWAVE_STAGE");

  if (given != NULL)
    return g_strdup (given);
  return g_build_filename (DW_BINDIR, "dynamowave-stage", NULL);
}

/**
 * dw_local_stage_start_async:
 * @self: a stage
 * @cancellable: (nullable): to stop waiting
 * @callback: called when it accepts connections, or will not
 * @data: for @callback
 *
 * Starts it on a free port of the loopback address. Where it runs already, @callback gets the same address again.
 * `DYNAMOWAVE_STAGE` names another program, for a build that is not installed.
 */
void
dw_local_stage_start_async (DwLocalStage *self,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, data);
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_autoptr (GError) error = NULL;
  g_autofree char *program = find_program ();
  GWeakRef *weak;

  g_task_set_source_tag (task, dw_local_stage_start_async);
  if (self->url != NULL)
    {
      g_task_return_pointer (task, dw_stage_url_ref (self->url), (GDestroyNotify) dw_stage_url_unref);
      return;
    }
  if (self->process != NULL)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_PENDING, "%s",
                               _ ("The local stage is already starting. Try again in a moment."));
      return;
    }
  g_subprocess_launcher_set_child_setup (launcher, on_child, NULL, NULL);
  self->process = g_subprocess_launcher_spawn (launcher, &error, program, "--listen", "127.0.0.1:0", NULL);
  if (self->process == NULL)
    {
      g_task_return_new_error (task, DW_CLIENT_ERROR, DW_CLIENT_ERROR_LOCAL_STAGE,
                               _ ("The local stage couldn’t be started: %s"), error->message);
      return;
    }
  weak = g_new0 (GWeakRef, 1);
  g_weak_ref_init (weak, self);
  g_subprocess_wait_async (self->process, NULL, on_ended, weak);
  self->output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (self->process));
  g_data_input_stream_read_line_async (self->output, G_PRIORITY_DEFAULT, cancellable, on_first_line,
                                       g_steal_pointer (&task));
}

/**
 * dw_local_stage_start_finish:
 * @self: a stage
 * @result: what the callback was given
 * @error: %DW_CLIENT_ERROR_LOCAL_STAGE, with a message for people
 *
 * Returns: (transfer full): its address, or %NULL
 */
DwStageUrl *
dw_local_stage_start_finish (DwLocalStage *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * dw_local_stage_stop:
 * @self: a stage
 *
 * Ends it. It tells its clients and goes within a second; nobody waits for it.
 */
void
dw_local_stage_stop (DwLocalStage *self)
{
  if (self->process != NULL)
    g_subprocess_send_signal (self->process, SIGTERM);
  g_clear_object (&self->process);
  g_clear_object (&self->output);
  g_clear_pointer (&self->url, dw_stage_url_unref);
}
