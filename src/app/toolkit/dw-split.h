/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DW_TYPE_SPLIT (dw_split_get_type ())
G_DECLARE_FINAL_TYPE (DwSplit, dw_split, DW, SPLIT, GtkWidget)

/** DW_SPLIT_WIDTH: from which width on there is room for a sidebar, in pixels. */
#define DW_SPLIT_WIDTH 860

/** DW_SPLIT_SIDEBAR_LEAST: how wide the sidebar is there, in pixels. */
#define DW_SPLIT_SIDEBAR_LEAST 264

/** DW_SPLIT_SIDEBAR_MOST: how wide it becomes in a wider window, in pixels. */
#define DW_SPLIT_SIDEBAR_MOST 360

/** DW_SPLIT_SLIDE_MS: how long it takes to slide over the content, in milliseconds. */
#define DW_SPLIT_SLIDE_MS 200

gboolean dw_split_is_wide (DwSplit *self);
gboolean dw_split_is_wanted (DwSplit *self);
gboolean dw_split_is_open (DwSplit *self);
void dw_split_set_open (DwSplit *self, gboolean open);
GtkWidget *dw_split_get_sidebar (DwSplit *self);
void dw_split_set_sidebar (DwSplit *self, GtkWidget *sidebar);

G_END_DECLS
