/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

void dw_regions_move (GtkWidget **regions, guint n, int by);

G_END_DECLS
