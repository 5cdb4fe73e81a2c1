/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-record.h"
#include "dw-store.h"

G_BEGIN_DECLS

/** DW_STORE_SEARCH_HITS: how many lines a search finds at most, the newest. */
#define DW_STORE_SEARCH_HITS 200

/** DW_STORE_SEARCH_BYTES: and how large they are together; then older ones are left out. */
#define DW_STORE_SEARCH_BYTES (16 * 1024 * 1024)

/** DW_STORE_SEARCH_LOOKS: how many lines are looked at that have the letters of a word, but not what else is in it. */
#define DW_STORE_SEARCH_LOOKS 1000

/** DW_STORE_SEARCH_WORDS: how many words of what somebody typed are looked for. */
#define DW_STORE_SEARCH_WORDS 16

/**
 * DwHit:
 * @stage: the number of its stage
 * @record: the line
 *
 * What a search found.
 */
typedef struct
{
  gint64 stage;
  DwRecord *record;
} DwHit;

void dw_hit_free (DwHit *hit);
void dw_hits_keep_newest (GPtrArray *hits, guint limit);

void dw_store_search_async (DwStore *store,
                            const gint64 *stages,
                            guint n_stages,
                            const char *words,
                            guint limit,
                            GAsyncReadyCallback callback,
                            gpointer data);
GPtrArray *dw_store_search_finish (DwStore *store, GAsyncResult *result, GError **error);

G_END_DECLS
