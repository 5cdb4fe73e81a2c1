/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-line-editor.h"

#include "dw-line-reader.h"

#include <gio/gunixinputstream.h>

/* Where there is no readline: the terminal's own editing, which knows how to erase. */

struct _DwLineEditor
{
  DwLineReader *reader;
  DwLineHistory *history;
  DwLineEditorFunc func;
  gpointer data;
};

static void
on_line (GObject *source, GAsyncResult *result, gpointer data)
{
  DwLineEditor *editor = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *line = dw_line_reader_read_finish (DW_LINE_READER (source), result, &error);

  if (editor->func == NULL)
    {
      g_object_unref (editor->reader);
      g_free (editor);
      return;
    }
  if (error != NULL)
    g_printerr ("%s\n", error->message);
  if (line != NULL)
    dw_line_history_add (editor->history, line);
  if (line != NULL || error == NULL || !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA))
    editor->func (line, editor->data);
  if (line != NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA))
    dw_line_reader_read_async (editor->reader, on_line, editor);
}

/**
 * dw_line_editor_new:
 * @output: what the terminal is written to
 * @history: what was entered before; what is entered is added
 * @commands: which commands there are
 * @func: called with each line
 * @data: for @func
 *
 * Returns: (transfer full): an editor on standard input
 */
DwLineEditor *
dw_line_editor_new (DwOutput *output,
                    DwLineHistory *history,
                    const DwSlashKind *commands,
                    DwLineEditorFunc func,
                    gpointer data)
{
  DwLineEditor *editor = g_new0 (DwLineEditor, 1);
  g_autoptr (GInputStream) input = g_unix_input_stream_new (0, FALSE);

  editor->reader = dw_line_reader_new (input);
  editor->history = history;
  editor->func = func;
  editor->data = data;
  dw_line_reader_read_async (editor->reader, on_line, editor);
  return editor;
}

/**
 * dw_line_editor_set_printer:
 * @editor: an editor
 * @printer: what prints above the line
 */
void
dw_line_editor_set_printer (DwLineEditor *editor, DwPrinter *printer)
{
}

/**
 * dw_line_editor_discard:
 * @editor: an editor
 *
 * Returns: %FALSE: the terminal has dropped the line
 */
gboolean
dw_line_editor_discard (DwLineEditor *editor)
{
  return FALSE;
}

/**
 * dw_line_editor_free:
 * @editor: (transfer full): an editor
 */
void
dw_line_editor_free (DwLineEditor *editor)
{
  /* A read may be under way, which nothing can end. */
  editor->func = NULL;
}
