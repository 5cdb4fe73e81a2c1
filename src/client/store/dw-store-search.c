/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-store-search.h"

#include "dw-store-lines.h"

#include <string.h>

/**
 * SECTION:dw-store-search
 *
 * Words are looked up in the index: whole ones, and the last as the beginning of one where whole ones are not
 * enough, since somebody may still be typing. The index knows words by the blanks between them, so what is written
 * in a script without blanks is looked for in the text itself.
 */

typedef struct
{
  GArray *stages;        /* of gint64 */
  char *whole;           /* for the index: whole words; or NULL */
  char *beginning;       /* the same, and the last is the beginning of one; or NULL */
  GPtrArray *substrings; /* of char *: to be found in the text itself */
  guint limit;
} Search;

static void
search_free (gpointer data)
{
  Search *search = data;

  g_array_unref (search->stages);
  g_free (search->whole);
  g_free (search->beginning);
  g_ptr_array_unref (search->substrings);
  g_free (search);
}

static void
hit_free (gpointer data)
{
  DwHit *hit = data;

  dw_record_free (hit->record);
  g_free (hit);
}

static gboolean
has_no_blanks (gunichar c)
{
  static const GUnicodeScript scripts[] = {
    G_UNICODE_SCRIPT_HAN, G_UNICODE_SCRIPT_HIRAGANA, G_UNICODE_SCRIPT_KATAKANA, G_UNICODE_SCRIPT_THAI,
    G_UNICODE_SCRIPT_LAO, G_UNICODE_SCRIPT_KHMER,    G_UNICODE_SCRIPT_MYANMAR,
  };

  for (guint i = 0; i < G_N_ELEMENTS (scripts); i++)
    if (g_unichar_get_script (c) == scripts[i])
      return TRUE;
  return FALSE;
}

static gboolean
is_written_without_blanks (const char *word)
{
  for (; *word != '\0'; word = g_utf8_next_char (word))
    if (has_no_blanks (g_utf8_get_char (word)))
      return TRUE;
  return FALSE;
}

/* In quotes a word is never taken for an operator of FTS5. */
static void
add_word (GString *expression, const char *word)
{
  g_auto (GStrv) parts = g_strsplit (word, "\"", -1);
  g_autofree char *quoted = g_strjoinv ("\"\"", parts);

  g_string_append_printf (expression, "%s\"%s\"", expression->len > 0 ? " " : "", quoted);
}

static Search *
search_new (const gint64 *stages, guint n_stages, const char *words, guint limit)
{
  Search *search = g_new0 (Search, 1);
  g_auto (GStrv) parts = g_strsplit_set (words, " \t\n\r", -1);
  GString *expression = g_string_new (NULL);
  gboolean open_end = FALSE;
  guint n = 0;

  search->stages = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_array_append_vals (search->stages, stages, n_stages);
  search->substrings = g_ptr_array_new_with_free_func (g_free);
  search->limit = MIN (limit, DW_STORE_SEARCH_HITS);
  for (guint i = 0; parts[i] != NULL && n < DW_STORE_SEARCH_WORDS; i++)
    {
      if (*parts[i] == '\0')
        continue;
      n++;
      if (is_written_without_blanks (parts[i]))
        g_ptr_array_add (search->substrings, g_strdup (parts[i]));
      else
        {
          add_word (expression, parts[i]);
          open_end = parts[i + 1] == NULL;
        }
    }
  if (open_end)
    search->beginning = g_strconcat (expression->str, "*", NULL);
  search->whole = g_string_free (expression, expression->len == 0);
  return search;
}

static gboolean
has_substrings (const Search *search, const char *text)
{
  for (guint i = 0; i < search->substrings->len; i++)
    if (strstr (text, g_ptr_array_index (search->substrings, i)) == NULL)
      return FALSE;
  return TRUE;
}

static sqlite3_stmt *
query_stage (DwDatabase *database, const Search *search, const char *expression, gint64 stage, GError **error)
{
  gint64 first = dw_store_lines_key (stage, 0);
  gint64 last = dw_store_lines_key (stage + 1, 0) - 1;

  if (expression != NULL)
    return dw_database_query (database, error,
                              "SELECT " DW_STORE_LINES_COLUMNS " FROM words JOIN lines ON lines.line = words.rowid "
                              "WHERE words MATCH ? AND words.rowid BETWEEN ? AND ? ORDER BY words.rowid DESC",
                              "sii", expression, first, last);
  return dw_database_query (database, error,
                            "SELECT " DW_STORE_LINES_COLUMNS " FROM lines WHERE line BETWEEN ? AND ? AND kind <= 1 "
                            "AND instr (text, ?) > 0 ORDER BY line DESC",
                            "iis", first, last, g_ptr_array_index (search->substrings, 0));
}

static gboolean
take_hits (DwDatabase *database,
           const Search *search,
           const char *expression,
           gint64 stage,
           GPtrArray *hits,
           GError **error)
{
  sqlite3_stmt *query = query_stage (database, search, expression, stage, error);
  GError *problem = NULL;
  guint most = hits->len + search->limit;
  gsize bytes = 0;

  if (query == NULL)
    return FALSE;
  while (hits->len < most && bytes < DW_STORE_SEARCH_BYTES && dw_database_next (database, query, &problem))
    {
      DwHit *hit;

      if (!has_substrings (search, (const char *) sqlite3_column_text (query, 4)))
        continue;
      hit = g_new (DwHit, 1);
      hit->stage = stage;
      hit->record = dw_store_lines_take (query);
      bytes += dw_record_get_size (hit->record);
      g_ptr_array_add (hits, hit);
    }
  sqlite3_reset (query);
  if (problem == NULL)
    return TRUE;
  g_propagate_error (error, problem);
  return FALSE;
}

/* The index finds the newest lines with a whole word without looking at the others. For the beginning of a word it has to
 * collect all of them first, so that is done only where whole words find too little. */
static gboolean
search_stage (DwDatabase *database, const Search *search, gint64 stage, GPtrArray *hits, GError **error)
{
  guint before = hits->len;

  if (!take_hits (database, search, search->whole, stage, hits, error))
    return FALSE;
  if (search->beginning == NULL || hits->len - before >= search->limit)
    return TRUE;
  g_ptr_array_set_size (hits, (int) before);
  return take_hits (database, search, search->beginning, stage, hits, error);
}

static int
compare_hits (gconstpointer a, gconstpointer b)
{
  const DwHit *first = *(DwHit *const *) a;
  const DwHit *second = *(DwHit *const *) b;

  if (first->stage == second->stage)
    return first->record->place > second->record->place ? -1 : 1;
  return first->record->time > second->record->time ? -1 : 1;
}

static void
keep_newest (const Search *search, GPtrArray *hits)
{
  gsize bytes = 0;
  guint n = 0;

  g_ptr_array_sort (hits, compare_hits);
  while (n < hits->len && n < search->limit && bytes < DW_STORE_SEARCH_BYTES)
    bytes += dw_record_get_size (((DwHit *) g_ptr_array_index (hits, n++))->record);
  g_ptr_array_set_size (hits, (int) n);
}

static gboolean
search_all (DwDatabase *database, gpointer data, gpointer *result, GError **error)
{
  const Search *search = data;
  g_autoptr (GPtrArray) hits = g_ptr_array_new_with_free_func (hit_free);

  if (search->whole != NULL || search->substrings->len > 0)
    for (guint i = 0; i < search->stages->len; i++)
      {
        if (!search_stage (database, search, g_array_index (search->stages, gint64, i), hits, error))
          return FALSE;
        /* After each stage, so that no more is in memory than what two of them have. */
        keep_newest (search, hits);
      }
  *result = g_steal_pointer (&hits);
  return TRUE;
}

/**
 * dw_store_search_async:
 * @store: a store
 * @stages: (array length=n_stages): the numbers of the stages to look in
 * @n_stages: how many
 * @words: what somebody typed
 * @limit: how many lines to find, at most %DW_STORE_SEARCH_HITS
 * @callback: called when it is done
 * @data: for @callback
 *
 * Finds the newest messages that have all the words, in any order; the last word may be the beginning of one.
 */
void
dw_store_search_async (DwStore *store,
                       const gint64 *stages,
                       guint n_stages,
                       const char *words,
                       guint limit,
                       GAsyncReadyCallback callback,
                       gpointer data)
{
  Search *search = search_new (stages, n_stages, words, limit);

  dw_store_run_async (store,
                      dw_store_job_new_read (search_all, search, search_free, (GDestroyNotify) g_ptr_array_unref),
                      callback, data);
}

/**
 * dw_store_search_finish:
 * @store: a store
 * @result: what the callback was given
 * @error: %DW_CLIENT_ERROR_STORE and its kinds
 *
 * Returns: (transfer full) (element-type DwHit): what was found, the newest first
 */
GPtrArray *
dw_store_search_finish (DwStore *store, GAsyncResult *result, GError **error)
{
  return dw_store_run_finish (store, result, error);
}
