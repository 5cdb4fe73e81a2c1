/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/dw-profile.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DW_TYPE_STAGE_ACTIONS (dw_stage_actions_get_type ())
G_DECLARE_FINAL_TYPE (DwStageActions, dw_stage_actions, DW, STAGE_ACTIONS, GSimpleActionGroup)

DwStageActions *dw_stage_actions_new (GtkWindow *window, DwProfile *profile);
DwStageActions *dw_stage_actions_new_for (DwStageActions *windows, DwChat *chat);
void dw_stage_actions_add_keys (GtkWidgetClass *widget_class);
void dw_stage_actions_set_chat (DwStageActions *self, DwChat *chat);
DwChat *dw_stage_actions_get_chat (DwStageActions *self);
void dw_stage_actions_set_enabled (DwStageActions *self, gboolean enabled);

G_END_DECLS
