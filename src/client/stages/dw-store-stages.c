/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-store-stages.h"

#include <string.h>

/* A stage as the table holds it: the thread of the store touches no object. */
typedef struct
{
  gint64 number;
  gint64 place;
  gint64 secret;
  gint64 local;
  gint64 online;
  gint64 muted;
  gint64 echoes;
  gint64 seen;
  gint64 left_at;
  char *uuid;
  char *name;
  char *urls;
  char *dialect;
  char *own_name;
  char *draft;
  char *snippets;
} Row;

static void
row_free (gpointer data)
{
  Row *row = data;

  g_free (row->uuid);
  g_free (row->name);
  g_free (row->urls);
  g_free (row->dialect);
  g_free (row->own_name);
  g_free (row->draft);
  g_free (row->snippets);
  g_free (row);
}

/* Loading */

/* A line's key has 23 bits for the number of its stage. */
#define FIRST_RANDOM_NUMBER (1 << 20)
#define LAST_RANDOM_NUMBER (1 << 22)

typedef struct
{
  GPtrArray *rows; /* of Row */
  gint64 next;     /* the number of the next stage */
} Loaded;

static void
loaded_free (gpointer data)
{
  Loaded *loaded = data;

  g_ptr_array_unref (loaded->rows);
  g_free (loaded);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Loaded, loaded_free)

static Row *
take_row (sqlite3_stmt *query)
{
  Row *row = g_new0 (Row, 1);

  row->number = sqlite3_column_int64 (query, 0);
  row->uuid = dw_database_dup_some_text (query, 1);
  row->name = dw_database_dup_text (query, 2);
  row->urls = dw_database_dup_some_text (query, 3);
  row->dialect = dw_database_dup_some_text (query, 4);
  row->own_name = dw_database_dup_text (query, 5);
  row->draft = dw_database_dup_some_text (query, 6);
  row->secret = sqlite3_column_int64 (query, 7);
  row->local = sqlite3_column_int64 (query, 8);
  row->online = sqlite3_column_int64 (query, 9);
  row->muted = sqlite3_column_int64 (query, 10);
  row->echoes = sqlite3_column_int64 (query, 11);
  row->seen = sqlite3_column_int64 (query, 12);
  row->left_at = sqlite3_column_int64 (query, 13);
  row->snippets = dw_database_dup_some_text (query, 14);
  return row;
}

static gboolean
load (DwDatabase *database, gpointer data, gpointer *result, GError **error)
{
  g_autoptr (Loaded) loaded = g_new0 (Loaded, 1);
  GError *problem = NULL;
  sqlite3_stmt *query;

  loaded->rows = g_ptr_array_new_with_free_func (row_free);
  loaded->next = 1;
  /* The content of the file is unknown, so a new stage gets a number that none in it can have. */
  if (dw_database_is_in_memory (database))
    loaded->next = g_random_int_range (FIRST_RANDOM_NUMBER, LAST_RANDOM_NUMBER);
  query =
      dw_database_query (database, error,
                         "SELECT stage, uuid, name, urls, dialect, own_name, draft, secret, local, online, muted, "
                         "echoes, seen, left_at, snippets FROM stages ORDER BY place, stage LIMIT ?",
                         "i", (gint64) DW_STORE_STAGES);

  if (query == NULL)
    return FALSE;
  while (dw_database_next (database, query, &problem))
    {
      Row *row = take_row (query);

      g_ptr_array_add (loaded->rows, row);
      loaded->next = MAX (loaded->next, row->number + 1);
    }
  if (problem != NULL)
    {
      g_propagate_error (error, problem);
      return FALSE;
    }
  *result = g_steal_pointer (&loaded);
  return TRUE;
}

/* What a program that died had no time to delete: a new stage must not get its number. */
static gboolean
delete_orphans (DwDatabase *database, gpointer data, gpointer *result, GError **error)
{
  return dw_database_run (
      database, error,
      "WITH RECURSIVE used (stage) AS (SELECT min (line) >> 40 FROM lines UNION ALL "
      "SELECT (SELECT min (line) >> 40 FROM lines WHERE line >= (used.stage + 1) << 40) FROM used "
      "WHERE used.stage IS NOT NULL) "
      "DELETE FROM lines WHERE line IN (SELECT lines.line FROM used JOIN lines "
      "ON lines.line BETWEEN used.stage << 40 AND (used.stage << 40) + (1 << 40) - 1 "
      "WHERE used.stage IS NOT NULL AND used.stage NOT IN (SELECT stage FROM stages))",
      "");
}

/**
 * dw_store_stages_load_async:
 * @store: a store
 * @callback: called when they are read
 * @data: for @callback
 *
 * Reads the stages, and has what belongs to none deleted.
 */
void
dw_store_stages_load_async (DwStore *store, GAsyncReadyCallback callback, gpointer data)
{
  dw_store_run_async (store, dw_store_job_new_read (load, NULL, NULL, loaded_free), callback, data);
  dw_store_run_async (store, dw_store_job_new_write (delete_orphans, NULL, NULL, 0), NULL, NULL);
}

static DwStage *
stage_from_row (const Row *row)
{
  g_auto (GStrv) urls = g_strsplit (row->urls, "\n", DW_STAGE_URLS);
  g_autoptr (DwDialect) dialect = dw_dialect_from_text (row->dialect, NULL);
  DwStage *stage = NULL;

  for (guint i = 0; urls[i] != NULL; i++)
    {
      g_autoptr (DwStageUrl) url = dw_stage_url_parse (urls[i], NULL);

      if (url != NULL && stage == NULL)
        stage = dw_stage_new (url);
      else if (url != NULL)
        dw_stage_add_url (stage, url);
    }
  if (stage == NULL)
    return NULL;
  if (dialect != NULL)
    dw_stage_set_dialect (stage, dialect);
  dw_stage_set_number (stage, row->number);
  dw_stage_set_uuid (stage, row->uuid);
  dw_stage_set_name (stage, row->name);
  dw_stage_set_own_name (stage, row->own_name);
  dw_stage_set_draft (stage, row->draft);
  dw_snippets_take_text (dw_stage_get_snippets (stage), row->snippets);
  dw_stage_set_secret (stage, row->secret != 0 ? DW_STAGE_SECRET_ASKED : DW_STAGE_SECRET_NONE);
  dw_stage_set_local (stage, row->local != 0);
  dw_stage_set_online (stage, row->online != 0);
  dw_stage_set_muted (stage, row->muted != 0);
  dw_stage_set_echoes (stage, row->echoes != 0);
  dw_stage_set_seen (stage, row->seen);
  dw_stage_set_left_at (stage, row->left_at);
  return stage;
}

/**
 * dw_store_stages_load_finish:
 * @store: a store
 * @result: what the callback was given
 * @next: (out): the number of the next stage: nothing in the file has it, read or not
 * @error: %DW_CLIENT_ERROR_STORE and its kinds
 *
 * Returns: (transfer full) (element-type DwStage): the stages in their order, without what the keyring has of them
 */
GPtrArray *
dw_store_stages_load_finish (DwStore *store, GAsyncResult *result, gint64 *next, GError **error)
{
  g_autoptr (Loaded) loaded = dw_store_run_finish (store, result, error);
  GPtrArray *stages;

  *next = loaded != NULL ? loaded->next : g_random_int_range (FIRST_RANDOM_NUMBER, LAST_RANDOM_NUMBER);
  if (loaded == NULL)
    return NULL;
  stages = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < loaded->rows->len; i++)
    {
      DwStage *stage = stage_from_row (g_ptr_array_index (loaded->rows, i));

      if (stage != NULL)
        g_ptr_array_add (stages, stage);
    }
  return stages;
}

/* Saving */

static char *
join_urls (DwStage *stage)
{
  GString *urls = g_string_new (NULL);

  for (guint i = 0; i < dw_stage_get_n_urls (stage); i++)
    {
      g_autofree char *plain = dw_stage_url_dup_plain (dw_stage_get_url (stage, i));

      if (i > 0)
        g_string_append_c (urls, '\n');
      g_string_append (urls, plain);
    }
  return g_string_free (urls, FALSE);
}

static Row *
row_from_stage (DwStage *stage, guint place, gboolean with_draft)
{
  Row *row = g_new0 (Row, 1);

  row->number = dw_stage_get_number (stage);
  row->place = place;
  row->uuid = g_strdup (dw_stage_get_uuid (stage));
  row->name = g_strdup (dw_stage_get_name (stage));
  row->urls = join_urls (stage);
  row->dialect = dw_dialect_to_text (dw_stage_get_dialect (stage));
  row->own_name = g_strdup (dw_stage_get_own_name (stage));
  row->draft = g_strdup (with_draft ? dw_stage_get_draft (stage) : "");
  row->snippets = dw_snippets_to_text (dw_stage_get_snippets (stage));
  row->secret = dw_stage_get_secret (stage) != DW_STAGE_SECRET_NONE;
  row->local = dw_stage_is_local (stage);
  row->online = dw_stage_is_online (stage);
  row->muted = dw_stage_is_muted (stage);
  row->echoes = dw_stage_echoes (stage);
  row->seen = dw_stage_get_seen (stage);
  row->left_at = dw_stage_get_left_at (stage);
  return row;
}

static gboolean
save (DwDatabase *database, gpointer data, gpointer *result, GError **error)
{
  const Row *row = data;

  return dw_database_run (
      database, error,
      "INSERT INTO stages (stage, uuid, place, name, urls, dialect, own_name, draft, "
      "secret, local, online, muted, echoes, seen, left_at, snippets) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
      /* A stage is never written over another one. */
      "ON CONFLICT (stage) DO UPDATE SET place = excluded.place, name = excluded.name, urls = excluded.urls, "
      "dialect = excluded.dialect, own_name = excluded.own_name, draft = excluded.draft, secret = excluded.secret, "
      "local = excluded.local, online = excluded.online, muted = excluded.muted, echoes = excluded.echoes, "
      "seen = excluded.seen, left_at = excluded.left_at, snippets = excluded.snippets WHERE uuid = excluded.uuid",
      "isisssssiiiiiiis", row->number, row->uuid, row->place, row->name, row->urls, row->dialect, row->own_name,
      row->draft, row->secret, row->local, row->online, row->muted, row->echoes, row->seen, row->left_at,
      row->snippets);
}

/**
 * dw_store_stages_save:
 * @store: a store
 * @stage: a stage that has a number
 * @place: its place in the list
 * @with_draft: whether to save what is typed there, too
 *
 * Saves a stage, without what is secret of it.
 */
void
dw_store_stages_save (DwStore *store, DwStage *stage, guint place, gboolean with_draft)
{
  Row *row = row_from_stage (stage, place, with_draft);

  dw_store_run_async (
      store,
      dw_store_job_new_write (save, row, row_free, sizeof *row + strlen (row->draft) + strlen (row->snippets)),
      NULL, NULL);
}

static gboolean
remove_stage (DwDatabase *database, gpointer data, gpointer *result, GError **error)
{
  return dw_database_run (database, error, "DELETE FROM stages WHERE stage = ?", "i", *(gint64 *) data);
}

/**
 * dw_store_stages_remove:
 * @store: a store
 * @number: a stage's number
 *
 * Forgets a stage; its lines are dw_store_lines_clear_async()'s.
 */
void
dw_store_stages_remove (DwStore *store, gint64 number)
{
  gint64 *copy = g_new (gint64, 1);
  DwStoreJob *job = dw_store_job_new_write (remove_stage, copy, g_free, sizeof *copy);

  *copy = number;
  job->durable = TRUE;
  dw_store_run_async (store, job, NULL, NULL);
}
