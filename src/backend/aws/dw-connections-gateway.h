/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-dead-letter-queue.h"

#include "backend/handlers/dw-gateway.h"

G_BEGIN_DECLS

/** DW_CONNECTIONS_GATEWAY_RESERVE_MS: how long before the deadline the last post may start, in milliseconds. */
#define DW_CONNECTIONS_GATEWAY_RESERVE_MS 2000

/** DW_CONNECTIONS_GATEWAY_SLOW_MS: a post that takes longer than this no longer counts against the window, in
 * milliseconds. */
#define DW_CONNECTIONS_GATEWAY_SLOW_MS 250

/** DW_CONNECTIONS_GATEWAY_SLOW_MOST: how many such slow posts there may be at once. */
#define DW_CONNECTIONS_GATEWAY_SLOW_MOST 400

/** DW_CONNECTIONS_GATEWAY_ATTEMPTS: how often a throttled or failed post is tried. */
#define DW_CONNECTIONS_GATEWAY_ATTEMPTS 8

/** DW_CONNECTIONS_GATEWAY_ENDPOINTS: how many endpoints of other regions are known at once. */
#define DW_CONNECTIONS_GATEWAY_ENDPOINTS 16

#define DW_TYPE_CONNECTIONS_GATEWAY (dw_connections_gateway_get_type ())
G_DECLARE_FINAL_TYPE (DwConnectionsGateway, dw_connections_gateway, DW, CONNECTIONS_GATEWAY, GObject)

DwConnectionsGateway *dw_connections_gateway_new (DwHttp *http,
                                                  DwCredentials *credentials,
                                                  const char *region,
                                                  DwTally *tally);
void dw_connections_gateway_set_endpoint (DwConnectionsGateway *self, const char *endpoint);
void dw_connections_gateway_set_deadline (DwConnectionsGateway *self, gint64 deadline);
void dw_connections_gateway_set_most (DwConnectionsGateway *self, guint most);
void dw_connections_gateway_set_letters (DwConnectionsGateway *self, DwDeadLetterQueue *letters);

G_END_DECLS
