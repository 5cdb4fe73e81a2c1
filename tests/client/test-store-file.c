/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store's file by itself, in one thread: what becomes of it when it is damaged, newer, held, or not there. */
#include "dw-archive.h"
#include "dw-test.h"

#include "client/dw-client-error.h"
#include "client/store/dw-store-file.h"
#include "client/store/dw-store-salvage.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define NOW 1764064800
#define WEEK (7 * 24 * 60 * 60)

typedef struct
{
  Archive archive; /* without a store: only where the file is */
  DwStoreFile *file;
} FileFixture;

/* A file with as many lines of one stage as wanted, closed. */
static void
fixture_init (FileFixture *fixture, guint lines)
{
  archive_init (&fixture->archive);
  for (guint i = 1; i <= lines; i++)
    add_text (&fixture->archive, 1, i, "a line");
  dw_test_finalize (g_steal_pointer (&fixture->archive.store));
  fixture->file = dw_store_file_new (fixture->archive.path);
}

static void
fixture_clear (FileFixture *fixture)
{
  g_clear_pointer (&fixture->file, dw_store_file_free);
  archive_clear (&fixture->archive);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (FileFixture, fixture_clear)

static void
fixture_reopen (FileFixture *fixture)
{
  dw_store_file_free (fixture->file);
  fixture->file = dw_store_file_new (fixture->archive.path);
}

/* With our own tokenizer, which a plain SQLite does not have. */
static void
run_inside (FileFixture *fixture, const char *sql)
{
  g_autoptr (DwDatabase) database = dw_database_open (fixture->archive.path, NULL);

  g_assert_true (dw_database_run_script (database, sql, NULL));
}

static gint64
count_lines (DwDatabase *database)
{
  gint64 n;

  g_assert_nonnull (database);
  g_assert_true (dw_database_get_number (database, "SELECT count(*) FROM lines", &n, NULL));
  return n;
}

static DwDatabase *
get (FileFixture *fixture)
{
  g_autoptr (GError) error = NULL;
  DwDatabase *database = dw_store_file_get (fixture->file, &error);

  g_assert_no_error (error);
  g_assert_false (dw_database_is_read_only (database));
  return database;
}

static void
check_kept_nothing (FileFixture *fixture)
{
  DwStoreKept kept = { 0 };

  g_assert_false (dw_store_file_steal_kept (fixture->file, &kept));
  g_assert_null (kept.path);
}

/* Told once. */
static void
check_kept (FileFixture *fixture, gboolean newer, guint64 saved)
{
  DwStoreKept kept = { 0 };

  g_assert_true (dw_store_file_steal_kept (fixture->file, &kept));
  g_assert_true (g_file_test (kept.path, G_FILE_TEST_EXISTS));
  g_assert_nonnull (strstr (kept.path, newer ? ".newer-" : ".damaged-"));
  g_assert_cmpint (kept.newer, ==, newer);
  g_assert_cmpuint (kept.saved, ==, saved);
  g_free (kept.path);
  check_kept_nothing (fixture);
}

/* A new file is sound, and so is one that was found to be, for a week; one that was not closed is checked. */
static void
test_check (void)
{
  g_auto (FileFixture) fixture = { 0 };
  g_autofree char *log = NULL;

  fixture_init (&fixture, 0);
  /* Nothing is known of what is not open. */
  g_assert_false (dw_store_file_needs_check (fixture.file, NOW));
  get (&fixture);
  g_assert_false (dw_store_file_needs_check (fixture.file, g_get_real_time () / G_USEC_PER_SEC));
  dw_store_file_set_checked (fixture.file, NOW);
  g_assert_false (dw_store_file_needs_check (fixture.file, NOW + WEEK - 1));
  g_assert_true (dw_store_file_needs_check (fixture.file, NOW + WEEK));

  fixture_reopen (&fixture);
  get (&fixture);
  g_assert_false (dw_store_file_needs_check (fixture.file, NOW + WEEK - 1));
  g_assert_true (dw_store_file_needs_check (fixture.file, NOW + WEEK));

  g_clear_pointer (&fixture.file, dw_store_file_free);
  log = g_strconcat (fixture.archive.path, "-wal", NULL);
  g_assert_true (g_file_set_contents (log, "", 0, NULL));
  fixture.file = dw_store_file_new (fixture.archive.path);
  get (&fixture);
  g_assert_true (dw_store_file_needs_check (fixture.file, NOW + 1));
  dw_store_file_set_checked (fixture.file, NOW + 1);
  g_assert_false (dw_store_file_needs_check (fixture.file, NOW + 2));
}

/* A history in memory has no file to be checked, kept or held. */
static void
test_memory (void)
{
  DwStoreFile *file = dw_store_file_new (NULL);
  DwDatabase *database = dw_store_file_get (file, NULL);
  DwStoreKept kept;

  g_assert_true (dw_database_is_in_memory (database));
  g_assert_cmpint (count_lines (database), ==, 0);
  g_assert_false (dw_store_file_needs_check (file, NOW));
  g_assert_true (dw_store_file_mend (file, NULL));
  g_assert_cmpint (count_lines (dw_store_file_get_to_read (file, NULL)), ==, 0);
  g_assert_false (dw_store_file_steal_kept (file, &kept));
  g_assert_null (dw_store_file_steal_holder (file));
  g_assert_false (dw_store_file_steal_recovered (file));
  dw_store_file_free (file);
}

/* What can be read of a file is in the one that takes its place, and nothing is kept where that is everything. */
static void
test_mend (void)
{
  g_auto (FileFixture) fixture = { 0 };
  g_autofree char *copying = NULL;

  fixture_init (&fixture, 30);
  g_assert_cmpint (count_lines (get (&fixture)), ==, 30);
  g_assert_true (dw_store_file_mend (fixture.file, NULL));
  check_kept_nothing (&fixture);
  g_assert_cmpint (count_lines (get (&fixture)), ==, 30);
  /* It is as a new one. */
  g_assert_false (dw_store_file_needs_check (fixture.file, g_get_real_time () / G_USEC_PER_SEC));

  /* What an earlier attempt left is in nobody's way. */
  copying = g_strconcat (fixture.archive.path, ".copying", NULL);
  g_assert_true (g_file_set_contents (copying, "half", -1, NULL));
  g_assert_true (dw_store_file_mend (fixture.file, NULL));
  g_assert_false (g_file_test (copying, G_FILE_TEST_EXISTS));
  g_assert_cmpint (count_lines (get (&fixture)), ==, 30);

  /* Lines that do not follow one another are not all. */
  fixture_reopen (&fixture);
  run_inside (&fixture, "DELETE FROM lines WHERE line = 1 << 40 | 7");
  g_assert_true (dw_store_file_mend (fixture.file, NULL));
  check_kept (&fixture, FALSE, 29);
  g_assert_cmpint (count_lines (get (&fixture)), ==, 29);
}

/* Where there is no place for a new file the old one stays where it is, and it is tried again. */
static void
test_no_place (void)
{
  g_auto (FileFixture) fixture = { 0 };
  g_autofree char *copying = NULL;
  g_autofree char *copied = NULL;
  GError *error = NULL;

  fixture_init (&fixture, 30);
  get (&fixture);
  copying = g_strconcat (fixture.archive.path, ".copying", NULL);
  copied = g_strconcat (fixture.archive.path, ".copied", NULL);
  g_assert_cmpint (g_mkdir (copying, 0700), ==, 0);
  g_test_expect_message ("dw-client", G_LOG_LEVEL_WARNING, "Cannot delete*copying*");
  g_test_expect_message ("dw-client", G_LOG_LEVEL_WARNING, "Cannot delete*copying*");
  g_assert_false (dw_store_file_mend (fixture.file, &error));
  g_test_assert_expected_messages ();
  g_assert_error (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_READ_ONLY);
  g_clear_error (&error);
  g_assert_cmpint (g_rmdir (copying), ==, 0);

  g_assert_cmpint (g_mkdir (copied, 0700), ==, 0);
  g_assert_false (dw_store_file_mend (fixture.file, &error));
  g_assert_error (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_IO);
  g_clear_error (&error);
  g_assert_cmpint (g_rmdir (copied), ==, 0);

  check_kept_nothing (&fixture);
  g_assert_cmpint (count_lines (get (&fixture)), ==, 30);
  g_assert_true (dw_store_file_mend (fixture.file, NULL));
  g_assert_cmpint (count_lines (get (&fixture)), ==, 30);
}

/* A file of a newer version, or of another program, is kept as it is, and nothing of it is in the new one. */
static void
test_not_ours (void)
{
  static const struct
  {
    const char *sql;
    gboolean newer;
    guint64 saved;
  } rows[] = {
    { "PRAGMA user_version = 99", TRUE, 0 },  { "PRAGMA user_version = 0; PRAGMA application_id = 7", FALSE, 0 },
    { "PRAGMA user_version = -1", FALSE, 0 }, { "PRAGMA application_id = 7", FALSE, 0 },
    { "DROP TABLE stages", FALSE, 5 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (FileFixture) fixture = { 0 };

      g_test_message ("%s", rows[i].sql);
      fixture_init (&fixture, 5);
      run_outside (&fixture.archive, rows[i].sql);
      g_assert_cmpint (count_lines (get (&fixture)), ==, (gint64) rows[i].saved);
      check_kept (&fixture, rows[i].newer, rows[i].saved);
      /* The new one is used from then on. */
      fixture_reopen (&fixture);
      g_assert_cmpint (count_lines (get (&fixture)), ==, (gint64) rows[i].saved);
      check_kept_nothing (&fixture);
    }
}

/* Who comes second waits for a moment, then reads and never writes, and says once who came first. */
static void
test_held (void)
{
  g_auto (FileFixture) fixture = { 0 };
  DwStoreFile *second;
  DwStoreHolder *holder;
  GError *error = NULL;

  fixture_init (&fixture, 3);
  get (&fixture);
  second = dw_store_file_new (fixture.archive.path);
  g_assert_null (dw_store_file_get (second, &error));
  g_assert_error (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_LOCKED);
  g_clear_error (&error);
  g_assert_null (dw_store_file_get_to_read (second, &error));
  g_assert_error (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_LOCKED);
  g_clear_error (&error);
  g_assert_null (dw_store_file_steal_holder (second));

  dw_test_run_for (DW_STORE_HELD_MS + 50);
  g_assert_null (dw_store_file_get (second, &error));
  g_assert_error (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_HELD);
  g_clear_error (&error);
  holder = dw_store_file_steal_holder (second);
  g_assert_nonnull (holder);
  g_assert_cmpint (holder->pid, ==, getpid ());
  dw_store_holder_free (holder);
  g_assert_null (dw_store_file_steal_holder (second));
  g_assert_cmpint (count_lines (dw_store_file_get_to_read (second, NULL)), ==, 3);
  g_assert_false (dw_store_file_mend (second, &error));
  g_assert_error (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_HELD);
  g_clear_error (&error);

  /* Though the first one ends. */
  g_clear_pointer (&fixture.file, dw_store_file_free);
  g_assert_null (dw_store_file_get (second, NULL));
  g_assert_null (dw_store_file_steal_holder (second));
  dw_store_file_free (second);
}

/* As long as a file cannot be made there is an empty one to read, and it is said once that it can be used again. */
static void
test_stand_in (void)
{
  g_auto (FileFixture) fixture = { 0 };
  g_autofree char *folder = NULL;
  g_autoptr (GError) error = NULL;

  fixture_init (&fixture, 0);
  folder = g_path_get_dirname (fixture.archive.path);
  g_rmdir (folder);
  g_assert_true (g_file_set_contents (folder, "a file where the folder should be", -1, NULL));
  g_assert_null (dw_store_file_get (fixture.file, &error));
  g_assert_error (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_READ_ONLY);
  g_assert_cmpint (count_lines (dw_store_file_get_to_read (fixture.file, NULL)), ==, 0);
  g_assert_true (dw_store_file_get_to_read (fixture.file, NULL) == dw_store_file_get_to_read (fixture.file, NULL));
  g_assert_false (dw_store_file_steal_recovered (fixture.file));
  g_assert_false (dw_store_file_needs_check (fixture.file, NOW));

  g_assert_cmpint (g_unlink (folder), ==, 0);
  get (&fixture);
  g_assert_true (dw_store_file_steal_recovered (fixture.file));
  g_assert_false (dw_store_file_steal_recovered (fixture.file));
  g_assert_true (dw_store_file_get_to_read (fixture.file, NULL) == get (&fixture));
}

/* Pages of which not all lines can be read: the rest is copied, in order and without holes. */
static void
test_salvage (void)
{
  g_auto (FileFixture) fixture = { 0 };
  g_autofree char *copy = NULL;
  DwStoreSalvage salvage = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (DwDatabase) database = NULL;
  gint64 n;

  fixture_init (&fixture, 10);
  g_clear_pointer (&fixture.file, dw_store_file_free);
  run_inside (
      &fixture,
      "UPDATE lines SET kind = 3 WHERE line = 1 << 40 | 1; UPDATE lines SET kind = 1 WHERE line = 1 << 40 | 2;"
      "UPDATE lines SET kind = 2 WHERE line = 1 << 40 | 3; DELETE FROM lines WHERE line = 1 << 40 | 5;"
      "UPDATE lines SET line = 2 << 40 | 1 WHERE line = 1 << 40 | 10");
  copy = g_strconcat (fixture.archive.path, ".copy", NULL);
  g_assert_true (dw_store_salvage (fixture.archive.path, copy, &salvage, &error));
  g_assert_no_error (error);
  g_assert_false (salvage.complete);
  /* A day and a notice are no messages. */
  g_assert_cmpuint (salvage.messages, ==, 7);
  database = dw_database_open (copy, NULL);
  g_assert_cmpint (count_lines (database), ==, 9);
  g_assert_true (dw_database_get_number (
      database, "SELECT max (line) - min (line) + 1 - count(*) FROM lines WHERE line < 2 << 40", &n, NULL));
  g_assert_cmpint (n, ==, 0);
  g_assert_true (dw_database_get_number (database, "SELECT line FROM lines WHERE line > 2 << 40", &n, NULL));
  g_assert_cmpint (n, ==, (G_GINT64_CONSTANT (2) << 40) + 1);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/store-file/check", test_check);
  g_test_add_func ("/client/store-file/memory", test_memory);
  g_test_add_func ("/client/store-file/mend", test_mend);
  g_test_add_func ("/client/store-file/no-place", test_no_place);
  g_test_add_func ("/client/store-file/not-ours", test_not_ours);
  g_test_add_func ("/client/store-file/held", test_held);
  g_test_add_func ("/client/store-file/stand-in", test_stand_in);
  g_test_add_func ("/client/store-file/salvage", test_salvage);
  return g_test_run ();
}
