/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-message-selection.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DW_TYPE_SELECTION_BAR (dw_selection_bar_get_type ())
G_DECLARE_FINAL_TYPE (DwSelectionBar, dw_selection_bar, DW, SELECTION_BAR, GtkWidget)

GtkWidget *dw_selection_bar_new (DwMessageSelection *selection);

G_END_DECLS
