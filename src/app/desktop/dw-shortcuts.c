/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-shortcuts.h"

/**
 * dw_shortcuts_show:
 * @window: (nullable): over which window
 *
 * Shows the keyboard shortcuts. Built on demand, since GTK's own mechanism would build the list with every window.
 */
void
dw_shortcuts_show (GtkWindow *window)
{
  g_autoptr (GtkBuilder) builder = gtk_builder_new_from_resource ("/io/github/dynamowave/Chat/dw-shortcuts.ui");
  GtkWindow *shortcuts = GTK_WINDOW (gtk_builder_get_object (builder, "shortcuts"));

  gtk_window_set_transient_for (shortcuts, window);
  gtk_window_present (shortcuts);
}
