/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/dw-chat-list.h"
#include "client/messages/dw-today.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DW_TYPE_SEARCH_PAGE (dw_search_page_get_type ())
G_DECLARE_FINAL_TYPE (DwSearchPage, dw_search_page, DW, SEARCH_PAGE, GtkWidget)

/** DW_SEARCH_PAGE_CONTEXT: how many characters of a message are shown before the first word found. */
#define DW_SEARCH_PAGE_CONTEXT 40

/** DW_SEARCH_PAGE_CHARS: how many characters of a message are shown. */
#define DW_SEARCH_PAGE_CHARS 200

/** DW_SEARCH_PAGE_BYTES: in how much of a message the first word is looked for, to begin there. */
#define DW_SEARCH_PAGE_BYTES (16 * 1024)

void dw_search_page_set_today (DwSearchPage *self, DwToday *today);
void dw_search_page_set_chats (DwSearchPage *self, DwChatList *chats);
void dw_search_page_set_chat (DwSearchPage *self, DwChat *chat);
void dw_search_page_step (DwSearchPage *self, int step);
guint dw_search_page_get_shown (DwSearchPage *self, guint *n_hits);

G_END_DECLS
