/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/toolkit/dw-stack.h"

/**
 * dw_stack_show:
 * @stack: a stack
 * @name: the page to show
 *
 * Shows a page to the eye and to a screen reader. The accessibility tree has the other pages too, so they are hidden
 * (measured with 4.8).
 */
void
dw_stack_show (GtkStack *stack, const char *name)
{
  GtkWidget *shown = gtk_stack_get_child_by_name (stack, name);

  gtk_widget_set_visible (shown, TRUE);
  gtk_stack_set_visible_child (stack, shown);
  for (GtkWidget *page = gtk_widget_get_first_child (GTK_WIDGET (stack)); page != NULL;
       page = gtk_widget_get_next_sibling (page))
    gtk_widget_set_visible (page, page == shown);
}
