/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-message.h"

#include "client/store/dw-store-lines.h"

G_BEGIN_DECLS

#define DW_TYPE_PAGES (dw_pages_get_type ())
G_DECLARE_FINAL_TYPE (DwPages, dw_pages, DW, PAGES, GObject)

/** DW_PAGES_LINES: how many lines a page has. */
#define DW_PAGES_LINES 128

/** DW_PAGES_KEPT: how many pages are kept. */
#define DW_PAGES_KEPT 24

/** DW_PAGES_KEPT_BYTES: and how large they are together. */
#define DW_PAGES_KEPT_BYTES (48 * 1024 * 1024)

/** DW_PAGES_LEAST: how many are kept whatever their size: a list view asks for about 205 lines (GTK 4.8, measured). */
#define DW_PAGES_LEAST 3

/** DW_PAGES_PINNED: how many there may be where some are not in the store yet. */
#define DW_PAGES_PINNED 256

/** DW_PAGES_PINNED_BYTES: and how large they are together; the store takes no more than %DW_STORE_PENDING_BYTES. */
#define DW_PAGES_PINNED_BYTES (128 * 1024 * 1024)

/** DW_PAGES_HELD: how many of one's own unfinished messages are the same objects wherever they turn up. */
#define DW_PAGES_HELD 12000

/** DW_PAGES_HELD_BYTES: and how large they are together; the outbox takes half of that. */
#define DW_PAGES_HELD_BYTES (32 * 1024 * 1024)

/** DW_PAGES_RETRY_S: how long after a page could not be read it is tried again, in seconds. */
#define DW_PAGES_RETRY_S 1

DwPages *dw_pages_new (DwStore *store, gint64 stage);
void dw_pages_clear (DwPages *self, gint64 first, gint64 last);
void dw_pages_extend (DwPages *self, guint lines);
gint64 dw_pages_get_first (DwPages *self);
gint64 dw_pages_get_last (DwPages *self);
guint dw_pages_get_n_lines (DwPages *self);
DwMessage *dw_pages_get_line (DwPages *self, gint64 place);
DwMessage *dw_pages_peek_line (DwPages *self, gint64 place);
void dw_pages_put (DwPages *self, DwMessage *message, guint64 serial);
void dw_pages_take (DwPages *self, GPtrArray *records, gint64 first, gint64 last);
void dw_pages_remove (DwPages *self, DwMessage *message, guint64 removal);
void dw_pages_hold (DwPages *self, DwMessage *message);
GPtrArray *dw_pages_restore (DwPages *self, DwStoreOpening *opening);
GPtrArray *dw_pages_drop_before (DwPages *self, gint64 first);
void dw_pages_tidy (DwPages *self);
DwMessage *dw_pages_find_own (DwPages *self, const char *id);
guint dw_pages_get_n_pages (DwPages *self);
gsize dw_pages_get_bytes (DwPages *self);

G_END_DECLS
