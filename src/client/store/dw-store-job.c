/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-store-job.h"

/**
 * dw_store_job_new_read:
 * @func: what to do, in the store's thread
 * @data: (transfer full): for @func
 * @free_data: (nullable): frees it
 * @free_result: (nullable): frees what @func found, where nobody takes it
 *
 * Returns: (transfer full): a job that reads, and sees what was queued to be written before it
 */
DwStoreJob *
dw_store_job_new_read (DwStoreFunc func, gpointer data, GDestroyNotify free_data, GDestroyNotify free_result)
{
  DwStoreJob *job = g_new (DwStoreJob, 1);

  *job = (DwStoreJob){ .func = func, .data = data, .free_data = free_data, .free_result = free_result };
  return job;
}

/**
 * dw_store_job_new_write:
 * @func: what to do, in the store's thread; it may run several times
 * @data: (transfer full): for @func
 * @free_data: (nullable): frees it
 * @bytes: how much memory @data takes, roughly
 *
 * Returns: (transfer full): a job that writes
 */
DwStoreJob *
dw_store_job_new_write (DwStoreFunc func, gpointer data, GDestroyNotify free_data, gsize bytes)
{
  DwStoreJob *job = g_new (DwStoreJob, 1);

  *job = (DwStoreJob){ .func = func, .data = data, .free_data = free_data, .bytes = bytes, .is_write = TRUE };
  return job;
}

/**
 * dw_store_job_free:
 * @job: (transfer full): a job
 */
void
dw_store_job_free (DwStoreJob *job)
{
  if (job->free_data != NULL)
    job->free_data (job->data);
  g_clear_object (&job->task);
  g_free (job);
}

typedef struct
{
  GTask *task;
  gpointer result;
  GDestroyNotify free_result;
  GError *error; /* or NULL */
} Answer;

static gboolean
on_answer (gpointer data)
{
  Answer *answer = data;

  if (answer->error != NULL)
    g_task_return_error (answer->task, g_steal_pointer (&answer->error));
  else
    g_task_return_pointer (answer->task, g_steal_pointer (&answer->result), answer->free_result);
  return G_SOURCE_REMOVE;
}

static void
answer_free (gpointer data)
{
  Answer *answer = data;

  if (answer->result != NULL && answer->free_result != NULL)
    answer->free_result (answer->result);
  g_clear_error (&answer->error);
  g_object_unref (answer->task);
  g_free (answer);
}

/**
 * dw_store_job_answer:
 * @job: a job
 * @context: where whoever waits for it lives
 * @result: (transfer full) (nullable): what was found
 * @error: (transfer full) (nullable): or what went wrong
 *
 * Tells whoever waits for it, once. That happens in @context: the task holds the store, and the store's thread must
 * never be the one that lets the store go, or it would wait for itself.
 */
void
dw_store_job_answer (DwStoreJob *job, GMainContext *context, gpointer result, GError *error)
{
  g_autoptr (GSource) source = NULL;
  Answer *data;

  if (job->task == NULL)
    {
      if (result != NULL && job->free_result != NULL)
        job->free_result (result);
      g_clear_error (&error);
      return;
    }

  data = g_new (Answer, 1);
  *data = (Answer){ g_steal_pointer (&job->task), result, job->free_result, error };
  /* Not g_main_context_invoke(), which would run it here if the context has no owner at the moment. */
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_answer, data, answer_free);
  g_source_attach (source, context);
}
