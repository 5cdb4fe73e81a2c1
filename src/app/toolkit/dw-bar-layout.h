/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/** DW_BAR_LAYOUT_GAP: between the text and the actions, in pixels. */
#define DW_BAR_LAYOUT_GAP 12

/** DW_BAR_LAYOUT_ACTION_GAP: between two actions, in pixels. */
#define DW_BAR_LAYOUT_ACTION_GAP 6

#define DW_TYPE_BAR_LAYOUT (dw_bar_layout_get_type ())
G_DECLARE_FINAL_TYPE (DwBarLayout, dw_bar_layout, DW, BAR_LAYOUT, GtkLayoutManager)

G_END_DECLS
