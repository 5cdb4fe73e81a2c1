/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose a file is, by its first hundred bytes and by its log, and who may have it. */
#include "dw-test.h"

#include "backend/dw-backend-error.h"
#include "backend/gateway/dw-server-lock.h"
#include "backend/gateway/dw-server-schema.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define OURS DW_SERVER_SCHEMA_APPLICATION
#define VERSION DW_SERVER_SCHEMA_VERSION

static void
put_number (guint8 *at, guint32 number)
{
  number = GUINT32_TO_BE (number);
  memcpy (at, &number, sizeof number);
}

static gboolean
check (const char *path)
{
  g_autoptr (GError) error = NULL;
  gboolean good = dw_server_schema_check_file (path, &error);

  if (good)
    g_assert_no_error (error);
  else
    g_assert_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_TABLE);
  return good;
}

/* The header alone decides, where it has a mark. */
static void
test_headers (void)
{
  static const struct
  {
    guint length;
    const char *magic;
    guint32 application, version;
    gboolean good;
  } rows[] = {
    { 0, "SQLite format 3", OURS, VERSION, TRUE },
    { 1, "SQLite format 3", OURS, VERSION, FALSE },
    { 99, "SQLite format 3", OURS, VERSION, FALSE },
    { 100, "SQLite format 3", OURS, VERSION, TRUE },
    { 4096, "SQLite format 3", OURS, VERSION, TRUE },
    { 4096, "SQLite format 4", OURS, VERSION, FALSE },
    { 4096, "SQLite format 3", OURS, 0, TRUE },
    { 4096, "SQLite format 3", OURS, VERSION + 1, FALSE },
    { 4096, "SQLite format 3", OURS + 1, VERSION, FALSE },
    { 4096, "SQLite format 3", 0, VERSION, FALSE },
    { 4096, "SQLite format 3", OURS - 1, 0, FALSE },
    { 4096, "SQLite format 3", 0, 0, FALSE },
  };
  g_autofree char *folder = dw_test_make_folder ();
  g_autofree char *path = g_build_filename (folder, "stage.sqlite", NULL);
  g_autofree char *missing = g_build_filename (folder, "missing", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      guint8 bytes[4096] = { 0 };

      g_test_message ("row %u", i);
      memcpy (bytes, rows[i].magic, strlen (rows[i].magic));
      put_number (bytes + 68, rows[i].application);
      put_number (bytes + 60, rows[i].version);
      g_assert_true (g_file_set_contents (path, (char *) bytes, rows[i].length, NULL));
      g_assert_cmpint (check (path), ==, rows[i].good);
    }
  g_assert_false (check (missing));
  g_assert_false (check (folder));
}

/* A file that has no mark yet, since what was written last stands in the log alone. */
static void
test_log (void)
{
  static const struct
  {
    const char *sql;
    gboolean good;
  } rows[] = {
    { "PRAGMA application_id = 0x44577374; CREATE TABLE connections (a)", TRUE },
    { "PRAGMA application_id = 1; CREATE TABLE other (a)", FALSE },
    { "PRAGMA user_version = 1; CREATE TABLE other (a)", FALSE },
    { "CREATE TABLE other (a)", FALSE },
    { "CREATE TABLE connections (a)", FALSE },
    { "CREATE TABLE claims (  id TEXT PRIMARY KEY, time INTEGER NOT NULL) STRICT, WITHOUT ROWID", TRUE },
    { "CREATE TABLE claims (  id TEXT PRIMARY KEY, time INTEGER NOT NULL) STRICT, WITHOUT ROWID; "
      "CREATE TABLE other (a)",
      FALSE },
    { "CREATE TABLE claims (  id TEXT PRIMARY KEY, time INTEGER NOT NULL) STRICT, WITHOUT ROWID; "
      "PRAGMA user_version = 1",
      FALSE },
  };

  g_assert_cmphex (OURS, ==, 0x44577374);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *folder = dw_test_make_folder ();
      g_autofree char *path = g_build_filename (folder, "a file %23.sqlite", NULL);
      sqlite3 *database = NULL;
      g_autofree char *before = NULL;
      g_autofree char *after = NULL;
      gsize length, length_after;

      g_test_message ("%s", rows[i].sql);
      g_assert_cmpint (sqlite3_open (path, &database), ==, SQLITE_OK);
      sqlite3_db_config (database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
      g_assert_cmpint (sqlite3_exec (database, "PRAGMA journal_mode = WAL", NULL, NULL, NULL), ==, SQLITE_OK);
      g_assert_cmpint (sqlite3_exec (database, rows[i].sql, NULL, NULL, NULL), ==, SQLITE_OK);
      sqlite3_close (database);
      g_assert_true (g_file_get_contents (path, &before, &length, NULL));
      /* The mark. */
      g_assert_cmpint (before[71], ==, 0);
      g_assert_cmpint (check (path), ==, rows[i].good);
      g_assert_true (g_file_get_contents (path, &after, &length_after, NULL));
      g_assert_cmpmem (before, length, after, length_after);
    }
}

static void
check_taken (const char *path, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (dw_server_lock_take (path, &error));
  g_assert_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_TABLE);
  g_assert_nonnull (strstr (error->message, words));
}

/* One stage has a file, and says who it is; what a crash left is in nobody's way. */
static void
test_lock (void)
{
  g_autofree char *folder = dw_test_make_folder ();
  g_autofree char *path = g_build_filename (folder, "stage.sqlite", NULL);
  g_autofree char *beside = g_strconcat (path, "-lock", NULL);
  g_autofree char *nowhere = g_build_filename (folder, "nowhere", "stage.sqlite", NULL);
  g_autofree char *pid = g_strdup_printf ("%d\n", (int) getpid ());
  g_autofree char *number = g_strndup (pid, strlen (pid) - 1);
  g_autofree char *contents = NULL;
  DwServerLock *lock;
  GStatBuf status;

  g_assert_true (g_file_set_contents (beside, "123456789012345678\n", -1, NULL));
  lock = dw_server_lock_take (path, NULL);
  g_assert_nonnull (lock);
  g_assert_true (g_file_get_contents (beside, &contents, NULL, NULL));
  g_assert_cmpstr (contents, ==, pid);
  check_taken (path, number);
  dw_server_lock_free (lock);
  g_assert_false (g_file_test (beside, G_FILE_TEST_EXISTS));

  lock = dw_server_lock_take (path, NULL);
  g_assert_nonnull (lock);
  g_assert_cmpint (g_stat (beside, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0777, ==, 0600);
  dw_server_lock_free (lock);

  check_taken (nowhere, "nowhere");
  /* What a link points to is not written over. */
  g_assert_cmpint (symlink (path, beside), ==, 0);
  check_taken (path, "-lock");
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/server-schema/headers", test_headers);
  g_test_add_func ("/backend/server-schema/log", test_log);
  g_test_add_func ("/backend/server-schema/lock", test_lock);
  return g_test_run ();
}
