/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-store-search.h"

G_BEGIN_DECLS

/** DW_STORE_SCAN_LINES: how many lines one step looks at, so that nothing waits long for it: some milliseconds. */
#define DW_STORE_SCAN_LINES 10000

/** DW_STORE_SCAN_BYTES: and how much text. */
#define DW_STORE_SCAN_BYTES (1024 * 1024)

void dw_store_scan_async (DwStore *store,
                          const gint64 *stages,
                          guint n_stages,
                          const char *words,
                          guint limit,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer data);
GPtrArray *dw_store_scan_finish (DwStore *store, GAsyncResult *result, GError **error);

G_END_DECLS
