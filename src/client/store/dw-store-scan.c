/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-store-scan.h"

#include "dw-store-lines.h"

/**
 * SECTION:dw-store-scan
 *
 * A search that looks at the text itself, and so finds what stands inside of words, or what has no words: “ppl” in
 * “apple”, “-->”. It goes from the newest line to the oldest, a step at a time, and can be cancelled between two.
 */

typedef struct
{
  GArray *stages;   /* of gint64; the first is looked at now */
  gint64 last;      /* the key of the next line of that stage */
  GPtrArray *words; /* as dw_fold_words() makes them */
  GString *buffer;
  GPtrArray *hits; /* of DwHit */
  guint found;     /* in the first stage */
  gsize bytes;     /* of them */
  guint limit;
} Scan;

static void
scan_free (gpointer data)
{
  Scan *scan = data;

  g_array_unref (scan->stages);
  g_ptr_array_unref (scan->words);
  g_string_free (scan->buffer, TRUE);
  g_ptr_array_unref (scan->hits);
  g_free (scan);
}

static gboolean
add_hit (DwDatabase *database, Scan *scan, gint64 stage, gint64 key, GError **error)
{
  GError *problem = NULL;
  sqlite3_stmt *query =
      dw_database_query (database, error, "SELECT " DW_STORE_LINES_COLUMNS " FROM lines WHERE line = ?", "i", key);

  if (query == NULL)
    return FALSE;
  while (dw_database_next (database, query, &problem))
    {
      DwHit *hit = g_new (DwHit, 1);

      *hit = (DwHit){ .stage = stage, .record = dw_store_lines_take (query) };
      scan->bytes += dw_record_get_size (hit->record);
      scan->found++;
      g_ptr_array_add (scan->hits, hit);
    }
  if (problem == NULL)
    return TRUE;
  g_propagate_error (error, problem);
  return FALSE;
}

static gboolean
is_enough (const Scan *scan)
{
  return scan->found >= scan->limit || scan->bytes >= DW_STORE_SEARCH_BYTES;
}

static void
begin_stage (Scan *scan)
{
  scan->found = 0;
  scan->bytes = 0;
  if (scan->stages->len > 0)
    scan->last = dw_store_lines_key (g_array_index (scan->stages, gint64, 0) + 1, 0) - 1;
}

static gboolean
scan_some (DwDatabase *database, Scan *scan, gboolean *ended, GError **error)
{
  gint64 stage = g_array_index (scan->stages, gint64, 0);
  DwFold *fold = dw_database_get_fold (database);
  GError *problem = NULL;
  guint lines = 0;
  gsize bytes = 0;
  /* Of the kinds that can be found, which stand in no index. */
  sqlite3_stmt *query = dw_database_query (
      database, error, "SELECT line, text, kind FROM lines WHERE line BETWEEN ? AND ? ORDER BY line DESC", "ii",
      dw_store_lines_key (stage, 0), scan->last);

  if (query == NULL)
    return FALSE;
  *ended = TRUE;
  while (dw_database_next (database, query, &problem))
    {
      gint64 key = sqlite3_column_int64 (query, 0);
      const char *text = sqlite3_column_blob (query, 1);
      gsize length = (gsize) sqlite3_column_bytes (query, 1);

      scan->last = key - 1;
      bytes += length;
      if (length > 0 && sqlite3_column_int (query, 2) <= DW_MESSAGE_OWN
          && dw_fold_has (fold, text, length, scan->words, scan->buffer)
          && !add_hit (database, scan, stage, key, &problem))
        break;
      *ended = is_enough (scan);
      if (*ended || ++lines >= DW_STORE_SCAN_LINES || bytes >= DW_STORE_SCAN_BYTES)
        break;
      *ended = TRUE;
    }
  sqlite3_reset (query);
  if (problem == NULL)
    return TRUE;
  g_propagate_error (error, problem);
  return FALSE;
}

/* Runs while its task waits for it, so nothing else touches the scan. */
static gboolean
scan_step (DwDatabase *database, gpointer data, gpointer *result, GError **error)
{
  Scan *scan = data;
  gboolean ended;

  if (!scan_some (database, scan, &ended, error))
    return FALSE;
  if (ended)
    {
      dw_hits_keep_newest (scan->hits, scan->limit);
      g_array_remove_index (scan->stages, 0);
      begin_stage (scan);
    }
  return TRUE;
}

static void on_step (GObject *source, GAsyncResult *result, gpointer data);

static void
take_step (DwStore *store, GTask *task)
{
  Scan *scan = g_task_get_task_data (task);

  if (scan->stages->len == 0 || scan->words->len == 0)
    g_task_return_pointer (task, g_ptr_array_ref (scan->hits), (GDestroyNotify) g_ptr_array_unref);
  else
    dw_store_run_async (store, dw_store_job_new_read (scan_step, scan, NULL, NULL), on_step, g_object_ref (task));
}

static void
on_step (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;

  dw_store_run_finish (DW_STORE (source), result, &error);
  if (error != NULL)
    g_task_return_error (task, error);
  else if (!g_task_return_error_if_cancelled (task))
    take_step (DW_STORE (source), task);
}

/**
 * dw_store_scan_async:
 * @store: a store
 * @stages: (array length=n_stages): the numbers of the stages to look in
 * @n_stages: how many
 * @words: what somebody typed
 * @limit: how many lines to find, at most %DW_STORE_SEARCH_HITS
 * @cancellable: (nullable): ends it between two steps
 * @callback: called when it is done
 * @data: for @callback
 *
 * Finds the newest messages that have all the words somewhere in their text. Unlike dw_store_search_async() it looks at
 * every line until it has found enough; whatever else is asked of the store comes between two steps.
 */
void
dw_store_scan_async (DwStore *store,
                     const gint64 *stages,
                     guint n_stages,
                     const char *words,
                     guint limit,
                     GCancellable *cancellable,
                     GAsyncReadyCallback callback,
                     gpointer data)
{
  g_autoptr (GTask) task = g_task_new (store, cancellable, callback, data);
  g_autoptr (DwFold) fold = dw_fold_new ();
  Scan *scan = g_new0 (Scan, 1);

  g_task_set_source_tag (task, dw_store_scan_async);
  g_task_set_task_data (task, scan, scan_free);
  scan->stages = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_array_append_vals (scan->stages, stages, n_stages);
  scan->words = dw_fold_words (fold, words, DW_STORE_SEARCH_WORDS);
  scan->buffer = g_string_new (NULL);
  scan->hits = g_ptr_array_new_with_free_func ((GDestroyNotify) dw_hit_free);
  scan->limit = MIN (limit, DW_STORE_SEARCH_HITS);
  begin_stage (scan);
  take_step (store, task);
}

/**
 * dw_store_scan_finish:
 * @store: a store
 * @result: what the callback was given
 * @error: %DW_CLIENT_ERROR_STORE and its kinds, %G_IO_ERROR_CANCELLED
 *
 * Returns: (transfer full) (element-type DwHit): what was found, the newest first
 */
GPtrArray *
dw_store_scan_finish (DwStore *store, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, store), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
