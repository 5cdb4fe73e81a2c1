/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-json-layout.h"

#include <string.h>

/**
 * SECTION:dw-json-layout
 *
 * JSON as a text that somebody writes and reads: where it has a flaw, and its lines. Only blanks between tokens change:
 * numbers, escapes, and members that are there twice stay as they are, which a parser and a generator would not keep.
 *
 * Nothing recurses, and the work is linear in the text, whatever it holds.
 */

/* What may come next. */
typedef enum
{
  WANT_VALUE,
  WANT_VALUE_OR_END, /* right after [ */
  WANT_NAME,
  WANT_NAME_OR_END, /* right after { */
  WANT_COLON,
  WANT_COMMA_OR_END,
  WANT_NOTHING, /* after the value */
} Wanted;

typedef struct
{
  const char *at;
  Wanted wanted;
  GByteArray *levels; /* '{' or '[' a level; no more than the text has bytes */
  const char *token;
  DwJsonFlawKind flaw;
} Scan;

static void
skip_blanks (Scan *scan)
{
  scan->at += strspn (scan->at, " \t\n\r");
}

static gboolean
fail (Scan *scan, DwJsonFlawKind flaw, const char *at)
{
  scan->flaw = *at == '\0' ? DW_JSON_FLAW_END : flaw;
  scan->at = at;
  return FALSE;
}

static gboolean
take_escape (Scan *scan)
{
  gboolean is_unicode = *scan->at == 'u';

  if (*scan->at == '\0' || strchr ("\"\\/bfnrtu", *scan->at) == NULL)
    return fail (scan, DW_JSON_FLAW_STRING, scan->at);
  scan->at++;
  for (guint i = 0; is_unicode && i < 4; i++, scan->at++)
    if (!g_ascii_isxdigit (*scan->at))
      return fail (scan, DW_JSON_FLAW_STRING, scan->at);
  return TRUE;
}

static gboolean
take_string (Scan *scan)
{
  for (scan->at++; *scan->at != '"';)
    if ((guchar) *scan->at < 0x20)
      return fail (scan, DW_JSON_FLAW_STRING, scan->at);
    else if (*scan->at++ == '\\' && !take_escape (scan))
      return FALSE;

  scan->at++;
  return TRUE;
}

static gboolean
take_digits (Scan *scan)
{
  if (!g_ascii_isdigit (*scan->at))
    return fail (scan, DW_JSON_FLAW_NUMBER, scan->at);
  while (g_ascii_isdigit (*scan->at))
    scan->at++;
  return TRUE;
}

static gboolean
take_number (Scan *scan)
{
  if (*scan->at == '-')
    scan->at++;
  if (scan->at[0] == '0' && g_ascii_isdigit (scan->at[1]))
    return fail (scan, DW_JSON_FLAW_NUMBER, scan->at);
  if (!take_digits (scan))
    return FALSE;

  if (*scan->at == '.' && (scan->at++, !take_digits (scan)))
    return FALSE;
  if (*scan->at != 'e' && *scan->at != 'E')
    return TRUE;
  scan->at++;
  if (*scan->at == '+' || *scan->at == '-')
    scan->at++;
  return take_digits (scan);
}

static gboolean
take_word (Scan *scan)
{
  static const char *const words[] = { "true", "false", "null" };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_has_prefix (scan->at, words[i]))
      {
        scan->at += strlen (words[i]);
        return TRUE;
      }
  return fail (scan, DW_JSON_FLAW_VALUE, scan->at);
}

static void
end_value (Scan *scan)
{
  scan->wanted = scan->levels->len > 0 ? WANT_COMMA_OR_END : WANT_NOTHING;
}

static gboolean
open_level (Scan *scan)
{
  g_byte_array_append (scan->levels, (const guint8 *) scan->at, 1);
  scan->wanted = *scan->at++ == '{' ? WANT_NAME_OR_END : WANT_VALUE_OR_END;
  return TRUE;
}

static gboolean
close_level (Scan *scan)
{
  g_byte_array_set_size (scan->levels, scan->levels->len - 1);
  end_value (scan);
  scan->at++;
  return TRUE;
}

static gboolean
take_value (Scan *scan)
{
  gboolean taken;

  if (*scan->at == '{' || *scan->at == '[')
    return open_level (scan);

  if (*scan->at == '"')
    taken = take_string (scan);
  else if (*scan->at == '-' || g_ascii_isdigit (*scan->at))
    taken = take_number (scan);
  else
    taken = take_word (scan);

  if (taken)
    end_value (scan);
  return taken;
}

static gboolean
take_name (Scan *scan)
{
  if (*scan->at != '"')
    return fail (scan, DW_JSON_FLAW_NAME, scan->at);
  scan->wanted = WANT_COLON;
  return take_string (scan);
}

static gboolean
take_comma (Scan *scan)
{
  gboolean in_object = scan->levels->data[scan->levels->len - 1] == '{';

  if (*scan->at == (in_object ? '}' : ']'))
    return close_level (scan);
  if (*scan->at != ',')
    return fail (scan, DW_JSON_FLAW_COMMA, scan->at);
  scan->wanted = in_object ? WANT_NAME : WANT_VALUE;
  scan->at++;
  return TRUE;
}

/* Takes the next token, from scan->token to scan->at. FALSE at the end and at a flaw. */
static gboolean
next (Scan *scan)
{
  skip_blanks (scan);
  scan->token = scan->at;
  switch (scan->wanted)
    {
    case WANT_VALUE:
      return take_value (scan);
    case WANT_VALUE_OR_END:
      return *scan->at == ']' ? close_level (scan) : take_value (scan);
    case WANT_NAME:
      return take_name (scan);
    case WANT_NAME_OR_END:
      return *scan->at == '}' ? close_level (scan) : take_name (scan);
    case WANT_COLON:
      if (*scan->at != ':')
        return fail (scan, DW_JSON_FLAW_COLON, scan->at);
      scan->wanted = WANT_VALUE;
      scan->at++;
      return TRUE;
    case WANT_COMMA_OR_END:
      return take_comma (scan);
    case WANT_NOTHING:
    default:
      if (*scan->at != '\0')
        fail (scan, DW_JSON_FLAW_MORE, scan->at);
      return FALSE;
    }
}

static void
place (DwJsonFlaw *flaw, const char *text, const char *at)
{
  const char *line = text;

  flaw->at = (gsize) (at - text);
  flaw->line = 1;
  for (const char *end = strchr (text, '\n'); end != NULL && end < at; end = strchr (line, '\n'))
    {
      line = end + 1;
      flaw->line++;
    }
  flaw->column = (guint) g_utf8_pointer_to_offset (line, at) + 1;
}

/**
 * dw_json_layout_check:
 * @text: a text, UTF-8
 * @flaw: (out caller-allocates): its first flaw
 *
 * Returns: whether it is JSON, of any depth
 */
gboolean
dw_json_layout_check (const char *text, DwJsonFlaw *flaw)
{
  g_autoptr (GByteArray) levels = g_byte_array_new ();
  Scan scan = { .at = text, .levels = levels };

  while (next (&scan))
    ;
  *flaw = (DwJsonFlaw){ .kind = scan.flaw };
  if (scan.flaw == DW_JSON_FLAW_NONE)
    return TRUE;
  place (flaw, text, scan.at);
  return FALSE;
}

static void
begin_line (GString *out, guint level)
{
  static const char blanks[] = "                                        ";

  G_STATIC_ASSERT (sizeof blanks - 1 == (gsize) 2 * DW_JSON_LAYOUT_LEVELS);
  g_string_append_c (out, '\n');
  g_string_append_len (out, blanks, 2 * (gssize) MIN (level, DW_JSON_LAYOUT_LEVELS));
}

static char *
lay_out (const char *text, const char *shape, gboolean spread)
{
  g_autoptr (GByteArray) levels = g_byte_array_new ();
  g_autoptr (GString) out = g_string_new (NULL);
  const char *start = shape != NULL ? shape : text;
  Scan scan = { .at = start, .levels = levels };
  char before = '\0';

  while (next (&scan))
    {
      char token = *scan.token;
      gboolean closes = (token == '}' || token == ']') && before != '{' && before != '[';
      gboolean begins = (before == '{' || before == '[') && token != '}' && token != ']';

      if (spread && (closes || begins || before == ','))
        begin_line (out, levels->len - (token == '{' || token == '[' ? 1 : 0));
      g_string_append_len (out, text + (scan.token - start), scan.at - scan.token);
      if (spread && token == ':')
        g_string_append_c (out, ' ');
      before = token;
    }
  return scan.flaw == DW_JSON_FLAW_NONE ? g_string_free (g_steal_pointer (&out), FALSE) : NULL;
}

/**
 * dw_json_layout_spread:
 * @text: a text, UTF-8
 * @shape: (nullable): the JSON that stands for it, of the same length, where it is none itself: see
 *   dw_placeholder_shape(); %NULL for @text
 *
 * Returns: (transfer full) (nullable): it with a line for each value, or %NULL if it is no JSON
 */
char *
dw_json_layout_spread (const char *text, const char *shape)
{
  return lay_out (text, shape, TRUE);
}

/**
 * dw_json_layout_compact:
 * @text: a text, UTF-8
 * @shape: (nullable): as in dw_json_layout_spread()
 *
 * Returns: (transfer full) (nullable): it without blanks between its tokens, or %NULL if it is no JSON
 */
char *
dw_json_layout_compact (const char *text, const char *shape)
{
  return lay_out (text, shape, FALSE);
}
