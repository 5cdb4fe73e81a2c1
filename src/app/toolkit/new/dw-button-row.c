/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/toolkit/dw-button-row.h"

#include "app/text/dw-label.h"

/**
 * dw_button_row_new:
 * @title: what it does
 * @icon_name: the icon before it
 *
 * Returns: (transfer floating): a row that is a button, with the signal “activated”
 */
GtkWidget *
dw_button_row_new (const char *title, const char *icon_name)
{
  GtkWidget *self = adw_button_row_new ();

  dw_label_show_row_title (ADW_PREFERENCES_ROW (self), title);
  adw_button_row_set_start_icon_name (ADW_BUTTON_ROW (self), icon_name);
  return self;
}
