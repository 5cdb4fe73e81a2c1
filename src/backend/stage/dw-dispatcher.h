/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-route-table.h"
#include "dw-socket-gateway.h"

G_BEGIN_DECLS

#define DW_TYPE_DISPATCHER (dw_dispatcher_get_type ())
G_DECLARE_FINAL_TYPE (DwDispatcher, dw_dispatcher, DW, DISPATCHER, GObject)

/** DW_DISPATCHER_QUEUE: messages accepted and not yet handled, over all connections; above it: throttled. */
#define DW_DISPATCHER_QUEUE 10000

/** DW_DISPATCHER_LATE: handlers that took too long and still run; above it a new one waits for them. */
#define DW_DISPATCHER_LATE 1000

DwDispatcher *dw_dispatcher_new (const char *stage, DwRegistry *registry, DwSocketGateway *gateway);
DwRouteTable *dw_dispatcher_get_routes (DwDispatcher *self);
void dw_dispatcher_set_timeout (DwDispatcher *self, gint64 timeout_ms);
void dw_dispatcher_trace (DwDispatcher *self, const char *token, const char *subprotocol);

void dw_dispatcher_connect_async (DwDispatcher *self,
                                  DwCaller *caller,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer data);
DwResponse *dw_dispatcher_connect_finish (DwDispatcher *self, GAsyncResult *result);
void dw_dispatcher_disconnect (DwDispatcher *self, DwCaller *caller, guint code, const char *reason);
void dw_dispatcher_message (DwDispatcher *self, DwCaller *caller, const char *body, gsize length);
gboolean dw_dispatcher_is_idle (DwDispatcher *self);

G_END_DECLS
