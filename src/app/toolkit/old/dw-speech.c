/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/toolkit/dw-speech.h"

#include "app/toolkit/dw-toolkit.h"

/**
 * dw_speech_announce:
 * @widget: a widget of the role “status”
 * @untrusted: what a screen reader is to say now
 *
 * Its name is changed, as of a status. Orca (43, measured) reads no status that changes, nor anything else but what has
 * the focus: that is described with these words, for a moment.
 */
void
dw_speech_announce (GtkWidget *widget, const char *untrusted)
{
  GtkRoot *root = gtk_widget_get_root (widget);
  GtkWidget *focus = root != NULL ? gtk_root_get_focus (root) : NULL;
  g_autofree char *spoken = dw_toolkit_dup_spoken (untrusted);

  dw_toolkit_set_label (widget, untrusted);
  if (focus == NULL)
    return;
  gtk_accessible_update_property (GTK_ACCESSIBLE (focus), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, spoken, -1);
  gtk_accessible_reset_property (GTK_ACCESSIBLE (focus), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION);
}

/**
 * dw_speech_name_button:
 * @button: a menu button or a drop-down
 * @label: its accessible name
 *
 * Both contain a toggle button, which is what can be pressed and what a screen reader announces. With the name on the
 * outer widget too there would be a second object with it (measured with 4.8).
 */
void
dw_speech_name_button (GtkWidget *button, const char *label)
{
  dw_toolkit_set_label (gtk_widget_get_first_child (button), label);
}
