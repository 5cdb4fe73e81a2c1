/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-trace-row.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

void dw_frame_menu_watch (GtkListItem *item, GtkWidget *row);
void dw_frame_menu_popup (GtkWidget *row, DwTraceRow *line, const GdkRectangle *at);

G_END_DECLS
