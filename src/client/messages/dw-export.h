/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/store/dw-store-lines.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * DwExportFormat:
 * @DW_EXPORT_JSON_LINES: one JSON object a line, for programs
 * @DW_EXPORT_TEXT: for people
 *
 * How a conversation is written down.
 */
typedef enum
{
  DW_EXPORT_JSON_LINES,
  DW_EXPORT_TEXT,
} DwExportFormat;

/** DW_EXPORT_PAGE: how many lines are in memory at once. */
#define DW_EXPORT_PAGE 1000

void dw_export_async (DwStore *store,
                      gint64 stage,
                      GFile *file,
                      DwExportFormat format,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer data);
gboolean dw_export_finish (DwStore *store, GAsyncResult *result, guint *exported, GError **error);

char *dw_export_dup_text (const DwRecord *record);

G_END_DECLS
