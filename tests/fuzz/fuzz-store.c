/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"
#include "mutate.h"

#include "client/stages/dw-store-stages.h"
#include "client/store/dw-store-file.h"
#include "client/store/dw-store-lines.h"
#include "client/store/dw-store-search.h"

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static void
check_text (const char *text)
{
  if (text != NULL && !g_utf8_validate (text, -1, NULL))
    abort ();
}

static void
check_record (const DwRecord *record)
{
  if (record->text == NULL)
    abort ();
  check_text (record->text);
  check_text (record->sender);
  check_text (record->id);
  check_text (record->reason);
}

static void
check_records (GPtrArray *records)
{
  for (guint i = 0; records != NULL && i < records->len; i++)
    check_record (records->pdata[i]);
}

static void
use_store (const char *path)
{
  g_autoptr (DwStore) store = dw_store_new (path);
  g_autoptr (GAsyncResult) loaded = NULL, opened = NULL, read = NULL, found = NULL;
  g_autoptr (GPtrArray) stages = NULL, records = NULL, hits = NULL;
  g_autoptr (DwStoreOpening) opening = NULL;
  const gint64 numbers[] = { 1 };
  gint64 next;

  dw_store_stages_load_async (store, on_done, &loaded);
  dw_store_lines_open_async (store, 1, 0, TRUE, on_done, &opened);
  dw_store_lines_read_async (store, 1, 1, 100, FALSE, on_done, &read);
  dw_store_search_async (store, numbers, 1, "hello", 10, on_done, &found);
  mutate_wait (&loaded);
  mutate_wait (&opened);
  mutate_wait (&read);
  mutate_wait (&found);
  stages = dw_store_stages_load_finish (store, loaded, &next, NULL);
  opening = dw_store_lines_open_finish (store, opened, NULL);
  records = dw_store_lines_read_finish (store, read, NULL);
  hits = dw_store_search_finish (store, found, NULL);
  for (guint i = 0; stages != NULL && i < stages->len; i++)
    check_text (dw_stage_get_name (stages->pdata[i]));
  check_records (records);
  for (guint i = 0; hits != NULL && i < hits->len; i++)
    check_record (((DwHit *) hits->pdata[i])->record);
  if (opening != NULL)
    {
      check_records (opening->tail);
      check_records (opening->waiting);
      for (guint i = 0; i < opening->fingerprints->len; i++)
        check_text (opening->fingerprints->pdata[i]);
    }
  dw_store_close (store);
}

static char *
make_template (const char *path, gsize *length)
{
  DwStoreFile *file = dw_store_file_new (path);
  DwDatabase *database = dw_store_file_get (file, NULL);
  char *whole = NULL;

  if (database == NULL
      || !dw_database_run_script (
          database,
          "INSERT INTO stages (stage, uuid, place, name, urls, dialect, own_name, draft) VALUES"
          "  (1, '0b5f0f0e-8f0a-4f0e-9a3b-1f2e3d4c5b6a', 0, 'One', 'wss://h.example/prod', '', 'Ada', 'draft');"
          "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20)"
          "  INSERT INTO lines (line, kind, time, text, sender, id, delivery)"
          "  SELECT (1 << 40) | i, i % 2, i, 'hello ' || i, 'Ada', 'id-' || i, i % 5 FROM n;"
          "INSERT INTO words (rowid, text) SELECT line, text FROM lines",
          NULL))
    abort ();
  dw_store_file_free (file);
  if (!g_file_get_contents (path, &whole, length, NULL))
    abort ();
  return whole;
}

/* A store's file is read, or set aside and replaced, whatever is in it; and what is read is valid text. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static char *folder, *path, *whole;
  static gsize length;

  if (folder == NULL)
    {
      folder = mutate_begin ();
      path = g_build_filename (folder, "history.sqlite", NULL);
      whole = make_template (path, &length);
    }
  mutate_empty (folder);
  mutate_write (path, whole, length, data, size);
  use_store (path);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  return 0;
}
