/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwEmoji:
 * @text: the emoji itself
 * @name: its English name
 * @exact: whether what was looked for is that name, or a whole word for it
 */
typedef struct
{
  char *text;
  char *name;
  gboolean exact;
} DwEmoji;

void dw_emoji_free (DwEmoji *emoji);
GPtrArray *dw_emoji_find (const char *word, guint most);

G_END_DECLS
