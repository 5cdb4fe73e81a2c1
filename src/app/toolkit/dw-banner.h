/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DW_TYPE_BANNER (dw_banner_get_type ())
G_DECLARE_FINAL_TYPE (DwBanner, dw_banner, DW, BANNER, GtkWidget)

void dw_banner_show (DwBanner *self,
                     const char *sentence,
                     const char *label,
                     const char *action,
                     const char *other_label,
                     const char *other_action);
void dw_banner_hide (DwBanner *self);

G_END_DECLS
