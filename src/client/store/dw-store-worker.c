/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-store-worker.h"

#include "dw-store-check.h"
#include "dw-store-file.h"
#include "dw-store-job.h"

#include "client/dw-client-error.h"

struct _DwStoreWorker
{
  GThread *thread;
  GMainContext *context;
  DwStoreNewsFunc news;
  gpointer news_data; /* cleared by closing; only touched in the context's thread */

  GMutex mutex;
  GCond cond;
  GQueue arrived;         /* of DwStoreJob; under the mutex */
  gsize bytes;            /* of what waits to be written, at most DW_STORE_PENDING_BYTES; under the mutex */
  guint64 queued;         /* writes; under the mutex */
  guint64 written;        /* writes that are done; under the mutex */
  gint64 closes_at;       /* or 0; under the mutex */
  DwStoreVerdict verdict; /* of the check, or none yet; under the mutex */

  /* The thread's own. */
  DwStoreFile *file;
  char *path;
  DwStoreCheck *check; /* or NULL */
  guint check_ms;      /* how long the next one waits before it begins */
  /* Reads are a few each: a page is asked for once, and a search when somebody types. */
  GQueue urgent; /* reads that do not wait for writes */
  GQueue reads;
  GQueue writes;
  DwStoreTrouble trouble;
  gint64 blocked_since; /* or 0 */
  gint64 retry_at;
  guint retry_ms;
  DwStorePace pace;
};

static void
worker_clear (gpointer data)
{
  DwStoreWorker *worker = data;

  g_queue_clear_full (&worker->arrived, (GDestroyNotify) dw_store_job_free);
  g_queue_clear_full (&worker->urgent, (GDestroyNotify) dw_store_job_free);
  g_queue_clear_full (&worker->reads, (GDestroyNotify) dw_store_job_free);
  g_queue_clear_full (&worker->writes, (GDestroyNotify) dw_store_job_free);
  g_free (worker->path);
  g_main_context_unref (worker->context);
  g_mutex_clear (&worker->mutex);
  g_cond_clear (&worker->cond);
}

typedef struct
{
  DwStoreWorker *worker;
  DwStoreNews news;
} Telling;

static void
telling_free (gpointer data)
{
  Telling *telling = data;

  g_atomic_rc_box_release_full (telling->worker, worker_clear);
  g_free (telling->news.kept_as);
  g_clear_pointer (&telling->news.holder, dw_store_holder_free);
  g_free (telling);
}

static gboolean
on_telling (gpointer data)
{
  Telling *telling = data;

  if (telling->worker->news_data != NULL)
    telling->worker->news (&telling->news, telling->worker->news_data);
  return G_SOURCE_REMOVE;
}

static void
tell (DwStoreWorker *worker, const DwStoreNews *news)
{
  g_autoptr (GSource) source = g_idle_source_new ();
  Telling *telling = g_new0 (Telling, 1);

  telling->worker = g_atomic_rc_box_acquire (worker);
  telling->news = *news;
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_telling, telling, telling_free);
  g_source_attach (source, worker->context);
}

static void
tell_trouble (DwStoreWorker *worker, DwStoreTrouble trouble)
{
  if (trouble == worker->trouble || worker->trouble == DW_STORE_HELD)
    return;
  worker->trouble = trouble;
  tell (worker, &(DwStoreNews){ .trouble = trouble });
}

/* What opening the file brought to light. */
static void
tell_file (DwStoreWorker *worker, gboolean replaced)
{
  DwStoreKept kept;
  DwStoreHolder *holder = dw_store_file_steal_holder (worker->file);
  guint64 copied = dw_store_file_steal_copied (worker->file);

  if (dw_store_file_steal_kept (worker->file, &kept))
    tell (worker, &(DwStoreNews){ .trouble = worker->trouble,
                                  .kept_as = kept.path,
                                  .newer = kept.newer,
                                  .saved = kept.saved,
                                  .replaced = replaced });
  if (copied > 0)
    tell (worker, &(DwStoreNews){ .trouble = worker->trouble, .copied = copied });
  if (dw_store_file_steal_recovered (worker->file))
    tell (worker, &(DwStoreNews){ .trouble = worker->trouble, .recovered = TRUE });
  if (holder != NULL)
    {
      worker->trouble = DW_STORE_HELD;
      tell (worker, &(DwStoreNews){ .trouble = worker->trouble, .holder = holder });
    }
}

static void
set_blocked (DwStoreWorker *worker, const GError *error)
{
  gint64 now = g_get_monotonic_time ();

  if (worker->blocked_since == 0)
    worker->blocked_since = now;
  worker->retry_ms = CLAMP (worker->retry_ms * 2, worker->pace.first_retry_ms, worker->pace.last_retry_ms);
  worker->retry_at = now + worker->retry_ms * 1000;
  switch (error->code)
    {
    case DW_CLIENT_ERROR_STORE_LOCKED:
      if (now - worker->blocked_since >= DW_STORE_LOCKED_MS * 1000)
        tell_trouble (worker, DW_STORE_LOCKED);
      break;
    case DW_CLIENT_ERROR_STORE_FULL:
      tell_trouble (worker, DW_STORE_FULL);
      break;
    case DW_CLIENT_ERROR_STORE_READ_ONLY:
      tell_trouble (worker, DW_STORE_READ_ONLY);
      break;
    default:
      tell_trouble (worker, DW_STORE_BROKEN);
      break;
    }
}

static void
set_free (DwStoreWorker *worker)
{
  worker->blocked_since = 0;
  worker->retry_at = 0;
  worker->retry_ms = 0;
  tell_trouble (worker, DW_STORE_FINE);
}

static gboolean
error_is_trouble (const GError *error)
{
  return error->code == DW_CLIENT_ERROR_STORE_LOCKED || error->code == DW_CLIENT_ERROR_STORE_FULL
         || error->code == DW_CLIENT_ERROR_STORE_READ_ONLY || error->code == DW_CLIENT_ERROR_STORE_IO
         || error->code == DW_CLIENT_ERROR_STORE_DAMAGED;
}

/* A write that fails whatever the disk does would block all writes after it forever. */
static void
drop_write (DwStoreWorker *worker, GList *link, GError *error)
{
  DwStoreJob *job = link->data;

  if (error->code != DW_CLIENT_ERROR_STORE_HELD)
    g_warning ("A write was refused: %s", error->message);
  g_queue_delete_link (&worker->writes, link);
  g_mutex_lock (&worker->mutex);
  worker->bytes -= job->bytes;
  worker->written++;
  g_mutex_unlock (&worker->mutex);
  dw_store_job_answer (job, worker->context, NULL, error);
  dw_store_job_free (job);
}

static gboolean
run_batch (DwStoreWorker *worker, DwDatabase *database, guint n, gboolean *dropped, GError **error)
{
  GList *at = worker->writes.head;
  GError *problem = NULL;

  if (!dw_database_run_script (database, "BEGIN IMMEDIATE", error))
    return FALSE;
  for (guint i = 0; i < n; i++, at = at->next)
    {
      DwStoreJob *job = at->data;
      gpointer unused = NULL;

      if (job->func (database, job->data, &unused, &problem))
        continue;
      if (dw_database_has_transaction (database))
        dw_database_run_script (database, "ROLLBACK", NULL);
      if (error_is_trouble (problem))
        g_propagate_error (error, problem);
      else
        {
          g_set_error_literal (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE, problem->message);
          drop_write (worker, at, problem);
          *dropped = TRUE;
        }
      return FALSE;
    }
  if (dw_database_run_script (database, "COMMIT", error))
    return TRUE;
  if (dw_database_has_transaction (database))
    dw_database_run_script (database, "ROLLBACK", NULL);
  return FALSE;
}

/* Another process has the file, and writes what is to be written. */
static void
drop_writes (DwStoreWorker *worker)
{
  while (!g_queue_is_empty (&worker->writes))
    drop_write (worker, worker->writes.head,
                g_error_new_literal (DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_HELD, "another process has the file"));
}

static guint
measure_batch (DwStoreWorker *worker, gboolean *durable)
{
  guint n = 0;
  gsize bytes = 0;

  *durable = FALSE;
  for (GList *at = worker->writes.head; at != NULL && n < DW_STORE_BATCH && bytes < DW_STORE_BATCH_BYTES;
       at = at->next)
    {
      DwStoreJob *job = at->data;

      *durable |= job->durable;
      bytes += job->bytes;
      n++;
    }
  return n;
}

static void
finish_batch (DwStoreWorker *worker, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      DwStoreJob *job = g_queue_pop_head (&worker->writes);

      g_mutex_lock (&worker->mutex);
      worker->bytes -= job->bytes;
      worker->written++;
      g_mutex_unlock (&worker->mutex);
      dw_store_job_answer (job, worker->context, GINT_TO_POINTER (TRUE), NULL);
      dw_store_job_free (job);
    }
}

static gboolean
open_database (DwStoreWorker *worker, DwDatabase **database)
{
  g_autoptr (GError) error = NULL;

  *database = dw_store_file_get (worker->file, &error);
  tell_file (worker, FALSE);
  if (*database != NULL)
    return TRUE;
  if (error->code == DW_CLIENT_ERROR_STORE_HELD)
    drop_writes (worker);
  else
    set_blocked (worker, error);
  return FALSE;
}

static DwStoreVerdict
take_verdict (DwStoreWorker *worker)
{
  DwStoreVerdict verdict;

  g_mutex_lock (&worker->mutex);
  verdict = worker->verdict;
  worker->verdict = DW_STORE_VERDICT_NONE;
  g_mutex_unlock (&worker->mutex);
  return verdict;
}

/* FALSE where the new file could not be made. */
static gboolean
mend (DwStoreWorker *worker)
{
  g_autoptr (GError) error = NULL;
  gboolean mended;

  /* What it finds now is known, and says nothing about the new file. */
  g_clear_pointer (&worker->check, dw_store_check_end);
  take_verdict (worker);
  mended = dw_store_file_mend (worker->file, &error);

  tell_file (worker, TRUE);
  if (!mended && error->code != DW_CLIENT_ERROR_STORE_HELD)
    set_blocked (worker, error);
  return mended;
}

/* FALSE where what is left has to wait. */
static gboolean
write_batch (DwStoreWorker *worker)
{
  g_autoptr (GError) error = NULL;
  DwDatabase *database;
  gboolean durable, done;
  gboolean dropped = FALSE;
  guint n = measure_batch (worker, &durable);

  if (!open_database (worker, &database))
    return FALSE;
  if (durable)
    dw_database_run_script (database, "PRAGMA synchronous = FULL", NULL);
  done = run_batch (worker, database, n, &dropped, &error);
  if (durable)
    dw_database_run_script (database, "PRAGMA synchronous = NORMAL", NULL);
  if (done)
    {
      finish_batch (worker, n);
      set_free (worker);
      return TRUE;
    }
  if (dropped)
    return TRUE;
  if (error->code == DW_CLIENT_ERROR_STORE_DAMAGED)
    {
      if (!mend (worker))
        return FALSE;
      /* The new one is tried at once, and if that is damaged too, later. */
      if (worker->blocked_since == 0)
        {
          worker->blocked_since = g_get_monotonic_time ();
          return TRUE;
        }
    }
  else if (error->code != DW_CLIENT_ERROR_STORE_LOCKED && error->code != DW_CLIENT_ERROR_STORE_FULL)
    dw_store_file_reopen (worker->file);
  set_blocked (worker, error);
  return FALSE;
}

/* FALSE where another program holds the file and the read is to be tried again; after %DW_STORE_LOCKED_MS it fails. */
static gboolean
run_read (DwStoreWorker *worker, DwStoreJob *job)
{
  DwDatabase *database = NULL;
  GError *error = NULL;
  gpointer result = NULL;
  gboolean patient = g_get_monotonic_time () - job->queued_at < DW_STORE_LOCKED_MS * 1000;

  /* A second time where the file was damaged, on what could be saved of it. */
  for (guint i = 0; i < 2; i++)
    {
      g_clear_error (&error);
      database = dw_store_file_get_to_read (worker->file, &error);
      tell_file (worker, FALSE);
      if (database != NULL && job->func (database, job->data, &result, &error))
        {
          dw_store_job_answer (job, worker->context, result, NULL);
          return TRUE;
        }
      if (error->code != DW_CLIENT_ERROR_STORE_DAMAGED || !mend (worker))
        break;
    }
  if (error->code == DW_CLIENT_ERROR_STORE_LOCKED && patient)
    {
      set_blocked (worker, error);
      g_error_free (error);
      return FALSE;
    }
  dw_store_job_answer (job, worker->context, NULL, error);
  return TRUE;
}

static void
run_reads (DwStoreWorker *worker, GQueue *reads)
{
  while (!g_queue_is_empty (reads))
    {
      if (!run_read (worker, g_queue_peek_head (reads)))
        return;
      dw_store_job_free (g_queue_pop_head (reads));
    }
}

static GQueue *
queue_of (DwStoreWorker *worker, const DwStoreJob *job)
{
  if (job->is_write)
    return &worker->writes;
  return job->at_once ? &worker->urgent : &worker->reads;
}

static gboolean
has_work (DwStoreWorker *worker)
{
  return !g_queue_is_empty (&worker->writes) || !g_queue_is_empty (&worker->reads)
         || !g_queue_is_empty (&worker->urgent);
}

static void
tell_late (DwStoreWorker *worker)
{
  gint64 now = g_get_monotonic_time ();

  for (GList *at = worker->writes.head; at != NULL; at = at->next)
    {
      DwStoreJob *job = at->data;

      if (now - job->queued_at < worker->pace.patience_ms * G_TIME_SPAN_MILLISECOND)
        return;
      if (job->task != NULL)
        dw_store_job_answer (job, worker->context, NULL,
                             g_error_new_literal (DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_LATE, "not written yet"));
    }
}

/* Waits for something to do, takes it, and returns FALSE at the end. */
static gboolean
take_jobs (DwStoreWorker *worker)
{
  gboolean goes_on = TRUE;
  DwStoreJob *job;

  g_mutex_lock (&worker->mutex);
  while (g_queue_is_empty (&worker->arrived) && worker->closes_at == 0 && worker->verdict == DW_STORE_VERDICT_NONE)
    {
      gint64 now = g_get_monotonic_time ();
      gboolean waiting = has_work (worker);

      if (waiting && worker->retry_at <= now)
        break;
      if (!waiting)
        g_cond_wait (&worker->cond, &worker->mutex);
      else
        g_cond_wait_until (&worker->cond, &worker->mutex, worker->retry_at);
    }
  while ((job = g_queue_pop_head (&worker->arrived)) != NULL)
    g_queue_push_tail (queue_of (worker, job), job);
  if (worker->closes_at != 0)
    goes_on = has_work (worker) && g_get_monotonic_time () < worker->closes_at;
  if (goes_on && worker->closes_at != 0 && worker->retry_at > g_get_monotonic_time ())
    g_cond_wait_until (&worker->cond, &worker->mutex, MIN (worker->retry_at, worker->closes_at));
  g_mutex_unlock (&worker->mutex);
  return goes_on;
}

/* In the check's thread. */
static void
on_checked (DwStoreVerdict verdict, gpointer data)
{
  DwStoreWorker *worker = data;

  g_mutex_lock (&worker->mutex);
  worker->verdict = verdict;
  g_cond_signal (&worker->cond);
  g_mutex_unlock (&worker->mutex);
}

static void
start_check (DwStoreWorker *worker)
{
  worker->check = dw_store_check_start (worker->path, worker->check_ms, on_checked, worker);
}

/* Some time after the file was opened; one that could not be done is not begun again. */
static void
begin_check (DwStoreWorker *worker)
{
  if (worker->check == NULL && dw_store_file_needs_check (worker->file, g_get_real_time () / G_USEC_PER_SEC))
    start_check (worker);
}

static void
heed_verdict (DwStoreWorker *worker)
{
  DwStoreVerdict verdict = take_verdict (worker);

  if (verdict == DW_STORE_VERDICT_SOUND)
    {
      dw_store_file_set_checked (worker->file, g_get_real_time () / G_USEC_PER_SEC);
      g_clear_pointer (&worker->check, dw_store_check_end);
    }
  /* A file that another program holds just now, or that a full disk has no room for, is mended after the next check. Each
   * of them reads the whole file, so they come ever more rarely. */
  else if (verdict == DW_STORE_VERDICT_DAMAGED && !mend (worker))
    {
      worker->check_ms = MIN (2 * worker->check_ms, DW_STORE_CHECK_LONGEST_MS);
      start_check (worker);
    }
}

static void
give_up (DwStoreWorker *worker, GQueue *jobs)
{
  for (GList *at = jobs->head; at != NULL; at = at->next)
    dw_store_job_answer (at->data, worker->context, NULL,
                         g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CLOSED, "the store is closed"));
}

static gpointer
work (gpointer data)
{
  DwStoreWorker *worker = data;

  while (take_jobs (worker))
    {
      gboolean goes_on = worker->retry_at <= g_get_monotonic_time ();

      heed_verdict (worker);
      run_reads (worker, &worker->urgent);
      if (goes_on && !g_queue_is_empty (&worker->writes))
        goes_on = write_batch (worker);
      if (!goes_on || g_queue_is_empty (&worker->writes))
        run_reads (worker, &worker->reads);
      tell_late (worker);
      begin_check (worker);
    }
  g_clear_pointer (&worker->check, dw_store_check_end);
  give_up (worker, &worker->urgent);
  give_up (worker, &worker->reads);
  give_up (worker, &worker->writes);
  g_clear_pointer (&worker->file, dw_store_file_free);
  g_atomic_rc_box_release_full (worker, worker_clear);
  return NULL;
}

/**
 * dw_store_worker_new:
 * @path: (nullable): the file, or %NULL for a database in memory
 * @pace: how long it waits where the disk fails
 * @news: called in the caller's main context
 * @data: for @news
 *
 * Returns: (transfer full): a thread with nothing to do; the file is opened with the first job
 */
DwStoreWorker *
dw_store_worker_new (const char *path, const DwStorePace *pace, DwStoreNewsFunc news, gpointer data)
{
  DwStoreWorker *worker = g_atomic_rc_box_new0 (DwStoreWorker);

  worker->context = g_main_context_ref_thread_default ();
  worker->news = news;
  worker->news_data = data;
  worker->file = dw_store_file_new (path);
  worker->path = g_strdup (path);
  worker->pace = *pace;
  worker->check_ms = DW_STORE_CHECK_DELAY_MS;
  g_mutex_init (&worker->mutex);
  g_cond_init (&worker->cond);
  g_queue_init (&worker->arrived);
  g_queue_init (&worker->reads);
  g_queue_init (&worker->writes);
  worker->thread = g_thread_new ("dw-store", work, g_atomic_rc_box_acquire (worker));
  return worker;
}

/**
 * dw_store_worker_close:
 * @worker: (transfer full): a thread
 *
 * Writes what can be written within %DW_STORE_CLOSE_MS, and ends.
 */
void
dw_store_worker_close (DwStoreWorker *worker)
{
  GThread *thread = worker->thread;

  worker->news_data = NULL;
  g_mutex_lock (&worker->mutex);
  worker->closes_at = g_get_monotonic_time () + DW_STORE_CLOSE_MS * 1000;
  g_cond_signal (&worker->cond);
  g_mutex_unlock (&worker->mutex);
  g_thread_join (thread);
  g_atomic_rc_box_release_full (worker, worker_clear);
}

/**
 * dw_store_worker_run:
 * @worker: a thread
 * @job: (transfer full): what to do
 *
 * Queues a job. A read comes after the writes that were queued before it, unless those cannot be written. A write goes
 * into one transaction with what else waits, and is tried again until it is done.
 *
 * Returns: the number of the newest write, which a write is itself, for dw_store_worker_get_written(); or 0 for a write
 *   where too much waits already, which is answered with %DW_CLIENT_ERROR_STORE_LATE and not done
 */
guint64
dw_store_worker_run (DwStoreWorker *worker, DwStoreJob *job)
{
  guint64 serial = 0;

  job->queued_at = g_get_monotonic_time ();

  g_mutex_lock (&worker->mutex);
  if (!job->is_write || worker->bytes + job->bytes <= DW_STORE_PENDING_BYTES)
    {
      worker->bytes += job->bytes;
      worker->queued += job->is_write;
      serial = worker->queued;
      g_queue_push_tail (&worker->arrived, g_steal_pointer (&job));
      g_cond_signal (&worker->cond);
    }
  g_mutex_unlock (&worker->mutex);

  if (job != NULL)
    {
      dw_store_job_answer (job, worker->context, NULL,
                           g_error_new_literal (DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_LATE, "too much waits"));
      dw_store_job_free (job);
    }
  return serial;
}

/**
 * dw_store_worker_get_written:
 * @worker: a thread
 *
 * Returns: the number of the newest write such that it and all before are done
 */
guint64
dw_store_worker_get_written (DwStoreWorker *worker)
{
  guint64 written;

  g_mutex_lock (&worker->mutex);
  written = worker->written;
  g_mutex_unlock (&worker->mutex);
  return written;
}
