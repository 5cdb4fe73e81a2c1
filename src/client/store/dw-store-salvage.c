/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-store-salvage.h"

#include "dw-schema.h"
#include "dw-store-home.h"
#include "dw-store-lines.h"

#include "client/dw-client-error.h"

#include <string.h>

/**
 * SECTION:dw-store-salvage
 *
 * Copies what can be read of a damaged file into a new one: only the tables, since indexes are rebuilt. Pages that cannot
 * be read are skipped by searching for the next readable line.
 */
typedef struct
{
  DwDatabase *from;
  DwDatabase *to;
  gint64 version; /* of the damaged file */
  gint64 next;    /* the first key that was not looked at */
  gint64 stage;   /* of the last line that was copied */
  gint64 was;     /* its place in the damaged file */
  gint64 place;   /* and in the copy: places have no holes */
  DwStoreSalvage *result;
} Copy;

/* How many lines go into one transaction. */
#define LINES_AT_ONCE 1000

/* Stage numbers are small. After one that cannot be read, this many following numbers are tried. */
#define STAGES_AHEAD 1000

/* A table may be missing, too. */
static gboolean
is_damage (const GError *error)
{
  return error->code == DW_CLIENT_ERROR_STORE_DAMAGED || error->code == DW_CLIENT_ERROR_STORE;
}

/* Stages */

#define STAGE_COLUMNS                                                                                              \
  "stage, uuid, place, name, urls, dialect, own_name, secret, local, online, muted, echoes, seen, left_at, draft"

/* The first version whose stages have snippets. */
#define SNIPPETS_VERSION 5

static const char *
snippets_of (const Copy *copy)
{
  return copy->version >= SNIPPETS_VERSION ? "snippets" : "''";
}

static gboolean
copy_stage (Copy *copy, sqlite3_stmt *query, GError **error)
{
  g_autofree char *uuid = dw_database_dup_text (query, 1);
  g_autofree char *name = dw_database_dup_text (query, 3);
  g_autofree char *urls = dw_database_dup_text (query, 4);
  g_autofree char *dialect = dw_database_dup_text (query, 5);
  g_autofree char *own_name = dw_database_dup_text (query, 6);
  g_autofree char *draft = dw_database_dup_some_text (query, 14);
  g_autofree char *snippets = dw_database_dup_some_text (query, 15);

  return dw_database_run (
      copy->to, error,
      "INSERT OR IGNORE INTO stages (" STAGE_COLUMNS
      ", snippets) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      "isissssiiiiiiiss", sqlite3_column_int64 (query, 0), uuid, sqlite3_column_int64 (query, 2), name, urls,
      dialect, own_name, sqlite3_column_int64 (query, 7), sqlite3_column_int64 (query, 8),
      sqlite3_column_int64 (query, 9), sqlite3_column_int64 (query, 10), sqlite3_column_int64 (query, 11),
      sqlite3_column_int64 (query, 12), sqlite3_column_int64 (query, 13), draft, snippets);
}

/* A disk that fails to read may do better the next time, so what is on it is no damage. */
static gboolean
forgive_damage (GError *problem, GError **error)
{
  if (problem != NULL && !is_damage (problem))
    {
      g_propagate_error (error, problem);
      return FALSE;
    }
  g_clear_error (&problem);
  return TRUE;
}

/* Returns FALSE only if a disk fails. */
static gboolean
copy_stages_of (Copy *copy, sqlite3_stmt *query, GError *problem, gint64 *last, gboolean *whole, GError **error)
{
  while (query != NULL && dw_database_next (copy->from, query, &problem))
    {
      *last = sqlite3_column_int64 (query, 0);
      if (!copy_stage (copy, query, error))
        {
          sqlite3_reset (query);
          return FALSE;
        }
    }
  *whole = problem == NULL;
  return forgive_damage (problem, error);
}

static gboolean
copy_stages (Copy *copy, GError **error)
{
  GError *problem = NULL;
  g_autofree char *all =
      g_strdup_printf ("SELECT " STAGE_COLUMNS ", %s FROM stages ORDER BY stage", snippets_of (copy));
  g_autofree char *one =
      g_strdup_printf ("SELECT " STAGE_COLUMNS ", %s FROM stages WHERE stage = ?", snippets_of (copy));
  sqlite3_stmt *query = dw_database_query (copy->from, &problem, all, "");
  gint64 last = 0;
  gboolean whole;

  if (!copy_stages_of (copy, query, problem, &last, &whole, error))
    return FALSE;
  if (whole)
    return TRUE;

  copy->result->complete = FALSE;
  for (gint64 stage = last + 1, end = last + STAGES_AHEAD; stage <= end; stage++)
    {
      problem = NULL;
      query = dw_database_query (copy->from, &problem, one, "i", stage);
      if (!copy_stages_of (copy, query, problem, &last, &whole, error))
        return FALSE;
    }
  return TRUE;
}

/* Lines */

static gboolean
copy_line (Copy *copy, sqlite3_stmt *query, GError **error)
{
  g_autoptr (DwRecord) record = dw_store_lines_take (query);
  gint64 stage = dw_store_lines_stage (sqlite3_column_int64 (query, 0));
  gboolean inserted;

  /* Lines can be missing from a page that reads well. */
  if (stage == copy->stage && record->place != copy->was + 1)
    copy->result->complete = FALSE;
  copy->place = stage == copy->stage ? copy->place + 1 : record->place;
  copy->was = record->place;
  copy->stage = stage;
  if (!dw_store_lines_insert (copy->to, dw_store_lines_key (stage, copy->place), record, &inserted, error))
    return FALSE;
  copy->result->messages += record->kind == DW_MESSAGE_THEIRS || record->kind == DW_MESSAGE_OWN;
  return TRUE;
}

/* A page that was cut off ends with zeros. No text of ours has any. */
static gboolean
is_whole (sqlite3_stmt *query)
{
  for (int column = 0; column < sqlite3_column_count (query); column++)
    {
      const char *text = sqlite3_column_type (query, column) == SQLITE_TEXT
                             ? (const char *) sqlite3_column_text (query, column)
                             : NULL;

      if (text != NULL && strlen (text) != (gsize) sqlite3_column_bytes (query, column))
        return FALSE;
    }
  return TRUE;
}

/* Copies some lines. @damaged is set where the next one cannot be read, and @over at the end. */
static gboolean
copy_some_lines (Copy *copy, gboolean *damaged, gboolean *over, GError **error)
{
  g_autoptr (GError) problem = NULL;
  sqlite3_stmt *query = dw_database_query (copy->from, &problem,
                                           "SELECT " DW_STORE_LINES_COLUMNS
                                           " FROM lines NOT INDEXED WHERE line >= ? ORDER BY line LIMIT ?",
                                           "ii", copy->next, (gint64) LINES_AT_ONCE);
  guint n = 0;

  if (!dw_database_run_script (copy->to, "BEGIN", error))
    return FALSE;
  while (query != NULL && dw_database_next (copy->from, query, &problem))
    {
      gint64 key = sqlite3_column_int64 (query, 0);

      n++;
      /* A damaged page can have any key on it. */
      if (key < copy->next)
        {
          copy->result->complete = FALSE;
          continue;
        }
      copy->next = key + 1;
      if (!is_whole (query))
        {
          copy->result->complete = FALSE;
          continue;
        }
      if (!copy_line (copy, query, error))
        {
          sqlite3_reset (query);
          return FALSE;
        }
    }
  *damaged = problem != NULL && is_damage (problem);
  *over = problem == NULL && n < LINES_AT_ONCE;
  if (problem != NULL && !*damaged)
    {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
  return dw_database_run_script (copy->to, "COMMIT", error);
}

/* Whether the table can be read from a key on, and the first key there; or −1 where that is the end. */
static gboolean
can_read_from (Copy *copy, gint64 key, gint64 *found)
{
  g_autoptr (GError) problem = NULL;
  sqlite3_stmt *query = dw_database_query (
      copy->from, &problem, "SELECT line FROM lines NOT INDEXED WHERE line >= ? ORDER BY line LIMIT 1", "i", key);

  *found = -1;
  while (query != NULL && dw_database_next (copy->from, query, &problem))
    *found = sqlite3_column_int64 (query, 0);
  return query != NULL && problem == NULL && (*found < 0 || *found >= key);
}

/* Skips what cannot be read: doubles the step until reading works, then bisects back to the first readable line. Returns
 * FALSE at the end. */
static gboolean
skip_damage (Copy *copy)
{
  gint64 bad = copy->next;
  gint64 good, found;

  copy->result->complete = FALSE;
  /* The line's key can be read, but its text cannot. */
  if (can_read_from (copy, bad, &found))
    {
      copy->next = found + 1;
      return found >= 0;
    }

  for (gint64 step = 1;; step *= 2)
    {
      if (step > G_MAXINT64 / 4 || copy->next > G_MAXINT64 / 2)
        return FALSE;
      good = copy->next + step;
      if (can_read_from (copy, good, &found))
        break;
      bad = good;
    }
  while (good - bad > 1)
    {
      gint64 middle = bad + (good - bad) / 2;
      gint64 here;

      if (can_read_from (copy, middle, &here))
        {
          good = middle;
          found = here;
        }
      else
        bad = middle;
    }
  copy->next = found;
  return found >= 0;
}

static gboolean
copy_lines (Copy *copy, GError **error)
{
  gboolean damaged, over;

  do
    {
      if (!copy_some_lines (copy, &damaged, &over, error))
        return FALSE;
      if (damaged && !skip_damage (copy))
        return TRUE;
    }
  while (!over);
  return TRUE;
}

/* Tables of another program, or of an unknown version, cannot be copied. */
static gboolean
check_ours (DwDatabase *database, gint64 *version, gboolean *ours, GError **error)
{
  GError *problem = NULL;
  gint64 application;

  *ours = dw_database_get_number (database, "PRAGMA application_id", &application, &problem)
          && dw_database_get_number (database, "PRAGMA user_version", version, &problem)
          && application == DW_SCHEMA_APPLICATION && *version > 0 && *version <= DW_SCHEMA_VERSION;
  return forgive_damage (problem, error);
}

/**
 * dw_store_salvage:
 * @from: a damaged file, which is left as it is
 * @to: a path where there is no file yet; afterwards the new file, closed, and complete if this returns %TRUE
 * @salvage: (out): how much was saved; nothing of a file that cannot be opened
 * @error: %DW_CLIENT_ERROR_STORE and its kinds, of @to; or a disk that fails to read @from
 *
 * Copies what can be read, in the thread that calls: 30 µs a line (measured).
 *
 * Returns: whether @to has what could be read
 */
gboolean
dw_store_salvage (const char *from, const char *to, DwStoreSalvage *salvage, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (DwDatabase) source = dw_database_open_beside (from, &problem);
  g_autoptr (DwDatabase) target = NULL;
  Copy copy = { .result = salvage, .stage = -1 };

  *salvage = (DwStoreSalvage){ 0 };
  if (source != NULL ? !check_ours (source, &copy.version, &salvage->complete, error)
                     : !forgive_damage (g_steal_pointer (&problem), error))
    return FALSE;
  target = dw_database_open (to, error);
  if (target == NULL || !dw_schema_prepare (target, error))
    return FALSE;
  dw_database_set_keeps_log (target, FALSE);
  if (!salvage->complete)
    return TRUE;

  copy.from = source;
  copy.to = target;
  return copy_stages (&copy, error) && copy_lines (&copy, error)
         && dw_store_home_carry (source, from, target, to, error)
         && dw_database_run_script (target, "PRAGMA wal_checkpoint (TRUNCATE)", error);
}
