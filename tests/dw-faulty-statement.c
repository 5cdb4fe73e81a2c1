/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-faulty-statement.h"

#include <sqlite3.h>

static GMutex mutex;
static DwFaultyStatement kind;
static guint fails_at;
static guint asked;
static gboolean failed;

/* Whether this question is the one that fails. */
static gboolean
fails_now (DwFaultyStatement how)
{
  gboolean now;

  g_mutex_lock (&mutex);
  now = kind == how && ++asked == fails_at;
  failed |= now;
  g_mutex_unlock (&mutex);
  return now;
}

static int
on_prepare (void *data, int action, const char *a, const char *b, const char *c, const char *d)
{
  switch (action)
    {
    case SQLITE_READ:
    case SQLITE_FUNCTION:
    case SQLITE_RECURSIVE:
      return SQLITE_OK;
    default:
      return fails_now (DW_FAULTY_REFUSED) ? SQLITE_DENY : SQLITE_OK;
    }
}

/* Whether a statement is under way that is none of a transaction: what begins or ends one would have done so all the same,
 * which neither a disk nor a lock does. */
static gboolean
is_in_statement (sqlite3 *handle)
{
  gboolean found = FALSE;

  for (sqlite3_stmt *at = sqlite3_next_stmt (handle, NULL); at != NULL; at = sqlite3_next_stmt (handle, at))
    {
      const char *sql = sqlite3_sql (at);

      if (!sqlite3_stmt_busy (at) || sql == NULL)
        continue;
      if (g_str_has_prefix (sql, "BEGIN") || g_str_has_prefix (sql, "COMMIT") || g_str_has_prefix (sql, "ROLLBACK"))
        return FALSE;
      found = TRUE;
    }
  return found;
}

/* Whether one is still to be interrupted, or counted: to look at each statement at each step takes most of the time. */
static gboolean
is_interrupting (void)
{
  gboolean now;

  g_mutex_lock (&mutex);
  now = kind == DW_FAULTY_INTERRUPTED && !failed;
  g_mutex_unlock (&mutex);
  return now;
}

static int
on_progress (void *handle)
{
  return is_interrupting () && is_in_statement (handle) && fails_now (DW_FAULTY_INTERRUPTED);
}

static int
on_open (sqlite3 *handle, char **message, const sqlite3_api_routines *routines)
{
  sqlite3_set_authorizer (handle, on_prepare, NULL);
  sqlite3_progress_handler (handle, 1, on_progress, handle);
  return SQLITE_OK;
}

void
dw_faulty_statement_install (void)
{
  g_assert_cmpint (sqlite3_auto_extension ((void (*) (void)) on_open), ==, SQLITE_OK);
}

void
dw_faulty_statement_fail (DwFaultyStatement how, guint nth)
{
  g_mutex_lock (&mutex);
  kind = how;
  fails_at = nth;
  asked = 0;
  failed = FALSE;
  g_mutex_unlock (&mutex);
}

gboolean
dw_faulty_statement_has_failed (void)
{
  gboolean now;

  g_mutex_lock (&mutex);
  now = failed;
  g_mutex_unlock (&mutex);
  return now;
}

guint
dw_faulty_statement_count (void)
{
  guint n;

  g_mutex_lock (&mutex);
  n = asked;
  g_mutex_unlock (&mutex);
  return n;
}
