/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-line-reader.h"

#include <glib/gi18n.h>
#include <string.h>

#define CHUNK_BYTES 4096

struct _DwLineReader
{
  GObject parent_instance;

  GInputStream *stream;
  DwRecordEnd end;
  gsize most; /* bytes of a record */
  guint8 chunk[CHUNK_BYTES];
  gsize used;   /* of the chunk */
  gsize filled; /* of the chunk */
  GByteArray *line;
  guint number;      /* of the line, from 1 */
  gboolean too_long; /* its start was dropped */
};

G_DEFINE_FINAL_TYPE (DwLineReader, dw_line_reader, G_TYPE_OBJECT)

static void
dw_line_reader_finalize (GObject *object)
{
  DwLineReader *self = DW_LINE_READER (object);

  g_object_unref (self->stream);
  g_byte_array_unref (self->line);
  G_OBJECT_CLASS (dw_line_reader_parent_class)->finalize (object);
}

static void
dw_line_reader_class_init (DwLineReaderClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dw_line_reader_finalize;
}

static void
dw_line_reader_init (DwLineReader *self)
{
  self->line = g_byte_array_new ();
}

/**
 * dw_line_reader_new:
 * @stream: where lines come from
 *
 * Returns: (transfer full): a reader
 */
DwLineReader *
dw_line_reader_new (GInputStream *stream)
{
  DwLineReader *self = g_object_new (DW_TYPE_LINE_READER, NULL);

  self->stream = g_object_ref (stream);
  self->most = DW_LINE_READER_BYTES;
  return self;
}

/**
 * dw_line_reader_new_for_records:
 * @stream: where records come from
 * @end: what ends one
 * @most: how many bytes one may have
 *
 * Returns: (transfer full): a reader, for dw_line_reader_read_record_finish()
 */
DwLineReader *
dw_line_reader_new_for_records (GInputStream *stream, DwRecordEnd end, gsize most)
{
  DwLineReader *self = dw_line_reader_new (stream);

  self->end = end;
  self->most = most;
  return self;
}

static void
keep (DwLineReader *self, gsize length)
{
  if (self->line->len + length > self->most)
    self->too_long = TRUE;
  if (self->too_long)
    g_byte_array_set_size (self->line, 0);
  else
    g_byte_array_append (self->line, self->chunk + self->used, (guint) length);
}

static void
refuse (GError **error, const char *format, guint number)
{
  g_autofree char *digits = g_strdup_printf ("%u", number);
  g_auto (GStrv) parts = g_strsplit (format, "%u", 2);
  g_autofree char *words = g_strjoinv (digits, parts);

  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, words);
}

static void
return_line (DwLineReader *self, GTask *task)
{
  g_autoptr (GByteArray) line = g_steal_pointer (&self->line);
  gboolean too_long = self->too_long;
  GError *error = NULL;

  self->line = g_byte_array_new ();
  self->too_long = FALSE;
  self->number++;
  if (self->end == DW_RECORD_LINE && line->len > 0 && line->data[line->len - 1] == '\r')
    g_byte_array_set_size (line, line->len - 1);
  if (too_long)
    {
      refuse (&error, _ ("Line %u is too long for a message and was not sent."), self->number);
      g_task_return_error (task, error);
    }
  else
    g_task_return_pointer (task, g_byte_array_free_to_bytes (g_steal_pointer (&line)),
                           (GDestroyNotify) g_bytes_unref);
}

static void read_chunk (DwLineReader *self, GTask *task);

/* Goes on with what is in the chunk. */
static void
look (DwLineReader *self, GTask *task)
{
  const guint8 *start = self->chunk + self->used;
  gsize left = self->filled - self->used;
  const guint8 *end =
      self->end != DW_RECORD_FILE ? memchr (start, self->end == DW_RECORD_NUL ? '\0' : '\n', left) : NULL;

  keep (self, end != NULL ? (gsize) (end - start) : left);
  self->used = end != NULL ? (gsize) (end + 1 - self->chunk) : self->filled;
  if (end != NULL)
    return_line (self, task);
  else
    read_chunk (self, task);
}

static void
on_chunk (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  DwLineReader *self = g_task_get_source_object (task);
  GError *error = NULL;
  gssize n = g_input_stream_read_finish (G_INPUT_STREAM (source), result, &error);

  if (n < 0)
    {
      g_task_return_error (task, error);
      return;
    }
  self->used = 0;
  self->filled = (gsize) n;
  if (n > 0)
    look (self, task);
  /* The last line needs no end. */
  else if (self->line->len > 0 || self->too_long)
    return_line (self, task);
  else
    g_task_return_pointer (task, NULL, NULL);
}

static void
read_chunk (DwLineReader *self, GTask *task)
{
  g_input_stream_read_async (self->stream, self->chunk, CHUNK_BYTES, G_PRIORITY_DEFAULT, NULL, on_chunk,
                             g_object_ref (task));
}

/**
 * dw_line_reader_read_async:
 * @self: a reader that reads nothing now
 * @callback: called with the line
 * @data: for @callback
 */
void
dw_line_reader_read_async (DwLineReader *self, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, data);

  g_task_set_source_tag (task, dw_line_reader_read_async);
  look (self, task);
}

/**
 * dw_line_reader_read_finish:
 * @self: a reader
 * @result: what the callback was given
 * @error: %G_IO_ERROR_INVALID_DATA for a line that is no text, which it names, and after which the next one can be
 *   read; or what the stream says
 *
 * Returns: (transfer full) (nullable): a line without its end, perhaps empty; or %NULL at the end of the text
 */
char *
dw_line_reader_read_finish (DwLineReader *self, GAsyncResult *result, GError **error)
{
  g_autoptr (GBytes) bytes = g_task_propagate_pointer (G_TASK (result), error);
  gsize length;
  const char *text = bytes != NULL ? g_bytes_get_data (bytes, &length) : NULL;

  if (bytes == NULL)
    return NULL;
  if (text == NULL)
    return g_strdup ("");
  if (memchr (text, '\0', length) != NULL)
    refuse (error, _ ("Line %u contains a NUL character and was not sent."), self->number);
  else if (!g_utf8_validate (text, (gssize) length, NULL))
    refuse (error, _ ("Line %u is not UTF-8 and was not sent."), self->number);
  else
    return g_strndup (text, length);
  return NULL;
}

/**
 * dw_line_reader_read_record_finish:
 * @self: a reader
 * @result: what the callback was given
 * @error: %G_IO_ERROR_INVALID_DATA for a record that is too long, after which the next one can be read; or what the
 *   stream says
 *
 * Returns: (transfer full) (nullable): a record without its end, perhaps empty, and of any bytes; or %NULL at the end
 *   of the file
 */
GBytes *
dw_line_reader_read_record_finish (DwLineReader *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
