/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/toolkit/dw-bars.h"

#include <adwaita.h>

/**
 * dw_bars_new:
 *
 * Returns: (transfer floating): content with bars above it, which look like a part of it until it is scrolled
 */
GtkWidget *
dw_bars_new (void)
{
  return adw_toolbar_view_new ();
}

/**
 * dw_bars_add_top:
 * @bars: what dw_bars_new() made
 * @bar: a bar, below those that are there
 */
void
dw_bars_add_top (GtkWidget *bars, GtkWidget *bar)
{
  adw_toolbar_view_add_top_bar (ADW_TOOLBAR_VIEW (bars), bar);
}

/**
 * dw_bars_set_content:
 * @bars: what dw_bars_new() made
 * @content: what fills the rest
 */
void
dw_bars_set_content (GtkWidget *bars, GtkWidget *content)
{
  adw_toolbar_view_set_content (ADW_TOOLBAR_VIEW (bars), content);
}
