/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* memmem */

#include "dw-fold.h"

#include <string.h>

/**
 * SECTION:dw-fold
 *
 * A person who looks for something types it as their keyboard lets them: without accents (Greek, Vietnamese), without
 * vowel marks (Arabic, Hebrew), in another width (Japanese), in capitals, or composed in another way than the message.
 * So both are folded: decomposed for compatibility (UAX #15, NFKD), in small letters (Unicode, section 3.13), and
 * without the marks that a script can do without. Marks that make another letter stay: vowel signs of Indic scripts,
 * and the voiced kana of Japanese.
 */

#define PAGE_LETTERS 256
#define PAGES (0x110000 / PAGE_LETTERS)

/* An entry is the letter, or 0 where it is dropped, or with this bit the place in `several` of a count and so many letters. */
#define SEVERAL (1u << 31)

struct _DwFold
{
  guint32 *pages[PAGES]; /* each made when it is first needed */
  GArray *several;       /* of gunichar; as many as Unicode has such letters, some thousand */
};

/**
 * dw_fold_new:
 *
 * Returns: (transfer full): a folding table, filled as letters come up
 */
DwFold *
dw_fold_new (void)
{
  DwFold *fold = g_new0 (DwFold, 1);

  fold->several = g_array_new (FALSE, FALSE, sizeof (gunichar));
  return fold;
}

/**
 * dw_fold_free:
 * @fold: (transfer full): a folding table
 */
void
dw_fold_free (DwFold *fold)
{
  for (guint i = 0; i < PAGES; i++)
    g_free (fold->pages[i]);
  g_array_unref (fold->several);
  g_free (fold);
}

static gboolean
can_do_without_marks (gunichar mark)
{
  /* Words in these scripts can be read, and typed, without their marks. */
  static const GUnicodeScript scripts[] = {
    G_UNICODE_SCRIPT_INHERITED, G_UNICODE_SCRIPT_COMMON, G_UNICODE_SCRIPT_LATIN,  G_UNICODE_SCRIPT_GREEK,
    G_UNICODE_SCRIPT_CYRILLIC,  G_UNICODE_SCRIPT_ARABIC, G_UNICODE_SCRIPT_HEBREW, G_UNICODE_SCRIPT_SYRIAC,
  };

  /* The marks of が and ぱ. */
  if (mark == 0x3099 || mark == 0x309a)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (scripts); i++)
    if (g_unichar_get_script (mark) == scripts[i])
      return TRUE;
  return FALSE;
}

static gboolean
is_dropped (gunichar letter)
{
  GUnicodeType type = g_unichar_type (letter);

  /* Joiners, soft hyphens, what turns directions; what stretches an Arabic word; the color of a skin. */
  if (type == G_UNICODE_FORMAT || letter == 0x0640 || (letter >= 0x1f3fb && letter <= 0x1f3ff))
    return TRUE;
  /* Variation selectors of emoji are marks too. */
  return (type == G_UNICODE_NON_SPACING_MARK || type == G_UNICODE_ENCLOSING_MARK) && can_do_without_marks (letter);
}

/* Letters that Unicode does not take apart, and that people type without the stroke. */
static const char *
plain_of (gunichar letter)
{
  switch (letter)
    {
    case 0x00f8:
      return "o"; /* ø */
    case 0x0142:
      return "l"; /* ł */
    case 0x0111:
      return "d"; /* đ */
    case 0x0131:
      return "i"; /* ı */
    case 0x00e6:
      return "ae";
    case 0x0153:
      return "oe";
    default:
      return NULL;
    }
}

static guint
add_small (gunichar letter, gunichar *letters, guint n)
{
  gunichar parts[G_UNICHAR_MAX_DECOMPOSITION_LENGTH];
  gsize n_parts = g_unichar_fully_decompose (letter, TRUE, parts, G_N_ELEMENTS (parts));

  for (gsize i = 0; i < n_parts; i++)
    {
      const char *plain = plain_of (parts[i]);

      if (is_dropped (parts[i]))
        continue;
      for (; plain != NULL && *plain != '\0' && n < DW_FOLD_LETTERS; plain++)
        letters[n++] = (guchar) *plain;
      if (plain == NULL && n < DW_FOLD_LETTERS)
        letters[n++] = g_unichar_isdigit (parts[i]) ? '0' + (gunichar) g_unichar_digit_value (parts[i]) : parts[i];
    }
  return n;
}

static guint
look_up (gunichar letter, gunichar *letters)
{
  gunichar parts[G_UNICHAR_MAX_DECOMPOSITION_LENGTH];
  gsize n_parts = g_unichar_fully_decompose (letter, TRUE, parts, G_N_ELEMENTS (parts));
  guint n = 0;

  for (gsize i = 0; i < n_parts; i++)
    {
      char utf8[6];
      g_autofree char *small = g_utf8_casefold (utf8, g_unichar_to_utf8 (parts[i], utf8));

      for (const char *at = small; *at != '\0'; at = g_utf8_next_char (at))
        n = add_small (g_utf8_get_char (at), letters, n);
    }
  return n;
}

static guint32 *
make_page (DwFold *fold, gunichar first)
{
  guint32 *page = g_new0 (guint32, PAGE_LETTERS);

  for (gunichar i = 0; i < PAGE_LETTERS; i++)
    {
      gunichar letters[DW_FOLD_LETTERS];
      guint n = g_unichar_validate (first + i) ? look_up (first + i, letters) : 0;

      if (n == 1)
        page[i] = letters[0];
      else if (n > 1)
        {
          gunichar count = n;

          page[i] = SEVERAL | fold->several->len;
          g_array_append_val (fold->several, count);
          g_array_append_vals (fold->several, letters, n);
        }
    }
  return page;
}

static inline guint
fold_letter (DwFold *fold, gunichar letter, const gunichar **letters)
{
  guint32 **page = &fold->pages[letter / PAGE_LETTERS];
  const guint32 *entry;

  if (G_UNLIKELY (*page == NULL))
    *page = make_page (fold, letter - letter % PAGE_LETTERS);
  entry = &(*page)[letter % PAGE_LETTERS];
  if (*entry & SEVERAL)
    {
      const gunichar *several = &g_array_index (fold->several, gunichar, *entry & ~SEVERAL);

      *letters = several + 1;
      return *several;
    }
  *letters = entry;
  return *entry != 0;
}

/* Eight letters at a time; FALSE, with nothing folded, where not all are ASCII. A million messages are folded for a search. */
static gboolean
fold_ascii (const char *text, gsize length, GString *folded)
{
  const guint64 ones = G_GUINT64_CONSTANT (0x0101010101010101);
  gsize before = folded->len;
  guint64 high = 0;
  char *to;

  g_string_set_size (folded, before + length);
  to = folded->str + before;
  for (gsize i = 0; i < length; i += sizeof high)
    {
      guint64 eight = 0;
      guint64 low, from_a, after_z;
      gsize n = MIN (length - i, sizeof eight);

      memcpy (&eight, text + i, n);
      high |= eight;
      /* The top bit of each byte says whether it is at least A, and whether it is more than Z. */
      low = eight & (ones * 0x7f);
      from_a = low + ones * (0x80 - 'A');
      after_z = low + ones * (0x7f - 'Z');
      eight |= (from_a & ~after_z & (ones * 0x80)) >> 2;
      memcpy (to + i, &eight, n);
    }
  if ((high & (ones * 0x80)) == 0)
    return TRUE;
  g_string_truncate (folded, before);
  return FALSE;
}

static gboolean
continues (const char *at)
{
  return ((guchar) *at & 0xc0) == 0x80;
}

/* As g_utf8_get_char_validated(), which takes three times as long. Returns how many bytes the letter has, or 0. */
static inline gsize
decode (const char *at, gsize left, gunichar *letter)
{
  guchar first = (guchar) *at;

  *letter = first;
  if (first < 0x80)
    return 1;
  if (first >= 0xc2 && first < 0xe0 && left >= 2 && continues (at + 1))
    {
      *letter = (first & 0x1fu) << 6 | ((guchar) at[1] & 0x3f);
      return 2;
    }
  if (first >= 0xe0 && first < 0xf0 && left >= 3 && continues (at + 1) && continues (at + 2))
    {
      *letter = (first & 0x0fu) << 12 | ((guchar) at[1] & 0x3fu) << 6 | ((guchar) at[2] & 0x3f);
      return *letter >= 0x800 && (*letter < 0xd800 || *letter > 0xdfff) ? 3 : 0;
    }
  if (first >= 0xf0 && first < 0xf5 && left >= 4 && continues (at + 1) && continues (at + 2) && continues (at + 3))
    {
      *letter = (first & 0x07u) << 18 | ((guchar) at[1] & 0x3fu) << 12 | ((guchar) at[2] & 0x3fu) << 6
                | ((guchar) at[3] & 0x3f);
      return *letter >= 0x10000 && *letter <= 0x10ffff ? 4 : 0;
    }
  return 0;
}

static inline guint
fold_next (DwFold *fold, const char *at, const char *end, const gunichar **letters, const char **next)
{
  gunichar letter;
  gsize length = decode (at, (gsize) (end - at), &letter);

  *next = at + MAX (length, 1);
  return fold_letter (fold, length > 0 ? letter : 0xfffd, letters);
}

/**
 * dw_fold_next:
 * @fold: what folds
 * @at: a place in a text, whatever its bytes are
 * @end: the end of the text, after @at
 * @letters: (out) (array): what the letter there becomes, until the next call
 * @next: (out): where the next one begins
 *
 * Invalid UTF-8 is taken byte by byte, each as U+FFFD.
 *
 * Returns: how many letters it becomes, 0 where it is dropped, at most %DW_FOLD_LETTERS
 */
guint
dw_fold_next (DwFold *fold, const char *at, const char *end, const gunichar **letters, const char **next)
{
  return fold_next (fold, at, end, letters, next);
}

/* As g_unichar_to_utf8(), for the letters most texts are of. */
static inline gsize
encode (gunichar letter, char *to)
{
  if (letter < 0x80)
    {
      *to = (char) letter;
      return 1;
    }
  if (letter < 0x800)
    {
      to[0] = (char) (0xc0 | letter >> 6);
      to[1] = (char) (0x80 | (letter & 0x3f));
      return 2;
    }
  if (letter < 0x10000)
    {
      to[0] = (char) (0xe0 | letter >> 12);
      to[1] = (char) (0x80 | (letter >> 6 & 0x3f));
      to[2] = (char) (0x80 | (letter & 0x3f));
      return 3;
    }
  return (gsize) g_unichar_to_utf8 (letter, to);
}

/* Notes in @places, if not NULL, where each byte of @folded comes from. */
static void
fold_letters (DwFold *fold, const char *text, gsize length, GString *folded, GArray *places)
{
  const gsize most = DW_FOLD_LETTERS * 6;
  const char *end = text + length;
  gsize used = folded->len;

  for (const char *at = text, *next; at < end; at = next)
    {
      gsize place = (gsize) (at - text);
      const gunichar *letters;
      guint n = fold_next (fold, at, end, &letters, &next);

      if (folded->len < used + most)
        g_string_set_size (folded, used + most + length);
      for (guint i = 0; i < n; i++)
        used += encode (letters[i], folded->str + used);
      while (places != NULL && places->len < used)
        g_array_append_val (places, place);
    }
  g_string_truncate (folded, used);
}

/**
 * dw_fold_text:
 * @fold: what folds
 * @text: a text, whatever its bytes are
 * @length: how long it is, in bytes
 * @folded: where the folded text is appended
 */
void
dw_fold_text (DwFold *fold, const char *text, gsize length, GString *folded)
{
  if (!fold_ascii (text, length, folded))
    fold_letters (fold, text, length, folded, NULL);
}

/**
 * dw_fold_words:
 * @fold: what folds
 * @words: what somebody typed: words with blanks between them
 * @most: how many of them are taken
 *
 * Returns: (transfer full) (element-type utf8): the words, folded; without those of which nothing is left
 */
GPtrArray *
dw_fold_words (DwFold *fold, const char *words, guint most)
{
  g_autoptr (GString) folded = g_string_new (NULL);
  GPtrArray *found = g_ptr_array_new_with_free_func (g_free);
  g_auto (GStrv) parts = NULL;

  dw_fold_text (fold, words, strlen (words), folded);
  parts = g_strsplit_set (folded->str, " \t\n\r", -1);
  for (guint i = 0; parts[i] != NULL && found->len < most; i++)
    if (*parts[i] != '\0')
      g_ptr_array_add (found, g_strdup (parts[i]));
  return found;
}

/**
 * dw_fold_has:
 * @fold: what folds
 * @text: a text, whatever its bytes are
 * @length: how long it is, in bytes
 * @words: (element-type utf8): what dw_fold_words() made
 * @buffer: for the folded text: used again and again, it need not grow each time
 *
 * Returns: whether all of the words stand somewhere in the text, inside of others too
 */
gboolean
dw_fold_has (DwFold *fold, const char *text, gsize length, GPtrArray *words, GString *buffer)
{
  g_string_truncate (buffer, 0);
  dw_fold_text (fold, text, length, buffer);
  for (guint i = 0; i < words->len; i++)
    {
      const char *word = g_ptr_array_index (words, i);

      if (memmem (buffer->str, buffer->len, word, strlen (word)) == NULL)
        return FALSE;
    }
  return TRUE;
}

static int
compare_spans (gconstpointer a, gconstpointer b)
{
  const DwFoldSpan *first = a;
  const DwFoldSpan *second = b;

  return first->start < second->start ? -1 : first->start > second->start;
}

/* A letter whose place comes before the end belongs to what was found, with all its marks. */
static gsize
end_of (const char *text, GArray *places, gsize last)
{
  gsize end = g_array_index (places, gsize, last) + 1;

  for (gsize i = last + 1; i < places->len; i++)
    if (g_array_index (places, gsize, i) >= end)
      return g_array_index (places, gsize, i);
  return strlen (text);
}

static void
join_spans (GArray *spans)
{
  guint n = 0;

  g_array_sort (spans, compare_spans);
  for (guint i = 0; i < spans->len; i++)
    {
      DwFoldSpan span = g_array_index (spans, DwFoldSpan, i);
      DwFoldSpan *before = n > 0 ? &g_array_index (spans, DwFoldSpan, n - 1) : NULL;

      if (before != NULL && span.start <= before->end)
        before->end = MAX (before->end, span.end);
      else
        g_array_index (spans, DwFoldSpan, n++) = span;
    }
  g_array_set_size (spans, n);
}

/**
 * dw_fold_find:
 * @fold: what folds
 * @text: a text, UTF-8
 * @words: (element-type utf8): what dw_fold_words() made
 *
 * Returns: (transfer full) (element-type DwFoldSpan): where any of the words stands in the text as it is, in order
 */
GArray *
dw_fold_find (DwFold *fold, const char *text, GPtrArray *words)
{
  GArray *spans = g_array_new (FALSE, FALSE, sizeof (DwFoldSpan));
  g_autoptr (GArray) places = g_array_new (FALSE, FALSE, sizeof (gsize));
  g_autoptr (GString) folded = g_string_new (NULL);

  fold_letters (fold, text, strlen (text), folded, places);
  for (guint i = 0; i < words->len; i++)
    {
      const char *word = g_ptr_array_index (words, i);
      gsize length = strlen (word);

      for (const char *at = folded->str; (at = strstr (at, word)) != NULL; at += length)
        {
          gsize place = (gsize) (at - folded->str);
          DwFoldSpan span = { g_array_index (places, gsize, place), end_of (text, places, place + length - 1) };

          g_array_append_val (spans, span);
        }
    }
  join_spans (spans);
  return spans;
}
