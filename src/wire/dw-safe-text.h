/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * SECTION:dw-safe-text
 *
 * The one door from the wire to the screen, to a file for people and to a terminal. What leaves it is valid, has no
 * control characters, and is no longer than whoever shows it can bear.
 */

/** DW_SAFE_TEXT_NAME_CHARS: the longest name that is shown. */
#define DW_SAFE_TEXT_NAME_CHARS 64

/** DW_SAFE_TEXT_WHOLE: a length for what is copied or written to a file, where nothing is laid out. */
#define DW_SAFE_TEXT_WHOLE ((gsize) 0x1000000)

/** DW_SAFE_TEXT_CLUSTER_CHARS: of what a person sees as one character, how many characters are kept together. */
#define DW_SAFE_TEXT_CLUSTER_CHARS 32

char *dw_safe_text (const char *untrusted, gsize max_chars, guint max_lines, gboolean *cut);
char *dw_safe_line (const char *untrusted, gsize max_chars);
char *dw_safe_name (const char *untrusted);
char *dw_safe_lines (const char *text);
const char *dw_safe_text_next (const char *safe, guint *chars);

G_END_DECLS
