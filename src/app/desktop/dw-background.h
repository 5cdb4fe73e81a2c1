/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define DW_TYPE_BACKGROUND (dw_background_get_type ())
G_DECLARE_FINAL_TYPE (DwBackground, dw_background, DW, BACKGROUND, GObject)

DwBackground *dw_background_new (GtkApplication *application, GSettings *settings);
gboolean dw_background_ask_before_close (DwBackground *self, GtkWindow *window);

G_END_DECLS
