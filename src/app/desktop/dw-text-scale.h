/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DW_TYPE_TEXT_SCALE (dw_text_scale_get_type ())
G_DECLARE_FINAL_TYPE (DwTextScale, dw_text_scale, DW, TEXT_SCALE, GObject)

DwTextScale *dw_text_scale_new (GSettings *settings);
void dw_text_scale_change (DwTextScale *self, int by);

G_END_DECLS
