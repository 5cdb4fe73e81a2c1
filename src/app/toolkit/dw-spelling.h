/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

gboolean dw_spelling_is_there (void);
GObject *dw_spelling_new (GtkTextView *view);
void dw_spelling_set_enabled (GObject *spelling, gboolean enabled);

G_END_DECLS
