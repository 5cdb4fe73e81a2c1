/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-line-history.h"
#include "dw-printer.h"
#include "dw-slash.h"

G_BEGIN_DECLS

/**
 * DwLineEditorFunc:
 * @line: (nullable): a line; %NULL at the end of the text
 * @data: what was given with it
 *
 * Somebody has entered something.
 */
typedef void (*DwLineEditorFunc) (const char *line, gpointer data);

/**
 * DwLineEditor:
 *
 * A line that somebody writes on a terminal, while other lines are printed above it. It can be edited, and what was
 * entered before comes back; where the program was built without readline, the terminal's own editing has to do. There
 * is one at a time, since readline has one line.
 */
typedef struct _DwLineEditor DwLineEditor;

DwLineEditor *dw_line_editor_new (DwOutput *output,
                                  DwLineHistory *history,
                                  const DwSlashKind *commands,
                                  DwLineEditorFunc func,
                                  gpointer data);
void dw_line_editor_set_printer (DwLineEditor *editor, DwPrinter *printer);
gboolean dw_line_editor_discard (DwLineEditor *editor);
void dw_line_editor_free (DwLineEditor *editor);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwLineEditor, dw_line_editor_free)

G_END_DECLS
