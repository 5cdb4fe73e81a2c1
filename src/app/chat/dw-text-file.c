/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-text-file.h"

#include <string.h>

/* Files begin with it that some programs write. */
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

typedef struct
{
  gsize most;
  goffset size; /* of what was read so far */
} Reading;

/* Ends the reading once it is too much: the file may have no end. */
static gboolean
on_more (const char *contents, goffset size, gpointer data)
{
  Reading *reading = g_task_get_task_data (data);

  reading->size = size;
  return size <= (goffset) reading->most;
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  const Reading *reading = g_task_get_task_data (task);
  g_autofree char *contents = NULL;
  GError *error = NULL;
  gsize length;
  const char *start;

  if (!g_file_load_partial_contents_finish (G_FILE (source), result, &contents, &length, NULL, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  if (reading->size > (goffset) reading->most)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
                               "More than %" G_GSIZE_FORMAT " bytes", reading->most);
      return;
    }
  if (!g_utf8_validate_len (contents, length, NULL))
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "No text");
      return;
    }
  start = g_str_has_prefix (contents, BYTE_ORDER_MARK) ? contents + strlen (BYTE_ORDER_MARK) : contents;
  g_task_return_pointer (task, g_strdup (start), g_free);
}

/**
 * dw_text_file_read_async:
 * @file: a file
 * @most: how large it may be, in bytes
 * @cancellable: (nullable): ends the reading
 * @callback: called when it is done
 * @data: for @callback
 *
 * Reads a file of text in UTF-8.
 */
void
dw_text_file_read_async (GFile *file,
                         gsize most,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer data)
{
  GTask *task = g_task_new (file, cancellable, callback, data);
  Reading *reading = g_new0 (Reading, 1);

  g_task_set_source_tag (task, dw_text_file_read_async);
  reading->most = most;
  g_task_set_task_data (task, reading, g_free);
  g_file_load_partial_contents_async (file, cancellable, on_more, on_loaded, task);
}

/**
 * dw_text_file_read_finish:
 * @file: a file
 * @result: what the callback was given
 * @error: %G_IO_ERROR_MESSAGE_TOO_LARGE, %G_IO_ERROR_INVALID_DATA where it is no text, or what the system says
 *
 * Returns: (transfer full): the text
 */
char *
dw_text_file_read_finish (GFile *file, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, file), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
