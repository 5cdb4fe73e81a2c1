/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-caller.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define DW_TYPE_GATEWAY (dw_gateway_get_type ())
G_DECLARE_INTERFACE (DwGateway, dw_gateway, DW, GATEWAY, GObject)

/**
 * DwGatewayInterface:
 * @post_async: starts posting one text to many connections
 * @get_async: starts looking one connection up
 * @delete_async: starts closing one connection
 *
 * What a handler can do with connections: API Gateway's `@connections`. An implementation returns a #GTask whose
 * value is a #DwPosted for @post_async, a #DwConnectionInfo for @get_async and a boolean for @delete_async.
 */
struct _DwGatewayInterface
{
  GTypeInterface parent_iface;

  void (*post_async) (DwGateway *self,
                      GPtrArray *connection_ids,
                      GPtrArray *endpoints,
                      const char *text,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer data);
  void (*get_async) (DwGateway *self,
                     const char *connection_id,
                     GCancellable *cancellable,
                     GAsyncReadyCallback callback,
                     gpointer data);
  void (*delete_async) (DwGateway *self,
                        const char *connection_id,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer data);
};

/**
 * DwPosted:
 * @gone: (element-type utf8): the ids that are gone (410), to be removed from the registry
 * @done: how many connections, from the first on, were tried; fewer than all if the time ran out
 *
 * The outcome of a post to many connections.
 */
typedef struct
{
  GPtrArray *gone;
  guint done;
} DwPosted;

DwPosted *dw_posted_new (guint done);
void dw_posted_free (DwPosted *posted);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwPosted, dw_posted_free)

/**
 * DwConnectionInfo:
 * @caller: who it is
 * @last_active_at: in milliseconds since 1970 UTC
 *
 * What is known of a connection.
 */
typedef struct
{
  DwCaller *caller;
  gint64 last_active_at;
} DwConnectionInfo;

void dw_connection_info_free (DwConnectionInfo *info);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwConnectionInfo, dw_connection_info_free)

void dw_gateway_post_async (DwGateway *self,
                            GPtrArray *connection_ids,
                            GPtrArray *endpoints,
                            const char *text,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer data);
DwPosted *dw_gateway_post_finish (DwGateway *self, GAsyncResult *result, GError **error);
void dw_gateway_get_async (DwGateway *self,
                           const char *connection_id,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer data);
DwConnectionInfo *dw_gateway_get_finish (DwGateway *self, GAsyncResult *result, GError **error);
void dw_gateway_delete_async (DwGateway *self,
                              const char *connection_id,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer data);
gboolean dw_gateway_delete_finish (DwGateway *self, GAsyncResult *result, GError **error);

G_END_DECLS
