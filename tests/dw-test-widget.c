/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test-widget.h"

/**
 * dw_test_find_widget:
 * @widget: where to look
 * @type: what for
 *
 * Returns: (transfer none) (nullable): the first widget of that type, @widget itself or one in it
 */
GtkWidget *
dw_test_find_widget (GtkWidget *widget, GType type)
{
  if (G_TYPE_CHECK_INSTANCE_TYPE (widget, type))
    return widget;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = dw_test_find_widget (child, type);

      if (found != NULL)
        return found;
    }
  return NULL;
}
