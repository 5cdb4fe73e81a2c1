/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-json.h"

#include "dw-limits.h"
#include "dw-wire-error.h"

#include <glib/gi18n-lib.h>
#include <string.h>

G_STATIC_ASSERT (DW_LIMIT_JSON_DEPTH <= 64);

typedef struct
{
  const char *start;
  const char *at;
  const char *end;
  guint64 objects; /* one bit a level: set where the level is an object */
  guint depth;
  gboolean too_deep;
  char *repaired; /* a copy with the escapes that json-glib cannot hold replaced, or NULL */
} Scan;

static void
skip_blanks (Scan *scan)
{
  while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\n' || *scan->at == '\r'))
    scan->at++;
}

static gboolean
take (Scan *scan, char wanted)
{
  if (scan->at >= scan->end || *scan->at != wanted)
    return FALSE;
  scan->at++;
  return TRUE;
}

static gboolean
take_word (Scan *scan, const char *word)
{
  gsize length = strlen (word);

  if ((gsize) (scan->end - scan->at) < length || memcmp (scan->at, word, length) != 0)
    return FALSE;
  scan->at += length;
  return TRUE;
}

/* The four digits after "\u", or -1. */
static int
hex_digits (const Scan *scan, const char *at)
{
  int value = 0;

  if (scan->end - at < 4)
    return -1;
  for (int i = 0; i < 4; i++)
    {
      int digit = g_ascii_xdigit_value (at[i]);

      if (digit < 0)
        return -1;
      value = value * 16 + digit;
    }
  return value;
}

/* json-glib cuts a string at \u0000 and turns half a surrogate pair into invalid UTF-8 (measured on 1.6.6). Both are
 * replaced by \uFFFD, which has the same length, so all other positions stay the same. */
static void
replace_escape (Scan *scan, const char *digits)
{
  if (scan->repaired == NULL)
    scan->repaired = g_strndup (scan->start, scan->end - scan->start);
  memcpy (scan->repaired + (digits - scan->start), "fffd", 4);
}

static gboolean
take_unicode_escape (Scan *scan)
{
  const char *digits = scan->at;
  int unit = hex_digits (scan, digits);

  if (unit < 0)
    return FALSE;
  scan->at += 4;

  if (unit >= 0xd800 && unit <= 0xdbff && scan->end - scan->at >= 6 && scan->at[0] == '\\' && scan->at[1] == 'u')
    {
      int low = hex_digits (scan, scan->at + 2);

      if (low >= 0xdc00 && low <= 0xdfff)
        {
          scan->at += 6;
          return TRUE;
        }
    }
  if (unit == 0 || (unit >= 0xd800 && unit <= 0xdfff))
    replace_escape (scan, digits);
  return TRUE;
}

static gboolean
take_string (Scan *scan)
{
  if (!take (scan, '"'))
    return FALSE;
  while (scan->at < scan->end)
    {
      guchar c = (guchar) *scan->at++;

      if (c == '"')
        return TRUE;
      if (c < 0x20)
        return FALSE;
      if (c != '\\')
        continue;
      if (scan->at >= scan->end)
        return FALSE;
      c = (guchar) *scan->at++;
      if (c == 'u' ? !take_unicode_escape (scan) : (c == '\0' || strchr ("\"\\/bfnrt", c) == NULL))
        return FALSE;
    }
  return FALSE;
}

static gboolean
take_digits (Scan *scan)
{
  const char *first = scan->at;

  while (scan->at < scan->end && g_ascii_isdigit (*scan->at))
    scan->at++;
  return scan->at > first;
}

static gboolean
take_number (Scan *scan)
{
  take (scan, '-');
  if (!take (scan, '0') && !take_digits (scan))
    return FALSE;
  if (take (scan, '.') && !take_digits (scan))
    return FALSE;
  if (take (scan, 'e') || take (scan, 'E'))
    {
      if (!take (scan, '+'))
        take (scan, '-');
      return take_digits (scan);
    }
  return TRUE;
}

static gboolean
take_scalar (Scan *scan)
{
  if (scan->at >= scan->end)
    return FALSE;
  switch (*scan->at)
    {
    case '"':
      return take_string (scan);
    case 't':
      return take_word (scan, "true");
    case 'f':
      return take_word (scan, "false");
    case 'n':
      return take_word (scan, "null");
    default:
      return take_number (scan);
    }
}

static gboolean
enter (Scan *scan, gboolean object)
{
  if (scan->depth == DW_LIMIT_JSON_DEPTH)
    {
      scan->too_deep = TRUE;
      return FALSE;
    }
  scan->objects = object ? scan->objects | G_GUINT64_CONSTANT (1) << scan->depth
                         : scan->objects & ~(G_GUINT64_CONSTANT (1) << scan->depth);
  scan->depth++;
  return TRUE;
}

static gboolean
in_object (const Scan *scan)
{
  return (scan->objects >> (scan->depth - 1)) & 1;
}

static gboolean
take_key (Scan *scan)
{
  skip_blanks (scan);
  if (!take_string (scan))
    return FALSE;
  skip_blanks (scan);
  return take (scan, ':');
}

/* After a value: closes what ends here. FALSE on an error; @more says whether another value must follow. */
static gboolean
finish_value (Scan *scan, gboolean *more)
{
  *more = FALSE;
  while (scan->depth > 0)
    {
      skip_blanks (scan);
      if (take (scan, ','))
        {
          *more = TRUE;
          return in_object (scan) ? take_key (scan) : TRUE;
        }
      if (!take (scan, in_object (scan) ? '}' : ']'))
        return FALSE;
      scan->depth--;
    }
  skip_blanks (scan);
  return scan->at == scan->end;
}

/* Opens objects and arrays up to the next scalar. @empty says that the last one opened has nothing in it. */
static gboolean
open_values (Scan *scan, gboolean *empty)
{
  *empty = FALSE;
  for (;;)
    {
      gboolean object;

      skip_blanks (scan);
      object = take (scan, '{');
      if (!object && !take (scan, '['))
        return TRUE;
      if (!enter (scan, object))
        return FALSE;
      skip_blanks (scan);
      if (take (scan, object ? '}' : ']'))
        {
          scan->depth--;
          *empty = TRUE;
          return TRUE;
        }
      if (object && !take_key (scan))
        return FALSE;
    }
}

static gboolean
scan_text (Scan *scan)
{
  gboolean more = TRUE;

  while (more)
    {
      gboolean empty;

      if (!open_values (scan, &empty) || (!empty && !take_scalar (scan)) || !finish_value (scan, &more))
        return FALSE;
    }
  return TRUE;
}

/**
 * dw_json_parse:
 * @parser: a parser to use; one for many texts is faster
 * @text: what came from outside, of any quality
 * @length: its length in bytes, or -1 where it ends with a NUL
 * @error: %DW_WIRE_ERROR_TEXT, %DW_WIRE_ERROR_JSON or %DW_WIRE_ERROR_TOO_DEEP
 *
 * Parses untrusted text. The caller must bound its size: a message of %DW_LIMIT_MESSAGE_BYTES makes a tree of 15 MB
 * at most (measured, for "{}"), which stays allocated until dw_json_forget() or until @parser parses again. The text
 * is checked before json-glib sees it, because json-glib recurses on nesting and crashes on 100,000 brackets, accepts
 * comments and other things that are not JSON, and cannot hold `\u0000` or half a surrogate pair, which become U+FFFD
 * here.
 *
 * Returns: (transfer none): the root, valid until @parser parses again, or %NULL
 */
JsonNode *
dw_json_parse (JsonParser *parser, const char *text, gssize length, GError **error)
{
  gsize size = length < 0 ? strlen (text) : (gsize) length;
  Scan scan = { .start = text, .at = text, .end = text + size };
  g_autofree char *repaired = NULL;
  gboolean is_json;

  is_json = scan_text (&scan);
  repaired = scan.repaired;
  if (scan.too_deep)
    {
      g_set_error (error, DW_WIRE_ERROR, DW_WIRE_ERROR_TOO_DEEP, _ ("The JSON is nested more than %d levels deep."),
                   DW_LIMIT_JSON_DEPTH);
      return NULL;
    }
  /* json-glib would refuse invalid UTF-8 too; checking here gives a better message. */
  if (is_json && json_parser_load_from_data (parser, repaired != NULL ? repaired : text, size, NULL))
    return json_parser_get_root (parser);
  if (!g_utf8_validate_len (text, size, NULL))
    g_set_error_literal (error, DW_WIRE_ERROR, DW_WIRE_ERROR_TEXT, _ ("The text is not UTF-8."));
  else
    g_set_error_literal (error, DW_WIRE_ERROR, DW_WIRE_ERROR_JSON, _ ("The text is not JSON."));
  return NULL;
}

/* Printed raw, these characters can move the cursor, reverse what follows, end the line, or be invisible. */
static gboolean
is_more_than_text (gunichar letter)
{
  GUnicodeType type = g_unichar_type (letter);

  return type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT || type == G_UNICODE_LINE_SEPARATOR
         || type == G_UNICODE_PARAGRAPH_SEPARATOR;
}

static void
append_escape (GString *text, gunichar letter)
{
  if (letter > 0xffff)
    g_string_append_printf (text, "\\u%04x\\u%04x", 0xd800 + ((letter - 0x10000) >> 10), 0xdc00 + (letter & 0x3ff));
  else
    g_string_append_printf (text, "\\u%04x", letter);
}

/**
 * dw_json_make_printable:
 * @json: JSON text in one line
 *
 * Escapes every character a terminal might act on. In JSON such characters can only occur inside strings, so a
 * program that parses the line reads the same value.
 *
 * Returns: (transfer full): UTF-8 without a control or format character
 */
char *
dw_json_make_printable (const char *json)
{
  g_autofree char *valid = g_utf8_make_valid (json, -1);
  GString *text = g_string_sized_new (strlen (valid));

  for (const char *at = valid; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar letter = g_utf8_get_char (at);

      if (is_more_than_text (letter))
        append_escape (text, letter);
      else
        g_string_append_len (text, at, g_utf8_next_char (at) - at);
    }
  return g_string_free (text, FALSE);
}

/**
 * dw_json_write:
 * @root: what to write
 *
 * Returns: (transfer full): JSON in one line that is safe to print, whoever sent its contents
 */
char *
dw_json_write (JsonNode *root)
{
  g_autofree char *json = json_to_string (root, FALSE);

  return dw_json_make_printable (json);
}

/**
 * dw_json_forget:
 * @parser: a parser
 *
 * Frees the tree of the last parse.
 */
void
dw_json_forget (JsonParser *parser)
{
  json_parser_load_from_data (parser, "0", 1, NULL);
}
