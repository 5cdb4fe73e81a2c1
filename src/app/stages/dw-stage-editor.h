/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/dw-profile.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DW_TYPE_STAGE_EDITOR (dw_stage_editor_get_type ())
G_DECLARE_FINAL_TYPE (DwStageEditor, dw_stage_editor, DW, STAGE_EDITOR, GtkWidget)

DwStageEditor *dw_stage_editor_new (DwProfile *profile, DwChat *chat);
void dw_stage_editor_present (DwStageEditor *self, GtkWidget *parent);
void dw_stage_editor_set_address (DwStageEditor *self, const char *address);
void dw_stage_editor_set_own_name (DwStageEditor *self, const char *own_name);
void dw_stage_editor_focus_address (DwStageEditor *self);
void dw_stage_editor_focus_secret (DwStageEditor *self);

G_END_DECLS
