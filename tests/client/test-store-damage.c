/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that are not what they should be: what can be read is saved, what cannot is kept, and the history goes on. */
#include "dw-archive.h"
#include "dw-faulty-disk.h"
#include "dw-test.h"

#include "client/store/dw-schema.h"
#include "client/store/dw-store-check.h"
#include "client/store/dw-store-salvage.h"
#include "client/store/dw-store-search.h"
#include "client/store/dw-store-words.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINES 5000
#define PAGE_BYTES 4096

static char *
text_of (gint64 place)
{
  return g_strdup_printf ("word%" G_GINT64_FORMAT " and some others that fill the pages of a file", place);
}

/* A history of one stage, whose lines all differ, and a closed file. */
static void
fill (Archive *archive, DwDelivery delivery)
{
  GPtrArray *records = records_new ();

  archive_init (archive);
  for (gint64 place = 1; place <= LINES; place++)
    {
      g_autofree char *text = text_of (place);
      DwRecord *record =
          record_new (place, delivery == DW_DELIVERY_NONE ? DW_MESSAGE_THEIRS : DW_MESSAGE_OWN, text);

      record->delivery = delivery;
      record->id = delivery == DW_DELIVERY_NONE ? NULL : g_strdup_printf ("id-%" G_GINT64_FORMAT, place);
      g_ptr_array_add (records, record);
    }
  add_records (archive, 1, records);
  dw_test_finalize (g_steal_pointer (&archive->store));
}

static void
write_at (const char *path, gint64 offset, const void *bytes, gsize length)
{
  int file = open (path, O_WRONLY | O_CLOEXEC);

  g_assert_cmpint (file, >=, 0);
  g_assert_cmpint (pwrite (file, bytes, length, offset), ==, (gssize) length);
  close (file);
}

static void
spoil_page (Archive *archive, gint64 page)
{
  guint8 noise[PAGE_BYTES];

  for (gsize i = 0; i < sizeof noise; i++)
    noise[i] = (guint8) (i * 31 + 7);
  write_at (archive->path, (page - 1) * PAGE_BYTES, noise, sizeof noise);
}

/* What a program leaves that was killed. */
static void
leave_log (Archive *archive)
{
  g_autofree char *log = g_strconcat (archive->path, "-wal", NULL);

  g_assert_true (g_file_set_contents (log, "", 0, NULL));
}

/* A leaf of a table or an index, somewhere in its middle. */
static gint64
find_leaf (Archive *archive, const char *name)
{
  g_autofree char *sql =
      g_strdup_printf ("SELECT pageno FROM dbstat WHERE name = '%s' AND pagetype = 'leaf' ORDER BY "
                       "path LIMIT 1 OFFSET (SELECT count(*) / 2 FROM dbstat WHERE name = '%s' "
                       "AND pagetype = 'leaf')",
                       name, name);
  g_autofree char *page = ask_outside (archive, sql);

  return g_ascii_strtoll (page, NULL, 10);
}

static gboolean
was_kept (gpointer store)
{
  gboolean newer;

  return dw_store_get_kept_as (store, &newer) != NULL;
}

static void
assert_sound (Archive *archive)
{
  g_autofree char *answer = NULL;

  dw_test_finalize (g_steal_pointer (&archive->store));
  answer = ask_outside (archive, "PRAGMA integrity_check");
  g_assert_cmpstr (answer, ==, "ok");
  archive->store = dw_store_new (archive->path);
}

static guint
count_hits (Archive *archive, const char *word)
{
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) hits = NULL;
  const gint64 stages[] = { 1 };

  dw_store_search_async (archive->store, stages, 1, word, 10, on_done, &done);
  result = await (&done);
  hits = dw_store_search_finish (archive->store, result, NULL);
  g_assert_nonnull (hits);
  return hits->len;
}

/* The lines that are there have their texts, stand in the order in which they were said, and have no holes. */
static guint
check_lines (Archive *archive)
{
  g_autoptr (GPtrArray) records = read_records (archive, 1, 0, 2 * LINES);
  gint64 before = 0;

  g_assert_nonnull (records);
  for (guint i = 0; i < records->len; i++)
    {
      DwRecord *record = g_ptr_array_index (records, i);
      gint64 was = record->time / G_USEC_PER_SEC;
      g_autofree char *text = text_of (was);

      g_assert_cmpint (record->place, ==, (gint64) i + 1);
      g_assert_cmpint (was, >, before);
      g_assert_cmpstr (record->text, ==, text);
      before = was;
    }
  return records->len;
}

static void
add_one (Archive *archive, gint64 place)
{
  g_autofree char *text = text_of (LINES + 1);
  GPtrArray *records = records_new ();
  DwRecord *record = record_new (place, DW_MESSAGE_THEIRS, text);

  record->time = (gint64) (LINES + 1) * G_USEC_PER_SEC;
  g_ptr_array_add (records, record);
  add_records (archive, 1, records);
}

/* A page that nobody has asked for yet: the check finds it, the file is kept, and what can be read of it is saved. */
static void
test_unread_page (void)
{
  g_auto (Archive) archive = { 0 };
  g_autofree char *kept = NULL;
  guint saved;
  gboolean newer;

  fill (&archive, DW_DELIVERY_NONE);
  spoil_page (&archive, find_leaf (&archive, "lines"));
  leave_log (&archive);
  archive.store = dw_store_new (archive.path);
  add_one (&archive, LINES + 1);
  g_assert_false (was_kept (archive.store));
  dw_test_until ("the check to find the page", was_kept, archive.store);
  kept = g_strdup (dw_store_get_kept_as (archive.store, &newer));
  g_assert_false (newer);
  g_assert_true (g_file_test (kept, G_FILE_TEST_IS_REGULAR));

  saved = check_lines (&archive);
  g_test_message ("%u of %u lines saved", saved, LINES + 1);
  g_assert_cmpuint (saved, >, LINES * 95 / 100);
  g_assert_cmpuint (saved, <=, LINES);
  g_assert_cmpuint (dw_store_get_saved (archive.store), ==, saved);
  g_assert_cmpuint (count_hits (&archive, "word1"), ==, 10);
  g_assert_cmpuint (count_hits (&archive, "word5001"), ==, 1);
  add_text (&archive, 1, saved + 1, "and on we talk");
  g_assert_cmpint (dw_store_get_trouble (archive.store), ==, DW_STORE_FINE);
  assert_sound (&archive);
}

/* Whatever page is damaged: the history goes on with nearly everything in it. */
static void
test_each_page (void)
{
  g_auto (Archive) archive = { 0 };
  g_autofree char *whole = NULL;
  gsize length;

  fill (&archive, DW_DELIVERY_NONE);
  g_assert_true (g_file_get_contents (archive.path, &whole, &length, NULL));
  for (gint64 page = 2; page <= (gint64) (length / PAGE_BYTES); page += 23)
    {
      guint saved;

      g_assert_true (g_file_set_contents (archive.path, whole, (gssize) length, NULL));
      spoil_page (&archive, page);
      archive.store = dw_store_new (archive.path);
      /* Each of the three looks at other pages. */
      check_lines (&archive);
      count_hits (&archive, "word4711");
      add_one (&archive, LINES + 1);
      saved = check_lines (&archive);
      if (saved < LINES * 95 / 100)
        g_error ("page %" G_GINT64_FORMAT ": %u lines", page, saved);
      dw_test_finalize (g_steal_pointer (&archive.store));
    }
}

typedef struct
{
  Archive *archive;
  guint64 file;
} Mending;

static guint64
number_of (Archive *archive)
{
  GStatBuf status;

  /* For a moment, while a copy takes its place, there is none. */
  return g_stat (archive->path, &status) == 0 ? status.st_ino : 0;
}

/* Without a look into the file: whoever reads it holds up what mends it. */
static gboolean
is_another (gpointer data)
{
  Mending *mending = data;
  guint64 now = number_of (mending->archive);

  return now != 0 && now != mending->file;
}

/* A check, and a mending, that find the file held by another program are tried again. */
static void
test_held (void)
{
  g_auto (Archive) archive = { 0 };
  Mending mending = { .archive = &archive };

  fill (&archive, DW_DELIVERY_NONE);
  spoil_page (&archive, find_leaf (&archive, "words_data"));
  leave_log (&archive);
  mending.file = number_of (&archive);
  archive.store = dw_store_new (archive.path);
  g_assert_cmpuint (count_hits (&archive, "word4711"), ==, 1);
  dw_faulty_disk_hold ("x.x");
  dw_test_until ("a new file", is_another, &mending);
  g_assert_cmpuint (check_lines (&archive), ==, LINES);
  g_assert_cmpint (dw_store_get_trouble (archive.store), ==, DW_STORE_FINE);
  assert_sound (&archive);
}

/* An index can be made anew: the history stays, in its place, and nothing is said. */
static void
check_index (const char *index)
{
  g_auto (Archive) archive = { 0 };
  g_autoptr (GDir) folder = NULL;
  g_autofree char *path = NULL;
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (DwStoreOpening) opening = NULL;
  Mending mending = { .archive = &archive };
  const char *name;

  fill (&archive, DW_DELIVERY_QUEUED);
  spoil_page (&archive, find_leaf (&archive, index));
  leave_log (&archive);
  mending.file = number_of (&archive);
  archive.store = dw_store_new (archive.path);
  dw_store_lines_open_async (archive.store, 1, 0, TRUE, on_done, &done);
  result = await (&done);
  opening = dw_store_lines_open_finish (archive.store, result, NULL);
  /* It holds the store. */
  g_clear_object (&result);
  g_assert_nonnull (opening);
  g_assert_cmpuint (opening->waiting->len, ==, LINES);
  g_assert_cmpuint (count_hits (&archive, "word4711"), ==, 1);
  g_assert_cmpuint (count_hits (&archive, "fill"), ==, 10);
  add_one (&archive, LINES + 1);
  /* What none of these has come upon the check finds. */
  dw_test_until ("a new file", is_another, &mending);
  g_assert_cmpuint (check_lines (&archive), ==, LINES + 1);
  g_assert_cmpuint (count_hits (&archive, "word4711"), ==, 1);
  g_assert_cmpint (was_kept (archive.store), ==, FALSE);
  g_assert_cmpint (dw_store_get_trouble (archive.store), ==, DW_STORE_FINE);

  path = g_path_get_dirname (archive.path);
  folder = g_dir_open (path, 0, NULL);
  while ((name = g_dir_read_name (folder)) != NULL)
    g_assert_null (strstr (name, "damaged"));
  assert_sound (&archive);
}

static void
test_index (void)
{
  check_index ("lines_waiting");
  check_index ("words_data");
}

/* A page that says it has one line less: all that is there can be read, and it is not everything. */
static void
test_short_page (void)
{
  g_auto (Archive) archive = { 0 };
  g_autofree char *whole = NULL;
  gint64 count_at;
  guint saved;

  fill (&archive, DW_DELIVERY_QUEUED);
  g_assert_true (g_file_get_contents (archive.path, &whole, NULL, NULL));
  /* The low byte of the number of cells (SQLite's file format, section 1.6). */
  count_at = (find_leaf (&archive, "lines") - 1) * PAGE_BYTES + 4;
  g_assert_cmpuint ((guint8) whole[count_at], >, 1);
  write_at (archive.path, count_at, (const guint8[]){ (guint8) (whole[count_at] - 1) }, 1);
  leave_log (&archive);
  archive.store = dw_store_new (archive.path);
  add_one (&archive, LINES + 1);
  dw_test_until ("the file to be kept", was_kept, archive.store);
  saved = check_lines (&archive);
  g_assert_cmpuint (saved, ==, LINES);
  g_assert_cmpuint (dw_store_get_saved (archive.store), ==, saved);
}

/* The index of words says what the check cannot know: its pages are whole, and what is on them is not. */
static void
test_words (void)
{
  g_auto (Archive) archive = { 0 };

  fill (&archive, DW_DELIVERY_NONE);
  run_outside (&archive, "UPDATE words_data SET block = zeroblob (9) WHERE id > 10");
  archive.store = dw_store_new (archive.path);
  g_assert_cmpuint (count_hits (&archive, "word4711"), ==, 1);
  g_assert_cmpuint (check_lines (&archive), ==, LINES);
  g_assert_false (was_kept (archive.store));
}

/* Many lines of the oldest version, all different. */
static void
fill_old (Archive *archive)
{
  g_autofree char *fixture = g_test_build_filename (G_TEST_DIST, "data", "store-1.sql", NULL);
  g_autofree char *folder = g_path_get_dirname (archive->path);
  g_autofree char *sql = NULL;

  g_assert_true (g_file_get_contents (fixture, &sql, NULL, NULL));
  g_mkdir_with_parents (folder, 0700);
  run_outside (archive, sql);
  run_outside (archive,
               "WITH RECURSIVE n (i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
               "INSERT INTO lines (line, kind, time, text) SELECT 1 << 40 | i, 0, i * 1000000, 'old line ' || i "
               "FROM n");
}

/* A part of the file that is gone altogether: what the others hold is there. */
static void
test_missing_parts (void)
{
  static const struct
  {
    const char *sql;
    guint lines;
  } parts[] = {
    /* A plain SQLite does not know its words, and so does not drop it. */
    { "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'words'", LINES },
    { "DROP TABLE unindexed", LINES },
    { "DROP INDEX lines_waiting", LINES },
    { "DROP TABLE lines", 0 },
    { "DROP TABLE stages", LINES },
  };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      g_auto (Archive) archive = { 0 };

      fill (&archive, DW_DELIVERY_NONE);
      run_outside (&archive, parts[i].sql);
      archive.store = dw_store_new (archive.path);
      g_assert_cmpuint (check_lines (&archive), ==, parts[i].lines);
      g_assert_cmpuint (count_hits (&archive, "word4711"), ==, parts[i].lines > 0);
      add_text (&archive, 1, parts[i].lines + 1, "and on we talk");
      g_assert_cmpuint (count_records (&archive, 1), ==, parts[i].lines + 1);
      g_assert_cmpint (dw_store_get_trouble (archive.store), ==, DW_STORE_FINE);
      assert_sound (&archive);
    }
}

/* An old file that no step fits. */
static void
test_old_missing_part (void)
{
  g_auto (Archive) archive = { 0 };

  archive_init (&archive);
  fill_old (&archive);
  run_outside (&archive, "DROP TRIGGER lines_insert");
  g_assert_cmpuint (count_records (&archive, 1), ==, 5000);
  g_assert_cmpuint (count_hits (&archive, "4999"), ==, 1);
  g_assert_cmpint (dw_store_get_trouble (archive.store), ==, DW_STORE_FINE);
}

/* Stages are saved with all that is known of them. */
static void
test_stages (void)
{
  static const char *const fields =
      "SELECT group_concat (quote (stage) || quote (uuid) || quote (place) || quote (name)"
      " || quote (urls) || quote (dialect) || quote (own_name) || quote (secret) || "
      "quote (local) || quote (online) || quote (muted) || quote (echoes) || quote (seen)"
      " || quote (left_at) || quote (draft) || quote (snippets)) FROM stages";
  g_auto (Archive) archive = { 0 };
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autofree char *columns = NULL;

  fill (&archive, DW_DELIVERY_NONE);
  run_outside (&archive,
               "INSERT INTO stages VALUES (1, 'u-1', 2, 'Team', 'wss://h.example/prod', 'd', 'Ada', 1, 0, 0, 1, "
               "1, 17, 18, 'half a', '[{\"name\":\"a\"}]'), (1234567, 'u-2', 3, NULL, 'wss://i.example/x', 'd', "
               "NULL, 0, 1, 1, 0, 0,"
               " 4, 5, '', '')");
  columns = ask_outside (&archive, "SELECT count(*) FROM pragma_table_info ('stages')");
  g_assert_cmpstr (columns, ==, "16");
  before = ask_outside (&archive, fields);
  spoil_page (&archive, find_leaf (&archive, "lines"));
  archive.store = dw_store_new (archive.path);
  check_lines (&archive);
  dw_test_until ("the damage to be found", was_kept, archive.store);
  after = ask_outside (&archive, fields);
  g_assert_cmpstr (before, ==, after);
}

/* Of a damaged file of each older version the stages are saved too, though it knows less of them. */
static void
test_old_stages (void)
{
  for (int version = 1; version <= DW_SCHEMA_VERSION; version++)
    {
      g_auto (Archive) archive = { 0 };
      g_autofree char *name = g_strdup_printf ("history-%d.sqlite", version);
      g_autofree char *fixture = g_test_build_filename (G_TEST_DIST, "data", name, NULL);
      g_autofree char *contents = NULL;
      g_autofree char *copy = NULL;
      g_autofree char *folder = NULL;
      g_autoptr (DwDatabase) saved = NULL;
      DwStoreSalvage salvage;
      gint64 stages;
      gsize length;

      archive_init (&archive);
      dw_test_finalize (g_steal_pointer (&archive.store));
      folder = g_path_get_dirname (archive.path);
      g_mkdir_with_parents (folder, 0700);
      g_assert_true (g_file_get_contents (fixture, &contents, &length, NULL));
      g_assert_true (g_file_set_contents (archive.path, contents, (gssize) length, NULL));
      copy = g_strconcat (archive.path, ".saved", NULL);
      g_assert_true (dw_store_salvage (archive.path, copy, &salvage, NULL));
      g_assert_true (salvage.complete);
      saved = dw_database_open (copy, NULL);
      g_assert_true (dw_database_get_number (saved, "SELECT count(*) FROM stages", &stages, NULL));
      g_assert_cmpint (stages, ==, 3);
    }
}

/* Cut off anywhere, also within a page: kept, what is left of it is saved, and it is not taken for a new one. No line is
 * saved whose end is missing. */
static void
test_truncated (void)
{
  for (guint i = 0; i < 8; i++)
    {
      g_auto (Archive) archive = { 0 };
      GStatBuf status;
      g_autofree char *kept = NULL;
      gint64 length;
      gboolean newer;
      guint saved;

      fill (&archive, DW_DELIVERY_NONE);
      g_assert_cmpint (g_stat (archive.path, &status), ==, 0);
      length = i == 0 ? 0 : i == 1 ? 100 : status.st_size / 2 + 700 * (i - 2);
      g_assert_cmpint (truncate (archive.path, length), ==, 0);
      archive.store = dw_store_new (archive.path);
      saved = check_lines (&archive);
      dw_test_until ("the file to be kept", was_kept, archive.store);
      kept = g_strdup (dw_store_get_kept_as (archive.store, &newer));
      g_assert_false (newer);
      g_assert_cmpint (g_stat (kept, &status), ==, 0);
      g_assert_cmpint (status.st_size, ==, length);
      g_test_message ("%u lines of %" G_GINT64_FORMAT " bytes", saved, length);
      if (i >= 2)
        g_assert_cmpuint (saved, >, LINES / 10);
      add_text (&archive, 1, saved + 1, "and on we talk");
      g_assert_cmpuint (count_records (&archive, 1), ==, saved + 1);
      g_assert_cmpint (dw_store_get_trouble (archive.store), ==, DW_STORE_FINE);
      assert_sound (&archive);
    }
}

/* Something else stands where the file should be. */
static void
test_no_file (void)
{
  for (guint i = 0; i < 3; i++)
    {
      g_auto (Archive) archive = { 0 };
      g_autofree char *folder = NULL;
      g_autofree char *inside = NULL;
      gboolean newer;

      archive_init (&archive);
      folder = g_path_get_dirname (archive.path);
      g_mkdir_with_parents (folder, 0700);
      if (i == 0)
        g_assert_cmpint (g_mkdir (archive.path, 0700), ==, 0);
      else if (i == 1)
        g_assert_cmpint (mkfifo (archive.path, 0600), ==, 0);
      else
        {
          guint32 noise[5000];

          for (guint j = 0; j < G_N_ELEMENTS (noise); j++)
            noise[j] = g_test_rand_int ();
          g_assert_true (g_file_set_contents (archive.path, (char *) noise, sizeof noise, NULL));
        }
      if (i == 0)
        {
          inside = g_build_filename (archive.path, "somebody's", NULL);
          g_assert_true (g_file_set_contents (inside, "x", 1, NULL));
        }
      add_text (&archive, 1, 1, "hello");
      dw_test_until ("what stood there to be kept", was_kept, archive.store);
      g_assert_true (g_file_test (dw_store_get_kept_as (archive.store, &newer), G_FILE_TEST_EXISTS));
      g_assert_false (newer);
      g_assert_cmpuint (count_records (&archive, 1), ==, 1);
      g_assert_cmpint (dw_store_get_trouble (archive.store), ==, DW_STORE_FINE);
    }
}

/* What a newer version wrote last stands in the log alone, and that is kept as it is, too. */
static void
test_newer_in_log (void)
{
  g_auto (Archive) archive = { 0 };
  g_autofree char *log = NULL;
  g_autofree char *kept_log = NULL;
  g_autofree char *file_before = NULL, *file_after = NULL;
  g_autofree char *log_before = NULL, *log_after = NULL;
  gsize file_length, log_length, length;
  sqlite3 *other = NULL;
  gboolean newer;

  fill (&archive, DW_DELIVERY_NONE);
  log = g_strconcat (archive.path, "-wal", NULL);
  g_assert_cmpint (sqlite3_open (archive.path, &other), ==, SQLITE_OK);
  sqlite3_db_config (other, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  g_assert_cmpint (sqlite3_exec (other, "PRAGMA user_version = 9999", NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (other);
  g_assert_true (g_file_get_contents (archive.path, &file_before, &file_length, NULL));
  g_assert_true (g_file_get_contents (log, &log_before, &log_length, NULL));
  /* The header says this program's version. */
  g_assert_cmpint (file_before[63], ==, DW_SCHEMA_VERSION);

  archive.store = dw_store_new (archive.path);
  add_text (&archive, 1, 1, "hello");
  dw_test_until ("the file to be kept", was_kept, archive.store);
  kept_log = g_strconcat (dw_store_get_kept_as (archive.store, &newer), "-wal", NULL);
  g_assert_true (newer);
  g_assert_true (g_file_get_contents (dw_store_get_kept_as (archive.store, &newer), &file_after, &length, NULL));
  g_assert_cmpmem (file_before, file_length, file_after, length);
  g_assert_true (g_file_get_contents (kept_log, &log_after, &length, NULL));
  g_assert_cmpmem (log_before, log_length, log_after, length);
  g_assert_cmpuint (count_records (&archive, 1), ==, 1);
}

/* A program that was killed while it made the new file: what is half done is worth nothing, what is done is used. */
static void
test_killed_copy (void)
{
  for (guint i = 0; i < 3; i++)
    {
      g_auto (Archive) archive = { 0 };
      g_autofree char *copying = NULL;
      g_autofree char *copied = NULL;

      fill (&archive, DW_DELIVERY_NONE);
      copying = g_strconcat (archive.path, ".copying", NULL);
      copied = g_strconcat (archive.path, ".copied", NULL);
      if (i == 0)
        g_assert_true (g_file_set_contents (copying, "half of it", -1, NULL));
      else if (i == 1)
        g_assert_cmpint (g_rename (archive.path, copied), ==, 0);
      else
        {
          g_autofree char *contents = NULL;
          gsize length;

          g_assert_true (g_file_get_contents (archive.path, &contents, &length, NULL));
          g_assert_true (g_file_set_contents (copied, contents, (gssize) length, NULL));
          spoil_page (&archive, find_leaf (&archive, "lines"));
        }
      archive.store = dw_store_new (archive.path);
      g_assert_cmpuint (check_lines (&archive), ==, LINES);
      g_assert_false (g_file_test (copying, G_FILE_TEST_EXISTS));
      g_assert_false (g_file_test (copied, G_FILE_TEST_EXISTS));
      g_assert_cmpint (was_kept (archive.store), ==, i == 2);
    }
}

/* When a check is due, by the calendar and by how the last run ended. */
static void
test_due (void)
{
  const gint64 day = 24 * 60 * 60;
  const gint64 now = 1764064800;

  g_assert_false (dw_store_check_is_due (now - 6 * day, now, FALSE));
  g_assert_true (dw_store_check_is_due (now - 7 * day, now, FALSE));
  g_assert_true (dw_store_check_is_due (now - day, now, TRUE));
  g_assert_true (dw_store_check_is_due (0, now, FALSE));
  /* The clock was wrong then, or is now. */
  g_assert_true (dw_store_check_is_due (now + day, now, FALSE));
}

typedef struct
{
  gint verdict; /* atomic */
  gint called;  /* atomic */
} Verdict;

static void
on_verdict (DwStoreVerdict verdict, gpointer data)
{
  Verdict *seen = data;

  g_atomic_int_set (&seen->verdict, (gint) verdict);
  g_atomic_int_inc (&seen->called);
}

/* A check that is under way ends when it is no longer wanted. */
static void
test_check_ends (void)
{
  g_auto (Archive) archive = { 0 };
  Verdict seen = { 0 };
  gint64 begun;

  fill (&archive, DW_DELIVERY_NONE);
  begun = g_get_monotonic_time ();
  dw_store_check_end (dw_store_check_start (archive.path, 60000, on_verdict, &seen));
  g_assert_cmpint (g_get_monotonic_time () - begun, <, 5 * G_USEC_PER_SEC);
  g_assert_cmpint (seen.called, ==, 1);
  g_assert_cmpint (seen.verdict, ==, DW_STORE_VERDICT_NONE);
}

#define CHECKS 10

static guint
count_open (const char *path)
{
  g_autoptr (GDir) folder = g_dir_open ("/proc/self/fd", 0, NULL);
  const char *name;
  guint n = 0;

  while ((name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *link = g_build_filename ("/proc/self/fd", name, NULL);
      g_autofree char *target = g_file_read_link (link, NULL);

      n += g_strcmp0 (target, path) == 0;
    }
  return n;
}

/* A program that runs for months checks its file each week. SQLite keeps the check's descriptor, as closing it would end
 * the locks of the store's own, and uses it for the next check: so one more stays open, or two where the store checks
 * the file at the same time, and not one for each check. */
static void
test_check_descriptors (void)
{
  g_auto (Archive) archive = { 0 };
  Verdict seen = { 0 };

  fill (&archive, DW_DELIVERY_NONE);
  archive.store = dw_store_new (archive.path);
  g_assert_cmpuint (check_lines (&archive), ==, LINES);
  g_assert_cmpuint (count_open (archive.path), >=, 1);
  for (gint i = 0; i < CHECKS; i++)
    {
      DwStoreCheck *check = dw_store_check_start (archive.path, 0, on_verdict, &seen);

      DW_TEST_WAIT ("the check", g_atomic_int_get (&seen.called) == i + 1);
      dw_store_check_end (check);
      g_assert_cmpint (g_atomic_int_get (&seen.verdict), ==, DW_STORE_VERDICT_SOUND);
    }
  g_assert_cmpuint (count_open (archive.path), <=, 3);
}

/* Migrations */

#define ROUNDS 16

/* All of a migration: the index of words is made after the rest. */
static void
migrate (DwStore *store)
{
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  dw_store_words_catch_up_async (store, on_done, &done);
  result = await (&done);
  dw_store_words_catch_up_finish (store, result, &error);
  g_assert_no_error (error);
}

static int
open_as_child (const char *path)
{
  g_autoptr (DwStore) store = dw_store_new (path);

  /* It does not outlive whoever started it. */
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  migrate (store);
  return 0;
}

static pid_t
start_child (const char *path)
{
  const char *arguments[] = { "/proc/self/exe", "--open", path, NULL };
  pid_t child = 0;
  g_autoptr (GError) error = NULL;

  g_spawn_async (NULL, (char **) arguments, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &child, &error);
  g_assert_no_error (error);
  return child;
}

/* Killed at any moment of it, an old file is an old one or a new one, and everything is there. */
static void
test_killed_migration (void)
{
  guint old = 0;

  for (guint round = 0; round < ROUNDS; round++)
    {
      g_auto (Archive) archive = { 0 };
      g_autofree char *version = NULL;
      g_autofree char *integrity = NULL;
      pid_t child;
      int status;

      archive_init (&archive);
      fill_old (&archive);
      child = start_child (archive.path);
      g_usleep ((gulong) g_test_rand_int_range (0, 120000));
      kill (child, SIGKILL);
      g_assert_cmpint (waitpid (child, &status, 0), ==, child);

      version = ask_outside (&archive, "PRAGMA user_version");
      old += atoi (version) < DW_SCHEMA_VERSION;
      g_assert_cmpuint (count_records (&archive, 1), ==, 5000);
      migrate (archive.store);
      g_assert_cmpuint (count_hits (&archive, "4999"), ==, 1);
      g_assert_false (was_kept (archive.store));
      dw_test_finalize (g_steal_pointer (&archive.store));
      integrity = ask_outside (&archive, "PRAGMA integrity_check");
      g_assert_cmpstr (integrity, ==, "ok");
    }
  g_test_message ("%u of %d were killed before the migration was done", old, ROUNDS);
}

int
main (int argc, char *argv[])
{
  if (argc == 3 && g_str_equal (argv[1], "--open"))
    return open_as_child (argv[2]);
  dw_test_init (&argc, &argv);
  dw_faulty_disk_install ();
  g_test_add_func ("/client/store-damage/unread-page/DB-4", test_unread_page);
  g_test_add_func ("/client/store-damage/each-page/DB-4", test_each_page);
  g_test_add_func ("/client/store-damage/index/DB-4", test_index);
  g_test_add_func ("/client/store-damage/held/DB-4", test_held);
  g_test_add_func ("/client/store-damage/short-page/DB-4", test_short_page);
  g_test_add_func ("/client/store-damage/words/DB-4", test_words);
  g_test_add_func ("/client/store-damage/missing-parts/DB-4", test_missing_parts);
  g_test_add_func ("/client/store-damage/old-missing-part/DB-4", test_old_missing_part);
  g_test_add_func ("/client/store-damage/stages/DB-4", test_stages);
  g_test_add_func ("/client/store-damage/old-stages/DB-4", test_old_stages);
  g_test_add_func ("/client/store-damage/truncated/DB-4", test_truncated);
  g_test_add_func ("/client/store-damage/no-file/DB-4", test_no_file);
  g_test_add_func ("/client/store-damage/newer-in-log/DB-4", test_newer_in_log);
  g_test_add_func ("/client/store-damage/killed-copy/DB-4", test_killed_copy);
  g_test_add_func ("/client/store-damage/due/DB-4", test_due);
  g_test_add_func ("/client/store-damage/check-ends/DB-4", test_check_ends);
  g_test_add_func ("/client/store-damage/check-descriptors", test_check_descriptors);
  g_test_add_func ("/client/store-damage/killed-migration/DB-4", test_killed_migration);
  return g_test_run ();
}
