/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/dw-chat-list.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DW_TYPE_STAGE_PICKER (dw_stage_picker_get_type ())
G_DECLARE_FINAL_TYPE (DwStagePicker, dw_stage_picker, DW, STAGE_PICKER, GtkWidget)

void dw_stage_picker_set_chats (DwStagePicker *self, DwChatList *chats);
void dw_stage_picker_set_chat (DwStagePicker *self, DwChat *chat);

G_END_DECLS
