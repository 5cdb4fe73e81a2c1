/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* memmem, renameat2 */

#include "dw-test.h"

#include "client/dw-client-error.h"
#include "client/dw-export.h"
#include "client/dw-schema.h"
#include "client/dw-stage-list.h"
#include "client/dw-store-expiry.h"
#include "client/dw-store-lines.h"
#include "client/dw-store-search.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

/* A store in a file of its own. */
typedef struct
{
  char *folder;
  char *path;
  DwStore *store;
  guint64 serial; /* of the newest write of add_later() */
} Desk;

static void
desk_init (Desk *desk)
{
  desk->folder = g_dir_make_tmp ("dw-store-XXXXXX", NULL);
  desk->path = g_build_filename (desk->folder, "data", DW_STORE_NAME, NULL);
  desk->store = dw_store_new (desk->path);
}

static void
desk_reopen (Desk *desk)
{
  dw_test_finalize (desk->store);
  desk->store = dw_store_new (desk->path);
}

static void
desk_clear (Desk *desk)
{
  if (desk->store != NULL)
    dw_test_finalize (desk->store);
  g_free (desk->folder);
  g_free (desk->path);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Desk, desk_clear)

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static gboolean
is_set (gpointer data)
{
  return *(gpointer *) data != NULL;
}

static GAsyncResult *
await (GAsyncResult **result)
{
  dw_test_until ("the store", is_set, result);
  return g_steal_pointer (result);
}

static DwRecord *
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

static GPtrArray *
records_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) dw_record_free);
}

static void
add_records (Desk *desk, gint64 stage, GPtrArray *records)
{
  GAsyncResult *done = NULL;

  dw_store_lines_add_async (desk->store, stage, records, on_done, &done);
  g_object_unref (await (&done));
}

static void
add_text (Desk *desk, gint64 stage, gint64 place, const char *text)
{
  GPtrArray *records = records_new ();

  g_ptr_array_add (records, record_new (place, DW_MESSAGE_THEIRS, text));
  add_records (desk, stage, records);
}

static void
add_later (Desk *desk, gint64 place, DwMessageKind kind, const char *text)
{
  GPtrArray *records = records_new ();

  g_ptr_array_add (records, record_new (place, kind, text));
  desk->serial = dw_store_lines_add_async (desk->store, 1, records, NULL, NULL);
}

static GPtrArray *
read_records (Desk *desk, gint64 stage, gint64 first, gint64 last)
{
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  dw_store_lines_read_async (desk->store, stage, first, last, FALSE, on_done, &done);
  result = await (&done);
  return dw_store_lines_read_finish (desk->store, result, NULL);
}

static guint
count_records (Desk *desk, gint64 stage)
{
  g_autoptr (GPtrArray) records = read_records (desk, stage, 0, 1000000);

  return records->len;
}

static gboolean
is_written (gpointer data)
{
  return dw_store_get_written (((Desk *) data)->store) >= ((Desk *) data)->serial;
}

/* A read does not wait for writes that cannot be written, so whoever wants to see them waits. */
static void
until_written (Desk *desk)
{
  dw_test_until ("what waits to be written", is_written, desk);
}

/* Runs SQL on the file as another program would. */
static void
run_outside (Desk *desk, const char *sql)
{
  sqlite3 *other = NULL;

  g_assert_cmpint (sqlite3_open (desk->path, &other), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (other, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (other);
}

static char *
ask_outside (Desk *desk, const char *sql)
{
  sqlite3 *other = NULL;
  sqlite3_stmt *query = NULL;
  char *answer;

  g_assert_cmpint (sqlite3_open (desk->path, &other), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (other, sql, -1, &query, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (query), ==, SQLITE_ROW);
  answer = g_strdup ((const char *) sqlite3_column_text (query, 0));
  sqlite3_finalize (query);
  sqlite3_close (other);
  return answer;
}

/* A person's words are for nobody else, and another program can tell whose file it is. */
static void
test_file (void)
{
  g_auto (Desk) desk = { 0 };
  GStatBuf status;
  g_autofree char *version = NULL;
  g_autofree char *application = NULL;

  desk_init (&desk);
  add_text (&desk, 1, 1, "hello");
  g_assert_cmpint (g_stat (desk.path, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0777, ==, 0600);
  version = ask_outside (&desk, "PRAGMA user_version");
  g_assert_cmpint (atoi (version), ==, DW_SCHEMA_VERSION);
  application = ask_outside (&desk, "PRAGMA application_id");
  g_assert_cmpint (atoi (application), ==, DW_SCHEMA_APPLICATION);
}

/* Every field survives, of every stage apart. */
static void
test_lines (void)
{
  g_auto (Desk) desk = { 0 };
  g_autoptr (GPtrArray) found = NULL;
  GPtrArray *records = records_new ();
  DwRecord *own;
  DwRecord *gap;

  desk_init (&desk);
  g_ptr_array_add (records, record_new (1, DW_MESSAGE_THEIRS, "line\nbreak \U0001f600"));
  own = record_new (2, DW_MESSAGE_OWN, "mine");
  own->id = g_strdup ("id-2");
  own->delivery = DW_DELIVERY_FAILED;
  own->went = DW_WENT_WITH_ID;
  own->reason = g_strdup ("because");
  g_ptr_array_add (records, own);
  gap = record_new (3, DW_MESSAGE_GAP, "");
  gap->until = 17;
  g_ptr_array_add (records, gap);
  add_records (&desk, 7, records);
  add_text (&desk, 8, 1, "elsewhere");
  desk_reopen (&desk);
  found = read_records (&desk, 7, 0, 100);
  g_assert_cmpuint (found->len, ==, 3);
  g_assert_cmpstr (((DwRecord *) found->pdata[0])->text, ==, "line\nbreak \U0001f600");
  g_assert_cmpint (((DwRecord *) found->pdata[0])->time, ==, G_USEC_PER_SEC);
  own = found->pdata[1];
  g_assert_cmpstr (own->id, ==, "id-2");
  g_assert_cmpint (own->delivery, ==, DW_DELIVERY_FAILED);
  g_assert_cmpint (own->went, ==, DW_WENT_WITH_ID);
  g_assert_cmpstr (own->reason, ==, "because");
  g_assert_cmpint (((DwRecord *) found->pdata[2])->until, ==, 17);
}

/* A place that is taken, since the file could not be read when it was given, is not written over. */
static void
test_taken_place (void)
{
  g_auto (Desk) desk = { 0 };
  g_autoptr (GPtrArray) found = NULL;

  desk_init (&desk);
  add_text (&desk, 1, 1, "first");
  add_text (&desk, 1, 1, "second");
  found = read_records (&desk, 1, 0, 100);
  g_assert_cmpuint (found->len, ==, 2);
  g_assert_cmpstr (((DwRecord *) found->pdata[0])->text, ==, "first");
  g_assert_cmpstr (((DwRecord *) found->pdata[1])->text, ==, "second");
}

/* A file of each version that was ever released is read, and searched, by this one. */
static void
test_migrations (void)
{
  for (int version = 1; version <= DW_SCHEMA_VERSION; version++)
    {
      g_auto (Desk) desk = { 0 };
      g_autofree char *name = g_strdup_printf ("store-%d.sql", version);
      g_autofree char *fixture = g_test_build_filename (G_TEST_DIST, "data", name, NULL);
      g_autofree char *folder = NULL;
      g_autofree char *sql = NULL;
      g_autofree char *now = NULL;
      g_autoptr (GPtrArray) found = NULL;

      desk_init (&desk);
      folder = g_path_get_dirname (desk.path);
      g_assert_true (g_file_get_contents (fixture, &sql, NULL, NULL));
      g_mkdir_with_parents (folder, 0700);
      run_outside (&desk, sql);
      found = read_records (&desk, 1, 0, 100);
      g_assert_cmpuint (found->len, ==, 3);
      g_assert_cmpstr (((DwRecord *) found->pdata[1])->text, ==, "an old message");
      now = ask_outside (&desk, "PRAGMA user_version");
      g_assert_cmpint (atoi (now), ==, DW_SCHEMA_VERSION);
      add_text (&desk, 1, 4, "a new message");
    }
}

static gboolean
was_kept (gpointer store)
{
  gboolean newer;

  return dw_store_get_kept_as (store, &newer) != NULL;
}

/* Whatever cannot be used is kept as it is under another name, and a new file takes its place. */
static void
check_set_aside (Desk *desk, gboolean is_newer)
{
  g_autofree char *before = NULL;
  g_autofree char *kept = NULL;
  gsize length, kept_length;
  gboolean newer;

  g_assert_true (g_file_get_contents (desk->path, &before, &length, NULL));
  add_text (desk, 1, 1, "hello");
  dw_test_until ("the old file to be kept", was_kept, desk->store);
  g_assert_true (g_file_get_contents (dw_store_get_kept_as (desk->store, &newer), &kept, &kept_length, NULL));
  g_assert_cmpint (newer, ==, is_newer);
  g_assert_cmpmem (before, length, kept, kept_length);
  g_assert_cmpuint (count_records (desk, 1), ==, 1);
}

static void
test_newer (void)
{
  g_auto (Desk) desk = { 0 };

  desk_init (&desk);
  add_text (&desk, 1, 1, "from the future");
  dw_test_finalize (g_steal_pointer (&desk.store));
  run_outside (&desk, "PRAGMA user_version = 99");
  desk.store = dw_store_new (desk.path);
  check_set_aside (&desk, TRUE);
}

static void
test_damaged (void)
{
  static const char *const contents[] = { "This is no database, and it is longer than the magic of one. ",
                                          "SQLite format 3" };

  for (guint i = 0; i < G_N_ELEMENTS (contents); i++)
    {
      g_auto (Desk) desk = { 0 };
      g_autofree char *folder = NULL;
      g_autoptr (GString) text = g_string_new (NULL);

      desk_init (&desk);
      folder = g_path_get_dirname (desk.path);
      g_mkdir_with_parents (folder, 0700);
      for (guint j = 0; j < 100; j++)
        g_string_append (text, contents[i]);
      g_assert_true (g_file_set_contents (desk.path, text->str, (gssize) text->len, NULL));
      check_set_aside (&desk, FALSE);
    }
}

static void
test_other_program (void)
{
  g_auto (Desk) desk = { 0 };
  g_autofree char *folder = NULL;

  desk_init (&desk);
  folder = g_path_get_dirname (desk.path);
  g_mkdir_with_parents (folder, 0700);
  run_outside (&desk, "CREATE TABLE bookmarks (url); INSERT INTO bookmarks VALUES ('x')");
  check_set_aside (&desk, FALSE);
}

static void
count_signal (guint *count)
{
  *count += 1;
}

/* A file that turns out to be damaged while it is in use: what comes from then on is saved in a new one. */
static void
test_damaged_in_use (void)
{
  g_auto (Desk) desk = { 0 };
  GPtrArray *records = records_new ();
  g_autofree char *contents = NULL;
  gsize length;
  guint replaced = 0;

  desk_init (&desk);
  for (guint i = 1; i <= 5000; i++)
    g_ptr_array_add (records, record_new (i, DW_MESSAGE_THEIRS, "words that fill some pages of the file"));
  add_records (&desk, 1, records);
  dw_test_finalize (g_steal_pointer (&desk.store));
  g_assert_true (g_file_get_contents (desk.path, &contents, &length, NULL));
  /* The header and the schema stay; the rows are noise. */
  for (gsize i = 3 * 4096; i < length; i++)
    contents[i] = (char) (i * 31);
  g_assert_true (g_file_set_contents (desk.path, contents, (gssize) length, NULL));
  desk.store = dw_store_new (desk.path);
  g_signal_connect_swapped (desk.store, "replaced", G_CALLBACK (count_signal), &replaced);
  for (guint i = 1; i <= 50; i++)
    add_later (&desk, 5000 + i, DW_MESSAGE_THEIRS, "later");
  dw_test_until ("the damage to be found", was_kept, desk.store);
  g_assert_cmpuint (count_records (&desk, 1), ==, 50);
  g_assert_cmpuint (replaced, ==, 1);
  g_assert_cmpint (dw_store_get_trouble (desk.store), ==, DW_STORE_FINE);
}

typedef struct
{
  gint64 last;
  gint64 worst;
} Gaps;

static gboolean
on_beat (gpointer data)
{
  Gaps *gaps = data;
  gint64 now = g_get_monotonic_time ();

  gaps->worst = MAX (gaps->worst, now - gaps->last);
  gaps->last = now;
  return G_SOURCE_CONTINUE;
}

/* Another program holds the file: nothing waits for it, it is said after a while, and all is saved afterwards. */
static void
test_locked (void)
{
  g_auto (Desk) desk = { 0 };
  sqlite3 *other = NULL;
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  Gaps gaps = { g_get_monotonic_time (), 0 };
  guint beat = g_timeout_add (5, on_beat, &gaps);
  GPtrArray *records = records_new ();

  desk_init (&desk);
  add_text (&desk, 1, 1, "before");
  g_assert_cmpint (sqlite3_open (desk.path, &other), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (other, "BEGIN EXCLUSIVE", NULL, NULL, NULL), ==, SQLITE_OK);
  g_ptr_array_add (records, record_new (2, DW_MESSAGE_OWN, "during"));
  dw_store_lines_add_async (desk.store, 1, records, on_done, &done);
  result = await (&done);
  g_assert_false (dw_store_write_finish (desk.store, result, &error));
  g_assert_error (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_LATE);
  for (guint i = 3; i <= 200; i++)
    add_later (&desk, i, DW_MESSAGE_THEIRS, "during");
  dw_test_run_for (500);
  g_assert_cmpint (sqlite3_exec (other, "COMMIT", NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (other);
  until_written (&desk);
  g_assert_cmpuint (count_records (&desk, 1), ==, 200);
  g_source_remove (beat);
  g_assert_cmpint (gaps.worst, <, 200 * 1000);
}

static gboolean
limit_pages (DwDatabase *database, gpointer data, gpointer *result, GError **error)
{
  const char *sql = data;

  *result = GINT_TO_POINTER (TRUE);
  return dw_database_run_script (database, sql, error);
}

typedef struct
{
  DwStore *store;
  DwStoreTrouble trouble;
} Wanted;

static gboolean
has_trouble (gpointer data)
{
  Wanted *wanted = data;

  return dw_store_get_trouble (wanted->store) == wanted->trouble;
}

static void
until_trouble (Desk *desk, DwStoreTrouble trouble)
{
  Wanted wanted = { desk->store, trouble };

  dw_test_until ("a trouble", has_trouble, &wanted);
}

/* The disk is full, as SQLite itself says it: it is told, nothing there is touched, and saving resumes. */
static void
test_full (void)
{
  g_auto (Desk) desk = { 0 };
  g_autofree char *integrity = NULL;
  g_autofree char *text = g_strnfill (4000, 'x');

  desk_init (&desk);
  add_text (&desk, 1, 1, "before");
  dw_store_read_async (desk.store, limit_pages, (gpointer) "PRAGMA max_page_count = 40", NULL, NULL, TRUE, NULL,
                       NULL);
  for (guint i = 2; i <= 51; i++)
    add_later (&desk, i, DW_MESSAGE_THEIRS, text);
  until_trouble (&desk, DW_STORE_FULL);
  integrity = ask_outside (&desk, "PRAGMA integrity_check");
  g_assert_cmpstr (integrity, ==, "ok");
  dw_store_read_async (desk.store, limit_pages, (gpointer) "PRAGMA max_page_count = 1000000", NULL, NULL, TRUE,
                       NULL, NULL);
  until_trouble (&desk, DW_STORE_FINE);
  until_written (&desk);
  g_assert_cmpuint (count_records (&desk, 1), ==, 51);
}

/* Where the folder cannot be made, reading finds nothing, writing waits, and all is saved when it can be. */
static void
test_no_folder (void)
{
  g_auto (Desk) desk = { 0 };
  g_autofree char *folder = NULL;

  desk_init (&desk);
  folder = g_path_get_dirname (desk.path);
  g_assert_true (g_file_set_contents (folder, "a file where the folder should be", -1, NULL));
  g_assert_cmpuint (count_records (&desk, 1), ==, 0);
  add_later (&desk, 1, DW_MESSAGE_OWN, "kept in memory");
  until_trouble (&desk, DW_STORE_READ_ONLY);
  g_assert_cmpint (g_unlink (folder), ==, 0);
  until_trouble (&desk, DW_STORE_FINE);
  g_assert_cmpuint (count_records (&desk, 1), ==, 1);
}

/* Closing writes what waits. */
static void
test_close (void)
{
  g_auto (Desk) desk = { 0 };

  desk_init (&desk);
  for (guint i = 1; i <= 300; i++)
    add_later (&desk, i, DW_MESSAGE_THEIRS, "x");
  desk_reopen (&desk);
  g_assert_cmpuint (count_records (&desk, 1), ==, 300);
}

static void
test_remove (void)
{
  g_auto (Desk) desk = { 0 };
  g_autoptr (GPtrArray) found = NULL;

  desk_init (&desk);
  add_text (&desk, 1, 1, "one");
  add_text (&desk, 1, 2, "two");
  add_text (&desk, 1, 3, "three");
  add_text (&desk, 2, 1, "another stage's");
  dw_store_lines_remove (desk.store, 1, &(DwRecord){ .place = 2 });
  found = read_records (&desk, 1, 0, 100);
  g_assert_cmpuint (found->len, ==, 2);
  g_assert_cmpstr (((DwRecord *) found->pdata[1])->text, ==, "three");
  g_assert_cmpint (((DwRecord *) found->pdata[1])->place, ==, 2);
  g_assert_cmpuint (count_records (&desk, 2), ==, 1);
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

/* What is deleted is in no byte of the file, its index or its log. */
static void
test_clear_really (void)
{
  g_auto (Desk) desk = { 0 };
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  desk_init (&desk);
  add_text (&desk, 1, 1, "a word like xylophonist");
  add_text (&desk, 2, 1, "something else");
  g_assert_true (file_has (desk.path, "", "xylophonist") || file_has (desk.path, "-wal", "xylophonist"));
  dw_store_lines_clear_async (desk.store, 1, on_done, &done);
  result = await (&done);
  g_assert_true (dw_store_lines_clear_finish (desk.store, result, NULL));
  g_assert_false (file_has (desk.path, "", "xylophonist"));
  g_assert_false (file_has (desk.path, "-wal", "xylophonist"));
  g_assert_cmpuint (count_records (&desk, 1), ==, 0);
  g_assert_cmpuint (count_records (&desk, 2), ==, 1);
}

/* What is old goes, what nobody has got yet stays, days without lines go, and no hole is left. */
static void
test_expiry (void)
{
  g_auto (Desk) desk = { 0 };
  GPtrArray *records = records_new ();
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) found = NULL;
  guint expired;

  desk_init (&desk);
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
  add_records (&desk, 1, records);
  dw_store_expire_async (desk.store, G_USEC_PER_SEC * G_GINT64_CONSTANT (900000), on_done, &done);
  result = await (&done);
  g_assert_true (dw_store_expire_finish (desk.store, result, &expired, NULL));
  g_assert_cmpuint (expired, ==, 2999);
  found = read_records (&desk, 1, 0, 10000);
  /* The queued one keeps its day. */
  g_assert_cmpuint (found->len, ==, 4);
  for (guint i = 0; i < found->len; i++)
    g_assert_cmpint (((DwRecord *) found->pdata[i])->place, ==, 3000 + (gint64) i);
  g_assert_cmpint (((DwRecord *) found->pdata[0])->kind, ==, DW_MESSAGE_DAY);
  g_assert_cmpint (((DwRecord *) found->pdata[1])->delivery, ==, DW_DELIVERY_QUEUED);
  g_assert_cmpstr (((DwRecord *) found->pdata[3])->text, ==, "young");
}

static GPtrArray *
search (Desk *desk, const char *words, guint n_stages)
{
  const gint64 stages[] = { 1, 2 };
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  dw_store_search_async (desk->store, stages, n_stages, words, 50, on_done, &done);
  result = await (&done);
  return dw_store_search_finish (desk->store, result, NULL);
}

static void
test_search (void)
{
  g_auto (Desk) desk = { 0 };
  static const struct
  {
    const char *words;
    guint n_stages;
    guint hits;
  } rows[] = {
    { "hello", 1, 2 },
    { "hello", 2, 3 },
    { "HELLO wor", 1, 1 },
    { "uber", 1, 1 },      /* without the marks */
    { "hel", 1, 2 },       /* the beginning of the last word */
    { "hel world", 1, 0 }, /* and of no other */
    { "\"hello", 1, 2 },   /* no operators */
    { "hello OR nothing", 1, 0 },
    { "NEAR(", 1, 0 },
    { "***", 1, 0 },
    { "", 1, 0 },
    { "   ", 1, 0 },
    { "天気", 1, 1 }, /* inside a run without blanks */
    { "いい 天気", 1, 1 },
    { "天気 hello", 1, 0 },
    { "أهلا", 1, 1 },
    { "<b>", 1, 1 },
  };

  desk_init (&desk);
  add_text (&desk, 1, 1, "Hello, world!");
  add_text (&desk, 1, 2, "hello again & <b>");
  add_text (&desk, 1, 3, "Über den Wolken");
  add_text (&desk, 1, 4, "今日は天気がいいですね");
  add_text (&desk, 1, 5, "أهلا وسهلا");
  add_text (&desk, 2, 6, "hello from elsewhere");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GPtrArray) hits = search (&desk, rows[i].words, rows[i].n_stages);

      g_test_message ("“%s”", rows[i].words);
      g_assert_cmpuint (hits->len, ==, rows[i].hits);
      for (guint j = 1; j < hits->len; j++)
        g_assert_cmpint (((DwHit *) hits->pdata[j])->record->time, <, ((DwHit *) hits->pdata[j - 1])->record->time);
    }
}

/* What is looked up must not be searched through. */
static void
test_query_plans (void)
{
  static const char *const queries[] = {
    "SELECT * FROM lines WHERE line BETWEEN 1 AND 2 ORDER BY line",
    "SELECT max(line) FROM lines WHERE line BETWEEN 1 AND 2",
    "SELECT * FROM words JOIN lines ON lines.line = words.rowid WHERE words MATCH 'x' AND words.rowid BETWEEN 1 "
    "AND 2 "
    "ORDER BY words.rowid DESC",
    "SELECT * FROM lines INDEXED BY lines_waiting WHERE delivery IN (1, 2, 4) AND line BETWEEN 1 AND 2 ORDER BY "
    "line",
  };
  g_auto (Desk) desk = { 0 };

  desk_init (&desk);
  add_text (&desk, 1, 1, "x");
  for (guint i = 0; i < G_N_ELEMENTS (queries); i++)
    {
      sqlite3 *other = NULL;
      sqlite3_stmt *query = NULL;
      g_autofree char *explain = g_strdup_printf ("EXPLAIN QUERY PLAN %s", queries[i]);

      g_assert_cmpint (sqlite3_open (desk.path, &other), ==, SQLITE_OK);
      g_assert_cmpint (sqlite3_prepare_v2 (other, explain, -1, &query, NULL), ==, SQLITE_OK);
      while (sqlite3_step (query) == SQLITE_ROW)
        {
          const char *detail = (const char *) sqlite3_column_text (query, 3);

          g_test_message ("%s", detail);
          g_assert_false (g_str_has_prefix (detail, "SCAN lines"));
          g_assert_null (strstr (detail, "TEMP B-TREE"));
        }
      sqlite3_finalize (query);
      sqlite3_close (other);
    }
}

static void
test_export (void)
{
  g_auto (Desk) desk = { 0 };
  GPtrArray *records = records_new ();
  g_autofree char *path = NULL;
  g_autoptr (GFile) file = NULL;

  desk_init (&desk);
  for (gint64 i = 1; i <= 2500; i++)
    g_ptr_array_add (records, record_new (i, DW_MESSAGE_THEIRS, "two\n[1970-01-01 00:00:01] Eve: lines"));
  add_records (&desk, 1, records);
  path = g_build_filename (desk.folder, "out", NULL);
  file = g_file_new_for_path (path);
  for (int format = DW_EXPORT_JSON_LINES; format <= DW_EXPORT_TEXT; format++)
    {
      GAsyncResult *done = NULL;
      g_autoptr (GAsyncResult) result = NULL;
      g_autofree char *contents = NULL;
      guint exported, lines = 0;

      dw_export_async (desk.store, 1, file, (DwExportFormat) format, NULL, on_done, &done);
      result = await (&done);
      g_assert_true (dw_export_finish (desk.store, result, &exported, NULL));
      g_assert_cmpuint (exported, ==, 2500);
      g_assert_true (g_file_get_contents (path, &contents, NULL, NULL));
      for (char *at = contents; (at = strchr (at, '\n')) != NULL; at++)
        lines++;
      /* Nobody can forge a line of the text: those of one message are set in. */
      g_assert_cmpuint (lines, ==, format == DW_EXPORT_TEXT ? 5000 : 2500);
      g_assert_null (strstr (contents, "\n[1970-01-01 00:00:01] Eve"));
    }
}

static gboolean
is_loaded (gpointer list)
{
  return dw_stage_list_is_loaded (list);
}

/* A stage comes back as it was, and what may be secret of it is not in the file. */
static void
test_stages (void)
{
  g_auto (Desk) desk = { 0 };
  g_autoptr (DwStageUrl) url = dw_stage_url_parse ("wss://h.example/prod?token=S3CR3T%2Fcanary", NULL);
  g_autoptr (DwStageUrl) second = dw_stage_url_parse ("wss://i.example/prod", NULL);
  g_autoptr (DwStage) stage = dw_stage_new (url);
  g_autoptr (DwStage) other = dw_stage_new (second);
  g_autoptr (DwDialect) dialect = dw_dialect_new_custom ("route", "say", "text", NULL, NULL);
  g_autoptr (GHashTable) headers = g_hash_table_new (g_str_hash, g_str_equal);
  char *protocols[] = { (char *) "S3CR3T-protocol", NULL };
  DwStageList *list;
  g_autoptr (DwStage) found = NULL;
  g_autoptr (DwStage) moved = NULL;

  desk_init (&desk);
  list = dw_stage_list_new (desk.store);
  dw_stage_list_load (list);
  dw_test_until ("an empty list", is_loaded, list);
  g_hash_table_insert (headers, (gpointer) "x-api-key", (gpointer) "S3CR3T-header");
  dw_stage_add_url (stage, second);
  dw_stage_set_dialect (stage, dialect);
  dw_stage_set_headers (stage, headers);
  dw_stage_set_protocols (stage, protocols);
  dw_stage_set_name (stage, "Team");
  dw_stage_set_own_name (stage, "Ada");
  g_assert_true (dw_stage_list_add (list, stage));
  g_assert_true (dw_stage_list_add (list, other));
  dw_stage_set_draft (stage, "half a sen");
  dw_stage_set_muted (stage, TRUE);
  dw_stage_set_echoes (stage, TRUE);
  dw_stage_list_move (list, stage, 1);
  dw_test_finalize (list);
  desk_reopen (&desk);
  for (guint i = 0; i < 2; i++)
    g_assert_false (file_has (desk.path, i == 0 ? "" : "-wal", "S3CR3T"));

  list = dw_stage_list_new (desk.store);
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
  g_assert_true (dw_stage_is_muted (found));
  g_assert_true (dw_stage_echoes (found));
  /* No keyring here: it is known that there is a secret, and that it cannot be had. */
  g_assert_cmpint (dw_stage_get_secret (found), !=, DW_STAGE_SECRET_NONE);
  g_object_unref (list);
}

static gboolean
has_two (gpointer list)
{
  return g_list_model_get_n_items (list) == 2;
}

/* A file that cannot be read at the start is not written over by what is made meanwhile, and comes back by itself.
 */
static void
test_read_late (void)
{
  g_auto (Desk) desk = { 0 };
  g_autoptr (DwStageUrl) url = dw_stage_url_parse ("wss://h.example/prod", NULL);
  g_autoptr (DwStageUrl) second = dw_stage_url_parse ("wss://i.example/prod", NULL);
  g_autoptr (DwStage) stage = dw_stage_new (url);
  g_autoptr (DwStage) other = dw_stage_new (second);
  g_autoptr (DwStage) back = NULL;
  g_autofree char *folder = NULL;
  g_autofree char *away = NULL;
  DwStageList *list;

  desk_init (&desk);
  folder = g_path_get_dirname (desk.path);
  away = g_strconcat (folder, "-away", NULL);
  list = dw_stage_list_new (desk.store);
  dw_stage_list_load (list);
  dw_test_until ("an empty list", is_loaded, list);
  dw_stage_set_name (stage, "the real one");
  g_assert_true (dw_stage_list_add (list, stage));
  add_text (&desk, 1, 1, "what was said there");
  dw_test_finalize (list);
  g_clear_object (&desk.store);
  g_assert_cmpint (g_rename (folder, away), ==, 0);
  g_assert_true (g_file_set_contents (folder, "a file where the folder should be", -1, NULL));
  desk.store = dw_store_new (desk.path);
  list = dw_stage_list_new (desk.store);
  dw_stage_list_load (list);
  dw_test_until ("a list", is_loaded, list);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (list)), ==, 0);
  g_assert_true (dw_stage_list_add (list, other));
  g_assert_cmpint (dw_stage_get_number (other), !=, 1);
  /* At once, or the store would make a folder of its own in between. */
  g_assert_cmpint (renameat2 (AT_FDCWD, away, AT_FDCWD, folder, RENAME_EXCHANGE), ==, 0);
  dw_test_until ("the stage of the file", has_two, list);
  back = g_list_model_get_item (G_LIST_MODEL (list), 1);
  g_assert_cmpstr (dw_stage_get_name (back), ==, "the real one");
  g_assert_cmpuint (count_records (&desk, 1), ==, 1);
  dw_test_finalize (list);
}

/* What a program that died had no time to delete goes at the next start, and nothing else. */
static void
test_orphans (void)
{
  g_auto (Desk) desk = { 0 };
  g_autoptr (DwStageUrl) url = dw_stage_url_parse ("wss://h.example/prod", NULL);
  g_autoptr (DwStage) stage = dw_stage_new (url);
  DwStageList *list;

  desk_init (&desk);
  list = dw_stage_list_new (desk.store);
  dw_stage_list_load (list);
  dw_test_until ("an empty list", is_loaded, list);
  g_assert_true (dw_stage_list_add (list, stage));
  g_assert_cmpint (dw_stage_get_number (stage), ==, 1);
  add_text (&desk, 1, 1, "of a stage");
  add_text (&desk, 2, 1, "of nobody");
  add_text (&desk, 2, 2, "of nobody");
  add_text (&desk, 9, 1, "of nobody");
  dw_test_finalize (list);
  desk_reopen (&desk);
  list = dw_stage_list_new (desk.store);
  dw_stage_list_load (list);
  dw_test_until ("the list", is_loaded, list);
  g_assert_cmpuint (count_records (&desk, 1), ==, 1);
  g_assert_cmpuint (count_records (&desk, 2), ==, 0);
  g_assert_cmpuint (count_records (&desk, 9), ==, 0);
  dw_test_finalize (list);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/store/file", test_file);
  g_test_add_func ("/client/store/lines", test_lines);
  g_test_add_func ("/client/store/taken-place", test_taken_place);
  g_test_add_func ("/client/store/migrations", test_migrations);
  g_test_add_func ("/client/store/newer", test_newer);
  g_test_add_func ("/client/store/damaged/DB-3", test_damaged);
  g_test_add_func ("/client/store/other-program", test_other_program);
  g_test_add_func ("/client/store/damaged-in-use/DB-3", test_damaged_in_use);
  g_test_add_func ("/client/store/locked/DB-2", test_locked);
  g_test_add_func ("/client/store/full/DB-3", test_full);
  g_test_add_func ("/client/store/no-folder/DB-3", test_no_folder);
  g_test_add_func ("/client/store/close", test_close);
  g_test_add_func ("/client/store/remove", test_remove);
  g_test_add_func ("/client/store/clear-really", test_clear_really);
  g_test_add_func ("/client/store/expiry", test_expiry);
  g_test_add_func ("/client/store/search/S-9", test_search);
  g_test_add_func ("/client/store/query-plans/S-9", test_query_plans);
  g_test_add_func ("/client/store/export", test_export);
  g_test_add_func ("/client/store/stages/AG-7", test_stages);
  g_test_add_func ("/client/store/read-late/DB-3", test_read_late);
  g_test_add_func ("/client/store/orphans", test_orphans);
  return g_test_run ();
}
