/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-raw-editor.h"
#include "dw-trace-row.h"

G_BEGIN_DECLS

#define DW_TYPE_TRACE_DETAIL (dw_trace_detail_get_type ())
G_DECLARE_FINAL_TYPE (DwTraceDetail, dw_trace_detail, DW, TRACE_DETAIL, GtkWidget)

/** DW_TRACE_DETAIL_CHARS: how much of a frame is laid out; all of it can be copied. */
#define DW_TRACE_DETAIL_CHARS 16384

void dw_trace_detail_set_chat (DwTraceDetail *self, DwChat *chat, DwRawEditor *editor);
void dw_trace_detail_show (DwTraceDetail *self, DwTraceRow *line);
char *dw_trace_detail_dup_text (DwTraceDetail *self);

G_END_DECLS
