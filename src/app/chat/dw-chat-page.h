/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/dw-chat.h"
#include "client/messages/dw-today.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define DW_TYPE_CHAT_PAGE (dw_chat_page_get_type ())
G_DECLARE_FINAL_TYPE (DwChatPage, dw_chat_page, DW, CHAT_PAGE, GtkWidget)

void dw_chat_page_set_chat (DwChatPage *self, DwChat *chat);
void dw_chat_page_show_place (DwChatPage *self, gint64 place, const char *words);
void dw_chat_page_show_hit (DwChatPage *self, guint number, guint n_hits);
void dw_chat_page_end_find (DwChatPage *self);
void dw_chat_page_set_today (DwChatPage *self, DwToday *today);
void dw_chat_page_bind_settings (DwChatPage *self, GSettings *settings);
guint dw_chat_page_get_regions (DwChatPage *self, GtkWidget **regions);
void dw_chat_page_add_toast (DwChatPage *self, AdwToast *toast);
void dw_chat_page_focus (DwChatPage *self);

G_END_DECLS
