/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

void dw_cover_set (GtkWidget *widget, gboolean covered);

G_END_DECLS
