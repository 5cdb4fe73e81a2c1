/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/toolkit/dw-bars.h"

/**
 * dw_bars_new:
 *
 * Returns: (transfer floating): content with bars above it
 */
GtkWidget *
dw_bars_new (void)
{
  return gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
}

/**
 * dw_bars_add_top:
 * @bars: what dw_bars_new() made, without content so far
 * @bar: a bar, below those that are there
 */
void
dw_bars_add_top (GtkWidget *bars, GtkWidget *bar)
{
  gtk_box_append (GTK_BOX (bars), bar);
}

/**
 * dw_bars_set_content:
 * @bars: what dw_bars_new() made
 * @content: what fills the rest
 */
void
dw_bars_set_content (GtkWidget *bars, GtkWidget *content)
{
  gtk_widget_set_vexpand (content, TRUE);
  gtk_box_append (GTK_BOX (bars), content);
}
