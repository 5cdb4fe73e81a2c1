/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** DW_RAW_HISTORY_MOST: how many frames are remembered. */
#define DW_RAW_HISTORY_MOST 100

/** DW_RAW_HISTORY_BYTES: how many bytes they may have together; or one frame. */
#define DW_RAW_HISTORY_BYTES (512 * 1024)

typedef struct _DwRawHistory DwRawHistory;

DwRawHistory *dw_raw_history_new (void);
void dw_raw_history_free (DwRawHistory *history);
void dw_raw_history_add (DwRawHistory *history, const char *text);
guint dw_raw_history_get_n (DwRawHistory *history);
const char *dw_raw_history_get (DwRawHistory *history, guint index);
guint64 dw_raw_history_get_next (DwRawHistory *history);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwRawHistory, dw_raw_history_free)

G_END_DECLS
