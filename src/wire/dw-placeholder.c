/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-placeholder.h"

#include "dw-time.h"

#include <string.h>

/**
 * SECTION:dw-placeholder
 *
 * `{{uuid}}`, `{{now}}` and `{{n}}` in a frame that somebody wrote, filled when it is sent. Between the braces stands a
 * name of letters, digits and underscores; blanks around it do not matter. Two more braces in front of those make them
 * literal: `{{{{uuid}}` is sent as `{{uuid}}`. All other braces are what they are, so that JSON needs no care.
 */

typedef enum
{
  KIND_UNKNOWN,
  KIND_UUID,
  KIND_NOW,
  KIND_N,
  KIND_LITERAL,
} Kind;

typedef struct
{
  Kind kind;
  gsize length; /* with all its braces */
} Placeholder;

static const char
    *const names[] = { [KIND_UNKNOWN] = "", [KIND_UUID] = "uuid", [KIND_NOW] = "now", [KIND_N] = "n" };

static gsize
count_name (const char *at)
{
  gsize length = 0;

  while (length <= DW_PLACEHOLDER_NAME_BYTES && (g_ascii_isalnum (at[length]) || at[length] == '_'))
    length++;
  return length <= DW_PLACEHOLDER_NAME_BYTES ? length : 0;
}

/* Whether {{name}} stands here; the blanks beside the name are bounded, so that a text of braces costs no more than
 * another. */
static gboolean
is_braced (const char *at, Placeholder *found)
{
  const char *name = at + 2;
  const char *end;
  gsize length;

  if (at[0] != '{' || at[1] != '{')
    return FALSE;
  name += MIN (strspn (name, " "), DW_PLACEHOLDER_NAME_BYTES);
  length = count_name (name);
  end = name + length + MIN (strspn (name + length, " "), DW_PLACEHOLDER_NAME_BYTES);
  if (length == 0 || end[0] != '}' || end[1] != '}')
    return FALSE;

  *found = (Placeholder){ .kind = KIND_UNKNOWN, .length = (gsize) (end + 2 - at) };
  for (Kind kind = KIND_UUID; kind <= KIND_N; kind++)
    if (strlen (names[kind]) == length && strncmp (name, names[kind], length) == 0)
      found->kind = kind;
  return TRUE;
}

static gboolean
is_placeholder (const char *at, Placeholder *found)
{
  if (at[0] == '{' && at[1] == '{' && is_braced (at + 2, found))
    {
      *found = (Placeholder){ .kind = KIND_LITERAL, .length = found->length + 2 };
      return TRUE;
    }
  return is_braced (at, found);
}

static void
append_value (GString *out, const char *at, const Placeholder *found, const DwPlaceholderValues *values)
{
  g_autofree char *now = NULL;

  switch (found->kind)
    {
    case KIND_UUID:
      g_string_append (out, values->uuid);
      break;
    case KIND_NOW:
      now = dw_time_format (values->now);
      g_string_append (out, now);
      break;
    case KIND_N:
      g_string_append_printf (out, "%" G_GUINT64_FORMAT, values->n);
      break;
    case KIND_LITERAL:
      g_string_append_len (out, at + 2, (gssize) found->length - 2);
      break;
    case KIND_UNKNOWN:
    default:
      g_string_append_len (out, at, (gssize) found->length);
      break;
    }
}

/**
 * dw_placeholder_fill:
 * @text: a text
 * @values: what it is filled with
 *
 * Returns: (transfer full): the text as it is sent; unknown placeholders stay as they are
 */
char *
dw_placeholder_fill (const char *text, const DwPlaceholderValues *values)
{
  GString *out = g_string_new (NULL);
  Placeholder found;

  while (*text != '\0')
    if (is_placeholder (text, &found))
      {
        append_value (out, text, &found, values);
        text += found.length;
      }
    else
      g_string_append_c (out, *text++);
  return g_string_free (out, FALSE);
}

/**
 * dw_placeholder_find_unknown:
 * @text: a text
 * @start: (out): where it begins, in bytes
 * @end: (out): where it ends
 *
 * Returns: whether there is a placeholder that nothing fills; the first one is found
 */
gboolean
dw_placeholder_find_unknown (const char *text, gsize *start, gsize *end)
{
  const char *at = text;
  Placeholder found;

  while (*at != '\0')
    if (!is_placeholder (at, &found))
      at++;
    else if (found.kind == KIND_UNKNOWN)
      {
        *start = (gsize) (at - text);
        *end = *start + found.length;
        return TRUE;
      }
    else
      at += found.length;
  return FALSE;
}

/**
 * dw_placeholder_shape:
 * @text: a text
 *
 * Stands in for what the placeholders will be, so that it can be seen whether the text will be JSON: digits where there
 * will be a number, letters where it needs quotes.
 *
 * Returns: (transfer full): a text of the same length, in which every place is the same one
 */
char *
dw_placeholder_shape (const char *text)
{
  char *shape = g_strdup (text);
  Placeholder found;

  for (char *at = shape; *at != '\0';)
    if (is_placeholder (at, &found))
      {
        memset (at, found.kind == KIND_N ? '1' : 'a', found.length);
        at += found.length;
      }
    else
      at++;
  return shape;
}

/**
 * dw_placeholder_escape:
 * @text: a text
 *
 * Returns: (transfer full): what has to be written so that dw_placeholder_fill() makes exactly @text of it
 */
char *
dw_placeholder_escape (const char *text)
{
  GString *out = g_string_new (NULL);
  Placeholder found;

  while (*text != '\0')
    if (is_braced (text, &found))
      {
        g_string_append (out, "{{");
        g_string_append_len (out, text, (gssize) found.length);
        text += found.length;
      }
    else
      g_string_append_c (out, *text++);
  return g_string_free (out, FALSE);
}
