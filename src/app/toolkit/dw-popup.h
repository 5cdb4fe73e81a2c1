/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

GtkWidget *dw_popup_new (GMenuModel *model, GtkWidget *parent);
void dw_popup_open (GtkWidget *popup, const GdkRectangle *at);

G_END_DECLS
