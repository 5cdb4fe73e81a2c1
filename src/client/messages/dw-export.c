/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-export.h"

#include "wire/dw-safe-text.h"
#include "wire/dw-time.h"

#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>

typedef struct
{
  gint64 stage;
  gint64 next;
  gint64 last; /* when it began; what comes later is no part of it */
  DwExportFormat format;
  GOutputStream *output;
  GString *buffer;
  guint exported;
} Export;

static void
export_free (gpointer data)
{
  Export *export = data;

  /* Closing a replacement puts it in the old file's place, even if half of it is missing; a cancelled close does not. */
  if (export->output != NULL && !g_output_stream_is_closed (export->output))
    {
      g_autoptr (GCancellable) cancelled = g_cancellable_new ();

      g_cancellable_cancel (cancelled);
      g_output_stream_close (export->output, cancelled, NULL);
    }
  g_clear_object (&export->output);
  g_string_free (export->buffer, TRUE);
  g_free (export);
}

static void
add_member (JsonBuilder *builder, const char *name, const char *value)
{
  if (value == NULL)
    return;
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

static void
add_json (GString *buffer, const DwRecord *record)
{
  static const char *const kinds[] = { "message", "own", "notice", "day", "gap" };
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *time = dw_time_format (record->time);
  g_autofree char *until = record->kind == DW_MESSAGE_GAP ? dw_time_format (record->until) : NULL;
  g_autofree char *line = NULL;

  json_builder_begin_object (builder);
  add_member (builder, "time", time);
  add_member (builder, "until", until);
  add_member (builder, "kind", kinds[record->kind]);
  add_member (builder, "sender", record->sender);
  add_member (builder, "text", record->kind == DW_MESSAGE_GAP ? NULL : record->text);
  add_member (builder, "id", record->id);
  add_member (builder, "delivery", dw_delivery_get_name (record->delivery));
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  line = json_to_string (root, FALSE);
  g_string_append (buffer, line);
  g_string_append_c (buffer, '\n');
}

static char *
local_time (gint64 time)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (time / G_USEC_PER_SEC);
  g_autoptr (GDateTime) local = utc != NULL ? g_date_time_to_local (utc) : NULL;

  return local != NULL ? g_date_time_format (local, "%Y-%m-%d %H:%M:%S") : g_strdup ("?");
}

static char *
speaker (const DwRecord *record)
{
  g_autofree char *name = NULL;

  if (record->kind == DW_MESSAGE_OWN)
    return g_strdup (_ ("You"));
  if (record->kind == DW_MESSAGE_NOTICE)
    return g_strdup (_ ("Notice"));
  if (record->sender != NULL)
    name = dw_safe_name (record->sender);
  return name != NULL && *name != '\0' ? g_steal_pointer (&name) : g_strdup (_ ("Unknown Sender"));
}

/* Before the time, where no name and no text can be: others are called “You” or “Notice” as they like. */
static const char *
mark (const DwRecord *record)
{
  if (record->kind == DW_MESSAGE_OWN)
    return "> ";
  return record->kind == DW_MESSAGE_THEIRS ? "" : "- ";
}

/* Further lines of a message stand under its first, so that none can pass for another message. */
static void
add_text (GString *buffer, const DwRecord *record)
{
  g_autofree char *time = local_time (record->time);
  g_autofree char *until = record->kind == DW_MESSAGE_GAP ? local_time (record->until) : NULL;
  g_autofree char *safe = dw_safe_text (record->text, DW_SAFE_TEXT_WHOLE, G_MAXUINT, NULL);
  /* An override without an end would also affect the following lines. */
  g_autofree char *calm = dw_safe_text_calm (safe);
  g_auto (GStrv) lines = g_strsplit (calm, "\n", -1);
  g_autofree char *text = g_strjoinv ("\n    ", lines);
  g_autofree char *name = speaker (record);

  g_string_append (buffer, mark (record));
  if (until != NULL)
    /* Translators: a line of an exported conversation: two times. */
    g_string_append_printf (buffer, _ ("[%1$s] Offline until %2$s"), time, until);
  else
    g_string_append_printf (buffer, "[%s] %s: %s", time, name, text);
  if (record->delivery == DW_DELIVERY_FAILED || record->delivery == DW_DELIVERY_UNCONFIRMED
      || record->delivery == DW_DELIVERY_QUEUED || record->delivery == DW_DELIVERY_ASKING)
    g_string_append_printf (buffer, " (%s)", _ ("not delivered"));
  g_string_append_c (buffer, '\n');
}

/**
 * dw_export_dup_text:
 * @record: a line
 *
 * Returns: (transfer full): it as %DW_EXPORT_TEXT has it, with an end of line; safe to show
 */
char *
dw_export_dup_text (const DwRecord *record)
{
  GString *text = g_string_new (NULL);

  add_text (text, record);
  return g_string_free (text, FALSE);
}

static void next_page (DwStore *store, GTask *task);

static void
on_closed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;

  if (g_output_stream_close_finish (G_OUTPUT_STREAM (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;

  if (g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, NULL, &error))
    next_page (g_task_get_source_object (task), g_object_ref (task));
  else
    g_task_return_error (task, error);
}

static void
on_page (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Export *export = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GPtrArray) records = dw_store_lines_read_finish (DW_STORE (source), result, &error);

  if (records == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  if (records->len == 0 && export->next <= export->last)
    {
      /* A whole page is missing, as in a damaged file: the lines after it are still exported. */
      export->next += DW_EXPORT_PAGE;
      next_page (DW_STORE (source), g_steal_pointer (&task));
      return;
    }
  if (records->len == 0)
    {
      g_output_stream_close_async (export->output, G_PRIORITY_DEFAULT, g_task_get_cancellable (task), on_closed,
                                   g_object_ref (task));
      return;
    }
  g_string_truncate (export->buffer, 0);
  for (guint i = 0; i < records->len; i++)
    {
      const DwRecord *record = g_ptr_array_index (records, i);

      export->next = record->place + 1;
      if (record->kind == DW_MESSAGE_DAY)
        continue;
      export->exported++;
      if (export->format == DW_EXPORT_TEXT)
        add_text (export->buffer, record);
      else
        add_json (export->buffer, record);
    }
  g_output_stream_write_all_async (export->output, export->buffer->str, export->buffer->len, G_PRIORITY_DEFAULT,
                                   g_task_get_cancellable (task), on_written, g_object_ref (task));
}

static void
next_page (DwStore *store, GTask *task)
{
  Export *export = g_task_get_task_data (task);

  dw_store_lines_read_async (store, export->stage, export->next, export->next + DW_EXPORT_PAGE - 1, FALSE, on_page,
                             task);
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Export *export = g_task_get_task_data (task);
  GError *error = NULL;
  DwStoreOpening *opening = dw_store_lines_open_finish (DW_STORE (source), result, &error);

  if (opening == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  export->next = opening->first;
  export->last = opening->last;
  dw_store_opening_free (opening);
  next_page (DW_STORE (source), g_steal_pointer (&task));
}

static void
on_replaced (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Export *export = g_task_get_task_data (task);
  GError *error = NULL;

  export->output = G_OUTPUT_STREAM (g_file_replace_finish (G_FILE (source), result, &error));
  if (export->output == NULL)
    g_task_return_error (task, error);
  else if (!g_task_return_error_if_cancelled (task))
    dw_store_lines_open_async (g_task_get_source_object (task), export->stage, 0, TRUE, on_opened,
                               g_object_ref (task));
}

/**
 * dw_export_async:
 * @store: a store
 * @stage: a stage's number
 * @file: where to; replaced where it exists, and only when all is written
 * @format: how
 * @cancellable: (nullable): to stop; the file is as it was then
 * @callback: called when it is done
 * @data: for @callback
 *
 * Exports a whole conversation, without the stage's secrets. JSON Lines has names and texts
 * as they came. The text for people has them as dw_safe_text() leaves them; one's own lines begin with “>”, those
 * of the program and of the stage with “-”, and nothing that anybody else writes does.
 */
void
dw_export_async (DwStore *store,
                 gint64 stage,
                 GFile *file,
                 DwExportFormat format,
                 GCancellable *cancellable,
                 GAsyncReadyCallback callback,
                 gpointer data)
{
  GTask *task = g_task_new (store, cancellable, callback, data);
  Export *export = g_new0 (Export, 1);

  g_task_set_source_tag (task, dw_export_async);
  export->stage = stage;
  export->format = format;
  export->buffer = g_string_new (NULL);
  g_task_set_task_data (task, export, export_free);
  /* Not cancelled itself: GIO would drop the stream it has made, which puts an empty file in the old one's place
   * (GLib 2.74, measured). */
  g_file_replace_async (file, NULL, FALSE, G_FILE_CREATE_PRIVATE, G_PRIORITY_DEFAULT, NULL, on_replaced, task);
}

/**
 * dw_export_finish:
 * @store: a store
 * @result: what the callback was given
 * @exported: (out) (optional): how many lines there are
 * @error: a #GIOErrorEnum, or %DW_CLIENT_ERROR_STORE and its kinds
 *
 * Returns: whether it is all there
 */
gboolean
dw_export_finish (DwStore *store, GAsyncResult *result, guint *exported, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, store), FALSE);

  if (exported != NULL)
    *exported = ((Export *) g_task_get_task_data (G_TASK (result)))->exported;
  return g_task_propagate_boolean (G_TASK (result), error);
}
