/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-route-table.h"
#include "dw-socket-gateway.h"

#include "net/dw-turn.h"

G_BEGIN_DECLS

#define DW_TYPE_DISPATCHER (dw_dispatcher_get_type ())
G_DECLARE_FINAL_TYPE (DwDispatcher, dw_dispatcher, DW, DISPATCHER, GObject)

/** DW_DISPATCHER_QUEUE: how many messages may wait to be handled, over all connections; more are throttled. */
#define DW_DISPATCHER_QUEUE 10000

/** DW_DISPATCHER_BYTES: how many bytes those messages may take. */
#define DW_DISPATCHER_BYTES (16 * 1024 * 1024)

/**
 * DW_DISPATCHER_FULL: at how many quarters of either bound connections are no longer read. The last quarter is for
 * what has been read already, so that nothing is refused that could have waited in the network.
 */
#define DW_DISPATCHER_FULL 3

/** DW_DISPATCHER_CALLER_BYTES: how many bytes one connection may have waiting before it is no longer read. */
#define DW_DISPATCHER_CALLER_BYTES (256 * 1024)

/** DW_DISPATCHER_COST: what a message takes besides its own bytes, in bytes. */
#define DW_DISPATCHER_COST 512

/** DW_DISPATCHER_LATE: how many handlers may still run after their timeout; at that number no new one starts. */
#define DW_DISPATCHER_LATE 1000

/** DW_DISPATCHER_LATE_BYTES: how many bytes their messages may take. */
#define DW_DISPATCHER_LATE_BYTES (16 * 1024 * 1024)

/**
 * DwDispatcherRoomFunc:
 * @caller: the connection that has room again
 * @data: what dw_dispatcher_set_room_func() was given
 *
 * Called some time after dw_dispatcher_has_room() said no. It must not call dw_dispatcher_message() itself.
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
