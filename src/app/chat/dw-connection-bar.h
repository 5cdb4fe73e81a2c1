/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/connection/dw-session.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DW_TYPE_CONNECTION_BAR (dw_connection_bar_get_type ())
G_DECLARE_FINAL_TYPE (DwConnectionBar, dw_connection_bar, DW, CONNECTION_BAR, GtkWidget)

void dw_connection_bar_set_session (DwConnectionBar *self, DwSession *session);

G_END_DECLS
