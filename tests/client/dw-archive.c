/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-archive.h"

#include "dw-test.h"

#include <glib/gstdio.h>
#include <string.h>

void
archive_init (Archive *archive)
{
  archive->folder = dw_test_make_folder ();
  archive->path = g_build_filename (archive->folder, "data", DW_STORE_NAME, NULL);
  archive->store = dw_store_new (archive->path);
}

void
archive_reopen (Archive *archive)
{
  dw_test_finalize (archive->store);
  archive->store = dw_store_new (archive->path);
}

void
archive_clear (Archive *archive)
{
  if (archive->store != NULL)
    dw_test_finalize (archive->store);
  g_free (archive->folder);
  g_free (archive->path);
}

void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static gboolean
is_set (gpointer data)
{
  return *(gpointer *) data != NULL;
}

GAsyncResult *
await (GAsyncResult **result)
{
  dw_test_until ("the store", is_set, result);
  return g_steal_pointer (result);
}

DwRecord *
record_new (gint64 place, DwMessageKind kind, const char *text)
{
  DwRecord *record = g_new0 (DwRecord, 1);

  record->place = place;
  record->kind = kind;
  record->time = place * G_USEC_PER_SEC;
  record->text = g_strdup (text);
  record->sender = g_strdup ("Ada");
  return record;
}

GPtrArray *
records_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) dw_record_free);
}

void
add_records (Archive *archive, gint64 stage, GPtrArray *records)
{
  GAsyncResult *done = NULL;

  dw_store_lines_add_async (archive->store, stage, records, on_done, &done);
  g_object_unref (await (&done));
}

void
add_text (Archive *archive, gint64 stage, gint64 place, const char *text)
{
  GPtrArray *records = records_new ();

  g_ptr_array_add (records, record_new (place, DW_MESSAGE_THEIRS, text));
  add_records (archive, stage, records);
}

void
add_later (Archive *archive, gint64 place, DwMessageKind kind, const char *text)
{
  GPtrArray *records = records_new ();

  g_ptr_array_add (records, record_new (place, kind, text));
  archive->serial = dw_store_lines_add_async (archive->store, 1, records, NULL, NULL);
}

GPtrArray *
read_records (Archive *archive, gint64 stage, gint64 first, gint64 last)
{
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  dw_store_lines_read_async (archive->store, stage, first, last, FALSE, on_done, &done);
  result = await (&done);
  return dw_store_lines_read_finish (archive->store, result, NULL);
}

guint
count_records (Archive *archive, gint64 stage)
{
  g_autoptr (GPtrArray) records = read_records (archive, stage, 0, 1000000);

  return records->len;
}

static gboolean
is_written (gpointer data)
{
  return dw_store_get_written (((Archive *) data)->store) >= ((Archive *) data)->serial;
}

/* A read does not wait for writes that are still held up, so a test that looks for them waits here. */
void
until_written (Archive *archive)
{
  dw_test_until ("what waits to be written", is_written, archive);
}

/* Runs SQL on the file as another program would. */
void
run_outside (Archive *archive, const char *sql)
{
  sqlite3 *other = NULL;

  g_assert_cmpint (sqlite3_open (archive->path, &other), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (other, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (other);
}

char *
ask_outside (Archive *archive, const char *sql)
{
  sqlite3 *other = NULL;
  sqlite3_stmt *query = NULL;
  char *answer;

  g_assert_cmpint (sqlite3_open (archive->path, &other), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (other, sql, -1, &query, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (query), ==, SQLITE_ROW);
  answer = g_strdup ((const char *) sqlite3_column_text (query, 0));
  sqlite3_finalize (query);
  sqlite3_close (other);
  return answer;
}
