/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* memmem, renameat2 */

#include "dw-archive.h"
#include "dw-session-fixture.h"
#include "dw-test.h"

#include "client/dw-client-error.h"
#include "client/messages/dw-conversation.h"
#include "client/messages/dw-export.h"
#include "client/stages/dw-stage-list.h"
#include "client/store/dw-schema.h"
#include "client/store/dw-store-words.h"
#include "client/store/dw-store-expiry.h"
#include "client/store/dw-store-lines.h"
#include "client/store/dw-store-search.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

/* The file is private to the user, and has an application ID that other programs can read. */
static void
test_file (void)
{
  g_auto (Archive) archive = { 0 };
  GStatBuf status;
  g_autofree char *version = NULL;
  g_autofree char *application = NULL;

  archive_init (&archive);
  add_text (&archive, 1, 1, "hello");
  g_assert_cmpint (g_stat (archive.path, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0777, ==, 0600);
  version = ask_outside (&archive, "PRAGMA user_version");
  g_assert_cmpint (atoi (version), ==, DW_SCHEMA_VERSION);
  application = ask_outside (&archive, "PRAGMA application_id");
  g_assert_cmpint (atoi (application), ==, DW_SCHEMA_APPLICATION);
}

/* Every field is restored, separately for each stage. */
static void
test_lines (void)
{
  g_auto (Archive) archive = { 0 };
  g_autoptr (GPtrArray) found = NULL;
  GPtrArray *records = records_new ();
  DwRecord *own;
  DwRecord *gap;

  archive_init (&archive);
  g_ptr_array_add (records, record_new (1, DW_MESSAGE_THEIRS, "line\nbreak \U0001f600"));
  own = record_new (2, DW_MESSAGE_OWN, "mine");
  own->id = g_strdup ("id-2");
  own->delivery = DW_DELIVERY_FAILED;
  own->departure = DW_DEPARTURE_WITH_ID;
  own->reason = g_strdup ("because");
  g_ptr_array_add (records, own);
  gap = record_new (3, DW_MESSAGE_GAP, "");
  gap->until = 17;
  g_ptr_array_add (records, gap);
  add_records (&archive, 7, records);
  add_text (&archive, 8, 1, "elsewhere");
  archive_reopen (&archive);
  found = read_records (&archive, 7, 0, 100);
  g_assert_cmpuint (found->len, ==, 3);
  g_assert_cmpstr (((DwRecord *) found->pdata[0])->text, ==, "line\nbreak \U0001f600");
  g_assert_cmpint (((DwRecord *) found->pdata[0])->time, ==, G_USEC_PER_SEC);
  own = found->pdata[1];
  g_assert_cmpstr (own->id, ==, "id-2");
  g_assert_cmpint (own->delivery, ==, DW_DELIVERY_FAILED);
  g_assert_cmpint (own->departure, ==, DW_DEPARTURE_WITH_ID);
  g_assert_cmpstr (own->reason, ==, "because");
  g_assert_cmpint (((DwRecord *) found->pdata[2])->until, ==, 17);
}

/* A message that asks is stored so that an older version reads it as queued, with a reason. A number unknown to that
 * version would look like a failure, and the message would expire. */
static void
test_asking (void)
{
  g_auto (Archive) archive = { 0 };
  GPtrArray *records = records_new ();
  DwRecord *own = record_new (1, DW_MESSAGE_OWN, "still to be sent");
  g_autofree char *stored = NULL;
  g_autofree char *updated = NULL;
  g_autoptr (GPtrArray) found = NULL;
  DwRecord queued = { .place = 1, .id = (char *) "id-1", .delivery = DW_DELIVERY_QUEUED };

  archive_init (&archive);
  own->id = g_strdup ("id-1");
  own->delivery = DW_DELIVERY_ASKING;
  own->reason = g_strdup ("Send it again?");
  g_ptr_array_add (records, own);
  add_records (&archive, 1, records);
  stored = ask_outside (&archive, "SELECT delivery || reason FROM lines");
  g_assert_cmpstr (stored, ==, "1Send it again?");
  found = read_records (&archive, 1, 0, 100);
  g_assert_cmpint (((DwRecord *) found->pdata[0])->delivery, ==, DW_DELIVERY_ASKING);

  /* The answer clears the question. */
  archive.serial = dw_store_lines_update_async (archive.store, 1, &queued, NULL, NULL);
  until_written (&archive);
  g_ptr_array_unref (found);
  found = read_records (&archive, 1, 0, 100);
  g_assert_cmpint (((DwRecord *) found->pdata[0])->delivery, ==, DW_DELIVERY_QUEUED);

  queued.delivery = DW_DELIVERY_ASKING;
  queued.reason = (char *) "And now?";
  archive.serial = dw_store_lines_update_async (archive.store, 1, &queued, NULL, NULL);
  until_written (&archive);
  updated = ask_outside (&archive, "SELECT delivery || reason FROM lines");
  g_assert_cmpstr (updated, ==, "1And now?");
}

/* If the file could not be read when a place was assigned, the place may be taken: the existing line is not
 * overwritten. */
static void
test_taken_place (void)
{
  g_auto (Archive) archive = { 0 };
  g_autoptr (GPtrArray) found = NULL;

  archive_init (&archive);
  add_text (&archive, 1, 1, "first");
  add_text (&archive, 1, 1, "second");
  found = read_records (&archive, 1, 0, 100);
  g_assert_cmpuint (found->len, ==, 2);
  g_assert_cmpstr (((DwRecord *) found->pdata[0])->text, ==, "first");
  g_assert_cmpstr (((DwRecord *) found->pdata[1])->text, ==, "second");
}

static gboolean
was_kept (gpointer store)
{
  gboolean newer;

  return dw_store_get_kept_as (store, &newer) != NULL;
}

/* A file that cannot be used is kept under another name, and a new one takes its place. */
static void
check_set_aside (Archive *archive, gboolean is_newer)
{
  g_autofree char *before = NULL;
  g_autofree char *kept = NULL;
  gsize length, kept_length;
  gboolean newer;

  g_assert_true (g_file_get_contents (archive->path, &before, &length, NULL));
  add_text (archive, 1, 1, "hello");
  dw_test_until ("the old file to be kept", was_kept, archive->store);
  g_assert_true (g_file_get_contents (dw_store_get_kept_as (archive->store, &newer), &kept, &kept_length, NULL));
  g_assert_cmpint (newer, ==, is_newer);
  g_assert_cmpmem (before, length, kept, kept_length);
  g_assert_cmpuint (count_records (archive, 1), ==, 1);
}

static void
test_newer (void)
{
  g_auto (Archive) archive = { 0 };

  archive_init (&archive);
  add_text (&archive, 1, 1, "from the future");
  dw_test_finalize (g_steal_pointer (&archive.store));
  run_outside (&archive, "PRAGMA user_version = 99");
  archive.store = dw_store_new (archive.path);
  check_set_aside (&archive, TRUE);
}

static void
test_damaged (void)
{
  static const char *const contents[] = { "This is no database, and it is longer than the magic of one. ",
                                          "SQLite format 3" };

  for (guint i = 0; i < G_N_ELEMENTS (contents); i++)
    {
      g_auto (Archive) archive = { 0 };
      g_autofree char *folder = NULL;
      g_autoptr (GString) text = g_string_new (NULL);

      archive_init (&archive);
      folder = g_path_get_dirname (archive.path);
      g_mkdir_with_parents (folder, 0700);
      for (guint j = 0; j < 100; j++)
        g_string_append (text, contents[i]);
      g_assert_true (g_file_set_contents (archive.path, text->str, (gssize) text->len, NULL));
      check_set_aside (&archive, FALSE);
    }
}

static void
test_other_program (void)
{
  g_auto (Archive) archive = { 0 };
  g_autofree char *folder = NULL;

  archive_init (&archive);
  folder = g_path_get_dirname (archive.path);
  g_mkdir_with_parents (folder, 0700);
  run_outside (&archive, "CREATE TABLE bookmarks (url); INSERT INTO bookmarks VALUES ('x')");
  check_set_aside (&archive, FALSE);
}

static void
count_signal (guint *count)
{
  *count += 1;
}

/* Into the file that is there: another one would be a copy. */
static void
write_over (Archive *archive, const char *contents, gsize length)
{
  FILE *file = fopen (archive->path, "r+");

  g_assert_nonnull (file);
  g_assert_cmpuint (fwrite (contents, 1, length, file), ==, length);
  g_assert_cmpint (fclose (file), ==, 0);
}

/* A file is found to be damaged while in use: from then on lines are saved in a new one. */
static void
test_damaged_in_use (void)
{
  g_auto (Archive) archive = { 0 };
  GPtrArray *records = records_new ();
  g_autofree char *contents = NULL;
  g_autofree char *home = NULL;
  gsize length, spared;
  guint replaced = 0;

  archive_init (&archive);
  for (guint i = 1; i <= 5000; i++)
    g_ptr_array_add (records, record_new (i, DW_MESSAGE_THEIRS, "words that fill some pages of the file"));
  add_records (&archive, 1, records);
  dw_test_finalize (g_steal_pointer (&archive.store));
  g_assert_true (g_file_get_contents (archive.path, &contents, &length, NULL));
  /* The header, the schema and what is read first are intact; the rows are noise. */
  home = ask_outside (&archive, "SELECT rootpage FROM sqlite_schema WHERE name = 'home'");
  spared = (gsize) g_ascii_strtoull (home, NULL, 10) - 1;
  for (gsize i = 3 * 4096; i < length; i++)
    if (i / 4096 != spared)
      contents[i] = (char) (i * 31);
  write_over (&archive, contents, length);
  archive.store = dw_store_new (archive.path);
  g_signal_connect_swapped (archive.store, "replaced", G_CALLBACK (count_signal), &replaced);
  for (guint i = 1; i <= 50; i++)
    add_later (&archive, 5000 + i, DW_MESSAGE_THEIRS, "later");
  dw_test_until ("the damage to be found", was_kept, archive.store);
  g_assert_cmpuint (count_records (&archive, 1), ==, 50);
  g_assert_cmpuint (replaced, ==, 1);
  g_assert_cmpint (dw_store_get_trouble (archive.store), ==, DW_STORE_FINE);
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

/* Another program locks the file: nothing blocks, after a while this is reported, and everything is saved afterwards.
 */
static void
test_locked (void)
{
  g_auto (Archive) archive = { 0 };
  sqlite3 *other = NULL;
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  Gaps gaps = { g_get_monotonic_time (), 0 };
  guint beat = g_timeout_add (5, on_beat, &gaps);
  GPtrArray *records = records_new ();

  archive_init (&archive);
  add_text (&archive, 1, 1, "before");
  g_assert_cmpint (sqlite3_open (archive.path, &other), ==, SQLITE_OK);
  sqlite3_busy_timeout (other, 10000);
  g_assert_cmpint (sqlite3_exec (other, "BEGIN EXCLUSIVE", NULL, NULL, NULL), ==, SQLITE_OK);
  g_ptr_array_add (records, record_new (2, DW_MESSAGE_OWN, "during"));
  dw_store_lines_add_async (archive.store, 1, records, on_done, &done);
  result = await (&done);
  g_assert_false (dw_store_run_finish (archive.store, result, &error));
  g_assert_error (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_LATE);
  for (guint i = 3; i <= 200; i++)
    add_later (&archive, i, DW_MESSAGE_THEIRS, "during");
  dw_test_run_for (500);
  g_assert_cmpint (sqlite3_exec (other, "COMMIT", NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (other);
  until_written (&archive);
  g_assert_cmpuint (count_records (&archive, 1), ==, 200);
  g_source_remove (beat);
  g_assert_cmpint (gaps.worst, <, 200 * 1000);
}

static gboolean
run_sql (DwDatabase *database, gpointer data, gpointer *result, GError **error)
{
  return dw_database_run_script (database, data, error);
}

static void
run_at_once (Archive *archive, const char *sql)
{
  DwStoreJob *job = dw_store_job_new_read (run_sql, (gpointer) sql, NULL, NULL);

  job->at_once = TRUE;
  dw_store_run_async (archive->store, job, NULL, NULL);
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
until_trouble (Archive *archive, DwStoreTrouble trouble)
{
  Wanted wanted = { archive->store, trouble };

  dw_test_until ("a trouble", has_trouble, &wanted);
}

/* The disk is full, according to SQLite: this is reported, the file stays intact, and saving resumes. */
static void
test_full (void)
{
  g_auto (Archive) archive = { 0 };
  g_autofree char *integrity = NULL;
  g_autofree char *text = g_strnfill (4000, 'x');

  archive_init (&archive);
  add_text (&archive, 1, 1, "before");
  run_at_once (&archive, "PRAGMA max_page_count = 40");
  for (guint i = 2; i <= 51; i++)
    add_later (&archive, i, DW_MESSAGE_THEIRS, text);
  until_trouble (&archive, DW_STORE_FULL);
  integrity = ask_outside (&archive, "PRAGMA integrity_check");
  g_assert_cmpstr (integrity, ==, "ok");
  run_at_once (&archive, "PRAGMA max_page_count = 1000000");
  until_trouble (&archive, DW_STORE_FINE);
  until_written (&archive);
  g_assert_cmpuint (count_records (&archive, 1), ==, 51);
}

/* While the folder cannot be created, reading finds nothing and writes wait; all are saved once it can be. */
static void
test_no_folder (void)
{
  g_auto (Archive) archive = { 0 };
  g_autofree char *folder = NULL;

  archive_init (&archive);
  folder = g_path_get_dirname (archive.path);
  g_assert_true (g_file_set_contents (folder, "a file where the folder should be", -1, NULL));
  g_assert_cmpuint (count_records (&archive, 1), ==, 0);
  add_later (&archive, 1, DW_MESSAGE_OWN, "kept in memory");
  until_trouble (&archive, DW_STORE_READ_ONLY);
  g_assert_cmpint (g_unlink (folder), ==, 0);
  until_trouble (&archive, DW_STORE_FINE);
  g_assert_cmpuint (count_records (&archive, 1), ==, 1);
}

/* Closing the store writes what is pending. */
static void
test_close (void)
{
  g_auto (Archive) archive = { 0 };

  archive_init (&archive);
  for (guint i = 1; i <= 300; i++)
    add_later (&archive, i, DW_MESSAGE_THEIRS, "x");
  archive_reopen (&archive);
  g_assert_cmpuint (count_records (&archive, 1), ==, 300);
}
typedef struct
{
  GAsyncResult *result;
  guint answers;
} Asked;

static void
on_asked (GObject *source, GAsyncResult *result, gpointer data)
{
  Asked *asked = data;

  asked->answers++;
  g_set_object (&asked->result, result);
}

static gboolean
is_answered (gpointer data)
{
  return ((Asked *) data)->answers > 0;
}

static void
count_trouble (GObject *store, GParamSpec *pspec, guint *troubles)
{
  *troubles += 1;
}

/* What can never be written is dropped with a word to whoever wants it, and is no trouble: what is around it in the same
 * transaction is saved. */
static void
test_refused (void)
{
  g_auto (Archive) archive = { 0 };
  Asked asked = { 0 };
  g_autoptr (GError) error = NULL;
  guint troubles = 0;

  archive_init (&archive);
  g_signal_connect (archive.store, "notify::trouble", G_CALLBACK (count_trouble), &troubles);
  g_test_expect_message ("dw-client", G_LOG_LEVEL_WARNING, "*refused*");
  add_later (&archive, 1, DW_MESSAGE_THEIRS, "before");
  dw_store_run_async (archive.store,
                      dw_store_job_new_write (run_sql, (gpointer) "INSERT INTO nowhere VALUES (1)", NULL, 8),
                      on_asked, &asked);
  add_later (&archive, 2, DW_MESSAGE_THEIRS, "after");
  dw_test_until ("an answer", is_answered, &asked);
  g_assert_null (dw_store_run_finish (archive.store, asked.result, &error));
  g_assert_error (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE);
  until_written (&archive);
  g_test_assert_expected_messages ();
  g_assert_cmpuint (count_records (&archive, 1), ==, 2);
  g_assert_cmpuint (troubles, ==, 0);
  g_clear_object (&asked.result);
}

/* Whoever waits when a store is closed is told once, and so is who comes later. */
static void
test_close_answers (void)
{
  g_auto (Archive) archive = { 0 };
  Asked asked[4] = { 0 };
  sqlite3 *other = NULL;
  DwStoreJob *urgent = dw_store_job_new_read (run_sql, (gpointer) "SELECT count(*) FROM lines", NULL, NULL);
  GPtrArray *records = records_new ();

  archive_init (&archive);
  add_text (&archive, 1, 1, "before");
  g_assert_cmpint (sqlite3_open (archive.path, &other), ==, SQLITE_OK);
  sqlite3_busy_timeout (other, 10000);
  g_assert_cmpint (sqlite3_exec (other, "BEGIN EXCLUSIVE", NULL, NULL, NULL), ==, SQLITE_OK);
  urgent->at_once = TRUE;
  g_ptr_array_add (records, record_new (2, DW_MESSAGE_THEIRS, "too late"));
  dw_store_lines_add_async (archive.store, 1, records, on_asked, &asked[0]);
  dw_store_run_async (archive.store, urgent, on_asked, &asked[1]);
  dw_store_run_async (archive.store,
                      dw_store_job_new_read (run_sql, (gpointer) "BEGIN IMMEDIATE; ROLLBACK", NULL, NULL), on_asked,
                      &asked[2]);
  dw_store_close (archive.store);
  dw_store_run_async (archive.store, dw_store_job_new_read (run_sql, (gpointer) "", NULL, NULL), on_asked,
                      &asked[3]);

  for (guint i = 0; i < G_N_ELEMENTS (asked); i++)
    {
      g_autoptr (GError) error = NULL;

      dw_test_until ("an answer", is_answered, &asked[i]);
      g_assert_cmpuint (asked[i].answers, ==, 1);
      dw_store_run_finish (archive.store, asked[i].result, &error);
      if (i == 3)
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
      else if (i != 1)
        g_assert_nonnull (error);
      g_clear_object (&asked[i].result);
    }
  sqlite3_close (other);
}

static void
count_loaded (guint *loaded)
{
  *loaded += 1;
}

/* A store that is closed already is not taken for an empty one: no conversation begins at its first place, and no list of
 * stages is the whole list. */
static void
test_closed (void)
{
  g_auto (Archive) archive = { 0 };
  g_autoptr (DwStage) stage = fixture_stage_new (1);
  DwConversation *conversation;
  DwStageList *list;
  guint loaded = 0;

  archive_init (&archive);
  add_text (&archive, 1, 1, "before");
  dw_store_close (archive.store);
  conversation = dw_conversation_new (archive.store, stage);
  list = dw_stage_list_new (archive.store);
  g_signal_connect_swapped (list, "loaded", G_CALLBACK (count_loaded), &loaded);
  dw_stage_list_load (list);
  dw_test_run_for (50);
  g_assert_false (dw_conversation_is_settled (conversation));
  g_assert_cmpuint (loaded, ==, 0);
  dw_test_finalize (conversation);
  dw_test_finalize (list);
}

/* What was damaged twice in a second is kept twice. */
static void
test_kept_twice (void)
{
  g_auto (Archive) archive = { 0 };
  g_autofree char *folder = NULL;
  g_autoptr (GDir) open = NULL;
  const char *name;
  guint kept = 0;

  archive_init (&archive);
  folder = g_path_get_dirname (archive.path);
  g_mkdir_with_parents (folder, 0700);
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *text =
          g_strdup_printf ("%u: no database at all, but longer than a header would be by far", i);

      dw_test_finalize (g_steal_pointer (&archive.store));
      g_assert_true (g_file_set_contents (archive.path, text, -1, NULL));
      archive.store = dw_store_new (archive.path);
      add_text (&archive, 1, 1, "hello");
      dw_test_until ("the file to be kept", was_kept, archive.store);
    }
  open = g_dir_open (folder, 0, NULL);
  while ((name = g_dir_read_name (open)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_autofree char *contents = NULL;

      if (strstr (name, ".damaged-") == NULL)
        continue;
      g_assert_true (g_file_get_contents (path, &contents, NULL, NULL));
      kept += strstr (contents, ": no database at all") != NULL;
    }
  g_assert_cmpuint (kept, ==, 3);
}

static gint commits; /* atomic */

static int
on_commit (void *data)
{
  g_atomic_int_inc (&commits);
  return 0;
}

static int
on_opened (sqlite3 *handle, char **message, const sqlite3_api_routines *routines)
{
  sqlite3_commit_hook (handle, on_commit, NULL);
  return SQLITE_OK;
}

/* What waited is written in few transactions, none of which is so large that a read waits for long. */
static void
test_batches (void)
{
  static const struct
  {
    guint writes;
    gsize bytes;
    gint commits;
  } rows[] = {
    { 1, 1, 1 },
    { DW_STORE_BATCH, 1, 1 },
    { DW_STORE_BATCH + 1, 1, 2 },
    { 2, DW_STORE_BATCH_BYTES / 2, 1 },
    { 3, DW_STORE_BATCH_BYTES / 2, 2 },
    { 3, DW_STORE_BATCH_BYTES / 2 - 1, 1 },
    { 2, DW_STORE_BATCH_BYTES * 2, 2 },
  };
  g_auto (Archive) archive = { 0 };
  sqlite3 *other = NULL;

  archive_init (&archive);
  sqlite3_auto_extension ((void (*) (void)) on_opened);
  add_text (&archive, 1, 1, "before");
  sqlite3_cancel_auto_extension ((void (*) (void)) on_opened);
  g_assert_cmpint (sqlite3_open (archive.path, &other), ==, SQLITE_OK);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      DwStoreJob *last = dw_store_job_new_read (run_sql, (gpointer) "SELECT 1", NULL, NULL);
      Asked asked = { 0 };

      g_test_message ("%u writes of %" G_GSIZE_FORMAT " bytes", rows[i].writes, rows[i].bytes);
      sqlite3_busy_timeout (other, 10000);
      g_assert_cmpint (sqlite3_exec (other, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
      g_atomic_int_set (&commits, 0);
      for (guint j = 0; j < rows[i].writes; j++)
        archive.serial = dw_store_run_async (
            archive.store,
            dw_store_job_new_write (run_sql, (gpointer) "UPDATE unindexed SET line = 0", NULL, rows[i].bytes), NULL,
            NULL);
      /* It is answered though nothing can be written, and so all of them have arrived. */
      dw_store_run_async (archive.store, last, on_asked, &asked);
      dw_test_until ("a read", is_answered, &asked);
      g_clear_object (&asked.result);
      g_assert_cmpint (g_atomic_int_get (&commits), ==, 0);
      g_assert_cmpint (sqlite3_exec (other, "COMMIT", NULL, NULL, NULL), ==, SQLITE_OK);
      until_written (&archive);
      g_assert_cmpint (g_atomic_int_get (&commits), ==, rows[i].commits);
    }
  sqlite3_close (other);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/store/file", test_file);
  g_test_add_func ("/client/store/lines", test_lines);
  g_test_add_func ("/client/store/asking", test_asking);
  g_test_add_func ("/client/store/taken-place", test_taken_place);
  g_test_add_func ("/client/store/newer", test_newer);
  g_test_add_func ("/client/store/damaged/DB-3", test_damaged);
  g_test_add_func ("/client/store/other-program", test_other_program);
  g_test_add_func ("/client/store/damaged-in-use/DB-3", test_damaged_in_use);
  g_test_add_func ("/client/store/locked/DB-2", test_locked);
  g_test_add_func ("/client/store/full/DB-3", test_full);
  g_test_add_func ("/client/store/no-folder/DB-3", test_no_folder);
  g_test_add_func ("/client/store/batches", test_batches);
  g_test_add_func ("/client/store/refused", test_refused);
  g_test_add_func ("/client/store/close-answers", test_close_answers);
  g_test_add_func ("/client/store/closed", test_closed);
  g_test_add_func ("/client/store/kept-twice", test_kept_twice);
  g_test_add_func ("/client/store/close", test_close);
  return g_test_run ();
}
