/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-dynamodb.h"

#include "backend/handlers/dw-registry.h"

G_BEGIN_DECLS

#define DW_TYPE_DYNAMO_REGISTRY (dw_dynamo_registry_get_type ())
G_DECLARE_FINAL_TYPE (DwDynamoRegistry, dw_dynamo_registry, DW, DYNAMO_REGISTRY, GObject)

/** DW_DYNAMO_REGISTRY_SLACK_SECONDS: how long a row outlives the longest connection. */
#define DW_DYNAMO_REGISTRY_SLACK_SECONDS 900

DwDynamoRegistry *dw_dynamo_registry_new (DwDynamodb *dynamodb, const char *table, const char *claims);
void dw_dynamo_registry_set_endpoint (DwDynamoRegistry *self, const char *endpoint);
void dw_dynamo_registry_set_page (DwDynamoRegistry *self, guint rows);
void dw_dynamo_registry_set_lease (DwDynamoRegistry *self, guint seconds);
void dw_dynamo_registry_confirm (DwDynamoRegistry *self);
void dw_dynamo_registry_abandon (DwDynamoRegistry *self);
void dw_dynamo_registry_settle_async (DwDynamoRegistry *self, GAsyncReadyCallback callback, gpointer data);
gboolean dw_dynamo_registry_settle_finish (DwDynamoRegistry *self, GAsyncResult *result, GError **error);

DwRegistryPage *dw_dynamo_registry_read_page (JsonNode *answer, const char *own, gint64 now, GError **error);

G_END_DECLS
