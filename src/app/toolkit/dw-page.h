/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DW_TYPE_PAGE (dw_page_get_type ())
G_DECLARE_FINAL_TYPE (DwPage, dw_page, DW, PAGE, GtkWidget)

G_END_DECLS
