/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-store-date.h"

#include "dw-store-lines.h"

/**
 * SECTION:dw-store-date
 *
 * Finds where a time is in a conversation. Times stand in no index, but grow with the lines, so a few lines are looked
 * at: each halves what is left.
 */

typedef struct
{
  gint64 stage;
  gint64 time;
} Date;

#define FIRST "SELECT line, time FROM lines WHERE line BETWEEN ? AND ? ORDER BY line LIMIT 1"
#define LAST "SELECT line, time FROM lines WHERE line BETWEEN ? AND ? ORDER BY line DESC LIMIT 1"

/* The first or the last line of the stage from @key on, and its time; 0 where there is none. */
static gboolean
look (DwDatabase *database,
      const char *sql,
      const Date *date,
      gint64 key,
      gint64 *line,
      gint64 *time,
      GError **error)
{
  GError *problem = NULL;
  sqlite3_stmt *query =
      dw_database_query (database, error, sql, "ii", key, dw_store_lines_key (date->stage + 1, 0) - 1);

  *line = 0;
  if (query == NULL)
    return FALSE;
  while (dw_database_next (database, query, &problem))
    {
      *line = sqlite3_column_int64 (query, 0);
      *time = sqlite3_column_int64 (query, 1);
    }
  if (problem == NULL)
    return TRUE;
  g_propagate_error (error, problem);
  return FALSE;
}

static gboolean
find_date (DwDatabase *database, gpointer data, gpointer *result, GError **error)
{
  const Date *date = data;
  gint64 low = dw_store_lines_key (date->stage, 0);
  gint64 high, line, time;

  if (!look (database, LAST, date, low, &high, &time, error))
    return FALSE;
  /* The line that is wanted is one from low to high, the last one where all are older. */
  while (low < high)
    {
      gint64 middle = low + (high - low) / 2;

      if (!look (database, FIRST, date, middle, &line, &time, error))
        return FALSE;
      if (line == 0 || time >= date->time)
        high = middle;
      else
        low = MIN (line + 1, high);
    }
  if (high != 0 && !look (database, FIRST, date, low, &line, &time, error))
    return FALSE;
  *result = g_new (gint64, 1);
  *(gint64 *) *result = high != 0 && line != 0 ? dw_store_lines_place (line) : 0;
  return TRUE;
}

/**
 * dw_store_date_find_async:
 * @store: a store
 * @stage: the number of a stage
 * @time: a time, in microseconds since 1970 UTC
 * @callback: called when it is done
 * @data: for @callback
 *
 * Finds the first line of a conversation that is not older. It looks at 60 lines at most.
 */
void
dw_store_date_find_async (DwStore *store, gint64 stage, gint64 time, GAsyncReadyCallback callback, gpointer data)
{
  Date *date = g_new (Date, 1);

  *date = (Date){ stage, time };
  dw_store_run_async (store, dw_store_job_new_read (find_date, date, g_free, g_free), callback, data);
}

/**
 * dw_store_date_find_finish:
 * @store: a store
 * @result: what the callback was given
 * @error: %DW_CLIENT_ERROR_STORE and its kinds
 *
 * Returns: the place of that line; the last one where all are older; 0 where there is none
 */
gint64
dw_store_date_find_finish (DwStore *store, GAsyncResult *result, GError **error)
{
  g_autofree gint64 *place = dw_store_run_finish (store, result, error);

  return place != NULL ? *place : 0;
}
