/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/toolkit/dw-stack.h"

/**
 * dw_stack_show:
 * @stack: a stack
 * @name: the page to show
 *
 * Shows a page to the eye and to a screen reader. A page that was hidden once would not come back to the accessibility
 * tree (measured with 4.24).
 */
void
dw_stack_show (GtkStack *stack, const char *name)
{
  gtk_stack_set_visible_child_name (stack, name);
}
