/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-dead-letters.h"
#include "dw-metrics.h"
#include "dw-server-socket.h"
#include "dw-tables.h"
#include "dw-throttle.h"

#include "backend/handlers/dw-gateway.h"

G_BEGIN_DECLS

#define DW_TYPE_SOCKET_GATEWAY (dw_socket_gateway_get_type ())
G_DECLARE_FINAL_TYPE (DwSocketGateway, dw_socket_gateway, DW, SOCKET_GATEWAY, GObject)

/** DW_SOCKET_GATEWAY_ATTEMPTS: how often a throttled post is retried before it becomes a dead letter. */
#define DW_SOCKET_GATEWAY_ATTEMPTS 8

/** DW_SOCKET_GATEWAY_BASE_MS: the base delay of the backoff between retries, in milliseconds. */
#define DW_SOCKET_GATEWAY_BASE_MS 50

/** DW_SOCKET_GATEWAY_BACKLOG: how many bytes may wait for all clients together, checked once a second. */
#define DW_SOCKET_GATEWAY_BACKLOG (256 * 1024 * 1024)

/** DW_SOCKET_GATEWAY_CAP_MS: the longest delay of that backoff, in milliseconds. */
#define DW_SOCKET_GATEWAY_CAP_MS 1000

DwSocketGateway *dw_socket_gateway_new (double rate, double burst, DwTables *letters);
DwMetrics *dw_socket_gateway_get_metrics (DwSocketGateway *self);
void dw_socket_gateway_set_rate (DwSocketGateway *self, double rate, double burst);
gboolean dw_socket_gateway_may_post (DwSocketGateway *self);

void dw_socket_gateway_add (DwSocketGateway *self, DwServerSocket *socket);
void dw_socket_gateway_resume (DwSocketGateway *self, const char *connection_id);
void dw_socket_gateway_remove (DwSocketGateway *self, const char *connection_id);
gboolean dw_socket_gateway_post (DwSocketGateway *self, const char *connection_id, const DwServerFrame *frame);
guint dw_socket_gateway_get_size (DwSocketGateway *self);
void dw_socket_gateway_shed (DwSocketGateway *self, guint64 most);
void dw_socket_gateway_close_expired (DwSocketGateway *self, gint64 idle_ms, gint64 age_ms);
void dw_socket_gateway_disown (DwSocketGateway *self);
void dw_socket_gateway_close_all (DwSocketGateway *self, gushort code, const char *reason);

G_END_DECLS
