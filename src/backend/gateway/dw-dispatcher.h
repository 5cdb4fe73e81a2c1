/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-route-table.h"
#include "dw-socket-gateway.h"

#include "net/dw-turn.h"

G_BEGIN_DECLS

#define DW_TYPE_DISPATCHER (dw_dispatcher_get_type ())
G_DECLARE_FINAL_TYPE (DwDispatcher, dw_dispatcher, DW, DISPATCHER, GObject)

/** DW_DISPATCHER_QUEUE: messages accepted and not yet handled, over all connections; above it: throttled. */
#define DW_DISPATCHER_QUEUE 10000

/** DW_DISPATCHER_BYTES: and what they may take in bytes. */
#define DW_DISPATCHER_BYTES (16 * 1024 * 1024)

/**
 * DW_DISPATCHER_FULL: the quarters of both from which on there is room for nobody. The last one is for what has
 * been read from the connections already, so that nothing is refused that can wait in the network.
 */
#define DW_DISPATCHER_FULL 3

/** DW_DISPATCHER_CALLER_BYTES: what one connection may have waiting before there is no room for more of it. */
#define DW_DISPATCHER_CALLER_BYTES (256 * 1024)

/** DW_DISPATCHER_COST: what a message takes besides its own bytes. */
#define DW_DISPATCHER_COST 512

/** DW_DISPATCHER_LATE: handlers that took too long and still run; above it a new one waits for them. */
#define DW_DISPATCHER_LATE 1000

/** DW_DISPATCHER_LATE_BYTES: and what their messages may take. */
#define DW_DISPATCHER_LATE_BYTES (16 * 1024 * 1024)

/**
 * DwDispatcherRoomFunc:
 * @caller: whose messages there is room for again
 * @data: what it was set with
 *
 * Called later than the dw_dispatcher_has_room() that said no. It must not hand over messages itself.
 */
typedef void (*DwDispatcherRoomFunc) (DwCaller *caller, gpointer data);

DwDispatcher *dw_dispatcher_new (const char *stage, DwRegistry *registry, DwSocketGateway *gateway);
DwRouteTable *dw_dispatcher_get_routes (DwDispatcher *self);
void dw_dispatcher_set_timeout (DwDispatcher *self, gint64 timeout_ms);
void dw_dispatcher_set_turn (DwDispatcher *self, DwTurn *turn);
void dw_dispatcher_trace (DwDispatcher *self, const char *token, const char *subprotocol);

void dw_dispatcher_connect_async (DwDispatcher *self,
                                  DwCaller *caller,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer data);
DwResponse *dw_dispatcher_connect_finish (DwDispatcher *self, GAsyncResult *result);
void dw_dispatcher_disconnect (DwDispatcher *self, DwCaller *caller, guint code, const char *reason);
void dw_dispatcher_message (DwDispatcher *self, DwCaller *caller, const char *body, gsize length);
gboolean dw_dispatcher_has_room (DwDispatcher *self, DwCaller *caller);
void dw_dispatcher_set_room_func (DwDispatcher *self, DwDispatcherRoomFunc func, gpointer data);
gboolean dw_dispatcher_is_idle (DwDispatcher *self);

G_END_DECLS
