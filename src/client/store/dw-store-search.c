/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-store-search.h"

#include "dw-store-lines.h"
#include "dw-tokenizer.h"

#include <string.h>

/**
 * SECTION:dw-store-search
 *
 * Words are looked up in the index: whole ones, and the last as the beginning of one where whole ones are not
 * enough, since somebody may still be typing. What a word is, #dw-tokenizer says; what stands inside of one,
 * dw-store-scan finds.
 */

typedef struct
{
  GArray *stages; /* of gint64 */
  char *words;
  guint limit;
} Search;

typedef struct
{
  const Search *search;
  char *whole;      /* for the index: whole words; or NULL where there are none */
  char *beginning;  /* the same, and the last is the beginning of one */
  GPtrArray *exact; /* of char *, folded: words with more in them than the index has: “C#”, “POL-358” */
  DwFold *fold;     /* (unowned) */
  GString *buffer;
} Question;

static void
search_free (gpointer data)
{
  Search *search = data;

  g_array_unref (search->stages);
  g_free (search->words);
  g_free (search);
}

/**
 * dw_hit_free:
 * @hit: (transfer full): what was found
 */
void
dw_hit_free (DwHit *hit)
{
  dw_record_free (hit->record);
  g_free (hit);
}

/* In quotes a word is never taken for an operator of FTS5. */
static void
add_word (GString *expression, DwFold *fold, const char *word)
{
  g_auto (GStrv) parts = g_strsplit (word, "\"", -1);
  g_autofree char *quoted = g_strjoinv ("\"\"", parts);

  g_string_append_printf (expression, "%s\"%s\"%s", expression->len > 0 ? " " : "", quoted,
                          dw_tokenizer_is_one_of_many (fold, word) ? "*" : "");
}

/* What ends a sentence, or is put around a word, is no part of it. */
static char *
dup_bare (DwFold *fold, const char *word)
{
  static const char around[] = ".,;:!?\"'()[]{}<>";
  g_autoptr (GString) folded = g_string_new (NULL);
  gsize start;

  dw_fold_text (fold, word, strlen (word), folded);
  while (folded->len > 0 && strchr (around, folded->str[folded->len - 1]) != NULL)
    g_string_truncate (folded, folded->len - 1);
  start = strspn (folded->str, around);
  return g_strdup (folded->str + start);
}

static gboolean
has_more_than_letters (const char *word)
{
  for (; *word != '\0'; word++)
    if ((guchar) *word < 0x80 && !g_ascii_isalnum (*word))
      return TRUE;
  return FALSE;
}

static void
question_init (Question *question, const Search *search, DwFold *fold)
{
  g_auto (GStrv) parts = g_strsplit_set (search->words, " \t\n\r", -1);
  GString *expression = g_string_new (NULL);
  guint n = 0;

  *question = (Question){ .search = search, .fold = fold };
  question->exact = g_ptr_array_new_with_free_func (g_free);
  question->buffer = g_string_new (NULL);
  for (guint i = 0; parts[i] != NULL && n < DW_STORE_SEARCH_WORDS; i++)
    if (*parts[i] != '\0')
      {
        g_autofree char *bare = dup_bare (fold, parts[i]);

        add_word (expression, fold, parts[i]);
        if (has_more_than_letters (bare))
          g_ptr_array_add (question->exact, g_steal_pointer (&bare));
        n++;
      }
  if (n > 0)
    question->beginning = g_strconcat (expression->str, g_str_has_suffix (expression->str, "*") ? NULL : "*", NULL);
  question->whole = g_string_free (expression, n == 0);
}

static void
question_clear (Question *question)
{
  g_free (question->whole);
  g_free (question->beginning);
  g_clear_pointer (&question->exact, g_ptr_array_unref);
  if (question->buffer != NULL)
    g_string_free (question->buffer, TRUE);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Question, question_clear)

static gboolean
is_exact (const Question *question, sqlite3_stmt *query)
{
  const char *text = question->exact->len > 0 ? sqlite3_column_blob (query, 4) : NULL;

  return text == NULL
         || dw_fold_has (question->fold, text, (gsize) sqlite3_column_bytes (query, 4), question->exact,
                         question->buffer);
}

static gboolean
take_hits (DwDatabase *database,
           const Question *question,
           const char *expression,
           gint64 stage,
           GPtrArray *hits,
           GError **error)
{
  sqlite3_stmt *query =
      dw_database_query (database, error,
                         "SELECT " DW_STORE_LINES_COLUMNS " FROM words JOIN lines ON lines.line = words.rowid "
                         "WHERE words MATCH ? AND words.rowid BETWEEN ? AND ? ORDER BY words.rowid DESC",
                         "sii", expression, dw_store_lines_key (stage, 0), dw_store_lines_key (stage + 1, 0) - 1);
  GError *problem = NULL;
  guint most = hits->len + question->search->limit;
  guint looks = 0;
  gsize bytes = 0;

  if (query == NULL)
    return FALSE;
  while (hits->len < most && bytes < DW_STORE_SEARCH_BYTES && looks < DW_STORE_SEARCH_LOOKS
         && dw_database_next (database, query, &problem))
    {
      DwHit *hit;

      if (!is_exact (question, query))
        {
          looks++;
          continue;
        }
      hit = g_new (DwHit, 1);
      *hit = (DwHit){ .stage = stage, .record = dw_store_lines_take (query) };
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
search_stage (DwDatabase *database, const Question *question, gint64 stage, GPtrArray *hits, GError **error)
{
  guint limit = question->search->limit;
  guint before = hits->len;

  if (!take_hits (database, question, question->whole, stage, hits, error))
    return FALSE;
  if (hits->len - before >= limit)
    return TRUE;
  g_ptr_array_set_size (hits, (int) before);
  return take_hits (database, question, question->beginning, stage, hits, error);
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

/**
 * dw_hits_keep_newest:
 * @hits: (element-type DwHit): what was found
 * @limit: how many to keep
 *
 * Sorts hits, the newest first, and drops the oldest ones, also above %DW_STORE_SEARCH_BYTES.
 */
void
dw_hits_keep_newest (GPtrArray *hits, guint limit)
{
  gsize bytes = 0;
  guint n = 0;

  g_ptr_array_sort (hits, compare_hits);
  while (n < hits->len && n < limit && bytes < DW_STORE_SEARCH_BYTES)
    bytes += dw_record_get_size (((DwHit *) g_ptr_array_index (hits, n++))->record);
  g_ptr_array_set_size (hits, (int) n);
}

static gboolean
search_all (DwDatabase *database, gpointer data, gpointer *result, GError **error)
{
  const Search *search = data;
  g_autoptr (GPtrArray) hits = g_ptr_array_new_with_free_func ((GDestroyNotify) dw_hit_free);
  g_auto (Question) question = { 0 };

  question_init (&question, search, dw_database_get_fold (database));
  for (guint i = 0; question.whole != NULL && i < search->stages->len; i++)
    {
      if (!search_stage (database, &question, g_array_index (search->stages, gint64, i), hits, error))
        return FALSE;
      /* After each stage, so that no more is in memory than what two of them have. */
      dw_hits_keep_newest (hits, search->limit);
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
  Search *search = g_new (Search, 1);

  *search =
      (Search){ g_array_new (FALSE, FALSE, sizeof (gint64)), g_strdup (words), MIN (limit, DW_STORE_SEARCH_HITS) };
  g_array_append_vals (search->stages, stages, n_stages);
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
