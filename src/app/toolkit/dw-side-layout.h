/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DW_TYPE_SIDE_LAYOUT (dw_side_layout_get_type ())
G_DECLARE_FINAL_TYPE (DwSideLayout, dw_side_layout, DW, SIDE_LAYOUT, GtkLayoutManager)

/** DW_SIDE_LAYOUT_GAP: the gap between the two, in pixels. */
#define DW_SIDE_LAYOUT_GAP 9

G_END_DECLS
