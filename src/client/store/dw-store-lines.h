/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-record.h"
#include "dw-store.h"

G_BEGIN_DECLS

/** DW_STORE_LINES_TAIL: how many of the newest lines come with dw_store_lines_open_async(): at most 32 MB. */
#define DW_STORE_LINES_TAIL 256

/** DW_STORE_LINES_IDS: how many of the newest lines' fingerprints come with it. */
#define DW_STORE_LINES_IDS 2000

/** DW_STORE_LINES_IDS_BYTES: how much text is read for them; then older ones are left out. */
#define DW_STORE_LINES_IDS_BYTES (16 * 1024 * 1024)

/** DW_STORE_LINES_WAITING: how many unfinished messages come with it. */
#define DW_STORE_LINES_WAITING 20000

/** DW_STORE_LINES_WAITING_BYTES: and how large they are; the others come at the next start. */
#define DW_STORE_LINES_WAITING_BYTES (16 * 1024 * 1024)

/** DW_STORE_LINES_UNREAD: up to how many unread messages are counted. */
#define DW_STORE_LINES_UNREAD 9999

/**
 * DwStoreOpening:
 * @first: the first place, or 1 where there is none
 * @last: the last place, or 0 where there is none
 * @unread: how many of other people's messages nobody has looked at
 * @tail: (element-type DwRecord): the newest lines, in order
 * @waiting: (element-type DwRecord): one's own messages that were queued, sent or unconfirmed, in order
 * @fingerprints: (element-type utf8): those of the newest messages that have an id and are done
 *
 * What a conversation begins with.
 */
typedef struct
{
  gint64 first;
  gint64 last;
  guint unread;
  GPtrArray *tail;
  GPtrArray *waiting;
  GPtrArray *fingerprints;
} DwStoreOpening;

DwStoreOpening *dw_store_opening_new (void);
void dw_store_opening_free (DwStoreOpening *opening);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwStoreOpening, dw_store_opening_free)

void dw_store_lines_open_async (DwStore *store,
                                gint64 stage,
                                gint64 seen,
                                gboolean echoes,
                                GAsyncReadyCallback callback,
                                gpointer data);
DwStoreOpening *dw_store_lines_open_finish (DwStore *store, GAsyncResult *result, GError **error);
guint64 dw_store_lines_add_async (DwStore *store,
                                  gint64 stage,
                                  GPtrArray *records,
                                  GAsyncReadyCallback callback,
                                  gpointer data);
guint64 dw_store_lines_update_async (DwStore *store,
                                     gint64 stage,
                                     const DwRecord *record,
                                     GAsyncReadyCallback callback,
                                     gpointer data);
void dw_store_lines_read_async (DwStore *store,
                                gint64 stage,
                                gint64 first,
                                gint64 last,
                                gboolean at_once,
                                GAsyncReadyCallback callback,
                                gpointer data);
GPtrArray *dw_store_lines_read_finish (DwStore *store, GAsyncResult *result, GError **error);
guint64 dw_store_lines_remove (DwStore *store, gint64 stage, const DwRecord *record);
void dw_store_lines_clear_async (DwStore *store, gint64 stage, GAsyncReadyCallback callback, gpointer data);
gboolean dw_store_lines_clear_finish (DwStore *store, GAsyncResult *result, GError **error);

gint64 dw_store_lines_key (gint64 stage, gint64 place);
gint64 dw_store_lines_place (gint64 key);
gint64 dw_store_lines_stage (gint64 key);
DwRecord *dw_store_lines_take (sqlite3_stmt *query);
gboolean dw_store_lines_insert (DwDatabase *database,
                                gint64 key,
                                const DwRecord *record,
                                gboolean *inserted,
                                GError **error);

/** DW_STORE_LINES_COLUMNS: what dw_store_lines_take() takes, of a table named `lines`. */
#define DW_STORE_LINES_COLUMNS                                                                                     \
  "lines.line, lines.kind, lines.time, lines.until, lines.text, lines.sender, lines.id, lines.delivery, "          \
  "lines.went, lines.reason"

G_END_DECLS
