/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-trace-row.h"

G_BEGIN_DECLS

#define DW_TYPE_TRACE_CELLS (dw_trace_cells_get_type ())
G_DECLARE_FINAL_TYPE (DwTraceCells, dw_trace_cells, DW, TRACE_CELLS, GtkWidget)

GtkWidget *dw_trace_cells_new (void);
void dw_trace_cells_show (DwTraceCells *self, DwTraceRow *row);

G_END_DECLS
