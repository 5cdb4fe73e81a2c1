/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

void dw_stage_actions_install (GtkWidgetClass *widget_class);
void dw_stage_actions_set_enabled (GtkWidget *window, gboolean enabled);

G_END_DECLS
