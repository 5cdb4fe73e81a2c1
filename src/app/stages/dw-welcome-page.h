/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DW_TYPE_WELCOME_PAGE (dw_welcome_page_get_type ())
G_DECLARE_FINAL_TYPE (DwWelcomePage, dw_welcome_page, DW, WELCOME_PAGE, GtkWidget)

void dw_welcome_page_set_error (DwWelcomePage *self, const char *sentence);
char *dw_welcome_page_dup_address (DwWelcomePage *self);
void dw_welcome_page_set_address (DwWelcomePage *self, const char *address);
void dw_welcome_page_set_own_name (DwWelcomePage *self, const char *name);
char *dw_welcome_page_dup_own_name (DwWelcomePage *self);
void dw_welcome_page_set_busy (DwWelcomePage *self, gboolean busy);

G_END_DECLS
