/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/toolkit/dw-switch-row.h"

#include "app/text/dw-label.h"

/**
 * dw_switch_row_new:
 * @title: what is on or off
 * @subtitle: what that means
 *
 * Returns: (transfer floating): a row with the property “active”
 */
GtkWidget *
dw_switch_row_new (const char *title, const char *subtitle)
{
  GtkWidget *self = adw_switch_row_new ();

  dw_label_show_row_title (ADW_PREFERENCES_ROW (self), title);
  dw_label_show_subtitle (ADW_ACTION_ROW (self), subtitle);
  return self;
}
