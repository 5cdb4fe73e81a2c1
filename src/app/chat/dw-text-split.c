/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-text-split.h"

#include <pango/pango.h>
#include <string.h>

/* Places to break a text, best last: the end of a paragraph, else of a sentence, and so on. */
typedef enum
{
  AT_CHARACTER, /* a grapheme */
  AT_WORD,
  AT_SENTENCE,
  AT_PARAGRAPH,
  N_PLACES,
} Place;

typedef struct
{
  const char *text;
  PangoLogAttr *attributes; /* one per character, and one for the end */
  glong length;             /* in characters */
} Reading;

static gboolean
is_place (const Reading *reading, const char *at, glong index, Place place)
{
  const PangoLogAttr *attribute = &reading->attributes[index];

  if (!attribute->is_cursor_position)
    return FALSE;
  switch (place)
    {
    case AT_PARAGRAPH:
      return at > reading->text && at[-1] == '\n';
    case AT_SENTENCE:
      return attribute->is_sentence_start || attribute->is_sentence_end;
    case AT_WORD:
      return attribute->is_word_start || attribute->is_white;
    case AT_CHARACTER:
    case N_PLACES:
    default:
      return TRUE;
    }
}

static gboolean
part_fits (const char *start, const char *end, DwTextFits fits, gpointer data)
{
  g_autofree char *part = g_strndup (start, end - start);

  return fits (part, data);
}

/* How many characters from here fit. Binary search works because a longer text makes a larger frame. */
static glong
measure (const char *start, glong left, DwTextFits fits, gpointer data)
{
  glong low = 0;
  glong high = left;

  while (low < high)
    {
      glong middle = low + (high - low + 1) / 2;

      if (part_fits (start, g_utf8_offset_to_pointer (start, middle), fits, data))
        low = middle;
      else
        high = middle - 1;
    }
  return low;
}

/* The last of the best places to break within what fits. A part must be at least half as long as what fits, even if a
 * better place comes earlier; only to keep a grapheme whole may it be shorter. */
static const char *
find_end (const Reading *reading, const char *start, glong index, glong most, glong *taken)
{
  for (int place = AT_PARAGRAPH; place >= AT_CHARACTER; place--)
    {
      const char *at = g_utf8_offset_to_pointer (start, most);
      glong least = place == AT_CHARACTER ? 1 : most / 2;

      for (glong n = most; n >= MAX (least, 1); n--, at = g_utf8_prev_char (at))
        if (is_place (reading, at, index + n, (Place) place))
          {
            *taken = n;
            return at;
          }
    }
  /* A single grapheme larger than a frame is nothing anybody types, so just cut it. */
  *taken = most;
  return g_utf8_offset_to_pointer (start, most);
}

/**
 * dw_text_split:
 * @text: a text, UTF-8
 * @fits: whether a part fits; if it does, so does every shorter one
 * @data: for @fits
 *
 * Splits a text into parts that fit, at the ends of paragraphs where there are any, else of sentences, else between
 * words, else between characters, and never within what a person sees as one character. No character is lost except
 * spaces at the ends of parts.
 *
 * Returns: (transfer full) (nullable): the parts, or %NULL where it cannot be done in %DW_TEXT_SPLIT_PARTS
 */
char **
dw_text_split (const char *text, DwTextFits fits, gpointer data)
{
  g_autoptr (GStrvBuilder) parts = g_strv_builder_new ();
  Reading reading = { .text = text, .length = g_utf8_strlen (text, -1) };
  g_autofree PangoLogAttr *attributes = g_new0 (PangoLogAttr, reading.length + 1);
  const char *at = text;
  glong index = 0;

  reading.attributes = attributes;
  pango_get_log_attrs (text, (int) strlen (text), -1, pango_language_get_default (), attributes,
                       (int) reading.length + 1);
  for (guint n = 0; *at != '\0'; n++)
    {
      glong left = reading.length - index;
      glong most = measure (at, left, fits, data);
      glong taken = most;
      const char *end;
      char *part;

      if (most == 0 || n >= DW_TEXT_SPLIT_PARTS)
        return NULL;
      end = most == left ? at + strlen (at) : find_end (&reading, at, index, most, &taken);
      part = g_strstrip (g_strndup (at, end - at));
      if (*part != '\0')
        g_strv_builder_add (parts, part);
      g_free (part);
      index += taken;
      at = end;
    }
  return g_strv_builder_end (parts);
}
