/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-service.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define DW_TYPE_DYNAMODB (dw_dynamodb_get_type ())
G_DECLARE_FINAL_TYPE (DwDynamodb, dw_dynamodb, DW, DYNAMODB, GObject)

DwDynamodb *dw_dynamodb_new (DwService *service);
DwService *dw_dynamodb_get_service (DwDynamodb *self);
void dw_dynamodb_call_async (DwDynamodb *self,
                             const char *operation,
                             const char *body,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer data);
JsonNode *dw_dynamodb_call_finish (DwDynamodb *self, GAsyncResult *result, GError **error);

guint32 dw_dynamodb_crc32 (const guint8 *data, gsize length);
const char *dw_dynamodb_get_string (JsonObject *item, const char *name);
gboolean dw_dynamodb_get_number (JsonObject *item, const char *name, gint64 *number);

G_END_DECLS
