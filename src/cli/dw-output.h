/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** DW_OUTPUT_BYTES: how much is buffered for a slow reader; beyond that the program waits. */
#define DW_OUTPUT_BYTES (1024 * 1024)

/**
 * DwOutputFailed:
 * @code: an errno
 * @data: what was given with it
 *
 * Nothing can be written any more.
 */
typedef void (*DwOutputFailed) (int code, gpointer data);

/**
 * DwOutput:
 *
 * Writes text for somebody who may not read it. While little waits, the main loop goes on.
 */
typedef struct _DwOutput DwOutput;

DwOutput *dw_output_new (int descriptor, const int *signals, DwOutputFailed failed, gpointer data);
void dw_output_set_deadline (DwOutput *output, gint64 deadline);
void dw_output_write (DwOutput *output, const char *text);
void dw_output_write_bytes (DwOutput *output, const void *bytes, gsize length);
void dw_output_flush (DwOutput *output);
void dw_output_free (DwOutput *output);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwOutput, dw_output_free)

G_END_DECLS
