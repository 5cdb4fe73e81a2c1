/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-dispatcher.h"
#include "dw-stage-config.h"

G_BEGIN_DECLS

#define DW_TYPE_STAGE_SERVER (dw_stage_server_get_type ())
G_DECLARE_FINAL_TYPE (DwStageServer, dw_stage_server, DW, STAGE_SERVER, GObject)

/** DW_STAGE_SERVER_CONNECTIONS: how many connections a stage holds, descriptors permitting; above it: 429. */
#define DW_STAGE_SERVER_CONNECTIONS 20000

/** DW_STAGE_SERVER_STOP_MS: the longest a stop waits for clients and handlers, in milliseconds. */
#define DW_STAGE_SERVER_STOP_MS 1000

DwStageServer *dw_stage_server_new_with (DwStageConfig *config, GError **error);
DwStageServer *dw_stage_server_new (const char *stage);

gboolean dw_stage_server_listen (DwStageServer *self, GSocketAddress *address, GError **error);
char *dw_stage_server_dup_url (DwStageServer *self);
DwDispatcher *dw_stage_server_get_dispatcher (DwStageServer *self);
DwSocketGateway *dw_stage_server_get_gateway (DwStageServer *self);
DwRegistry *dw_stage_server_get_registry (DwStageServer *self);

void dw_stage_server_stop_async (DwStageServer *self, GAsyncReadyCallback callback, gpointer data);
gboolean dw_stage_server_stop_finish (DwStageServer *self, GAsyncResult *result, GError **error);

G_END_DECLS
