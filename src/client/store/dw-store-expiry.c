/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-store-expiry.h"

#include "dw-record.h"
#include "dw-store-lines.h"

/**
 * SECTION:dw-store-expiry
 *
 * What is older than the person wants to keep. What they wrote and nobody has got yet is kept whatever its age.
 */

static gboolean
delete_chunk (DwDatabase *database, gint64 before, gint64 *deleted, GError **error)
{
  if (!dw_database_run (database, error,
                        "DELETE FROM lines WHERE line IN (SELECT line FROM lines WHERE time < ? AND kind <> 3 "
                        "AND delivery NOT IN (1, 4, 5) ORDER BY line LIMIT ?)",
                        "ii", before, (gint64) DW_STORE_EXPIRY_CHUNK))
    return FALSE;
  *deleted = dw_database_get_changes (database);
  return TRUE;
}

typedef struct
{
  gint64 from;
  gint64 to; /* or 0: it goes */
} Move;

/* Upwards from the end, so that only what stands before a hole moves. A day on which nothing is left goes too. */
static gboolean
find_moves (DwDatabase *database, gint64 before, GArray *moves, GError **error)
{
  GError *problem = NULL;
  gint64 stage = -1;
  gint64 place = 0;
  gboolean day_follows = TRUE;
  sqlite3_stmt *query =
      dw_database_query (database, error, "SELECT line, kind, time FROM lines ORDER BY line DESC", "");

  if (query == NULL)
    return FALSE;
  while (dw_database_next (database, query, &problem))
    {
      gint64 key = sqlite3_column_int64 (query, 0);
      gboolean is_day = sqlite3_column_int (query, 1) == DW_MESSAGE_DAY;
      Move move = { .from = key };

      if (dw_store_lines_stage (key) != stage)
        {
          stage = dw_store_lines_stage (key);
          place = dw_store_lines_place (key);
          day_follows = TRUE;
        }
      if (!is_day || !day_follows || sqlite3_column_int64 (query, 2) >= before)
        {
          move.to = dw_store_lines_key (stage, place--);
          day_follows = is_day;
        }
      if (move.to != move.from)
        g_array_append_val (moves, move);
    }
  if (problem == NULL)
    return TRUE;
  g_propagate_error (error, problem);
  return FALSE;
}

static gboolean
close_holes (DwDatabase *database, gint64 before, gint64 *changed, GError **error)
{
  g_autoptr (GArray) moves = g_array_new (FALSE, FALSE, sizeof (Move));

  if (!find_moves (database, before, moves, error))
    return FALSE;
  for (guint i = 0; i < moves->len; i++)
    {
      Move move = g_array_index (moves, Move, i);
      gboolean done;

      if (move.to == 0)
        done = dw_database_run (database, error, "DELETE FROM lines WHERE line = ?", "i", move.from);
      else
        done =
            dw_database_run (database, error, "UPDATE lines SET line = ? WHERE line = ?", "ii", move.to, move.from);
      if (!done)
        return FALSE;
    }
  *changed += moves->len;
  return TRUE;
}

typedef struct
{
  gint64 deleted;
  gint64 moved;
} Chunk;

static gboolean
expire (DwDatabase *database, gpointer data, gpointer *result, GError **error)
{
  gint64 before = *(gint64 *) data;
  g_autofree Chunk *chunk = g_new0 (Chunk, 1);

  if (!dw_database_run_script (database, "BEGIN IMMEDIATE", error))
    return FALSE;
  if (delete_chunk (database, before, &chunk->deleted, error)
      && (chunk->deleted >= DW_STORE_EXPIRY_CHUNK || close_holes (database, before, &chunk->moved, error))
      && dw_database_run_script (database, "COMMIT", error))
    {
      *result = g_steal_pointer (&chunk);
      return TRUE;
    }
  if (dw_database_has_transaction (database))
    dw_database_run_script (database, "ROLLBACK", NULL);
  return FALSE;
}

/* The index keeps deleted words until its parts are merged; as SQLite says, first with a negative number, then
 * until nothing changes any more. */
static gboolean
merge (DwDatabase *database, gpointer data, gpointer *result, GError **error)
{
  gint64 pages = *(gint64 *) data;
  gint64 before = dw_database_get_total_changes (database);

  if (!dw_database_run (database, error, "INSERT INTO words (words, rank) VALUES ('merge', ?)", "i", pages))
    return FALSE;
  *result = GINT_TO_POINTER (dw_database_get_total_changes (database) - before >= 2 ? 2 : 1);
  return TRUE;
}

typedef struct
{
  gint64 before;
  guint expired;
} Progress;

static gboolean
expire_all (DwDatabase *database, gpointer data, gpointer *result, GError **error)
{
  gint64 moved = 0;

  return dw_database_run (database, error, "DELETE FROM lines WHERE kind <> 3 AND delivery NOT IN (1, 4, 5)", "")
         && close_holes (database, G_MAXINT64, &moved, error)
         && dw_database_run (database, error, "INSERT INTO words (words) VALUES ('optimize')", "");
}

/**
 * dw_store_expire_all:
 * @store: a store that is about to be closed
 *
 * Deletes what was said and is delivered, in one go. Closing waits until it is done.
 */
void
dw_store_expire_all (DwStore *store)
{
  dw_store_run_async (store, dw_store_job_new_write (expire_all, NULL, NULL, 0), NULL, NULL);
}

static void
ask (DwStore *store, GTask *task, DwStoreFunc func, gint64 number, GAsyncReadyCallback callback)
{
  gint64 *copy = g_new (gint64, 1);

  *copy = number;
  dw_store_run_async (store, dw_store_job_new_read (func, copy, g_free, NULL), callback, task);
}

static void
on_merged (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;
  int answer = GPOINTER_TO_INT (dw_store_run_finish (DW_STORE (source), result, &error));

  if (error != NULL)
    g_task_return_error (task, error);
  else if (answer == 2)
    ask (DW_STORE (source), g_steal_pointer (&task), merge, DW_STORE_EXPIRY_PAGES, on_merged);
  else
    g_task_return_boolean (task, TRUE);
}

static void
on_chunk (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;
  Progress *progress = g_task_get_task_data (task);
  g_autofree Chunk *chunk = dw_store_run_finish (DW_STORE (source), result, &error);

  if (chunk == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  progress->expired += (guint) chunk->deleted;
  if (chunk->deleted >= DW_STORE_EXPIRY_CHUNK)
    {
      ask (DW_STORE (source), g_steal_pointer (&task), expire, progress->before, on_chunk);
      return;
    }
  if (progress->expired > 0 || chunk->moved > 0)
    dw_store_tell_rearranged (DW_STORE (source));
  if (progress->expired > 0)
    ask (DW_STORE (source), g_steal_pointer (&task), merge, -DW_STORE_EXPIRY_PAGES, on_merged);
  else
    g_task_return_boolean (task, TRUE);
}

/**
 * dw_store_expire_async:
 * @store: a store
 * @before: a time, in microseconds since 1970 UTC
 * @callback: called when it is done
 * @data: for @callback
 *
 * Deletes what was said before a time, a part at a time. The lines left stand without holes, but at other places:
 * #DwStore::rearranged says so.
 */
void
dw_store_expire_async (DwStore *store, gint64 before, GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (store, NULL, callback, data);
  Progress *progress = g_new0 (Progress, 1);

  g_task_set_source_tag (task, dw_store_expire_async);
  progress->before = before;
  g_task_set_task_data (task, progress, g_free);
  ask (store, task, expire, before, on_chunk);
}

/**
 * dw_store_expire_finish:
 * @store: a store
 * @result: what the callback was given
 * @expired: (out): how many lines went
 * @error: %DW_CLIENT_ERROR_STORE and its kinds
 *
 * Returns: whether all went that had to
 */
gboolean
dw_store_expire_finish (DwStore *store, GAsyncResult *result, guint *expired, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, store), FALSE);

  *expired = ((Progress *) g_task_get_task_data (G_TASK (result)))->expired;
  return g_task_propagate_boolean (G_TASK (result), error);
}
