/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/toolkit/dw-speech.h"

#include "app/toolkit/dw-toolkit.h"

/**
 * dw_speech_announce:
 * @widget: a widget of the role “status”
 * @untrusted: what a screen reader is to say now
 *
 * Its name is changed, which screen readers announce of a status.
 */
void
dw_speech_announce (GtkWidget *widget, const char *untrusted)
{
  dw_toolkit_set_label (widget, untrusted);
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
