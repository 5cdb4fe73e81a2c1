/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* gettid */

#include "dw-store-check.h"

#include "dw-database.h"

#include "client/dw-client-error.h"

#include <sys/resource.h>
#include <unistd.h>

/**
 * SECTION:dw-store-check
 *
 * SQLite reads only the pages it needs, so damage to a page that nobody reads can go unnoticed for months while others are
 * written. So the whole file is checked after each unclean exit, and once a week.
 */
struct _DwStoreCheck
{
  GThread *thread;
  char *path;
  guint delay_ms;
  DwStoreCheckFunc func;
  gpointer data;

  GMutex mutex;
  GCond cond;
  gint end; /* atomic: it was cancelled; changes under the mutex */
};

/* The lowest priority. */
#define NICE 19

/**
 * dw_store_check_is_due:
 * @checked: when the file was last found sound, in seconds since 1970 UTC, or 0
 * @now: the time, in the same way
 * @unclean: whether the last process to use the file did not close it
 *
 * A time in the future is not evidence of a check.
 *
 * Returns: whether to check the file
 */
gboolean
dw_store_check_is_due (gint64 checked, gint64 now, gboolean unclean)
{
  gint64 week = DW_STORE_CHECK_DAYS * G_TIME_SPAN_DAY / G_USEC_PER_SEC;

  return unclean || checked <= 0 || checked > now || now - checked >= week;
}

static DwStoreVerdict
verdict_of_error (const GError *error, gboolean *locked)
{
  *locked = error->code == DW_CLIENT_ERROR_STORE_LOCKED;
  return error->code == DW_CLIENT_ERROR_STORE_DAMAGED ? DW_STORE_VERDICT_DAMAGED : DW_STORE_VERDICT_NONE;
}

static DwStoreVerdict
examine (DwStoreCheck *check, gboolean *locked)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DwDatabase) database = dw_database_open_beside (check->path, &error);
  DwStoreVerdict verdict = DW_STORE_VERDICT_NONE;
  sqlite3_stmt *query;

  *locked = FALSE;
  if (database == NULL)
    return verdict_of_error (error, locked);
  dw_database_watch_end (database, &check->end);
  /* One finding is enough. */
  query = dw_database_query (database, &error, "PRAGMA integrity_check (1)", "");
  while (query != NULL && dw_database_next (database, query, &error))
    {
      g_autofree char *answer = dw_database_dup_some_text (query, 0);

      verdict = g_str_equal (answer, "ok") ? DW_STORE_VERDICT_SOUND : DW_STORE_VERDICT_DAMAGED;
      if (verdict == DW_STORE_VERDICT_DAMAGED)
        g_message ("The history is damaged: %s", answer);
    }
  return error != NULL ? verdict_of_error (error, locked) : verdict;
}

/* Returns FALSE if the check was cancelled. */
static gboolean
wait (DwStoreCheck *check)
{
  gint64 due = g_get_monotonic_time () + check->delay_ms * G_TIME_SPAN_MILLISECOND;
  gboolean goes_on;

  g_mutex_lock (&check->mutex);
  while (!check->end && g_cond_wait_until (&check->cond, &check->mutex, due))
    ;
  goes_on = !check->end;
  g_mutex_unlock (&check->mutex);
  return goes_on;
}

static gpointer
run (gpointer data)
{
  DwStoreCheck *check = data;
  DwStoreVerdict verdict = DW_STORE_VERDICT_NONE;
  gboolean locked = TRUE;

  if (setpriority (PRIO_PROCESS, (id_t) gettid (), NICE) != 0)
    g_debug ("The check of the history runs as fast as others");
  /* Another program that reads the file holds it for moments, and those may be just these. */
  while (locked && wait (check))
    {
      verdict = examine (check, &locked);
      check->delay_ms = MIN (2 * check->delay_ms, DW_STORE_CHECK_LONGEST_MS);
    }
  check->func (verdict, check->data);
  return NULL;
}

/**
 * dw_store_check_start:
 * @path: a file, which may be in use
 * @delay_ms: when to begin, in milliseconds; where another program holds the file it is tried again, each time after twice
 *   as long, and at least each %DW_STORE_CHECK_LONGEST_MS
 * @func: called once, in the check's thread
 * @data: for @func
 *
 * Returns: (transfer full): a check
 */
DwStoreCheck *
dw_store_check_start (const char *path, guint delay_ms, DwStoreCheckFunc func, gpointer data)
{
  DwStoreCheck *check = g_new0 (DwStoreCheck, 1);

  check->path = g_strdup (path);
  check->delay_ms = delay_ms;
  check->func = func;
  check->data = data;
  g_mutex_init (&check->mutex);
  g_cond_init (&check->cond);
  check->thread = g_thread_new ("dw-store-check", run, check);
  return check;
}

/**
 * dw_store_check_end:
 * @check: (transfer full): a check, which is cancelled if it has not ended
 *
 * Waits for its thread.
 */
void
dw_store_check_end (DwStoreCheck *check)
{
  g_mutex_lock (&check->mutex);
  g_atomic_int_set (&check->end, TRUE);
  g_cond_signal (&check->cond);
  g_mutex_unlock (&check->mutex);

  g_thread_join (check->thread);
  g_mutex_clear (&check->mutex);
  g_cond_clear (&check->cond);
  g_free (check->path);
  g_free (check);
}
