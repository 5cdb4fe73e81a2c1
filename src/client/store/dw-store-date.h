/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-store.h"

G_BEGIN_DECLS

void dw_store_date_find_async (DwStore *store,
                               gint64 stage,
                               gint64 time,
                               GAsyncReadyCallback callback,
                               gpointer data);
gint64 dw_store_date_find_finish (DwStore *store, GAsyncResult *result, GError **error);

G_END_DECLS
