/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DW_TYPE_SPLIT (dw_split_get_type ())
G_DECLARE_FINAL_TYPE (DwSplit, dw_split, DW, SPLIT, GtkWidget)

/** DW_SPLIT_WIDTH: from which width on there is room for a sidebar, in pixels. */
#define DW_SPLIT_WIDTH 860

/** DW_SPLIT_SIDEBAR_WIDTH: how much of it the sidebar takes. */
#define DW_SPLIT_SIDEBAR_WIDTH 264

gboolean dw_split_is_wide (DwSplit *self);
GtkWidget *dw_split_get_sidebar (DwSplit *self);
void dw_split_set_sidebar (DwSplit *self, GtkWidget *sidebar);

G_END_DECLS
