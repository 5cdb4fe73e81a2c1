/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/** DW_TOOLKIT_SPOKEN_CHARS: the longest name of a widget that a screen reader is given. */
#define DW_TOOLKIT_SPOKEN_CHARS 1000

char *dw_toolkit_dup_spoken (const char *untrusted);
void dw_toolkit_override_label (GtkWidget *widget, const char *label);
void dw_toolkit_set_label (GtkWidget *widget, const char *untrusted);
void dw_toolkit_set_description (GtkWidget *widget, const char *untrusted);
void dw_toolkit_set_list_item_label (GtkListItem *item, GtkWidget *row, const char *label);
void dw_toolkit_set_list_item_selected (GtkWidget *item, gboolean selected);
gboolean dw_toolkit_focus (GtkWidget *widget, GtkDirectionType direction);

G_END_DECLS
