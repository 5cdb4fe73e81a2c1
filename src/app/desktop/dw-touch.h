/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DW_TYPE_TOUCH (dw_touch_get_type ())
G_DECLARE_FINAL_TYPE (DwTouch, dw_touch, DW, TOUCH, GObject)

DwTouch *dw_touch_new (GdkDisplay *display);
void dw_touch_set_capabilities (DwTouch *self, GdkSeatCapabilities capabilities);

G_END_DECLS
