/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** DW_SAFE_TEXT_NAME_CHARS: the longest name that is shown. */
#define DW_SAFE_TEXT_NAME_CHARS 64

char *dw_safe_text (const char *untrusted);
char *dw_safe_lines (const char *text);
char *dw_safe_markup (const char *safe);
char *dw_safe_name (const char *untrusted);
char *dw_safe_text_shorten (const char *safe, gsize max_chars, guint max_lines, gboolean *cut);

G_END_DECLS
