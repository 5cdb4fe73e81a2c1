/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-stage.h"

#include "client/store/dw-store.h"

G_BEGIN_DECLS

/** DW_STORE_STAGES: how many stages are kept. */
#define DW_STORE_STAGES 100

void dw_store_stages_load_async (DwStore *store, GAsyncReadyCallback callback, gpointer data);
GPtrArray *dw_store_stages_load_finish (DwStore *store, GAsyncResult *result, gint64 *next, GError **error);
void dw_store_stages_save (DwStore *store, DwStage *stage, guint place, gboolean with_draft);
void dw_store_stages_remove (DwStore *store, gint64 number);

G_END_DECLS
