/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/toolkit/dw-spinner.h"

#include <adwaita.h>

/**
 * dw_spinner_new:
 *
 * Returns: (transfer floating): a spinner that turns. It draws for as long as it is there, so that is for as long as
 * something is under way. What that is has to be said beside it
 */
GtkWidget *
dw_spinner_new (void)
{
  return g_object_new (ADW_TYPE_SPINNER, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);
}
