/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/dw-chat.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DW_TYPE_STAGE_ROW (dw_stage_row_get_type ())
G_DECLARE_FINAL_TYPE (DwStageRow, dw_stage_row, DW, STAGE_ROW, GtkListBoxRow)

GtkWidget *dw_stage_row_new (DwChat *chat, gboolean current);
DwChat *dw_stage_row_get_chat (DwStageRow *self);
void dw_stage_row_set_current (DwStageRow *self, gboolean current);
void dw_stage_row_show_dot (GtkWidget *dot, const DwSessionStatus *status);

G_END_DECLS
