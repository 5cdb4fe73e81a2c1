/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DW_TYPE_FIND_BAR (dw_find_bar_get_type ())
G_DECLARE_FINAL_TYPE (DwFindBar, dw_find_bar, DW, FIND_BAR, GtkWidget)

void dw_find_bar_show (DwFindBar *self, guint number, guint n_hits);
void dw_find_bar_hide (DwFindBar *self);

G_END_DECLS
