/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

void dw_speech_announce (GtkWidget *widget, const char *untrusted);
void dw_speech_name_button (GtkWidget *button, const char *label);

G_END_DECLS
