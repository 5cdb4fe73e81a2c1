/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-reveal.h"

static void
scroll_to (GtkWidget *widget)
{
  GtkWidget *scroller = gtk_widget_get_ancestor (widget, GTK_TYPE_SCROLLED_WINDOW);
  GtkWidget *viewport = scroller != NULL ? gtk_scrolled_window_get_child (GTK_SCROLLED_WINDOW (scroller)) : NULL;
  double top;

  if (!GTK_IS_VIEWPORT (viewport)
      || !gtk_widget_translate_coordinates (widget, gtk_viewport_get_child (GTK_VIEWPORT (viewport)), 0, 0, NULL,
                                            &top))
    return;
  gtk_adjustment_clamp_page (gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (scroller)), top,
                             top + gtk_widget_get_height (widget));
}

/* The first tick comes before what changed is laid out. */
static gboolean
on_tick (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  guint *ticks = data;

  if ((*ticks)++ == 0)
    return G_SOURCE_CONTINUE;
  scroll_to (widget);
  return G_SOURCE_REMOVE;
}

/**
 * dw_reveal:
 * @widget: a widget on a page that scrolls, which may be new or about to grow
 *
 * Scrolls until it can be seen, as far as there is room, and without moving the focus. gtk_viewport_scroll_to() is
 * GTK 4.12's.
 */
void
dw_reveal (GtkWidget *widget)
{
  gtk_widget_add_tick_callback (widget, on_tick, g_new0 (guint, 1), g_free);
}
