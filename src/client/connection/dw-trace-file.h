/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-trace.h"

G_BEGIN_DECLS

/** DW_TRACE_FILE_BYTES: the largest file that is read: a full trace whose frames are all escapes. */
#define DW_TRACE_FILE_BYTES (256 * 1024 * 1024)

/** DW_TRACE_FILE_LINES: of how many lines at most, ten for each that is kept. */
#define DW_TRACE_FILE_LINES 1000000

/** DW_TRACE_FILE_PIECE: how many bytes are written or read in one turn of the main loop. */
#define DW_TRACE_FILE_PIECE (64 * 1024)

/**
 * DwTraceFormat:
 * @DW_TRACE_FORMAT_JSON_LINES: as dw-recording has it
 * @DW_TRACE_FORMAT_HAR: as dw-har has it
 *
 * How a trace is written to a file.
 */
typedef enum
{
  DW_TRACE_FORMAT_JSON_LINES,
  DW_TRACE_FORMAT_HAR,
} DwTraceFormat;

void dw_trace_file_save_async (DwTrace *trace,
                               GFile *file,
                               DwTraceFormat format,
                               const char *version,
                               GAsyncReadyCallback callback,
                               gpointer data);
gboolean dw_trace_file_save_finish (GAsyncResult *result, GError **error);

void dw_trace_file_load_async (GFile *file, GAsyncReadyCallback callback, gpointer data);
DwTrace *dw_trace_file_load_finish (GAsyncResult *result, GError **error);

G_END_DECLS
