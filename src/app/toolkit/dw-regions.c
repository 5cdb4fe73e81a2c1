/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-regions.h"

static gboolean
has_focus (GtkWidget *region)
{
  GtkWidget *focus = gtk_root_get_focus (gtk_widget_get_root (region));

  return focus != NULL && (focus == region || gtk_widget_is_ancestor (focus, region));
}

/**
 * dw_regions_move:
 * @regions: (array length=n): the parts of a window, in their order on it
 * @n: how many
 * @by: 1 for the next, -1 for the one before
 *
 * Moves the focus to the next region of a window, skipping those that cannot take it.
 */
void
dw_regions_move (GtkWidget **regions, guint n, int by)
{
  guint at = 0;

  for (guint i = 0; i < n; i++)
    if (has_focus (regions[i]))
      at = i;
  for (guint i = 1; i <= n; i++)
    {
      GtkWidget *region = regions[(at + (by > 0 ? i : n - i)) % n];

      if (gtk_widget_get_visible (region)
          && (gtk_widget_grab_focus (region) || gtk_widget_child_focus (region, GTK_DIR_TAB_FORWARD)))
        return;
    }
}
