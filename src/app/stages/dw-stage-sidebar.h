/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-stage-actions.h"

G_BEGIN_DECLS

#define DW_TYPE_STAGE_SIDEBAR (dw_stage_sidebar_get_type ())
G_DECLARE_FINAL_TYPE (DwStageSidebar, dw_stage_sidebar, DW, STAGE_SIDEBAR, GtkWidget)

DwStageSidebar *dw_stage_sidebar_new (DwChatList *chats, DwStageActions *actions);
GtkWidget *dw_stage_sidebar_get_header (DwStageSidebar *self);
void dw_stage_sidebar_set_alone (DwStageSidebar *self, gboolean alone);
void dw_stage_sidebar_set_chat (DwStageSidebar *self, DwChat *chat);

G_END_DECLS
