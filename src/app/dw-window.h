/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/dw-chat.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define DW_TYPE_WINDOW (dw_window_get_type ())
G_DECLARE_FINAL_TYPE (DwWindow, dw_window, DW, WINDOW, AdwApplicationWindow)

DwWindow *dw_window_new (GtkApplication *application);
void dw_window_show_chat (DwWindow *self, DwChat *chat);
void dw_window_offer_chat (DwWindow *self, DwChat *chat);
void dw_window_show_welcome (DwWindow *self, const char *address, const char *sentence);
void dw_window_leave_chat (DwWindow *self);
DwChat *dw_window_get_chat (DwWindow *self);
void dw_window_show_stage (DwWindow *self, const char *uuid);
void dw_window_add_toast (DwWindow *self, AdwToast *toast);

G_END_DECLS
