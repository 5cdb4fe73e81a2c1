/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-store.h"

G_BEGIN_DECLS

/** DW_STORE_EXPIRY_CHUNK: how many lines one transaction deletes, so that nothing waits long for it. */
#define DW_STORE_EXPIRY_CHUNK 1000

/** DW_STORE_EXPIRY_PAGES: how many pages of the index of words one step merges. */
#define DW_STORE_EXPIRY_PAGES 200

/**
 * DwStoreExpiry:
 * @before: what was said before that goes
 * @now: what was said after that, was said by a wrong clock
 * @epoch: so was what was said before that
 * @since: from when what was said by a wrong clock counts
 *
 * What is old. All times are in microseconds since 1970 UTC.
 */
typedef struct
{
  gint64 before;
  gint64 now;
  gint64 epoch;
  gint64 since;
} DwStoreExpiry;

void dw_store_expire_all (DwStore *store);
void dw_store_expire_async (DwStore *store,
                            const DwStoreExpiry *expiry,
                            GAsyncReadyCallback callback,
                            gpointer data);
gboolean dw_store_expire_finish (DwStore *store, GAsyncResult *result, guint *expired, GError **error);

G_END_DECLS
