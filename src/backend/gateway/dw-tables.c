/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-tables.h"

#include "backend/dw-backend-error.h"

#include "wire/dw-thread.h"

typedef struct
{
  DwTablesKind kind;
  DwTablesFunc func;
  DwTablesDone done; /* or NULL */
  gpointer data;
  GDestroyNotify free_data; /* or NULL */
  gsize bytes;
  gboolean called; /* from dw_tables_call(): the caller waits for it and owns it */
  gboolean finished;
  GError *error;
} Job;

typedef struct
{
  GQueue jobs; /* of Job; under the mutex */
  /* Only for the tables' thread; monotonic, in microseconds. */
  gint64 locked_since; /* since when another program has locked the file, or 0 */
  gint64 retry_at;
} Lane;

struct _DwTables
{
  GMainContext *context; /* the main context, where results are reported */
  GThread *owner;
  GThread *thread;
  DwServerFile *file; /* belongs to the thread once that runs */
  char *path;

  GMutex mutex;
  GCond arrived;    /* signals a job, or the end */
  GCond went;       /* signals that a job of dw_tables_call() is done */
  Lane writes;      /* done first, unless the file is locked against writing */
  Lane reads;       /* bounded together with the writes by DW_TABLES_JOBS, _RESERVE and _BYTES */
  GQueue finished;  /* of Job, until the main loop reports it; counts as waiting; under the mutex */
  gsize bytes;      /* of all three; under the mutex */
  gboolean telling; /* a source is attached to report them; under the mutex */
  gint64 closes_at; /* when closing gives up, monotonic, in microseconds, or 0; under the mutex */
};

/* The pause before trying a locked file again, in microseconds. */
#define PAUSE_US 10000

/* How many finished jobs are reported in one turn of the main loop. */
#define TOLD_AT_ONCE 64

static void
job_free (Job *job)
{
  if (job->free_data != NULL)
    job->free_data (job->data);
  g_clear_error (&job->error);
  g_free (job);
}

static void
tables_clear (gpointer data)
{
  DwTables *tables = data;

  g_main_context_unref (tables->context);
  g_free (tables->path);
  g_queue_clear_full (&tables->finished, (GDestroyNotify) job_free);
  g_mutex_clear (&tables->mutex);
  g_cond_clear (&tables->arrived);
  g_cond_clear (&tables->went);
}

/* Runs in the main context, because a job's data belongs there and must not be freed in the thread. */
static gboolean
on_finished (gpointer data)
{
  DwTables *tables = data;

  for (guint i = 0; i < TOLD_AT_ONCE; i++)
    {
      Job *job;

      g_mutex_lock (&tables->mutex);
      job = g_queue_pop_head (&tables->finished);
      tables->telling = job != NULL;
      if (job != NULL)
        tables->bytes -= job->bytes;
      g_mutex_unlock (&tables->mutex);
      if (job == NULL)
        return G_SOURCE_REMOVE;
      if (job->done != NULL)
        job->done (job->data, job->error);
      job_free (job);
    }
  return G_SOURCE_CONTINUE;
}

/* Call with the mutex locked. */
static void
finish (DwTables *tables, Job *job)
{
  g_autoptr (GSource) source = NULL;

  job->finished = TRUE;
  if (job->called)
    {
      tables->bytes -= job->bytes;
      g_cond_broadcast (&tables->went);
      return;
    }

  g_queue_push_tail (&tables->finished, job);
  if (tables->telling)
    return;

  tables->telling = TRUE;
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_finished, dw_tables_ref (tables), (GDestroyNotify) dw_tables_unref);
  g_source_attach (source, tables->context);
}

static void
run_whole (DwServerFile *file, Job *job)
{
  if (!dw_server_file_run (file, "BEGIN IMMEDIATE", "", &job->error))
    return;
  if (!job->func (file, job->data, &job->error) || !dw_server_file_run (file, "COMMIT", "", &job->error))
    dw_server_file_run (file, "ROLLBACK", "", NULL);
}

static Lane *
lane_of (DwTables *tables, const Job *job)
{
  return job->kind == DW_TABLES_READ ? &tables->reads : &tables->writes;
}

/* The patience is for the whole lane, not for each job anew. */
static gboolean
has_patience (Lane *lane)
{
  gint64 now = g_get_monotonic_time ();

  if (lane->locked_since == 0)
    lane->locked_since = now;
  lane->retry_at = now + PAUSE_US;
  return now < lane->locked_since + (gint64) DW_TABLES_PATIENCE_MS * 1000;
}

/* FALSE if it has to be tried again later. */
static gboolean
run (DwTables *tables, Job *job)
{
  Lane *lane = lane_of (tables, job);

  if (job->kind == DW_TABLES_READ)
    job->func (tables->file, job->data, &job->error);
  else
    run_whole (tables->file, job);
  if (!g_error_matches (job->error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_LOCKED))
    lane->locked_since = lane->retry_at = 0;
  else if (has_patience (lane))
    {
      g_clear_error (&job->error);
      return FALSE;
    }
  return TRUE;
}

static gboolean
is_due (Lane *lane, gint64 now)
{
  return !g_queue_is_empty (&lane->jobs) && lane->retry_at <= now;
}

static gint64
next_time (DwTables *tables)
{
  gint64 next = tables->closes_at != 0 ? tables->closes_at : G_MAXINT64;

  if (!g_queue_is_empty (&tables->writes.jobs))
    next = MIN (next, tables->writes.retry_at);
  if (!g_queue_is_empty (&tables->reads.jobs))
    next = MIN (next, tables->reads.retry_at);
  return next;
}

/* Waits for the next job. NULL once the tables are closed. */
static Job *
take (DwTables *tables)
{
  Job *job = NULL;

  g_mutex_lock (&tables->mutex);
  for (;;)
    {
      gint64 now = g_get_monotonic_time ();
      gboolean empty = g_queue_is_empty (&tables->writes.jobs) && g_queue_is_empty (&tables->reads.jobs);

      if (tables->closes_at != 0 && (empty || now >= tables->closes_at))
        break;
      if (is_due (&tables->writes, now))
        job = g_queue_pop_head (&tables->writes.jobs);
      else if (is_due (&tables->reads, now))
        job = g_queue_pop_head (&tables->reads.jobs);
      if (job != NULL)
        break;
      if (empty)
        g_cond_wait (&tables->arrived, &tables->mutex);
      else
        g_cond_wait_until (&tables->arrived, &tables->mutex, next_time (tables));
    }

  g_mutex_unlock (&tables->mutex);
  return job;
}

static void
give_back (DwTables *tables, Job *job, gboolean finished)
{
  g_mutex_lock (&tables->mutex);
  if (finished)
    finish (tables, job);
  else
    g_queue_push_head (&lane_of (tables, job)->jobs, job);
  g_mutex_unlock (&tables->mutex);
}

static void
set_closed (DwTables *tables, Job *job)
{
  job->error = g_error_new (DW_BACKEND_ERROR, DW_BACKEND_ERROR_TABLE, "“%s” is closed", tables->path);
}

static void
give_up (DwTables *tables, Lane *lane)
{
  Job *job;

  g_mutex_lock (&tables->mutex);
  while ((job = g_queue_pop_head (&lane->jobs)) != NULL)
    {
      set_closed (tables, job);
      finish (tables, job);
    }
  g_mutex_unlock (&tables->mutex);
}

static gpointer
work (gpointer data)
{
  DwTables *tables = data;
  Job *job;

  dw_server_file_adopt (tables->file);
  /* A locked file is tried again later instead of waited for, so that reads go on while writing is locked. */
  dw_server_file_set_patience (tables->file, 0);
  while ((job = take (tables)) != NULL)
    give_back (tables, job, run (tables, job));
  g_clear_object (&tables->file);
  give_up (tables, &tables->writes);
  give_up (tables, &tables->reads);
  dw_tables_unref (tables);
  return NULL;
}

/**
 * dw_tables_open:
 * @path: where the stage's file is
 * @error: %DW_BACKEND_ERROR_TABLE: why it cannot be used; another stage may have it
 *
 * Opens a stage's file and locks it against other stages. Call it before the stage serves anybody: it blocks for the
 * disk, and for up to %DW_SERVER_FILE_BUSY_MS if another program has locked the file.
 *
 * Returns: (transfer full) (nullable): the tables; dw_tables_close() ends them
 */
DwTables *
dw_tables_open (const char *path, GError **error)
{
  DwServerFile *file = dw_server_file_new (path, TRUE, error);
  DwTables *tables;

  if (file == NULL)
    return NULL;

  tables = g_atomic_rc_box_new0 (DwTables);
  tables->context = g_main_context_ref_thread_default ();
  tables->owner = g_thread_self ();
  tables->file = file;
  tables->path = g_strdup (path);
  g_mutex_init (&tables->mutex);
  g_cond_init (&tables->arrived);
  g_cond_init (&tables->went);
  g_queue_init (&tables->writes.jobs);
  g_queue_init (&tables->reads.jobs);
  g_queue_init (&tables->finished);
  tables->thread = g_thread_new ("dw-tables", work, dw_tables_ref (tables));
  return tables;
}

/**
 * dw_tables_ref:
 * @tables: tables
 *
 * Returns: (transfer full): @tables
 */
DwTables *
dw_tables_ref (DwTables *tables)
{
  return g_atomic_rc_box_acquire (tables);
}

/**
 * dw_tables_unref:
 * @tables: (transfer full): tables; whoever opened them calls dw_tables_close() instead
 */
void
dw_tables_unref (DwTables *tables)
{
  g_atomic_rc_box_release_full (tables, tables_clear);
}

/**
 * dw_tables_close:
 * @tables: (transfer full): tables
 *
 * Finishes the queued jobs, for %DW_TABLES_CLOSE_MS at most, and closes the file. Jobs that are left over or queued
 * later fail.
 */
void
dw_tables_close (DwTables *tables)
{
  DW_ASSERT_THREAD (tables->owner);
  g_mutex_lock (&tables->mutex);
  tables->closes_at = g_get_monotonic_time () + (gint64) DW_TABLES_CLOSE_MS * 1000;
  g_cond_broadcast (&tables->arrived);
  g_mutex_unlock (&tables->mutex);
  g_thread_join (tables->thread);
  dw_tables_unref (tables);
}

/* Call with the mutex locked. */
static gboolean
has_room (DwTables *tables, const Job *job)
{
  guint most = job->kind == DW_TABLES_REMOVE ? DW_TABLES_JOBS + DW_TABLES_RESERVE : DW_TABLES_JOBS;

  return tables->writes.jobs.length + tables->reads.jobs.length + tables->finished.length < most
         && tables->bytes + job->bytes <= DW_TABLES_BYTES;
}

static void
queue (DwTables *tables, Job *job)
{
  DW_ASSERT_THREAD (tables->owner);

  g_mutex_lock (&tables->mutex);
  if (tables->closes_at != 0)
    set_closed (tables, job);
  else if (!has_room (tables, job))
    job->error = g_error_new (DW_BACKEND_ERROR, DW_BACKEND_ERROR_TABLE, "too much waits for “%s”", tables->path);
  if (job->error != NULL)
    {
      job->bytes = 0;
      finish (tables, job);
    }
  else
    {
      tables->bytes += job->bytes;
      g_queue_push_tail (&lane_of (tables, job)->jobs, job);
      g_cond_signal (&tables->arrived);
    }

  g_mutex_unlock (&tables->mutex);
}

/**
 * dw_tables_queue:
 * @tables: tables
 * @kind: what the job does
 * @func: the job
 * @done: (nullable): called when it is done, never before this function returns
 * @data: (transfer full): for both
 * @free_data: (nullable): frees @data, in the same context as @done
 * @bytes: how many bytes @data takes
 *
 * Writes are done in the order in which they were queued. A read comes after the writes queued before it, unless the
 * file is locked against writing. A write that is retried starts from tables as if it had never run. A job fails with
 * %DW_BACKEND_ERROR_TABLE if too many are waiting, or once another program has locked the file for longer than
 * %DW_TABLES_PATIENCE_MS.
 */
void
dw_tables_queue (DwTables *tables,
                 DwTablesKind kind,
                 DwTablesFunc func,
                 DwTablesDone done,
                 gpointer data,
                 GDestroyNotify free_data,
                 gsize bytes)
{
  Job *job = g_new0 (Job, 1);

  *job = (Job){ .kind = kind,
                .func = func,
                .done = done,
                .data = data,
                .free_data = free_data,
                .bytes = bytes + DW_TABLES_JOB_COST };
  queue (tables, job);
}

/**
 * dw_tables_call:
 * @tables: tables
 * @kind: what the job does
 * @func: the job
 * @data: for @func
 * @error: %DW_BACKEND_ERROR_TABLE: what went wrong
 *
 * Runs a job and blocks until it is done. Only for start-up, before anybody is served.
 *
 * Returns: whether it was done
 */
gboolean
dw_tables_call (DwTables *tables, DwTablesKind kind, DwTablesFunc func, gpointer data, GError **error)
{
  Job job = { .kind = kind, .func = func, .data = data, .bytes = DW_TABLES_JOB_COST, .called = TRUE };

  queue (tables, &job);
  g_mutex_lock (&tables->mutex);
  while (!job.finished)
    g_cond_wait (&tables->went, &tables->mutex);
  g_mutex_unlock (&tables->mutex);
  if (job.error == NULL)
    return TRUE;
  g_propagate_error (error, job.error);
  return FALSE;
}
