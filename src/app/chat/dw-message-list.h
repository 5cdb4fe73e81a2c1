/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/messages/dw-conversation.h"
#include "client/messages/dw-today.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DW_TYPE_MESSAGE_LIST (dw_message_list_get_type ())
G_DECLARE_FINAL_TYPE (DwMessageList, dw_message_list, DW, MESSAGE_LIST, GtkWidget)

void dw_message_list_set_conversation (DwMessageList *self, DwConversation *conversation);
void dw_message_list_show_place (DwMessageList *self, gint64 place, const char *words);
void dw_message_list_set_promising (DwMessageList *self, gboolean promising);
void dw_message_list_unmark (DwMessageList *self);
void dw_message_list_set_today (DwMessageList *self, DwToday *today);
void dw_message_list_set_own_name (DwMessageList *self, const char *own_name);
void dw_message_list_scroll_to_start (DwMessageList *self);
void dw_message_list_move_page (DwMessageList *self, int direction);
void dw_message_list_focus (DwMessageList *self, gint64 place);
void dw_message_list_scroll_to_end (DwMessageList *self);

G_END_DECLS
