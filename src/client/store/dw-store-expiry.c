/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-store-expiry.h"

#include "dw-record.h"
#include "dw-store-lines.h"

/**
 * SECTION:dw-store-expiry
 *
 * Deletes history older than the user wants to keep, except undelivered messages, which are kept whatever their age.
 *
 * Lines are in the order of their arrival, and clocks can be wrong: so for each stage exactly the lines before its
 * first young one are old, whatever their own times.
 */

/* The place in one stage where its young lines begin, or its end. */
typedef struct
{
  gint64 stage;
  gint64 young; /* a line's key */
} Border;

static gboolean
is_young (const DwStoreExpiry *expiry, gint64 time)
{
  gboolean wrong = time > expiry->now || time < expiry->epoch;

  return (wrong ? expiry->since : time) >= expiry->before;
}

/* A day goes with its lines, and the user's own line only once it was delivered. */
static gboolean
may_go (sqlite3_stmt *query)
{
  int delivery = sqlite3_column_int (query, 3);

  return sqlite3_column_int (query, 1) != DW_MESSAGE_DAY && delivery != DW_DELIVERY_QUEUED
         && delivery != DW_DELIVERY_UNCONFIRMED && delivery != DW_DELIVERY_FAILED;
}

/* Continues after a line, through one stage, until a line is young or there are enough. @after becomes the end of that
 * stage. */
static gboolean
find_old_of_stage (DwDatabase *database,
                   const DwStoreExpiry *expiry,
                   gint64 *after,
                   GArray *old,
                   GArray *borders,
                   GError **error)
{
  GError *problem = NULL;
  Border border = { .young = G_MAXINT64 };
  gboolean begun = FALSE;
  gint64 last = G_MAXINT64;
  sqlite3_stmt *query = dw_database_query (
      database, error, "SELECT line, kind, time, delivery FROM lines WHERE line > ? ORDER BY line", "i", *after);

  if (query == NULL)
    return FALSE;

  while (old->len < DW_STORE_EXPIRY_CHUNK && dw_database_next (database, query, &problem))
    {
      gint64 key = sqlite3_column_int64 (query, 0);

      if (!begun)
        {
          border.stage = dw_store_lines_stage (key);
          last = dw_store_lines_key (border.stage, dw_store_lines_place (-1));
          begun = TRUE;
        }
      if (key > last)
        break;
      if (is_young (expiry, sqlite3_column_int64 (query, 2)))
        {
          border.young = key;
          break;
        }
      if (may_go (query))
        g_array_append_val (old, key);
    }
  /* A statement that is not reset holds a lock. */
  sqlite3_reset (query);

  *after = last;
  if (begun)
    g_array_append_val (borders, border);
  if (problem == NULL)
    return TRUE;
  g_propagate_error (error, problem);
  return FALSE;
}

static gboolean
delete_chunk (DwDatabase *database, const DwStoreExpiry *expiry, gint64 *deleted, GArray *borders, GError **error)
{
  g_autoptr (GArray) old = g_array_new (FALSE, FALSE, sizeof (gint64));
  gint64 after = G_MININT64;

  while (after < G_MAXINT64 && old->len < DW_STORE_EXPIRY_CHUNK)
    if (!find_old_of_stage (database, expiry, &after, old, borders, error))
      return FALSE;

  for (guint i = 0; i < old->len; i++)
    if (!dw_database_run (database, error, "DELETE FROM lines WHERE line = ?", "i", g_array_index (old, gint64, i)))
      return FALSE;
  *deleted = old->len;
  return TRUE;
}

/* Without borders everything is old. */
static gboolean
is_old (GArray *borders, gint64 key)
{
  if (borders == NULL)
    return TRUE;
  for (guint i = 0; i < borders->len; i++)
    if (g_array_index (borders, Border, i).stage == dw_store_lines_stage (key))
      return key < g_array_index (borders, Border, i).young;
  return FALSE;
}

typedef struct
{
  gint64 from;
  gint64 to; /* or 0: it goes */
} Move;

/* From the newest line back, so that only the lines before a gap move. A day without lines is deleted too. */
static gboolean
find_moves (DwDatabase *database, GArray *borders, GArray *moves, GError **error)
{
  GError *problem = NULL;
  gint64 stage = -1;
  gint64 place = 0;
  gboolean day_follows = TRUE;
  sqlite3_stmt *query = dw_database_query (database, error, "SELECT line, kind FROM lines ORDER BY line DESC", "");

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
      if (!is_day || !day_follows || !is_old (borders, key))
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
close_holes (DwDatabase *database, GArray *borders, gint64 *changed, GError **error)
{
  g_autoptr (GArray) moves = g_array_new (FALSE, FALSE, sizeof (Move));

  if (!find_moves (database, borders, moves, error))
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
  const DwStoreExpiry *expiry = data;
  g_autofree Chunk *chunk = g_new0 (Chunk, 1);
  g_autoptr (GArray) borders = g_array_new (FALSE, FALSE, sizeof (Border));

  if (!dw_database_run_script (database, "BEGIN IMMEDIATE", error))
    return FALSE;
  if (delete_chunk (database, expiry, &chunk->deleted, borders, error)
      && (chunk->deleted >= DW_STORE_EXPIRY_CHUNK || close_holes (database, borders, &chunk->moved, error))
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
  DwStoreExpiry expiry;
  guint expired;
} Progress;

static gboolean
expire_all (DwDatabase *database, gpointer data, gpointer *result, GError **error)
{
  gint64 moved = 0;

  return dw_database_run (database, error, "DELETE FROM lines WHERE kind <> 3 AND delivery NOT IN (1, 4, 5)", "")
         && close_holes (database, NULL, &moved, error)
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

static void on_merged (GObject *source, GAsyncResult *result, gpointer data);

static void
ask_to_merge (DwStore *store, GTask *task, gint64 pages)
{
  dw_store_run_async (store, dw_store_job_new_read (merge, g_memdup2 (&pages, sizeof pages), g_free, NULL),
                      on_merged, task);
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
    ask_to_merge (DW_STORE (source), g_steal_pointer (&task), DW_STORE_EXPIRY_PAGES);
  else
    g_task_return_boolean (task, TRUE);
}

static void on_chunk (GObject *source, GAsyncResult *result, gpointer data);

static void
ask_for_chunk (DwStore *store, GTask *task)
{
  const Progress *progress = g_task_get_task_data (task);

  dw_store_run_async (
      store, dw_store_job_new_read (expire, g_memdup2 (&progress->expiry, sizeof progress->expiry), g_free, NULL),
      on_chunk, task);
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
      ask_for_chunk (DW_STORE (source), g_steal_pointer (&task));
      return;
    }
  if (progress->expired > 0 || chunk->moved > 0)
    dw_store_tell_rearranged (DW_STORE (source));
  if (progress->expired > 0)
    ask_to_merge (DW_STORE (source), g_steal_pointer (&task), -DW_STORE_EXPIRY_PAGES);
  else
    g_task_return_boolean (task, TRUE);
}

/**
 * dw_store_expire_async:
 * @store: a store
 * @expiry: what is old
 * @callback: called when it is done
 * @data: for @callback
 *
 * Deletes what is old, in steps. A line counts as no older than the ones before it, whatever its own time, so that a
 * clock that was wrong for a while costs nothing. The remaining lines have no gaps, but new places, which
 * #DwStore::rearranged announces.
 */
void
dw_store_expire_async (DwStore *store, const DwStoreExpiry *expiry, GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (store, NULL, callback, data);
  Progress *progress = g_new0 (Progress, 1);

  g_task_set_source_tag (task, dw_store_expire_async);
  progress->expiry = *expiry;
  g_task_set_task_data (task, progress, g_free);
  ask_for_chunk (store, task);
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
