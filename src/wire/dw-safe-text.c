/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-safe-text.h"

#include <string.h>

#define REPLACEMENT 0xfffd
#define JOINER 0x200d
#define ISOLATE "\xe2\x81\xa8"     /* U+2068, FIRST STRONG ISOLATE */
#define END_ISOLATE "\xe2\x81\xa9" /* U+2069, POP DIRECTIONAL ISOLATE */
#define ELLIPSIS "\xe2\x80\xa6"

/* Bidirectional controls, which can reorder the text that follows them. */
static gboolean
is_embedding (gunichar c)
{
  return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static gboolean
is_direction_control (gunichar c)
{
  return is_embedding (c) || c == 0x200e || c == 0x200f || c == 0x061c;
}

/**
 * dw_safe_text_is_right_to_left:
 * @c: a character
 *
 * Returns: whether it is of a script that is written from right to left, or the mark that stands for such a letter
 */
gboolean
dw_safe_text_is_right_to_left (gunichar c)
{
  return c == 0x200f || (c >= 0x0590 && c <= 0x08ff) || (c >= 0xfb1d && c <= 0xfdff) || (c >= 0xfe70 && c <= 0xfefc)
         || (c >= 0x10800 && c <= 0x10fff) || (c >= 0x1e800 && c <= 0x1efff);
}

/* CR, CRLF and Unicode's own separators count as line breaks: GTK draws some of them as boxes, and some terminals and
 * editors start a new line there. */
static gboolean
is_line_break (gunichar c)
{
  return c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029 || c == 0x85 || c == 0x0b || c == 0x0c;
}

static gboolean
is_regional (gunichar c)
{
  return c >= 0x1f1e6 && c <= 0x1f1ff;
}

/* Whether a character attaches to the one before it: combining marks, zero-width characters, skin tones, and whatever
 * follows a joiner. */
static gboolean
belongs (gunichar before, gunichar c)
{
  return g_unichar_ismark (c) || g_unichar_iszerowidth (c) || (c >= 0x1f3fb && c <= 0x1f3ff)
         || (before == JOINER && (c >= 0x1f000 || g_unichar_type (c) == G_UNICODE_OTHER_SYMBOL));
}

/**
 * dw_safe_text_next:
 * @safe: a text from dw_safe_text(), not at its end
 * @chars: (out) (optional): how many characters there are before what is returned
 *
 * Finds the end of what a person sees as one character, close enough to UAX #29 to cut neither an emoji nor a letter
 * from its marks. No real grapheme has more than %DW_SAFE_TEXT_CLUSTER_CHARS characters; longer ones are cut there.
 *
 * Returns: where the next one begins
 */
const char *
dw_safe_text_next (const char *safe, guint *chars)
{
  gunichar before = g_utf8_get_char (safe);
  const char *at = g_utf8_next_char (safe);
  guint n = 1;

  if (before != '\n' && is_regional (before) && is_regional (g_utf8_get_char (at)))
    {
      at = g_utf8_next_char (at);
      n++;
    }
  while (before != '\n' && *at != '\0' && n < DW_SAFE_TEXT_CLUSTER_CHARS)
    {
      gunichar c = g_utf8_get_char (at);

      if (!belongs (before, c))
        break;
      before = c;
      at = g_utf8_next_char (at);
      n++;
    }
  if (chars != NULL)
    *chars = n;
  return at;
}

/* Reads the next character of an untrusted text and returns it as it will be shown. CRLF is one character. */
static gunichar
read_char (const char **at)
{
  gunichar c = g_utf8_get_char_validated (*at, -1);

  if (c == (gunichar) -1 || c == (gunichar) -2)
    {
      (*at)++;
      return REPLACEMENT;
    }
  *at = g_utf8_next_char (*at);
  if (c == '\r' && **at == '\n')
    (*at)++;
  if (is_line_break (c))
    return '\n';
  return g_unichar_iscntrl (c) && c != '\t' ? REPLACEMENT : c;
}

/* What a text is to be shown as, and so which characters may stay. */
typedef enum
{
  AS_TEXT,
  AS_LINE, /* one line, without bidirectional controls */
  AS_NAME, /* one line, with bidirectional controls made visible */
} Shape;

/* The character to write for this shape, or 0 to drop it. */
static gunichar
shape_char (gunichar c, Shape shape)
{
  if (shape == AS_TEXT)
    return c;
  if (c == '\n' || c == '\t')
    return ' ';
  if (shape == AS_NAME && is_direction_control (c))
    return REPLACEMENT;
  return shape == AS_LINE && is_embedding (c) ? 0 : c;
}

/* Cuts at the end of a grapheme. */
static gboolean
cut_at_cluster (GString *safe, gsize max_chars)
{
  const char *at = safe->str;
  gsize chars = 0;
  gboolean cut;

  while (*at != '\0' && chars < max_chars)
    {
      guint n;

      at = dw_safe_text_next (at, &n);
      chars += n;
    }
  cut = *at != '\0';
  g_string_truncate (safe, (gsize) (at - safe->str));
  return cut;
}

/* Reads no more than needed: a message can have 128 KiB, and a list has many rows. */
static char *
make (const char *untrusted, gsize max_chars, guint max_lines, Shape shape, gboolean *cut)
{
  gsize enough = max_chars + DW_SAFE_TEXT_CLUSTER_CHARS;
  GString *safe = g_string_new (NULL);
  const char *at = untrusted;
  gsize chars = 0;
  guint lines = 1;
  gboolean more = FALSE;

  while (*at != '\0' && !more)
    {
      gunichar c = shape_char (read_char (&at), shape);

      more = chars >= enough || (c == '\n' && lines >= max_lines);
      if (more || c == 0 || (shape != AS_TEXT && c == ' ' && safe->len == 0))
        continue;
      lines += c == '\n';
      g_string_append_unichar (safe, c);
      chars++;
    }
  *cut = (chars > max_chars && cut_at_cluster (safe, max_chars)) || more;
  return g_string_free (safe, FALSE);
}

/**
 * dw_safe_text_turns:
 * @safe: a text from dw_safe_text()
 *
 * Returns: whether something in it is written from right to left, or turns the direction
 */
gboolean
dw_safe_text_turns (const char *safe)
{
  for (; *safe != '\0'; safe = g_utf8_next_char (safe))
    if (dw_safe_text_is_right_to_left (g_utf8_get_char (safe)) || is_direction_control (g_utf8_get_char (safe)))
      return TRUE;
  return FALSE;
}

/**
 * dw_safe_text_calm:
 * @safe: a text from dw_safe_text()
 *
 * Returns: (transfer full): the text without what begins or ends a stretch of a direction of its own
 */
char *
dw_safe_text_calm (const char *safe)
{
  GString *calm = g_string_sized_new (strlen (safe));

  for (; *safe != '\0'; safe = g_utf8_next_char (safe))
    if (!is_embedding (g_utf8_get_char (safe)))
      g_string_append_unichar (calm, g_utf8_get_char (safe));
  return g_string_free (calm, FALSE);
}

/* Fonts draw nothing for these, though they are letters, symbols or marks (Unicode’s Default_Ignorable_Code_Point,
 * beside what is of the format type anyway, and the Braille cell without dots). */
static gboolean
is_blank (gunichar c)
{
  return c == 0x034f || c == 0x115f || c == 0x1160 || c == 0x17b4 || c == 0x17b5 || (c >= 0x180b && c <= 0x180f)
         || c == 0x2800 || c == 0x3164 || (c >= 0xfe00 && c <= 0xfe0f) || c == 0xffa0
         || (c >= 0x2060 && c <= 0x206f) || (c >= 0xfff0 && c <= 0xfff8) || (c >= 0xe0000 && c <= 0xe0fff);
}

/**
 * dw_safe_text_is_seen:
 * @untrusted: any bytes that end with a NUL
 *
 * Returns: whether there is anything in it to be seen
 */
gboolean
dw_safe_text_is_seen (const char *untrusted)
{
  while (*untrusted != '\0')
    {
      gunichar c = read_char (&untrusted);

      if (!g_unichar_isspace (c) && !g_unichar_iscntrl (c) && g_unichar_type (c) != G_UNICODE_FORMAT
          && !is_blank (c))
        return TRUE;
    }
  return FALSE;
}

/**
 * dw_safe_text:
 * @untrusted: any bytes that end with a NUL
 * @max_chars: how many characters may stay, at least 1 and at most %DW_SAFE_TEXT_WHOLE
 * @max_lines: how many lines may stay, at least 1
 * @cut: (out) (optional): whether something was cut
 *
 * Makes a text fit to be shown: valid UTF-8, every line break a LF, no control characters, and as long as it may be.
 * It is cut at the end of a grapheme, so it can be slightly longer than @max_chars.
 *
 * Returns: (transfer full): the text, or its start
 */
char *
dw_safe_text (const char *untrusted, gsize max_chars, guint max_lines, gboolean *cut)
{
  gboolean was_cut;

  return make (untrusted, max_chars, max_lines, AS_TEXT, cut != NULL ? cut : &was_cut);
}

/**
 * dw_safe_line:
 * @untrusted: any bytes that end with a NUL
 * @max_chars: how many characters may stay, at least 1 and at most %DW_SAFE_TEXT_WHOLE
 *
 * As dw_safe_text(), for one line that may stand beside other words: bidirectional controls are left out, and
 * right-to-left text is isolated (UAX #9). If something was cut, it ends with “…”.
 *
 * Returns: (transfer full): the line, perhaps empty
 */
char *
dw_safe_line (const char *untrusted, gsize max_chars)
{
  gboolean cut;
  g_autofree char *line = make (untrusted, max_chars, 1, AS_LINE, &cut);
  gboolean isolated = FALSE;

  g_strchomp (line);
  for (const char *at = line; *at != '\0' && !isolated; at = g_utf8_next_char (at))
    isolated = dw_safe_text_is_right_to_left (g_utf8_get_char (at));
  return g_strconcat (isolated ? ISOLATE : "", line, cut ? ELLIPSIS : "", isolated ? END_ISOLATE : "", NULL);
}

/**
 * dw_safe_name:
 * @untrusted: any bytes that end with a NUL
 *
 * As dw_safe_text(), for a name: one line of %DW_SAFE_TEXT_NAME_CHARS, and what turns the direction of text is
 * visible as U+FFFD, since a name stands beside other words that it could rearrange. A name of which nothing is seen is
 * none.
 *
 * Returns: (transfer full): the name, perhaps empty
 */
char *
dw_safe_name (const char *untrusted)
{
  gboolean cut;
  g_autofree char *name = make (untrusted, DW_SAFE_TEXT_NAME_CHARS, 1, AS_NAME, &cut);

  /* As it is shown: what begins after 64 characters of nothing is not. */
  return g_strdup (dw_safe_text_is_seen (untrusted) && dw_safe_text_is_seen (name) ? g_strchomp (name) : "");
}

/**
 * dw_safe_lines:
 * @text: trusted text, UTF-8
 *
 * Returns: (transfer full): the text with every kind of line break replaced by LF
 */
char *
dw_safe_lines (const char *text)
{
  GString *lines = g_string_sized_new (strlen (text));

  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);

      if (c == '\r' && at[1] == '\n')
        continue;
      g_string_append_unichar (lines, is_line_break (c) ? '\n' : c);
    }
  return g_string_free (lines, FALSE);
}
