/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-toolkit.h"

/* What differs between versions of GTK is decided in this file alone. */

/**
 * dw_toolkit_set_label:
 * @widget: a widget
 * @label: its accessible name
 */
void
dw_toolkit_set_label (GtkWidget *widget, const char *label)
{
  gtk_accessible_update_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

/**
 * dw_toolkit_set_list_item_label:
 * @item: a list item
 * @row: its child
 * @label: the row's accessible name
 *
 * Before GTK 4.12 a list item has no label of its own: a reader hears only what is set on the item's widget, which
 * is the child's parent (measured).
 */
void
dw_toolkit_set_list_item_label (GtkListItem *item, GtkWidget *row, const char *label)
{
  GtkWidget *parent = gtk_widget_get_parent (row);

  if (parent != NULL)
    dw_toolkit_set_label (parent, label);
}
