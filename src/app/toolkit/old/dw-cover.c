/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/toolkit/dw-cover.h"

/**
 * dw_cover_set:
 * @widget: a widget
 * @covered: whether something lies over all of it
 *
 * What is covered is neither drawn nor focused nor read out. The accessibility tree has everything that is not hidden
 * (measured with 4.8).
 */
void
dw_cover_set (GtkWidget *widget, gboolean covered)
{
  gtk_widget_set_visible (widget, !covered);
}
