/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-trace-file.h"

#include "dw-har.h"

#include "client/dw-client-error.h"

#include "wire/dw-thread.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/**
 * SECTION:dw-trace-file
 *
 * A trace in a file. It is written and read a piece at a time, each in a turn of the main loop, and replaces a file only when
 * all of it is written.
 */

/* On its way into a file. */
typedef struct
{
  DwTrace *trace;
  DwHar *har; /* or NULL */
  guint64 next;
  guint64 last;
  GString *piece;
  GOutputStream *stream;
  GError *error;
} Saving;

static void
saving_free (Saving *saving)
{
  g_object_unref (saving->trace);
  g_clear_pointer (&saving->har, dw_har_free);
  g_string_free (saving->piece, TRUE);
  g_clear_object (&saving->stream);
  g_clear_error (&saving->error);
  g_free (saving);
}

static gboolean
append_line (Saving *saving)
{
  const DwTraceEntry *entry;
  g_autofree char *line = NULL;

  /* What is forgotten meanwhile is left out. */
  saving->next = MAX (saving->next, dw_trace_get_first (saving->trace));
  if (saving->next > saving->last)
    return FALSE;
  entry = dw_trace_get_entry (saving->trace, saving->next++);
  if (entry == NULL)
    return FALSE;
  line = dw_trace_entry_to_json (entry);
  g_string_append (saving->piece, line);
  g_string_append_c (saving->piece, '\n');
  return TRUE;
}

static void write_next (GTask *task);

static void
on_closed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Saving *saving = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  g_output_stream_close_finish (G_OUTPUT_STREAM (source), result, &error);
  if (saving->error != NULL)
    g_task_return_error (task, g_steal_pointer (&saving->error));
  else if (error != NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_boolean (task, TRUE);
}

/* A close that is canceled leaves the file as it was. */
static void
give_up (GTask *task, GError *error)
{
  Saving *saving = g_task_get_task_data (task);
  g_autoptr (GCancellable) canceled = g_cancellable_new ();

  saving->error = error;
  g_cancellable_cancel (canceled);
  g_output_stream_close_async (saving->stream, G_PRIORITY_DEFAULT, canceled, on_closed, g_object_ref (task));
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;

  if (g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, NULL, &error))
    write_next (task);
  else
    give_up (task, error);
}

static gboolean
append_next (Saving *saving)
{
  return saving->har != NULL ? dw_har_next (saving->har, saving->piece) : append_line (saving);
}

static void
write_next (GTask *task)
{
  Saving *saving = g_task_get_task_data (task);

  g_string_truncate (saving->piece, 0);
  while (saving->piece->len < DW_TRACE_FILE_PIECE && append_next (saving))
    continue;

  if (saving->piece->len == 0)
    g_output_stream_close_async (saving->stream, G_PRIORITY_DEFAULT, NULL, on_closed, g_object_ref (task));
  else
    g_output_stream_write_all_async (saving->stream, saving->piece->str, saving->piece->len, G_PRIORITY_DEFAULT,
                                     NULL, on_written, g_object_ref (task));
}

static void
on_created (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Saving *saving = g_task_get_task_data (task);
  GError *error = NULL;
  GFileOutputStream *stream = g_file_replace_finish (G_FILE (source), result, &error);

  if (stream == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  saving->stream = G_OUTPUT_STREAM (stream);
  write_next (task);
}

/**
 * dw_trace_file_save_async:
 * @trace: a trace
 * @file: where to; what is there is replaced
 * @format: how
 * @version: the version of this program
 * @callback: what is called at the end
 * @data: for the callback
 *
 * Writes what is remembered now, for its owner's eyes alone (mode 0600).
 */
void
dw_trace_file_save_async (DwTrace *trace,
                          GFile *file,
                          DwTraceFormat format,
                          const char *version,
                          GAsyncReadyCallback callback,
                          gpointer data)
{
  g_autoptr (GTask) task = g_task_new (file, NULL, callback, data);
  Saving *saving = g_new0 (Saving, 1);

  DW_ASSERT_MAIN_THREAD ();

  g_task_set_source_tag (task, dw_trace_file_save_async);
  saving->trace = g_object_ref (trace);
  saving->har = format == DW_TRACE_FORMAT_HAR ? dw_har_new (trace, version) : NULL;
  saving->next = dw_trace_get_first (trace);
  saving->last = dw_trace_get_last (trace);
  saving->piece = g_string_new (NULL);
  g_task_set_task_data (task, saving, (GDestroyNotify) saving_free);
  g_file_replace_async (file, NULL, FALSE, G_FILE_CREATE_PRIVATE | G_FILE_CREATE_REPLACE_DESTINATION,
                        G_PRIORITY_DEFAULT, NULL, on_created, g_object_ref (task));
}

/**
 * dw_trace_file_save_finish:
 * @result: what the callback got
 * @error: a #GIOErrorEnum
 *
 * Returns: whether all of it is in the file
 */
gboolean
dw_trace_file_save_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* On its way out of a file. */
typedef struct
{
  DwTrace *trace;
  GInputStream *stream;
  GByteArray *rest; /* of the last line so far; at most DW_RECORDING_LINE_BYTES and a piece */
  gsize read;
  guint line;
} Loading;

static void
loading_free (Loading *loading)
{
  g_object_unref (loading->trace);
  g_clear_object (&loading->stream);
  g_byte_array_unref (loading->rest);
  g_free (loading);
}

static void
set_too_large (GError **error)
{
  g_set_error (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_RECORDING,
               _ ("The file is larger than %1$u MB or has more than %2$u lines."),
               DW_TRACE_FILE_BYTES / 1024 / 1024, DW_TRACE_FILE_LINES);
}

static gboolean
load_line (Loading *loading, const char *line, gsize length, GError **error)
{
  g_auto (DwRecordingEntry) entry = { 0 };

  if (++loading->line > DW_TRACE_FILE_LINES)
    {
      set_too_large (error);
      return FALSE;
    }
  if (length > 0 && line[length - 1] == '\r')
    length--;
  if (length == 0)
    return TRUE;
  if (!dw_recording_read (&entry, line, length, loading->line, error))
    return FALSE;
  dw_trace_add_recorded (loading->trace, &entry);
  return TRUE;
}

/* The last line may have no end. */
static gboolean
load_lines (Loading *loading, gboolean at_end, GError **error)
{
  const char *data = (const char *) loading->rest->data;
  gsize start = 0;

  while (start < loading->rest->len)
    {
      const char *end = memchr (data + start, '\n', loading->rest->len - start);
      gsize length = (end != NULL ? (gsize) (end - data) : loading->rest->len) - start;

      /* A line without end is refused before all of it is there. */
      if (end == NULL && !at_end && length <= DW_RECORDING_LINE_BYTES)
        break;
      if (!load_line (loading, data + start, length, error))
        return FALSE;
      start += length + (end != NULL ? 1 : 0);
    }
  if (start > 0)
    g_byte_array_remove_range (loading->rest, 0, (guint) start);
  return TRUE;
}

static void read_next (GTask *task);

static void
on_read (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Loading *loading = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GBytes) bytes = g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, &error);
  gsize size = bytes != NULL ? g_bytes_get_size (bytes) : 0;

  loading->read += size;
  if (size > 0)
    g_byte_array_append (loading->rest, g_bytes_get_data (bytes, NULL), (guint) size);
  if (error == NULL && loading->read > DW_TRACE_FILE_BYTES)
    set_too_large (&error);

  if (error != NULL || !load_lines (loading, size == 0, &error))
    g_task_return_error (task, error);
  else if (size == 0)
    g_task_return_pointer (task, g_object_ref (loading->trace), g_object_unref);
  else
    read_next (task);
}

static void
read_next (GTask *task)
{
  Loading *loading = g_task_get_task_data (task);

  g_input_stream_read_bytes_async (loading->stream, DW_TRACE_FILE_PIECE, G_PRIORITY_DEFAULT_IDLE,
                                   g_task_get_cancellable (task), on_read, g_object_ref (task));
}

/* A file that is too large is not read to its bound first. */
static void
on_size (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GFileInfo) info = g_file_input_stream_query_info_finish (G_FILE_INPUT_STREAM (source), result, NULL);
  GError *error = NULL;

  if (info != NULL && g_file_info_get_size (info) > DW_TRACE_FILE_BYTES)
    {
      set_too_large (&error);
      g_task_return_error (task, error);
      return;
    }
  read_next (task);
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Loading *loading = g_task_get_task_data (task);
  GError *error = NULL;
  GFileInputStream *stream = g_file_read_finish (G_FILE (source), result, &error);

  if (stream == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  loading->stream = G_INPUT_STREAM (stream);
  g_file_input_stream_query_info_async (stream, G_FILE_ATTRIBUTE_STANDARD_SIZE, G_PRIORITY_DEFAULT, NULL, on_size,
                                        g_object_ref (task));
}

/**
 * dw_trace_file_load_async:
 * @file: a file of JSON Lines, of any quality
 * @callback: what is called at the end
 * @data: for the callback
 *
 * Reads a trace. Of more than a trace keeps, the last is kept.
 */
void
dw_trace_file_load_async (GFile *file, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (file, NULL, callback, data);
  Loading *loading = g_new0 (Loading, 1);

  DW_ASSERT_MAIN_THREAD ();

  g_task_set_source_tag (task, dw_trace_file_load_async);
  loading->trace = dw_trace_new ();
  loading->rest = g_byte_array_new ();
  g_task_set_task_data (task, loading, (GDestroyNotify) loading_free);
  g_file_read_async (file, G_PRIORITY_DEFAULT, NULL, on_opened, g_object_ref (task));
}

/**
 * dw_trace_file_load_finish:
 * @result: what the callback got
 * @error: a #GIOErrorEnum, %DW_WIRE_ERROR_RECORDING or %DW_CLIENT_ERROR_RECORDING
 *
 * Returns: (transfer full): the trace, or %NULL
 */
DwTrace *
dw_trace_file_load_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
