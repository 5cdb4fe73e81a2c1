/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

void dw_toolkit_announce (GtkWidget *widget, const char *words);
void dw_toolkit_override_label (GtkWidget *widget, const char *label);
void dw_toolkit_set_button_label (GtkWidget *button, const char *label);
void dw_toolkit_set_label (GtkWidget *widget, const char *label);
void dw_toolkit_set_list_item_label (GtkListItem *item, GtkWidget *row, const char *label);

G_END_DECLS
