/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-frame-text.h"

#include "wire/dw-json-layout.h"
#include "wire/dw-safe-text.h"

/* The time to lay out a line grows with the square of its length. */
#define LINE_CHARS 256

static char *
break_lines (const char *text)
{
  GString *broken = g_string_new (NULL);
  guint column = 0;

  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at))
    {
      column = *at == '\n' ? 0 : column + 1;
      if (column > LINE_CHARS)
        {
          g_string_append_c (broken, '\n');
          column = 1;
        }
      g_string_append_len (broken, at, g_utf8_next_char (at) - at);
    }
  return g_string_free (broken, FALSE);
}

/**
 * dw_frame_text_spread:
 * @untrusted: a frame's text
 * @max_chars: how much of it is wanted, in characters
 * @cut: (out): whether that is not all
 *
 * Returns: (transfer full): it as it is shown in several lines: JSON laid out, and long lines broken
 */
char *
dw_frame_text_spread (const char *untrusted, gsize max_chars, gboolean *cut)
{
  g_autofree char *valid = g_utf8_make_valid (untrusted, -1);
  g_autofree char *spread = dw_json_layout_spread (valid, NULL);
  g_autofree char *safe = dw_safe_text (spread != NULL ? spread : valid, max_chars, G_MAXUINT, cut);

  return break_lines (safe);
}
