/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

GtkWidget *dw_dialog_new (const char *title, GtkWidget *content);
GtkWidget *dw_dialog_new_about (void);
GtkWidget *dw_dialog_new_preferences (const char *title, AdwPreferencesPage *page);
void dw_dialog_present (GtkWidget *dialog, GtkWidget *parent);

/** DW_DIALOG_WIDTH: how wide a dialog is where there is room, in pixels. */
#define DW_DIALOG_WIDTH 520

/** DW_DIALOG_HEIGHT: how high. */
#define DW_DIALOG_HEIGHT 640

G_END_DECLS
