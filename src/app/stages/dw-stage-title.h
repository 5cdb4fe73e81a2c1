/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/dw-chat-list.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DW_TYPE_STAGE_TITLE (dw_stage_title_get_type ())
G_DECLARE_FINAL_TYPE (DwStageTitle, dw_stage_title, DW, STAGE_TITLE, GtkWidget)

void dw_stage_title_set_chats (DwStageTitle *self, DwChatList *chats);
void dw_stage_title_set_chat (DwStageTitle *self, DwChat *chat);
void dw_stage_title_set_beside (DwStageTitle *self, gboolean beside);

G_END_DECLS
