/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-stage-socket.h"

#include "backend/handlers/dw-gateway.h"

G_BEGIN_DECLS

#define DW_TYPE_SOCKET_GATEWAY (dw_socket_gateway_get_type ())
G_DECLARE_FINAL_TYPE (DwSocketGateway, dw_socket_gateway, DW, SOCKET_GATEWAY, GObject)

DwSocketGateway *dw_socket_gateway_new (void);

void dw_socket_gateway_add (DwSocketGateway *self, DwStageSocket *socket);
void dw_socket_gateway_remove (DwSocketGateway *self, const char *connection_id);
gboolean dw_socket_gateway_post (DwSocketGateway *self, const char *connection_id, const char *text);
guint dw_socket_gateway_get_size (DwSocketGateway *self);
void dw_socket_gateway_close_expired (DwSocketGateway *self, gint64 idle_ms, gint64 age_ms);
void dw_socket_gateway_close_all (DwSocketGateway *self, gushort code, const char *reason);

G_END_DECLS
