/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/** DW_LINE_READER_BYTES: the longest line that is kept. What is longer than a message cannot be sent. */
#define DW_LINE_READER_BYTES (128 * 1024)

/**
 * DwRecordEnd:
 * @DW_RECORD_LINE: the end of a line
 * @DW_RECORD_NUL: a NUL byte
 * @DW_RECORD_FILE: the end of the file
 *
 * What ends a record.
 */
typedef enum
{
  DW_RECORD_LINE,
  DW_RECORD_NUL,
  DW_RECORD_FILE,
} DwRecordEnd;

/**
 * DwLineReader:
 *
 * Reads text line by line, from anything. “\n” and “\r\n” both end a line. It can read other records instead.
 */
#define DW_TYPE_LINE_READER (dw_line_reader_get_type ())
G_DECLARE_FINAL_TYPE (DwLineReader, dw_line_reader, DW, LINE_READER, GObject)

DwLineReader *dw_line_reader_new (GInputStream *stream);
DwLineReader *dw_line_reader_new_for_records (GInputStream *stream, DwRecordEnd end, gsize most);
void dw_line_reader_read_async (DwLineReader *self, GAsyncReadyCallback callback, gpointer data);
char *dw_line_reader_read_finish (DwLineReader *self, GAsyncResult *result, GError **error);
GBytes *dw_line_reader_read_record_finish (DwLineReader *self, GAsyncResult *result, GError **error);

G_END_DECLS
