/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

GtkWidget *dw_bars_new (void);
void dw_bars_add_top (GtkWidget *bars, GtkWidget *bar);
void dw_bars_set_content (GtkWidget *bars, GtkWidget *content);

G_END_DECLS
