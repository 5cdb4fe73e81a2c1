/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"
#include "mutate.h"

#include "backend/gateway/dw-dead-letters.h"
#include "backend/gateway/dw-sqlite-registry.h"

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static void
check_text (const char *text)
{
  if (text == NULL || !g_utf8_validate (text, -1, NULL))
    abort ();
}

static void
read_letters (const char *path)
{
  g_autoptr (DwServerFile) file = dw_server_file_new (path, FALSE, NULL);
  g_autoptr (GPtrArray) letters = file != NULL ? dw_dead_letters_list (file, 0, 16, NULL) : NULL;

  for (guint i = 0; letters != NULL && i < letters->len; i++)
    {
      const DwDeadLetter *letter = letters->pdata[i];

      check_text (letter->text);
      check_text (letter->connection_id);
      check_text (letter->reason);
    }
  if (letters != NULL)
    dw_dead_letters_trim (file, NULL);
}

static void
scan_all (DwRegistry *registry)
{
  g_autofree char *key = NULL;

  for (guint pages = 0;; pages++)
    {
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (DwRegistryPage) page = NULL;

      dw_registry_scan_async (registry, key, NULL, on_done, &result);
      mutate_wait (&result);
      page = dw_registry_scan_finish (registry, result, NULL);
      for (guint i = 0; page != NULL && i < page->connection_ids->len; i++)
        check_text (page->connection_ids->pdata[i]);
      g_free (key);
      key = page != NULL ? g_steal_pointer (&page->last_key) : NULL;
      if (key == NULL)
        return;
      if (pages > 1000)
        abort ();
    }
}

static void
use_registry (const char *path)
{
  g_autoptr (DwTables) tables = dw_tables_open (path, NULL);
  g_autoptr (DwSqliteRegistry) registry = tables != NULL ? dw_sqlite_registry_new (tables, 2) : NULL;
  g_autoptr (GAsyncResult) claimed = NULL;
  gboolean fresh;
  guint forgotten;

  if (registry == NULL)
    return;
  scan_all (DW_REGISTRY (registry));
  dw_registry_claim_async (DW_REGISTRY (registry), "id", 5000, NULL, on_done, &claimed);
  mutate_wait (&claimed);
  dw_registry_claim_finish (DW_REGISTRY (registry), claimed, &fresh, NULL);
  dw_registry_release (DW_REGISTRY (registry), "id");
  dw_sqlite_registry_forget_all (registry, &forgotten, NULL);
}

static char *
make_template (const char *path, gsize *length)
{
  g_autoptr (DwServerFile) file = dw_server_file_new (path, FALSE, NULL);
  char *whole = NULL;

  for (gint64 i = 0; i < 5; i++)
    {
      g_autofree char *id = g_strdup_printf ("L0SM9cOFvHcCI%02dw", (int) i);
      g_autoptr (GPtrArray) ids = g_ptr_array_new ();

      g_ptr_array_add (ids, id);
      dw_server_file_run (file, "INSERT INTO connections VALUES (?, ?)", "si", NULL, id, i);
      dw_server_file_run (file, "INSERT INTO claims VALUES (?, ?)", "si", NULL, id, 4900 + i);
      dw_dead_letters_add (file, ids, "{\"message\":\"h\303\251\"}", "Too Many Requests", 1000, NULL);
    }
  g_clear_object (&file);
  if (!g_file_get_contents (path, &whole, length, NULL))
    abort ();
  return whole;
}

/* A file is read or refused, whatever is in it; what is read is valid text, and a scan ends. A file refused as another
 * program's keeps every byte. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static char *folder, *path, *whole;
  static gsize length;
  g_autoptr (GError) error = NULL;
  g_autoptr (DwServerFile) first = NULL;
  g_autofree char *before = NULL, *after = NULL;
  gsize length_before, length_after;

  if (folder == NULL)
    {
      folder = mutate_begin ();
      path = g_build_filename (folder, "stage.sqlite", NULL);
      whole = make_template (path, &length);
    }
  mutate_empty (folder);
  mutate_write (path, whole, length, data, size);
  g_file_get_contents (path, &before, &length_before, NULL);
  first = dw_server_file_new (path, TRUE, &error);
  if (first == NULL && strstr (error->message, "was not changed") != NULL)
    {
      g_file_get_contents (path, &after, &length_after, NULL);
      if (length_before != length_after || memcmp (before, after, length_before) != 0)
        abort ();
      return 0;
    }
  g_clear_object (&first);
  read_letters (path);
  use_registry (path);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  return 0;
}
