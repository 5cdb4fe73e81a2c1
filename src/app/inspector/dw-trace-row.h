/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/connection/dw-trace.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DW_TYPE_TRACE_ROW (dw_trace_row_get_type ())
G_DECLARE_FINAL_TYPE (DwTraceRow, dw_trace_row, DW, TRACE_ROW, GObject)

/** DW_TRACE_ROW_CHARS: how much of a frame its line shows. */
#define DW_TRACE_ROW_CHARS 300

DwTraceRow *dw_trace_row_new (const DwTraceEntry *entry);
DwTraceKind dw_trace_row_get_kind (DwTraceRow *self);
const char *dw_trace_row_get_head (DwTraceRow *self);
const char *dw_trace_row_get_text (DwTraceRow *self);
const char *dw_trace_row_get_whole (DwTraceRow *self);
gboolean dw_trace_row_has (DwTraceRow *self, const char *folded);

G_END_DECLS
