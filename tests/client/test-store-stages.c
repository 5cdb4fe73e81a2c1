/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* memmem, renameat2 */

#include "dw-archive.h"
#include "dw-test.h"

#include "client/dw-client-error.h"
#include "client/messages/dw-export.h"
#include "client/stages/dw-stage-list.h"
#include "client/store/dw-schema.h"
#include "client/store/dw-store-expiry.h"
#include "client/store/dw-store-lines.h"
#include "client/store/dw-store-search.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

static gboolean
file_has (const char *path, const char *suffix, const char *word)
{
  g_autofree char *name = g_strconcat (path, suffix, NULL);
  g_autofree char *contents = NULL;
  gsize length;

  return g_file_get_contents (name, &contents, &length, NULL)
         && memmem (contents, length, word, strlen (word)) != NULL;
}

static gboolean
is_loaded (gpointer list)
{
  return dw_stage_list_is_loaded (list);
}

/* A stage is restored as it was saved, except for its secrets, which are not in the file. */
static void
test_stages (void)
{
  g_auto (Archive) archive = { 0 };
  g_autoptr (DwStageUrl) url = dw_stage_url_parse ("wss://h.example/prod?token=S3CR3T%2Fcanary", NULL);
  g_autoptr (DwStageUrl) second = dw_stage_url_parse ("wss://i.example/prod", NULL);
  g_autoptr (DwStage) stage = dw_stage_new (url);
  g_autoptr (DwStage) other = dw_stage_new (second);
  g_autoptr (DwDialect) dialect = dw_dialect_new_custom ("route", "say", "text", NULL, NULL);
  g_autoptr (DwSnippet) snippet = dw_snippet_new ("Hello", "{\"n\":{{n}}}\n");
  g_autoptr (DwSnippet) kept = NULL;
  g_autoptr (GHashTable) headers = g_hash_table_new (g_str_hash, g_str_equal);
  char *protocols[] = { (char *) "S3CR3T-protocol", NULL };
  DwStageList *list;
  g_autoptr (DwStage) found = NULL;
  g_autoptr (DwStage) moved = NULL;

  archive_init (&archive);
  list = dw_stage_list_new (archive.store);
  dw_stage_list_load (list);
  dw_test_until ("an empty list", is_loaded, list);
  g_hash_table_insert (headers, (gpointer) "x-api-key", (gpointer) "S3CR3T-header");
  dw_stage_add_url (stage, second);
  dw_stage_set_dialect (stage, dialect);
  dw_stage_set_headers (stage, headers);
  dw_stage_set_protocols (stage, protocols);
  dw_stage_set_name (stage, "Team");
  dw_stage_set_own_name (stage, "Ada");
  dw_stage_set_secret (stage, DW_STAGE_SECRET_KNOWN);
  g_assert_true (dw_stage_list_add (list, stage));
  g_assert_true (dw_stage_list_add (list, other));
  dw_stage_set_draft (stage, "half a sen");
  g_assert_true (dw_snippets_insert (dw_stage_get_snippets (stage), 0, snippet));
  dw_stage_set_muted (stage, TRUE);
  dw_stage_set_echoes (stage, TRUE);
  dw_stage_list_move (list, stage, 1);
  dw_test_finalize (list);
  archive_reopen (&archive);
  for (guint i = 0; i < 2; i++)
    g_assert_false (file_has (archive.path, i == 0 ? "" : "-wal", "S3CR3T"));

  list = dw_stage_list_new (archive.store);
  dw_stage_list_load (list);
  dw_test_until ("the list", is_loaded, list);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (list)), ==, 2);
  moved = g_list_model_get_item (G_LIST_MODEL (list), 0);
  found = g_list_model_get_item (G_LIST_MODEL (list), 1);
  g_assert_cmpstr (dw_stage_get_uuid (moved), ==, dw_stage_get_uuid (other));
  g_assert_cmpstr (dw_stage_get_uuid (found), ==, dw_stage_get_uuid (stage));
  g_assert_cmpstr (dw_stage_url_get_text (dw_stage_get_url (found, 0)), ==, "wss://h.example/prod");
  g_assert_cmpstr (dw_stage_url_get_text (dw_stage_get_url (found, 1)), ==, "wss://i.example/prod");
  g_assert_cmpstr (dw_dialect_get_body_key (dw_stage_get_dialect (found)), ==, "text");
  g_assert_cmpstr (dw_stage_get_name (found), ==, "Team");
  g_assert_cmpstr (dw_stage_get_own_name (found), ==, "Ada");
  g_assert_cmpstr (dw_stage_get_draft (found), ==, "half a sen");
  kept = g_list_model_get_item (G_LIST_MODEL (dw_stage_get_snippets (found)), 0);
  g_assert_cmpstr (dw_snippet_get_name (kept), ==, "Hello");
  g_assert_cmpstr (dw_snippet_get_text (kept), ==, "{\"n\":{{n}}}\n");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (dw_stage_get_snippets (moved))), ==, 0);
  g_assert_true (dw_stage_is_muted (found));
  g_assert_true (dw_stage_echoes (found));
  /* The stage knows that it has a secret, and that it is missing. */
  g_assert_true (dw_stage_lacks_secret (found));
  g_assert_cmpint (dw_stage_get_secret (moved), ==, DW_STAGE_SECRET_NONE);
  g_object_unref (list);
}

static gboolean
has_two (gpointer list)
{
  return g_list_model_get_n_items (list) == 2;
}

/* A file that cannot be read at the start is not overwritten by stages made meanwhile, and is read once it can be. */
static void
test_read_late (void)
{
  g_auto (Archive) archive = { 0 };
  g_autoptr (DwStageUrl) url = dw_stage_url_parse ("wss://h.example/prod", NULL);
  g_autoptr (DwStageUrl) second = dw_stage_url_parse ("wss://i.example/prod", NULL);
  g_autoptr (DwStage) stage = dw_stage_new (url);
  g_autoptr (DwStage) other = dw_stage_new (second);
  g_autoptr (DwStage) back = NULL;
  g_autofree char *folder = NULL;
  g_autofree char *away = NULL;
  DwStageList *list;

  archive_init (&archive);
  folder = g_path_get_dirname (archive.path);
  away = g_strconcat (folder, "-away", NULL);
  list = dw_stage_list_new (archive.store);
  dw_stage_list_load (list);
  dw_test_until ("an empty list", is_loaded, list);
  dw_stage_set_name (stage, "the real one");
  g_assert_true (dw_stage_list_add (list, stage));
  add_text (&archive, 1, 1, "what was said there");
  dw_test_finalize (list);
  g_clear_object (&archive.store);
  g_assert_cmpint (g_rename (folder, away), ==, 0);
  g_assert_true (g_file_set_contents (folder, "a file where the folder should be", -1, NULL));
  archive.store = dw_store_new (archive.path);
  list = dw_stage_list_new (archive.store);
  dw_stage_list_load (list);
  dw_test_until ("a list", is_loaded, list);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (list)), ==, 0);
  g_assert_true (dw_stage_list_add (list, other));
  g_assert_cmpint (dw_stage_get_number (other), !=, 1);
  /* Swaps the folders atomically, or the store would create one of its own in between. */
  g_assert_cmpint (renameat2 (AT_FDCWD, away, AT_FDCWD, folder, RENAME_EXCHANGE), ==, 0);
  dw_test_until ("the stage of the file", has_two, list);
  back = g_list_model_get_item (G_LIST_MODEL (list), 1);
  g_assert_cmpstr (dw_stage_get_name (back), ==, "the real one");
  g_assert_cmpuint (count_records (&archive, 1), ==, 1);
  dw_test_finalize (list);
}

/* Deletions that a killed program did not finish are done at the next start, and nothing else is deleted. */
static void
test_orphans (void)
{
  g_auto (Archive) archive = { 0 };
  g_autoptr (DwStageUrl) url = dw_stage_url_parse ("wss://h.example/prod", NULL);
  g_autoptr (DwStage) stage = dw_stage_new (url);
  DwStageList *list;

  archive_init (&archive);
  list = dw_stage_list_new (archive.store);
  dw_stage_list_load (list);
  dw_test_until ("an empty list", is_loaded, list);
  g_assert_true (dw_stage_list_add (list, stage));
  g_assert_cmpint (dw_stage_get_number (stage), ==, 1);
  add_text (&archive, 1, 1, "of a stage");
  add_text (&archive, 2, 1, "of nobody");
  add_text (&archive, 2, 2, "of nobody");
  add_text (&archive, 9, 1, "of nobody");
  dw_test_finalize (list);
  archive_reopen (&archive);
  list = dw_stage_list_new (archive.store);
  dw_stage_list_load (list);
  dw_test_until ("the list", is_loaded, list);
  g_assert_cmpuint (count_records (&archive, 1), ==, 1);
  g_assert_cmpuint (count_records (&archive, 2), ==, 0);
  g_assert_cmpuint (count_records (&archive, 9), ==, 0);
  dw_test_finalize (list);
}

/* Found by the fuzzer: a file with our application ID but other tables caused a crash. */
static void
test_strange_rows (void)
{
  g_auto (Archive) archive = { 0 };
  g_autoptr (GPtrArray) records = NULL;
  DwStageList *list;

  archive_init (&archive);
  add_text (&archive, 1, 1, "x");
  run_outside (&archive,
               "DROP TABLE stages; DROP TABLE lines;"
               "CREATE TABLE stages (stage, uuid, place, name, urls, dialect, own_name, secret, local, online,"
               "  muted, echoes, seen, left_at, draft);"
               "CREATE TABLE lines (line INTEGER PRIMARY KEY, kind, time, until, text, sender, id, delivery,"
               "  went, reason);"
               "INSERT INTO stages (stage) VALUES (1);"
               "INSERT INTO lines (line, text, sender) VALUES ((1 << 40) | 1, NULL, x'ff')");
  archive_reopen (&archive);
  records = read_records (&archive, 1, 1, 10);
  g_assert_cmpuint (records->len, ==, 1);
  g_assert_cmpstr (((DwRecord *) records->pdata[0])->text, ==, "");
  g_assert_cmpstr (((DwRecord *) records->pdata[0])->sender, ==, "\357\277\275");
  list = dw_stage_list_new (archive.store);
  dw_stage_list_load (list);
  dw_test_until ("the list", is_loaded, list);
  dw_test_finalize (list);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/store-stages/kept/AG-7", test_stages);
  g_test_add_func ("/client/store-stages/read-late/DB-3", test_read_late);
  g_test_add_func ("/client/store-stages/orphans", test_orphans);
  g_test_add_func ("/client/store-stages/strange-rows", test_strange_rows);
  return g_test_run ();
}
