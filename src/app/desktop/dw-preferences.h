/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

void dw_preferences_show (GtkWidget *window, GSettings *settings);

G_END_DECLS
