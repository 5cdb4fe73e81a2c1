/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-profile.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define DW_TYPE_WINDOW (dw_window_get_type ())
G_DECLARE_FINAL_TYPE (DwWindow, dw_window, DW, WINDOW, AdwApplicationWindow)

DwWindow *dw_window_new (GtkApplication *application, DwProfile *profile);
void dw_window_show_chat (DwWindow *self, DwChat *chat);
void dw_window_offer_chat (DwWindow *self, DwChat *chat);
void dw_window_show_welcome (DwWindow *self, const char *address, const char *sentence);
void dw_window_show_stage (DwWindow *self, const char *uuid);

G_END_DECLS
