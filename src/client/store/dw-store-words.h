/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-store.h"

G_BEGIN_DECLS

/** DW_STORE_WORDS_LINES: how many lines one step puts into the index of words. */
#define DW_STORE_WORDS_LINES 500

/** DW_STORE_WORDS_BYTES: and how much text, so that nothing waits long for it. */
#define DW_STORE_WORDS_BYTES (128 * 1024)

gboolean dw_store_words_add (DwDatabase *database, gint64 key, const char *text, GError **error);
void dw_store_words_catch_up_async (DwStore *store, GAsyncReadyCallback callback, gpointer data);
gboolean dw_store_words_catch_up_finish (DwStore *store, GAsyncResult *result, GError **error);

G_END_DECLS
