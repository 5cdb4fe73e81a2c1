/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-mention.h"

#include <string.h>

static gboolean
is_word (gunichar character)
{
  return g_unichar_isalnum (character) || g_unichar_ismark (character) || character == '_';
}

/* If the name itself does not begin or end with a letter, there is no word boundary to check on that side. */
static gboolean
stands_alone (const char *text, const char *at, const char *name, gsize length)
{
  const char *end = at + length;
  gboolean before = at > text && is_word (g_utf8_get_char (g_utf8_prev_char (at)));
  gboolean after = *end != '\0' && is_word (g_utf8_get_char (end));

  return !(before && is_word (g_utf8_get_char (name)))
         && !(after && is_word (g_utf8_get_char (g_utf8_prev_char (name + length))));
}

/* The same letters can be composed or not: macOS sends names in the second form (Unicode, section 3.11). */
static char *
fold (const char *text)
{
  g_autofree char *composed = g_str_is_ascii (text) ? NULL : g_utf8_normalize (text, -1, G_NORMALIZE_NFC);

  return g_utf8_casefold (composed != NULL ? composed : text, -1);
}

/**
 * dw_mention_is:
 * @text: what somebody wrote, UTF-8
 * @name: (nullable): one's own name
 *
 * Returns: whether the text has the name, as a word of its own, in whatever case and however it is composed
 */
gboolean
dw_mention_is (const char *text, const char *name)
{
  g_autofree char *folded_text = NULL;
  g_autofree char *folded_name = NULL;
  gsize length;

  if (name == NULL || *name == '\0')
    return FALSE;
  folded_text = fold (text);
  folded_name = fold (name);
  length = strlen (folded_name);
  for (const char *at = folded_text; (at = strstr (at, folded_name)) != NULL; at = g_utf8_next_char (at))
    if (stands_alone (folded_text, at, folded_name, length))
      return TRUE;
  return FALSE;
}
