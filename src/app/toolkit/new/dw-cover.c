/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/toolkit/dw-cover.h"

/**
 * dw_cover_set:
 * @widget: a widget
 * @covered: whether something lies over all of it
 *
 * What is covered is neither drawn nor focused nor read out. A widget that was hidden once would not come back to the
 * accessibility tree (measured with 4.24), so it keeps its place in its parent.
 */
void
dw_cover_set (GtkWidget *widget, gboolean covered)
{
  gtk_widget_set_child_visible (widget, !covered);
}
