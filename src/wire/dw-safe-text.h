/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * SECTION:dw-safe-text
 *
 * Everything from the wire that is shown on the screen, printed to a terminal or exported for people passes through
 * here. The result is valid UTF-8, has no control characters, and is bounded in length.
 */

/** DW_SAFE_TEXT_NAME_CHARS: the longest name that is shown. */
#define DW_SAFE_TEXT_NAME_CHARS 64

/** DW_SAFE_TEXT_WHOLE: the length limit for text that is copied or written to a file rather than laid out. */
#define DW_SAFE_TEXT_WHOLE ((gsize) 0x1000000)

/** DW_SAFE_TEXT_CLUSTER_CHARS: the longest grapheme that is kept together, in characters. */
#define DW_SAFE_TEXT_CLUSTER_CHARS 32

char *dw_safe_text (const char *untrusted, gsize max_chars, guint max_lines, gboolean *cut);
char *dw_safe_line (const char *untrusted, gsize max_chars);
char *dw_safe_name (const char *untrusted);
char *dw_safe_lines (const char *text);
const char *dw_safe_text_next (const char *safe, guint *chars);
gboolean dw_safe_text_is_right_to_left (gunichar c);
gboolean dw_safe_text_turns (const char *safe);
char *dw_safe_text_calm (const char *safe);
gboolean dw_safe_text_is_seen (const char *untrusted);

G_END_DECLS
