/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-store-words.h"

/**
 * SECTION:dw-store-words
 *
 * The index of words. Lines that an older version wrote are added to it in the background, newest first, one step per
 * transaction; a program that ends midway goes on at the next start. `unindexed` holds the last line that is not in the
 * index yet; dw-store-scan searches those.
 */

/* How much of an older version's index one step drops: rows of up to 4 KB, and as many bytes of small ones. */
#define RETIRED_ROWS 100

typedef enum
{
  STEP_FAILED,
  STEP_LAST,
  STEP_MORE,
} Step;

/**
 * dw_store_words_add:
 * @database: a connection
 * @key: the key of a line that was added
 * @text: what it says
 * @error: %DW_CLIENT_ERROR_STORE and its kinds
 *
 * Adds its words to the index, unless dw_store_words_catch_up_async() has yet to get there and will do it.
 *
 * Returns: whether that was possible
 */
gboolean
dw_store_words_add (DwDatabase *database, gint64 key, const char *text, GError **error)
{
  gint64 last;

  if (!dw_database_get_number (database, "SELECT line FROM unindexed", &last, error))
    return FALSE;

  /* Not in one statement with the question: FTS5 writes out what it gathered before each statement that SQLite can
   * undo by itself, as INSERT ... SELECT is (measured: 26 us a line, and 10 with VALUES). */
  return key <= last
         || dw_database_run (database, error, "INSERT INTO words (rowid, text) VALUES (?, ?)", "is", key, text);
}

/* An older version's index goes first, so that the new one takes its place in the file. Not at once: all of it is
 * overwritten, some ten megabytes for a million lines. Rows 1 and 10 say what is in the others, and FTS5 opens no table
 * without them. */
static Step
drop_retired (DwDatabase *database, GError **error)
{
  if (!dw_database_run (database, error,
                        "DELETE FROM retired_data WHERE id IN (SELECT id FROM retired_data WHERE id > 10 LIMIT ?)",
                        "i", (gint64) RETIRED_ROWS))
    return STEP_FAILED;
  if (dw_database_get_changes (database) > 0)
    return STEP_MORE;
  if (!dw_database_run (database, error,
                        "DELETE FROM retired_docsize WHERE id IN (SELECT id FROM retired_docsize LIMIT ?)", "i",
                        (gint64) RETIRED_ROWS * 100))
    return STEP_FAILED;
  if (dw_database_get_changes (database) > 0)
    return STEP_MORE;
  return dw_database_run_script (database, "DROP TABLE retired", error) ? STEP_MORE : STEP_FAILED;
}

/* How far down the next step goes: -1 where nothing can be found below. */
static gboolean
find_lowest (DwDatabase *database, gint64 last, gint64 *lowest, GError **error)
{
  GError *problem = NULL;
  gsize bytes = 0;
  sqlite3_stmt *query =
      dw_database_query (database, error,
                         "SELECT line, length (CAST (text AS BLOB)) FROM lines WHERE line <= ? AND kind <= 1 "
                         "ORDER BY line DESC LIMIT ?",
                         "ii", last, (gint64) DW_STORE_WORDS_LINES);

  *lowest = -1;
  if (query == NULL)
    return FALSE;
  while (bytes < DW_STORE_WORDS_BYTES && dw_database_next (database, query, &problem))
    {
      *lowest = sqlite3_column_int64 (query, 0);
      bytes += (gsize) sqlite3_column_int64 (query, 1);
    }
  sqlite3_reset (query);
  if (problem == NULL)
    return TRUE;
  g_propagate_error (error, problem);
  return FALSE;
}

/* The index takes lines in order: those of a step from the oldest to the newest. */
static Step
add_lines (DwDatabase *database, gint64 last, GError **error)
{
  gint64 lowest;

  if (!find_lowest (database, last, &lowest, error)
      || (lowest > 0
          && !dw_database_run (database, error,
                               "INSERT INTO words (rowid, text) SELECT line, text FROM lines WHERE line BETWEEN ? "
                               "AND ? AND kind <= 1 ORDER BY line",
                               "ii", lowest, last))
      || !dw_database_run (database, error, "UPDATE unindexed SET line = ?", "i", MAX (lowest - 1, 0)))
    return STEP_FAILED;
  return lowest > 0 ? STEP_MORE : STEP_LAST;
}

/* If nothing is left to do, nothing is written. */
static gboolean
look (DwDatabase *database, gboolean *is_retired, gint64 *last, GError **error)
{
  gint64 retired;

  if (!dw_database_get_number (database, "SELECT count(*) FROM sqlite_schema WHERE name = 'retired'", &retired,
                               error)
      || !dw_database_get_number (database, "SELECT line FROM unindexed", last, error))
    return FALSE;
  *is_retired = retired > 0;
  return TRUE;
}

static gboolean
catch_up (DwDatabase *database, gpointer data, gpointer *result, GError **error)
{
  gboolean is_retired;
  gint64 last;
  Step step;

  if (!look (database, &is_retired, &last, error))
    return FALSE;
  if (!is_retired && last == 0)
    {
      *result = GINT_TO_POINTER (STEP_LAST);
      return TRUE;
    }

  if (!dw_database_run_script (database, "BEGIN IMMEDIATE", error))
    return FALSE;
  step = is_retired ? drop_retired (database, error) : add_lines (database, last, error);
  if (step != STEP_FAILED && dw_database_run_script (database, "COMMIT", error))
    {
      *result = GINT_TO_POINTER (step);
      return TRUE;
    }
  if (dw_database_has_transaction (database))
    dw_database_run_script (database, "ROLLBACK", NULL);
  return FALSE;
}

static void on_step (GObject *source, GAsyncResult *result, gpointer data);

static void
take_step (DwStore *store, GTask *task)
{
  dw_store_run_async (store, dw_store_job_new_read (catch_up, NULL, NULL, NULL), on_step, task);
}

static void
on_step (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;
  Step step = (Step) GPOINTER_TO_INT (dw_store_run_finish (DW_STORE (source), result, &error));

  if (error != NULL)
    g_task_return_error (task, error);
  else if (step == STEP_MORE)
    take_step (DW_STORE (source), g_steal_pointer (&task));
  else
    g_task_return_boolean (task, TRUE);
}

/**
 * dw_store_words_catch_up_async:
 * @store: a store
 * @callback: (nullable): called when it is done
 * @data: for @callback
 *
 * Puts into the index what an older version of this program left out of it. Whatever else is asked of the store comes
 * between two steps. Where it fails the next start goes on.
 */
void
dw_store_words_catch_up_async (DwStore *store, GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (store, NULL, callback, data);

  g_task_set_source_tag (task, dw_store_words_catch_up_async);
  take_step (store, task);
}

/**
 * dw_store_words_catch_up_finish:
 * @store: a store
 * @result: what the callback was given
 * @error: %DW_CLIENT_ERROR_STORE and its kinds
 *
 * Returns: whether all lines are in the index
 */
gboolean
dw_store_words_catch_up_finish (DwStore *store, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, store), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
