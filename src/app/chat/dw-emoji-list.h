/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DW_TYPE_EMOJI_LIST (dw_emoji_list_get_type ())
G_DECLARE_FINAL_TYPE (DwEmojiList, dw_emoji_list, DW, EMOJI_LIST, GtkWidget)

/** DW_EMOJI_LIST_MOST: how many emoji are offered. */
#define DW_EMOJI_LIST_MOST 6

/** DW_EMOJI_LIST_LEAST_CHARS: how much of a name is needed: “:D” and “:-)” are no names. */
#define DW_EMOJI_LIST_LEAST_CHARS 2

/** DW_EMOJI_LIST_CHARS: how long a name can be. */
#define DW_EMOJI_LIST_CHARS 32

GtkWidget *dw_emoji_list_new (GtkTextView *view);
void dw_emoji_list_hide (DwEmojiList *self);
void dw_emoji_list_update (DwEmojiList *self, gboolean typed);
gboolean dw_emoji_list_take_key (DwEmojiList *self, guint key, GdkModifierType state);

G_END_DECLS
