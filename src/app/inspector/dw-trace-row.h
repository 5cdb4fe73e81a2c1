/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/connection/dw-trace.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DW_TYPE_TRACE_ROW (dw_trace_row_get_type ())
G_DECLARE_FINAL_TYPE (DwTraceRow, dw_trace_row, DW, TRACE_ROW, GObject)

/** DW_TRACE_ROW_CHARS: how much of a frame its line shows. */
#define DW_TRACE_ROW_CHARS 300

/**
 * DwTraceFate:
 * @DW_TRACE_FATE_NONE: nothing is to be said
 * @DW_TRACE_FATE_WAITS: a frame that was sent, and whose answer may come yet
 * @DW_TRACE_FATE_SILENCE: nothing came back for it
 * @DW_TRACE_FATE_ANSWERED: it was answered, or is the answer
 * @DW_TRACE_FATE_REFUSED: the same, with an error of the gateway
 *
 * What became of a frame.
 */
typedef enum
{
  DW_TRACE_FATE_NONE,
  DW_TRACE_FATE_WAITS,
  DW_TRACE_FATE_SILENCE,
  DW_TRACE_FATE_ANSWERED,
  DW_TRACE_FATE_REFUSED,
} DwTraceFate;

DwTraceRow *dw_trace_row_new (const DwTraceEntry *entry);
const DwTraceEntry *dw_trace_row_get_entry (DwTraceRow *self);
guint64 dw_trace_row_get_serial (DwTraceRow *self);
DwTraceKind dw_trace_row_get_kind (DwTraceRow *self);
const char *dw_trace_row_get_head (DwTraceRow *self);
const char *dw_trace_row_get_text (DwTraceRow *self);
const char *dw_trace_row_get_whole (DwTraceRow *self);
char *dw_trace_row_dup_clock (DwTraceRow *self);
char *dw_trace_row_dup_spoken (DwTraceRow *self);

void dw_trace_row_set_fate (DwTraceRow *self, DwTraceFate fate, gint64 latency_us);
DwTraceFate dw_trace_row_get_fate (DwTraceRow *self);
char *dw_trace_row_dup_fate (DwTraceRow *self);

char *dw_trace_row_dup_words (const DwTraceEntry *entry);
char *dw_trace_row_dup_latency (gint64 latency_us);

G_END_DECLS
