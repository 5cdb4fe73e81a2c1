/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-tokenizer.h"

#include <string.h>

/**
 * SECTION:dw-tokenizer
 *
 * What the index of words (SQLite's FTS5) takes for a word. All letters are folded, as #DwFold does it.
 *
 * - Letters of one script, with digits beside Latin ones, are a word: 使用JWT令牌 has the word “jwt”.
 * - Scripts that put no blanks between words have none that a program could see. There each two letters side by side are
 *   a word, and the last one alone: 天気予報 has 天気, 気予, 予報 and 報. What is longer is found as a phrase.
 * - An emoji or another sign is a word of its own.
 *
 * A table is made with this tokenizer's name in it, so whoever opens the file without it can read everything but this
 * index. The rules never change under one name, since words are taken out of the index by the rules that put them in.
 */

typedef enum
{
  KIND_NONE,
  KIND_WORD,
  KIND_RUN, /* of letters without blanks between words */
  KIND_SIGN,
} Kind;

typedef int (*Take) (void *context, int flags, const char *token, int length, int start, int end);

typedef struct
{
  DwFold *fold; /* (unowned) */
  GString *token;
} Tokenizer;

typedef struct
{
  Tokenizer *tokenizer;
  Take take;
  void *context;
  gboolean asks; /* the text is a question, and not a message */
  int result;
  Kind kind;
  GUnicodeScript script;
  guint n; /* letters of the run or word so far */
  int start;
  int end;
  /* Of a run: its newest letter. */
  gunichar last;
  int last_start;
  /* Of a question: a run of two or more letters has ended with `last`, which is a word only if another follows. */
  gboolean has_last;
} State;

static gboolean
has_no_blanks (GUnicodeScript script)
{
  static const GUnicodeScript scripts[] = {
    G_UNICODE_SCRIPT_HAN, G_UNICODE_SCRIPT_HIRAGANA, G_UNICODE_SCRIPT_KATAKANA, G_UNICODE_SCRIPT_THAI,
    G_UNICODE_SCRIPT_LAO, G_UNICODE_SCRIPT_KHMER,    G_UNICODE_SCRIPT_MYANMAR,
  };

  for (guint i = 0; i < G_N_ELEMENTS (scripts); i++)
    if (script == scripts[i])
      return TRUE;
  return FALSE;
}

/* What is unassigned may be an emoji that is younger than GLib. */
static gboolean
is_sign (gunichar letter)
{
  static const GUnicodeType types[] = { G_UNICODE_OTHER_SYMBOL, G_UNICODE_MATH_SYMBOL, G_UNICODE_CURRENCY_SYMBOL,
                                        G_UNICODE_PRIVATE_USE, G_UNICODE_UNASSIGNED };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (g_unichar_type (letter) == types[i])
      return TRUE;
  return FALSE;
}

/* What is common to scripts, such as the ー of Japanese or the mark of が, goes on with what it stands in. */
static Kind
classify (const State *state, gunichar letter, GUnicodeScript *script)
{
  gboolean is_common;

  *script = G_UNICODE_SCRIPT_UNKNOWN;
  if (letter < 0x80)
    {
      *script = G_UNICODE_SCRIPT_LATIN;
      return g_ascii_isalnum ((char) letter) ? KIND_WORD : KIND_NONE;
    }

  if (is_sign (letter))
    return KIND_SIGN;
  if (!g_unichar_isalnum (letter) && !g_unichar_ismark (letter))
    return KIND_NONE;

  *script = g_unichar_get_script (letter);
  is_common = *script == G_UNICODE_SCRIPT_COMMON || *script == G_UNICODE_SCRIPT_INHERITED;
  if (is_common && (state->kind == KIND_WORD || state->kind == KIND_RUN))
    {
      *script = state->script;
      return state->kind;
    }
  return has_no_blanks (*script) ? KIND_RUN : KIND_WORD;
}

static void
give (State *state, int start, int end)
{
  GString *token = state->tokenizer->token;

  if (state->result == SQLITE_OK)
    state->result = state->take (state->context, 0, token->str, (int) token->len, start, end);
}

static void
give_letters (State *state, gunichar first, gunichar second, int start, int end)
{
  GString *token = state->tokenizer->token;

  g_string_truncate (token, 0);
  g_string_append_unichar (token, first);
  if (second != 0)
    g_string_append_unichar (token, second);
  give (state, start, end);
}

static void
give_last (State *state)
{
  if (state->has_last)
    give_letters (state, state->last, 0, state->last_start, state->end);
  state->has_last = FALSE;
}

static void
end_word (State *state)
{
  if (state->kind == KIND_WORD)
    give (state, state->start, state->end);
  else if (state->kind == KIND_RUN)
    {
      state->has_last = TRUE;
      /* 用令 is in 用令牌 too, where 令 stands alone in no word. */
      if (!state->asks || state->n == 1)
        give_last (state);
    }
  state->kind = KIND_NONE;
}

static void
begin_word (State *state, Kind kind, GUnicodeScript script, int start)
{
  give_last (state);
  g_string_truncate (state->tokenizer->token, 0);
  state->kind = kind;
  state->script = script;
  state->n = 0;
  state->start = start;
}

static void
add_letter (State *state, gunichar letter, int start, int end)
{
  GUnicodeScript script;
  Kind kind = classify (state, letter, &script);

  if (kind != state->kind || kind == KIND_SIGN || (kind == KIND_WORD && script != state->script))
    {
      end_word (state);
      if (kind != KIND_NONE)
        begin_word (state, kind, script, start);
    }
  switch (kind)
    {
    case KIND_WORD:
      if (state->n < DW_TOKENIZER_LETTERS)
        g_string_append_unichar (state->tokenizer->token, letter);
      break;
    case KIND_RUN:
      if (state->n > 0)
        give_letters (state, state->last, letter, state->last_start, end);
      state->last = letter;
      state->last_start = start;
      break;
    case KIND_SIGN:
      give_letters (state, letter, 0, start, end);
      break;
    case KIND_NONE:
    default:
      return;
    }
  state->n++;
  state->end = end;
}

static int
tokenize (Fts5Tokenizer *instance, void *context, int flags, const char *text, int length, Take take)
{
  Tokenizer *tokenizer = (Tokenizer *) instance;
  State state = { .tokenizer = tokenizer, .take = take, .context = context };
  const char *end = text + length;

  state.asks = (flags & FTS5_TOKENIZE_QUERY) != 0;
  for (const char *at = text, *next; at < end && state.result == SQLITE_OK; at = next)
    {
      const gunichar *letters;
      guint n = dw_fold_next (tokenizer->fold, at, end, &letters, &next);

      for (guint i = 0; i < n; i++)
        add_letter (&state, letters[i], (int) (at - text), (int) (next - text));
    }
  end_word (&state);
  return state.result;
}

static int
create (void *fold, const char **arguments, int n_arguments, Fts5Tokenizer **instance)
{
  Tokenizer *tokenizer = g_new (Tokenizer, 1);

  *tokenizer = (Tokenizer){ fold, g_string_new (NULL) };
  *instance = (Fts5Tokenizer *) tokenizer;
  return SQLITE_OK;
}

static void
destroy (Fts5Tokenizer *instance)
{
  Tokenizer *tokenizer = (Tokenizer *) instance;

  g_string_free (tokenizer->token, TRUE);
  g_free (tokenizer);
}

/**
 * dw_tokenizer_register:
 * @handle: a connection
 * @fold: what folds, at least as long as the connection is open
 *
 * Makes %DW_TOKENIZER_NAME known to a connection. As SQLite says in “Extending FTS5”.
 *
 * Returns: SQLite's result
 */
int
dw_tokenizer_register (sqlite3 *handle, DwFold *fold)
{
  static fts5_tokenizer tokenizer = { create, destroy, tokenize };
  fts5_api *api = NULL;
  sqlite3_stmt *query = NULL;
  int result = sqlite3_prepare_v2 (handle, "SELECT fts5 (?)", -1, &query, NULL);

  if (result == SQLITE_OK)
    {
      sqlite3_bind_pointer (query, 1, &api, "fts5_api_ptr", NULL);
      sqlite3_step (query);
      result = sqlite3_finalize (query);
    }
  if (result != SQLITE_OK)
    return result;
  if (api == NULL)
    return SQLITE_ERROR;
  return api->xCreateTokenizer (api, DW_TOKENIZER_NAME, fold, &tokenizer, NULL);
}

/**
 * dw_tokenizer_is_one_of_many:
 * @fold: what folds
 * @word: a word that somebody looks for
 *
 * Returns: whether it is, or ends with, one letter of a script without blanks: most of the index's words with that
 *   letter only begin with it
 */
gboolean
dw_tokenizer_is_one_of_many (DwFold *fold, const char *word)
{
  const char *end = word + strlen (word);
  State state = { 0 };
  gboolean is_open = FALSE;

  for (const char *at = word, *next; at < end; at = next)
    {
      const gunichar *letters;
      guint n = dw_fold_next (fold, at, end, &letters, &next);

      for (guint i = 0; i < n; i++)
        {
          Kind kind = classify (&state, letters[i], &state.script);

          if (kind != KIND_NONE)
            {
              state.n = is_open && kind == state.kind ? state.n + 1 : 1;
              state.kind = kind;
            }
          is_open = kind != KIND_NONE;
        }
    }
  return state.kind == KIND_RUN && state.n == 1;
}
