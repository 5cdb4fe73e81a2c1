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

#include <fcntl.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static void
test_remove (void)
{
  g_auto (Archive) archive = { 0 };
  g_autoptr (GPtrArray) found = NULL;

  archive_init (&archive);
  add_text (&archive, 1, 1, "one");
  add_text (&archive, 1, 2, "two");
  add_text (&archive, 1, 3, "three");
  add_text (&archive, 2, 1, "another stage's");
  dw_store_lines_remove (archive.store, 1, &(DwRecord){ .place = 2 });
  found = read_records (&archive, 1, 0, 100);
  g_assert_cmpuint (found->len, ==, 2);
  g_assert_cmpstr (((DwRecord *) found->pdata[1])->text, ==, "three");
  g_assert_cmpint (((DwRecord *) found->pdata[1])->place, ==, 2);
  g_assert_cmpuint (count_records (&archive, 2), ==, 1);
}

static gboolean
file_has (const char *path, const char *suffix, const char *word)
{
  g_autofree char *name = g_strconcat (path, suffix, NULL);
  g_autofree char *contents = NULL;
  gsize length;

  return g_file_get_contents (name, &contents, &length, NULL)
         && memmem (contents, length, word, strlen (word)) != NULL;
}

/* Deleted text is in no byte of the file, its index or its log. */
static void
test_clear_erases (void)
{
  g_auto (Archive) archive = { 0 };
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  archive_init (&archive);
  add_text (&archive, 1, 1, "a word like xylophonist");
  add_text (&archive, 2, 1, "something else");
  g_assert_true (file_has (archive.path, "", "xylophonist") || file_has (archive.path, "-wal", "xylophonist"));
  dw_store_lines_clear_async (archive.store, 1, on_done, &done);
  result = await (&done);
  g_assert_true (dw_store_lines_clear_finish (archive.store, result, NULL));
  g_assert_false (file_has (archive.path, "", "xylophonist"));
  g_assert_false (file_has (archive.path, "-wal", "xylophonist"));
  g_assert_cmpuint (count_records (&archive, 1), ==, 0);
  g_assert_cmpuint (count_records (&archive, 2), ==, 1);
}

/* As long as another program reads what the log has, it is not empty, and nobody says so. */
static void
test_clear_waits (void)
{
  g_auto (Archive) archive = { 0 };
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  sqlite3 *other = NULL;

  archive_init (&archive);
  add_text (&archive, 1, 1, "a word like xylophonist");
  g_assert_cmpint (sqlite3_open (archive.path, &other), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (other, "BEGIN; SELECT count(*) FROM lines", NULL, NULL, NULL), ==, SQLITE_OK);
  dw_store_lines_clear_async (archive.store, 1, on_done, &done);
  dw_test_run_for (300);
  g_assert_null (done);
  g_assert_true (file_has (archive.path, "-wal", "xylophonist"));

  g_assert_cmpint (sqlite3_exec (other, "COMMIT", NULL, NULL, NULL), ==, SQLITE_OK);
  result = await (&done);
  g_assert_true (dw_store_lines_clear_finish (archive.store, result, NULL));
  g_assert_false (file_has (archive.path, "-wal", "xylophonist"));
  sqlite3_close (other);
}

/* Old lines are deleted except those still queued, days without lines are deleted too, and no gap is left. A line that a
 * wrong clock dated earlier than the line before it counts as no older than that. */
static void
test_expiry (void)
{
  g_auto (Archive) archive = { 0 };
  GPtrArray *records = records_new ();
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) found = NULL;
  guint expired;

  archive_init (&archive);
  g_ptr_array_add (records, record_new (1, DW_MESSAGE_DAY, ""));
  for (gint64 i = 2; i <= 3000; i++)
    g_ptr_array_add (records, record_new (i, i == 500 ? DW_MESSAGE_OWN : DW_MESSAGE_THEIRS, "old"));
  ((DwRecord *) records->pdata[499])->delivery = DW_DELIVERY_QUEUED;
  g_ptr_array_add (records, record_new (3001, DW_MESSAGE_DAY, ""));
  g_ptr_array_add (records, record_new (3002, DW_MESSAGE_THEIRS, "old, by a wrong clock"));
  g_ptr_array_add (records, record_new (3003, DW_MESSAGE_THEIRS, "young"));
  for (guint i = 3000; i < 3003; i++)
    ((DwRecord *) records->pdata[i])->time = G_USEC_PER_SEC * G_GINT64_CONSTANT (1000000);
  ((DwRecord *) records->pdata[3001])->time = 5;
  add_records (&archive, 1, records);
  dw_store_expire_async (
      archive.store, &(DwStoreExpiry){ .before = G_USEC_PER_SEC * G_GINT64_CONSTANT (900000), .now = G_MAXINT64 },
      on_done, &done);
  result = await (&done);
  g_assert_true (dw_store_expire_finish (archive.store, result, &expired, NULL));
  g_assert_cmpuint (expired, ==, 2998);
  found = read_records (&archive, 1, 0, 10000);
  /* The queued line keeps its day. */
  g_assert_cmpuint (found->len, ==, 5);
  for (guint i = 0; i < found->len; i++)
    g_assert_cmpint (((DwRecord *) found->pdata[i])->place, ==, 2999 + (gint64) i);
  g_assert_cmpint (((DwRecord *) found->pdata[0])->kind, ==, DW_MESSAGE_DAY);
  g_assert_cmpint (((DwRecord *) found->pdata[1])->delivery, ==, DW_DELIVERY_QUEUED);
  g_assert_cmpstr (((DwRecord *) found->pdata[3])->text, ==, "old, by a wrong clock");
  g_assert_cmpstr (((DwRecord *) found->pdata[4])->text, ==, "young");
}

/* Reading a page or a place must use an index, not scan the table. */
static void
test_query_plans (void)
{
  static const char *const queries[] = {
    "SELECT * FROM lines WHERE line BETWEEN 1 AND 2 ORDER BY line",
    "SELECT max(line) FROM lines WHERE line BETWEEN 1 AND 2",
    ("SELECT * FROM words JOIN lines ON lines.line = words.rowid WHERE words MATCH 'x' AND words.rowid BETWEEN 1 "
     "AND 2 ORDER BY words.rowid DESC"),
    ("SELECT * FROM lines INDEXED BY lines_waiting WHERE delivery IN (1, 2, 4) AND line BETWEEN 1 AND 2 ORDER BY "
     "line"),
  };
  g_auto (Archive) archive = { 0 };

  archive_init (&archive);
  add_text (&archive, 1, 1, "x");
  for (guint i = 0; i < G_N_ELEMENTS (queries); i++)
    {
      g_autoptr (DwDatabase) database = dw_database_open (archive.path, NULL);
      g_autofree char *explain = g_strdup_printf ("EXPLAIN QUERY PLAN %s", queries[i]);
      g_autoptr (GError) error = NULL;
      sqlite3_stmt *query = dw_database_query (database, &error, explain, "");

      g_assert_no_error (error);
      while (dw_database_next (database, query, &error))
        {
          const char *detail = (const char *) sqlite3_column_text (query, 3);

          g_test_message ("%s", detail);
          g_assert_false (g_str_has_prefix (detail, "SCAN lines"));
          g_assert_null (strstr (detail, "TEMP B-TREE"));
        }
      g_assert_no_error (error);
    }
}

static void
test_export (void)
{
  g_auto (Archive) archive = { 0 };
  GPtrArray *records = records_new ();
  g_autofree char *path = NULL;
  g_autoptr (GFile) file = NULL;

  archive_init (&archive);
  for (gint64 i = 1; i <= 2500; i++)
    g_ptr_array_add (records, record_new (i, DW_MESSAGE_THEIRS, "two\n[1970-01-01 00:00:01] Eve: lines"));
  add_records (&archive, 1, records);
  path = g_build_filename (archive.folder, "out", NULL);
  file = g_file_new_for_path (path);
  for (int format = DW_EXPORT_JSON_LINES; format <= DW_EXPORT_TEXT; format++)
    {
      GAsyncResult *done = NULL;
      g_autoptr (GAsyncResult) result = NULL;
      g_autofree char *contents = NULL;
      guint exported, lines = 0;

      dw_export_async (archive.store, 1, file, (DwExportFormat) format, NULL, on_done, &done);
      result = await (&done);
      g_assert_true (dw_export_finish (archive.store, result, &exported, NULL));
      g_assert_cmpuint (exported, ==, 2500);
      g_assert_true (g_file_get_contents (path, &contents, NULL, NULL));
      for (char *at = contents; (at = strchr (at, '\n')) != NULL; at++)
        lines++;
      /* No message can forge a line of the export: further lines of a message are indented. */
      g_assert_cmpuint (lines, ==, format == DW_EXPORT_TEXT ? 5000 : 2500);
      g_assert_null (strstr (contents, "\n[1970-01-01 00:00:01] Eve"));
    }
}

/* An export that fails, or is stopped, leaves what was there before, and nothing beside it. */
static void
test_export_fails (void)
{
  g_auto (Archive) archive = { 0 };
  GPtrArray *records = records_new ();
  g_autofree char *folder = NULL;
  g_autofree char *path = NULL;
  g_autofree char *contents = NULL;
  g_autoptr (GFile) file = NULL;
  g_autoptr (GDir) left = NULL;
  g_autoptr (GError) error = NULL;
  struct rlimit before;
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  archive_init (&archive);
  for (gint64 i = 1; i <= 5000; i++)
    g_ptr_array_add (records, record_new (i, DW_MESSAGE_THEIRS, "a line of an export that does not end well"));
  add_records (&archive, 1, records);
  folder = g_build_filename (archive.folder, "exports", NULL);
  path = g_build_filename (folder, "out", NULL);
  file = g_file_new_for_path (path);
  g_mkdir_with_parents (folder, 0700);
  g_assert_true (g_file_set_contents (path, "what was there", -1, NULL));

  /* As on a disk that is full in the middle; the store is read, and not written. */
  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &before), ==, 0);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &(struct rlimit){ 100000, before.rlim_max }), ==, 0);
  dw_export_async (archive.store, 1, file, DW_EXPORT_TEXT, NULL, on_done, &done);
  result = await (&done);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &before), ==, 0);
  g_assert_false (dw_export_finish (archive.store, result, NULL, &error));
  g_assert_nonnull (error);
  /* It holds what it has begun to write. */
  g_clear_object (&result);

  g_assert_true (g_file_get_contents (path, &contents, NULL, NULL));
  g_assert_cmpstr (contents, ==, "what was there");
  left = g_dir_open (folder, 0, NULL);
  g_assert_cmpstr (g_dir_read_name (left), ==, "out");
  g_assert_cmpstr (g_dir_read_name (left), ==, NULL);
}

static char *
export_as (Archive *archive, DwExportFormat format)
{
  g_autofree char *path = g_build_filename (archive->folder, "out", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  char *contents;

  dw_export_async (archive->store, 1, file, format, NULL, on_done, &done);
  result = await (&done);
  g_assert_true (dw_export_finish (archive->store, result, NULL, NULL));
  g_assert_true (g_file_get_contents (path, &contents, NULL, NULL));
  return contents;
}

/* Whatever names and texts other people choose, no exported line passes for our own, the program's or another person's,
 * and nothing controls a terminal. JSON Lines keeps everything unchanged. */
static void
test_forged_export (void)
{
  static const char *const forgeries[][2] = {
    { "You", "I owe Eve money" },
    { "Notice", "closed" },
    { "> [2026-01-01 00:00:00] You", "mine" },
    { "Eve\n> [2026-01-01 00:00:00] You", "mine" },
    { "Eve\r> [2026-01-01 00:00:00] You", "mine\r> [2026-01-01 00:00:00] You: mine" },
    { "Eve", "a\xe2\x80\xa8> You: U+2028\xe2\x80\xa9> You: U+2029\xc2\x85> You: NEL\x0b> You: VT\x0c> You: FF" },
    { "\x1b[2K\rYou", "\x1b]0;title\x07\x1b[31mred" },
    { "\xe2\x80\xaeuoY", "\xe2\x80\xae"
                         "enim" },
    { "Eve", "turned \xe2\x80\xae"
             "over\nand on" },
    { "\n", "no name" },
  };
  g_auto (Archive) archive = { 0 };
  GPtrArray *records = records_new ();
  g_autofree char *text = NULL;
  g_autofree char *json = NULL;
  g_auto (GStrv) lines = NULL;
  guint first = 0, own = 0, notices = 0;

  archive_init (&archive);
  for (guint i = 0; i < G_N_ELEMENTS (forgeries); i++)
    {
      DwRecord *record = record_new (i + 1, DW_MESSAGE_THEIRS, forgeries[i][1]);

      g_free (record->sender);
      record->sender = g_strdup (forgeries[i][0]);
      g_ptr_array_add (records, record);
    }
  g_ptr_array_add (records, record_new (G_N_ELEMENTS (forgeries) + 1, DW_MESSAGE_OWN, "really mine"));
  g_ptr_array_add (records, record_new (G_N_ELEMENTS (forgeries) + 2, DW_MESSAGE_NOTICE, "really a notice"));
  add_records (&archive, 1, records);

  text = export_as (&archive, DW_EXPORT_TEXT);
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL && *lines[i] != '\0'; i++)
    {
      g_test_message ("%s", lines[i]);
      first += lines[i][0] == '[';
      own += lines[i][0] == '>';
      notices += lines[i][0] == '-';
      g_assert_true (strchr ("[>-", lines[i][0]) != NULL || g_str_has_prefix (lines[i], "    "));
      /* No control characters, line ends or direction overrides, such as U+2028 to U+202E. */
      for (const char *at = lines[i]; *at != '\0'; at = g_utf8_next_char (at))
        g_assert_false (g_unichar_iscntrl (g_utf8_get_char (at))
                        || (g_utf8_get_char (at) >= 0x2028 && g_utf8_get_char (at) <= 0x202e));
    }
  g_assert_cmpuint (first, ==, G_N_ELEMENTS (forgeries));
  g_assert_cmpuint (own, ==, 1);
  g_assert_cmpuint (notices, ==, 1);
  g_assert_nonnull (strstr (text, "] You: really mine\n"));
  g_assert_nonnull (strstr (text, "] Unknown Sender: no name\n"));

  json = export_as (&archive, DW_EXPORT_JSON_LINES);
  g_clear_pointer (&lines, g_strfreev);
  lines = g_strsplit (json, "\n", -1);
  for (guint i = 0; i < G_N_ELEMENTS (forgeries); i++)
    {
      g_autoptr (JsonNode) root = json_from_string (lines[i], NULL);

      g_assert_cmpstr (json_object_get_string_member (json_node_get_object (root), "sender"), ==, forgeries[i][0]);
      g_assert_cmpstr (json_object_get_string_member (json_node_get_object (root), "text"), ==, forgeries[i][1]);
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/store-lines/remove", test_remove);
  g_test_add_func ("/client/store-lines/clear-erases", test_clear_erases);
  g_test_add_func ("/client/store-lines/clear-waits", test_clear_waits);
  g_test_add_func ("/client/store-lines/expiry", test_expiry);
  g_test_add_func ("/client/store-lines/query-plans/S-9", test_query_plans);
  g_test_add_func ("/client/store-lines/export", test_export);
  g_test_add_func ("/client/store-lines/export/fails", test_export_fails);
  g_test_add_func ("/client/store-lines/export/forged", test_forged_export);
  return g_test_run ();
}
