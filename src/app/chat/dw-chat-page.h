/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/dw-chat.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DW_TYPE_CHAT_PAGE (dw_chat_page_get_type ())
G_DECLARE_FINAL_TYPE (DwChatPage, dw_chat_page, DW, CHAT_PAGE, GtkWidget)

void dw_chat_page_set_chat (DwChatPage *self, DwChat *chat);
void dw_chat_page_show_place (DwChatPage *self, gint64 place);
void dw_chat_page_bind_settings (DwChatPage *self, GSettings *settings);
guint dw_chat_page_get_regions (DwChatPage *self, GtkWidget **regions);
void dw_chat_page_focus (DwChatPage *self);

G_END_DECLS
