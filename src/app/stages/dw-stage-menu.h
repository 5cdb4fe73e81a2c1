/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-stage-actions.h"

G_BEGIN_DECLS

void dw_stage_menu_popup (DwStageActions *actions, DwChat *chat, GtkWidget *parent, const GdkRectangle *at);

G_END_DECLS
