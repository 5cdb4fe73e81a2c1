/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-popup.h"

static gboolean
on_gone (gpointer popup)
{
  if (gtk_widget_get_parent (popup) != NULL)
    gtk_widget_unparent (popup);
  return G_SOURCE_REMOVE;
}

/* What was chosen is activated after the menu has closed, and needs its place among the widgets. */
static void
on_closed (GtkPopover *popup)
{
  g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, on_gone, g_object_ref (popup), g_object_unref);
}

/**
 * dw_popup_new:
 * @model: a menu
 * @parent: a widget with a layout manager
 *
 * Returns: (transfer none): a menu of its own for one use, which goes when it is closed or @parent goes
 */
GtkWidget *
dw_popup_new (GMenuModel *model, GtkWidget *parent)
{
  GtkWidget *popup = gtk_popover_menu_new_from_model (model);

  gtk_widget_set_parent (popup, parent);
  g_signal_connect (popup, "closed", G_CALLBACK (on_closed), NULL);
  g_signal_connect_object (parent, "destroy", G_CALLBACK (on_gone), popup, G_CONNECT_SWAPPED);
  return popup;
}

/**
 * dw_popup_open:
 * @popup: a menu
 * @at: (nullable): a place in its parent, or %NULL for all of it
 */
void
dw_popup_open (GtkWidget *popup, const GdkRectangle *at)
{
  if (at != NULL)
    {
      gtk_popover_set_has_arrow (GTK_POPOVER (popup), FALSE);
      gtk_popover_set_pointing_to (GTK_POPOVER (popup), at);
      gtk_widget_set_halign (popup, GTK_ALIGN_START);
    }
  gtk_popover_popup (GTK_POPOVER (popup));
}
