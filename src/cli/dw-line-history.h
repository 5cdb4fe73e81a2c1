/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/stages/dw-stage.h"

G_BEGIN_DECLS

/** DW_LINE_HISTORY_LINES: how many lines are remembered of a stage. */
#define DW_LINE_HISTORY_LINES 500

/** DW_LINE_HISTORY_LINE: a longer line is not remembered, in bytes. */
#define DW_LINE_HISTORY_LINE 4096

/** DW_LINE_HISTORY_BYTES: how large the file grows before its oldest lines go, in bytes. */
#define DW_LINE_HISTORY_BYTES (256 * 1024)

/**
 * DwLineHistory:
 *
 * What was typed to one stage, in a file of its own that only its owner can read. A line that holds something secret
 * is not remembered, nor one that begins with a space.
 */
typedef struct _DwLineHistory DwLineHistory;

char *dw_line_history_dup_path (const DwStageUrl *url);
DwLineHistory *dw_line_history_new (const char *path, DwStage *stage);
const GPtrArray *dw_line_history_get_lines (DwLineHistory *history);
gboolean dw_line_history_add (DwLineHistory *history, const char *line);
void dw_line_history_free (DwLineHistory *history);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwLineHistory, dw_line_history_free)

G_END_DECLS
