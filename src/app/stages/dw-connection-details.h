/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/connection/dw-session.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define DW_TYPE_CONNECTION_DETAILS (dw_connection_details_get_type ())
G_DECLARE_FINAL_TYPE (DwConnectionDetails, dw_connection_details, DW, CONNECTION_DETAILS, GtkWidget)

void dw_connection_details_present (DwSession *session, GtkWidget *parent);

G_END_DECLS
