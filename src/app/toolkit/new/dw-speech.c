/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/toolkit/dw-speech.h"

#include "app/toolkit/dw-toolkit.h"

/**
 * dw_speech_announce:
 * @widget: a widget of the role “status”
 * @untrusted: what a screen reader is to say now
 */
void
dw_speech_announce (GtkWidget *widget, const char *untrusted)
{
  g_autofree char *spoken = dw_toolkit_dup_spoken (untrusted);

  gtk_accessible_announce (GTK_ACCESSIBLE (widget), spoken, GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);
  dw_toolkit_set_label (widget, untrusted);
}

/**
 * dw_speech_name_button:
 * @button: a menu button or a drop-down
 * @label: its accessible name
 *
 * Both contain a toggle button, which is what can be pressed and what a screen reader announces. GTK names the inner one
 * after the outer one, again and again, and that after its tooltip (measured with 4.24).
 */
void
dw_speech_name_button (GtkWidget *button, const char *label)
{
  dw_toolkit_override_label (button, label);
  dw_toolkit_set_label (gtk_widget_get_first_child (button), label);
}
