/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/connection/dw-trace.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DW_TYPE_TRACE_LINE (dw_trace_line_get_type ())
G_DECLARE_FINAL_TYPE (DwTraceLine, dw_trace_line, DW, TRACE_LINE, GObject)

/** DW_TRACE_LINE_CHARS: how much of a frame its line shows. */
#define DW_TRACE_LINE_CHARS 300

DwTraceLine *dw_trace_line_new (const DwTraceEntry *entry);
DwTraceKind dw_trace_line_get_kind (DwTraceLine *self);
const char *dw_trace_line_get_head (DwTraceLine *self);
const char *dw_trace_line_get_text (DwTraceLine *self);
const char *dw_trace_line_get_whole (DwTraceLine *self);
gboolean dw_trace_line_has (DwTraceLine *self, const char *folded);

G_END_DECLS
