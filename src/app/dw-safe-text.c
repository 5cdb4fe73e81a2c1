/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-safe-text.h"

#include "dw-links.h"

#include <string.h>

/* The one door from the wire to the screen. Labels show what leaves it as plain text; where there are links, as
 * markup that has nothing but links in it, and that only dw_safe_markup() writes. */

#define REPLACEMENT 0xfffd

static gboolean
is_direction_control (gunichar c)
{
  return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f || c == 0x061c;
}

/* CR, CRLF and Unicode's own separators are line breaks too; GTK draws some of them as boxes. */
static gboolean
is_line_break (gunichar c)
{
  return c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029 || c == 0x85 || c == 0x0b || c == 0x0c;
}

/**
 * dw_safe_lines:
 * @text: a text, UTF-8
 *
 * Returns: (transfer full): the text with a LF for each line break of whatever kind
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

/**
 * dw_safe_text:
 * @untrusted: any bytes that end with a NUL
 *
 * Makes a text fit to be shown: valid UTF-8, every line break a LF, no control characters.
 *
 * Returns: (transfer full): the text
 */
char *
dw_safe_text (const char *untrusted)
{
  g_autofree char *valid = g_utf8_make_valid (untrusted, -1);
  g_autofree char *lines = dw_safe_lines (valid);
  GString *safe = g_string_sized_new (strlen (lines));

  for (const char *at = lines; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);

      g_string_append_unichar (safe, g_unichar_iscntrl (c) && c != '\n' && c != '\t' ? REPLACEMENT : c);
    }
  return g_string_free (safe, FALSE);
}

static void
append_escaped (GString *markup, const char *start, gssize length)
{
  g_autofree char *escaped = g_markup_escape_text (start, length);

  g_string_append (markup, escaped);
}

/**
 * dw_safe_markup:
 * @safe: a text from dw_safe_text()
 *
 * Returns: (transfer full): the text as markup in which its links can be pressed, and nothing else of it means
 *   anything
 */
char *
dw_safe_markup (const char *safe)
{
  g_autoptr (GPtrArray) links = dw_links_find (safe);
  GString *markup;
  gsize at = 0;

  markup = g_string_new (NULL);
  for (guint i = 0; i < links->len; i++)
    {
      DwLink *link = g_ptr_array_index (links, i);

      append_escaped (markup, safe + at, (gssize) (link->start - at));
      g_string_append (markup, "<a href=\"");
      append_escaped (markup, link->href, -1);
      g_string_append (markup, "\">");
      append_escaped (markup, link->shown, -1);
      g_string_append (markup, "</a>");
      at = link->end;
    }
  append_escaped (markup, safe + at, -1);
  return g_string_free (markup, FALSE);
}

/**
 * dw_safe_name:
 * @untrusted: any bytes that end with a NUL
 *
 * As dw_safe_text(), for a name: one line, short, and what turns the direction of text is visible as U+FFFD, since
 * a name stands beside other words that it could rearrange.
 *
 * Returns: (transfer full): the name, perhaps empty
 */
char *
dw_safe_name (const char *untrusted)
{
  g_autofree char *text = dw_safe_text (untrusted);
  GString *name = g_string_new (NULL);
  guint length = 0;

  g_strstrip (text);
  for (const char *at = text; *at != '\0' && length < DW_SAFE_TEXT_NAME_CHARS; at = g_utf8_next_char (at), length++)
    {
      gunichar c = g_utf8_get_char (at);

      if (c == '\n' || c == '\t')
        c = ' ';
      g_string_append_unichar (name, is_direction_control (c) ? REPLACEMENT : c);
    }
  return g_string_free (name, FALSE);
}

/**
 * dw_safe_text_shorten:
 * @safe: a text from dw_safe_text()
 * @max_chars: how many characters may stay, at least 1
 * @max_lines: how many lines may stay, at least 1
 * @cut: (out): whether something was cut
 *
 * The time to lay out a wrapped label grows with the square of an unbroken word (4 KB take 0.6 s, 32 KB 34 s,
 * measured), so no row shows a message whole that is longer than this.
 *
 * Returns: (transfer full): the start of the text, which ends at a character that combines with nothing after it
 */
char *
dw_safe_text_shorten (const char *safe, gsize max_chars, guint max_lines, gboolean *cut)
{
  const char *at = safe;
  gsize chars = 0;
  guint lines = 1;

  while (*at != '\0' && chars < max_chars)
    {
      if (*at == '\n' && ++lines > max_lines)
        break;
      at = g_utf8_next_char (at);
      chars++;
    }
  /* A mark belongs to the character before it; a joiner to both beside it. Their number is bounded too. */
  for (guint i = 0; i < 32 && *at != '\0' && *at != '\n'; i++)
    {
      gunichar c = g_utf8_get_char (at);

      if (!g_unichar_ismark (c) && !g_unichar_iszerowidth (c))
        break;
      at = g_utf8_next_char (at);
    }
  *cut = *at != '\0';
  return g_strndup (safe, at - safe);
}
