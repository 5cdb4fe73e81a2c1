/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-dispatcher.h"
#include "dw-server-config.h"

G_BEGIN_DECLS

#define DW_TYPE_SERVER (dw_server_get_type ())
G_DECLARE_FINAL_TYPE (DwServer, dw_server, DW, SERVER, GObject)

/** DW_SERVER_CONNECTIONS: how many connections a stage holds, descriptors permitting; more get 429. */
#define DW_SERVER_CONNECTIONS 20000

/** DW_SERVER_STOP_MS: the longest a stop waits for clients and handlers, in milliseconds. */
#define DW_SERVER_STOP_MS 1000

DwServer *dw_server_new_with (DwServerConfig *config, GError **error);
DwServer *dw_server_new (const char *stage);

gboolean dw_server_reload (DwServer *self, DwServerConfig *config);
gboolean dw_server_listen (DwServer *self, GSocketAddress *address, GError **error);
char *dw_server_dup_url (DwServer *self);
DwDispatcher *dw_server_get_dispatcher (DwServer *self);
DwSocketGateway *dw_server_get_gateway (DwServer *self);
DwRegistry *dw_server_get_registry (DwServer *self);

void dw_server_stop_async (DwServer *self, GAsyncReadyCallback callback, gpointer data);
gboolean dw_server_stop_finish (DwServer *self, GAsyncResult *result, GError **error);

G_END_DECLS
