/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DW_TYPE_MESSAGE_LAYOUT (dw_message_layout_get_type ())
G_DECLARE_FINAL_TYPE (DwMessageLayout, dw_message_layout, DW, MESSAGE_LAYOUT, GtkLayoutManager)

/** DW_MESSAGE_LAYOUT_GAP: the gap between two children, in pixels. */
#define DW_MESSAGE_LAYOUT_GAP 3

/** DW_MESSAGE_LAYOUT_SIDE_GAP: the gap beside the meta line where it has a neighbor, in pixels. */
#define DW_MESSAGE_LAYOUT_SIDE_GAP 6

void dw_message_layout_set_parts (DwMessageLayout *self, GtkWidget *bubble, GtkWidget *meta);
void dw_message_layout_set_align (DwMessageLayout *self, GtkAlign align);
void dw_message_layout_set_fits (DwMessageLayout *self, gboolean fits);
void dw_message_layout_set_neighbor (DwMessageLayout *self, GtkWidget *neighbor);

G_END_DECLS
