/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "backend/dw-backend-error.h"
#include "backend/gateway/dw-dead-letters.h"
#include "backend/gateway/dw-memory-registry.h"
#include "backend/gateway/dw-server-schema.h"
#include "backend/gateway/dw-sqlite-registry.h"
#include "backend/gateway/dw-tables.h"

#include "wire/dw-message-id.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct
{
  char *path;
} TableFile;

static void
table_file_init (TableFile *table_file)
{
  g_autofree char *folder = dw_test_make_folder ();

  table_file->path = g_build_filename (folder, "stage.sqlite", NULL);
}

static void
table_file_clear (TableFile *table_file)
{
  g_free (table_file->path);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TableFile, table_file_clear)

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static gboolean
is_there (gpointer data)
{
  return *(gpointer *) data != NULL;
}

/* Turns the file into one from before files had an application ID. */
static const char old_schema[] =
    "CREATE TABLE IF NOT EXISTS connections ("
    "  connection_id TEXT PRIMARY KEY, timestamp INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS claims ("
    "  id TEXT PRIMARY KEY, time INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS claims_time ON claims (time);"
    "CREATE TABLE IF NOT EXISTS dead_letters ("
    "  number INTEGER PRIMARY KEY, connection_id TEXT NOT NULL, text TEXT NOT NULL,"
    "  reason TEXT NOT NULL, time INTEGER NOT NULL) STRICT;";

static sqlite3 *
open_raw (const char *path)
{
  sqlite3 *database = NULL;

  g_assert_cmpint (sqlite3_open (path, &database), ==, SQLITE_OK);
  return database;
}

static void
run_raw (sqlite3 *database, const char *sql)
{
  char *words = NULL;

  sqlite3_exec (database, sql, NULL, NULL, &words);
  g_assert_cmpstr (words, ==, NULL);
}

static DwTables *
open_tables (TableFile *table_file)
{
  g_autoptr (GError) error = NULL;
  DwTables *tables = dw_tables_open (table_file->path, &error);

  g_assert_no_error (error);
  return tables;
}

static void
put (DwRegistry *registry, const char *id)
{
  g_autoptr (GAsyncResult) result = NULL;

  dw_registry_put_async (registry, id, 7, NULL, on_done, &result);
  dw_test_until ("a put", is_there, &result);
  g_assert_true (dw_registry_put_finish (registry, result, NULL));
}

static gboolean
claim (DwRegistry *registry, const char *id, gint64 now)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gboolean fresh;

  dw_registry_claim_async (registry, id, now, NULL, on_done, &result);
  dw_test_until ("a claim", is_there, &result);
  g_assert_true (dw_registry_claim_finish (registry, result, &fresh, &error));
  g_assert_no_error (error);
  return fresh;
}

static guint
count (DwRegistry *registry)
{
  g_autofree char *key = NULL;
  guint n = 0;

  do
    {
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (DwRegistryPage) page = NULL;

      dw_registry_scan_async (registry, key, NULL, on_done, &result);
      dw_test_until ("a page", is_there, &result);
      page = dw_registry_scan_finish (registry, result, NULL);
      n += page->connection_ids->len;
      g_free (key);
      key = g_steal_pointer (&page->last_key);
    }
  while (key != NULL);
  return n;
}

/* Paging; and rows of an earlier process are dropped, since its sockets died with it. */
static void
test_restart (void)
{
  g_auto (TableFile) table_file = { 0 };
  guint forgotten;

  table_file_init (&table_file);
  for (guint run = 0; run < 2; run++)
    {
      g_autoptr (DwTables) tables = open_tables (&table_file);
      g_autoptr (DwSqliteRegistry) registry = dw_sqlite_registry_new (tables, 3);

      g_assert_true (dw_sqlite_registry_forget_all (registry, &forgotten, NULL));
      g_assert_cmpuint (forgotten, ==, run * 9);
      for (guint i = 0; i < 9; i++)
        {
          g_autofree char *id = g_strdup_printf ("id-%u", i);

          put (DW_REGISTRY (registry), id);
        }
      g_assert_cmpuint (count (DW_REGISTRY (registry)), ==, 9);
    }
}

/* A message's id is remembered for ten minutes and can be released. Forgotten too early, everybody would get a repeat
 * twice. */
static void
check_claims (DwRegistry *registry)
{
  g_assert_true (claim (registry, "a", 1000));
  g_assert_false (claim (registry, "a", 1000));
  g_assert_false (claim (registry, "a", 1000 + DW_REGISTRY_CLAIM_SECONDS - 1));
  g_assert_true (claim (registry, "b", 1001));
  g_assert_true (claim (registry, "a", 1000 + DW_REGISTRY_CLAIM_SECONDS));
  g_assert_false (claim (registry, "a", 1000 + DW_REGISTRY_CLAIM_SECONDS + 1));
  dw_registry_release (registry, "a");
  dw_registry_release (registry, "never seen");
  g_assert_true (claim (registry, "a", 1000 + DW_REGISTRY_CLAIM_SECONDS + 1));
}

static char *
make_long_id (guint number)
{
  g_autofree char *tail = g_strnfill (DW_MESSAGE_ID_CHARS - 8, 'x');

  return g_strdup_printf ("%08u%s", number, tail);
}

/* Long ids must not fill the memory or the disk: fewer are remembered, and a new one displaces the oldest. */
static void
check_claim_bytes (DwRegistry *registry, guint there)
{
  const guint n = DW_REGISTRY_CLAIMS_BYTES / (DW_REGISTRY_CLAIM_COST + DW_MESSAGE_ID_CHARS);
  g_autofree char *first = make_long_id (0);

  g_assert_cmpuint (n, <, DW_REGISTRY_CLAIMS);
  for (guint i = there; i <= n; i++)
    {
      g_autofree char *id = make_long_id (i);

      if (i >= n - 1 && i > 0)
        g_assert_false (claim (registry, first, 9000 + i / 1000));
      g_assert_true (claim (registry, id, 9000 + i / 1000));
    }
  g_assert_true (claim (registry, first, 9000 + n / 1000));
}

static void
test_claims (void)
{
  g_auto (TableFile) table_file = { 0 };
  g_autoptr (DwTables) tables = NULL;
  g_autoptr (DwSqliteRegistry) registry = NULL;
  g_autoptr (DwMemoryRegistry) memory = dw_memory_registry_new (10);

  table_file_init (&table_file);
  tables = open_tables (&table_file);
  registry = dw_sqlite_registry_new (tables, 3);
  check_claims (DW_REGISTRY (registry));
  check_claims (DW_REGISTRY (memory));
  for (guint i = 0; i < DW_REGISTRY_CLAIMS; i++)
    {
      g_autofree char *id = g_strdup_printf ("many-%u", i);

      g_assert_true (claim (DW_REGISTRY (memory), id, 5000));
    }
  g_assert_true (claim (DW_REGISTRY (memory), "one more", 5000));
  g_assert_true (claim (DW_REGISTRY (memory), "many-0", 5000));
  g_assert_false (claim (DW_REGISTRY (memory), "many-9", 5000));
  check_claim_bytes (DW_REGISTRY (memory), 0);
}

/* The same in the file, which already has other ids. */
static void
test_claims_in_file (void)
{
  const guint n = DW_REGISTRY_CLAIMS_BYTES / (DW_REGISTRY_CLAIM_COST + DW_MESSAGE_ID_CHARS);

  for (guint in_bytes = 0; in_bytes < 2; in_bytes++)
    {
      g_auto (TableFile) table_file = { 0 };
      g_autoptr (DwTables) tables = NULL;
      g_autoptr (DwSqliteRegistry) registry = NULL;
      g_autofree char *sql = g_strdup_printf (
          "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n LIMIT %u) INSERT INTO claims "
          "SELECT printf (%s, i, %s), 9000 + i / 1000 FROM n",
          in_bytes ? n - 2 : DW_REGISTRY_CLAIMS - 1, in_bytes ? "'%08u%s'" : "'many-%06u'",
          in_bytes ? "(SELECT group_concat ('x', '') FROM n WHERE i < 120)" : "0");
      sqlite3 *raw;

      table_file_init (&table_file);
      dw_tables_close (open_tables (&table_file));
      raw = open_raw (table_file.path);
      run_raw (raw, sql);
      sqlite3_close (raw);
      tables = open_tables (&table_file);
      registry = dw_sqlite_registry_new (tables, 3);
      if (in_bytes)
        check_claim_bytes (DW_REGISTRY (registry), n - 2);
      else
        {
          g_assert_false (claim (DW_REGISTRY (registry), "many-000000", 9100));
          g_assert_true (claim (DW_REGISTRY (registry), "the last that fits", 9100));
          g_assert_false (claim (DW_REGISTRY (registry), "many-000000", 9100));
          g_assert_true (claim (DW_REGISTRY (registry), "one more", 9100));
          g_assert_true (claim (DW_REGISTRY (registry), "many-000000", 9100));
          g_assert_false (claim (DW_REGISTRY (registry), "many-000009", 9100));
        }
    }
}

static void
add_letters (DwServerFile *file, guint n, const char *text)
{
  g_autoptr (GPtrArray) ids = g_ptr_array_new ();

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (ids, (gpointer) "L0SM9cOFvHcCIhw=");
  g_assert_true (dw_server_file_run (file, "BEGIN", "", NULL));
  g_assert_true (dw_dead_letters_add (file, ids, text, "Too Many Requests", 42, NULL));
  g_assert_true (dw_server_file_run (file, "COMMIT", "", NULL));
}

static void
test_dead_letters (void)
{
  g_auto (TableFile) table_file = { 0 };
  g_autoptr (DwServerFile) file = NULL;
  g_autoptr (GPtrArray) letters = NULL;
  guint purged;

  table_file_init (&table_file);
  file = dw_server_file_new (table_file.path, FALSE, NULL);
  add_letters (file, 3, "hé");
  letters = dw_dead_letters_list (file, 1, 10, NULL);
  g_assert_cmpuint (letters->len, ==, 2);
  g_assert_cmpstr (((DwDeadLetter *) letters->pdata[0])->text, ==, "hé");
  g_assert_cmpint (((DwDeadLetter *) letters->pdata[0])->time, ==, 42);
  g_assert_true (dw_dead_letters_remove (file, 2, NULL));
  g_assert_true (dw_dead_letters_purge (file, &purged, NULL));
  g_assert_cmpuint (purged, ==, 2);
}

static gint64
count_letters (DwServerFile *file, gint64 *oldest)
{
  gint64 n;

  g_assert_true (dw_dead_letters_trim (file, NULL));
  g_assert_true (dw_server_file_sum (file, "SELECT count(*) FROM dead_letters", "", &n, NULL));
  g_assert_true (dw_server_file_sum (file, "SELECT min(number) FROM dead_letters", "", oldest, NULL));
  return n;
}

/* A stage that is throttled for long must not fill the disk: 100,000 letters of the largest size would be 13 GB. */
static void
test_dead_letters_bounds (void)
{
  g_auto (TableFile) table_file = { 0 };
  g_autoptr (DwServerFile) file = NULL;
  const gsize size = 128 * 1024;
  const guint n = DW_DEAD_LETTERS_BYTES / size;
  g_autofree char *text = g_strnfill (size - DW_DEAD_LETTERS_COST, 'x');
  gint64 oldest;
  guint purged;

  table_file_init (&table_file);
  file = dw_server_file_new (table_file.path, FALSE, NULL);
  add_letters (file, n - 1, text);
  g_assert_cmpint (count_letters (file, &oldest), ==, n - 1);
  add_letters (file, 1, text);
  g_assert_cmpint (count_letters (file, &oldest), ==, n);
  g_assert_cmpint (oldest, ==, 1);
  add_letters (file, 1, text);
  g_assert_cmpint (count_letters (file, &oldest), ==, n);
  g_assert_cmpint (oldest, ==, 2);
  g_assert_true (dw_dead_letters_purge (file, &purged, NULL));
  /* One post to many: letters that would be removed at once are not written first. */
  add_letters (file, 5 * n, text);
  g_assert_true (dw_dead_letters_purge (file, &purged, NULL));
  g_assert_cmpuint (purged, ==, n);
  add_letters (file, DW_DEAD_LETTERS_MOST, "");
  g_assert_cmpint (count_letters (file, &oldest), ==, DW_DEAD_LETTERS_MOST);
  add_letters (file, 1, "");
  g_assert_cmpint (count_letters (file, &oldest), ==, DW_DEAD_LETTERS_MOST);
}

static void
test_trouble (void)
{
  g_auto (TableFile) table_file = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *below = NULL;

  table_file_init (&table_file);
  g_assert_true (g_file_set_contents (table_file.path, "x", -1, NULL));
  below = g_build_filename (table_file.path, "stage.sqlite", NULL);
  g_assert_null (dw_server_file_new (below, TRUE, &error));
  g_assert_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_TABLE);
}

/* A second process would drop the first one's connections, which would then hear nothing. */
static void
test_one_stage (void)
{
  g_auto (TableFile) table_file = { 0 };
  g_autofree char *folder = NULL;
  g_autofree char *other = NULL;
  g_autofree char *lock = NULL;
  g_autofree char *pid = g_strdup_printf ("process %ld", (long) getpid ());

  table_file_init (&table_file);
  folder = g_path_get_dirname (table_file.path);
  other = g_build_filename (folder, "link", NULL);
  lock = g_strconcat (table_file.path, "-lock", NULL);
  g_assert_no_errno (symlink ("stage.sqlite", other));
  /* Lock files left by a killed process do not block the next one. */
  g_assert_true (g_file_set_contents (lock, "1\n", -1, NULL));
  for (guint round = 0; round < 2; round++)
    {
      g_autoptr (DwTables) tables = open_tables (&table_file);

      for (guint i = 0; i < 2; i++)
        {
          g_autoptr (GError) error = NULL;

          g_assert_null (dw_tables_open (i == 0 ? table_file.path : other, &error));
          g_assert_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_TABLE);
          g_assert_nonnull (strstr (error->message, pid));
          g_assert_null (strstr (error->message, "link"));
        }
    }
  g_assert_false (g_file_test (lock, G_FILE_TEST_EXISTS));
}

static guint
mode_of (const char *path, const char *suffix)
{
  g_autofree char *name = g_strconcat (path, suffix, NULL);
  struct stat status;

  g_assert_no_errno (stat (name, &status));
  return status.st_mode & 0777;
}

/* The file holds messages: no other user may read them, even if an older version left it readable. */
static void
test_modes (void)
{
  g_auto (TableFile) table_file = { 0 };
  g_autofree char *folder = NULL;
  mode_t mask = umask (022);

  table_file_init (&table_file);
  folder = g_path_get_dirname (table_file.path);
  g_free (table_file.path);
  table_file.path = g_build_filename (folder, "a", "b", "stage.sqlite", NULL);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (DwTables) tables = open_tables (&table_file);
      g_autoptr (DwSqliteRegistry) registry = dw_sqlite_registry_new (tables, 3);

      put (DW_REGISTRY (registry), "x");
      g_assert_cmpuint (mode_of (table_file.path, ""), ==, 0600);
      g_assert_cmpuint (mode_of (table_file.path, "-wal"), ==, 0600);
      g_assert_cmpuint (mode_of (table_file.path, "-shm"), ==, 0600);
      g_assert_cmpuint (mode_of (table_file.path, "-lock"), ==, 0600);
      g_assert_no_errno (chmod (table_file.path, 0644));
    }
  g_free (folder);
  folder = g_path_get_dirname (table_file.path);
  g_assert_cmpuint (mode_of (folder, ""), ==, 0700);
  umask (mask);
}

static void
copy_file (const char *from, const char *to, const char *suffix)
{
  g_autofree char *a = g_strconcat (from, suffix, NULL);
  g_autofree char *b = g_strconcat (to, suffix, NULL);
  g_autofree char *data = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (a, &data, &length, NULL));
  g_assert_true (g_file_set_contents (b, data, (gssize) length, NULL));
}

/* A file from before the application ID is still used, even if its tables are still in the write-ahead log. */
static void
test_old_file (void)
{
  for (guint killed = 0; killed < 2; killed++)
    {
      g_auto (TableFile) table_file = { 0 };
      g_autofree char *first = NULL;
      g_autoptr (DwServerFile) file = NULL;
      g_autoptr (GPtrArray) letters = NULL;
      g_autoptr (GError) error = NULL;
      gint64 mark;
      sqlite3 *raw;

      table_file_init (&table_file);
      first = g_strconcat (table_file.path, ".first", NULL);
      raw = open_raw (first);
      run_raw (raw, "PRAGMA journal_mode = WAL");
      run_raw (raw, old_schema);
      run_raw (raw, "INSERT INTO dead_letters VALUES (7, 'a', 'b', 'c', 1)");
      if (!killed)
        sqlite3_close (raw);
      copy_file (first, table_file.path, "");
      if (killed)
        {
          copy_file (first, table_file.path, "-wal");
          sqlite3_close (raw);
        }
      file = dw_server_file_new (table_file.path, TRUE, &error);
      g_assert_no_error (error);
      letters = dw_dead_letters_list (file, 0, 10, NULL);
      g_assert_cmpuint (letters->len, ==, 1);
      g_assert_true (dw_server_file_sum (file, "PRAGMA application_id", "", &mark, NULL));
      g_assert_cmpint (mark, ==, DW_SERVER_SCHEMA_APPLICATION);
      g_assert_true (dw_server_file_sum (file, "PRAGMA user_version", "", &mark, NULL));
      g_assert_cmpint (mark, ==, DW_SERVER_SCHEMA_VERSION);
    }
}

/* Another program's file keeps every byte and its permissions, and nothing is left beside it. */
static void
test_foreign (void)
{
  static const char *const scripts[] = {
    "CREATE TABLE notes (text)",
    "CREATE TABLE connections (id, host)",
    "CREATE VIEW connections AS SELECT 1 AS connection_id, 2 AS timestamp",
    "PRAGMA application_id = 1234",
    "PRAGMA application_id = 1234; CREATE TABLE notes (text)",
    "PRAGMA user_version = 3",
    "PRAGMA application_id = 0x44577374; PRAGMA user_version = 2",
    "PRAGMA journal_mode = WAL; CREATE TABLE notes (text); INSERT INTO notes VALUES ('x')",
    NULL, /* not a database */
    "",   /* nor is this: ten bytes */
  };

  for (guint i = 0; i < G_N_ELEMENTS (scripts); i++)
    for (guint live = 0; live < 2; live++)
      {
        g_auto (TableFile) table_file = { 0 };
        g_autofree char *before = NULL;
        g_autofree char *after = NULL;
        g_autofree char *lock = NULL;
        g_autofree char *log = NULL;
        g_autoptr (GError) error = NULL;
        gsize length, length_after;
        sqlite3 *raw = NULL;

        g_test_message ("script %u, %s", i, live ? "open" : "closed");
        table_file_init (&table_file);
        lock = g_strconcat (table_file.path, "-lock", NULL);
        log = g_strconcat (table_file.path, "-wal", NULL);
        if (scripts[i] != NULL && *scripts[i] != '\0')
          {
            raw = open_raw (table_file.path);
            run_raw (raw, scripts[i]);
            if (!live)
              g_clear_pointer (&raw, sqlite3_close);
          }
        else
          {
            g_autofree char *text = g_strnfill (scripts[i] == NULL ? 5000 : 10, 'x');

            g_assert_true (g_file_set_contents (table_file.path, text, -1, NULL));
          }
        g_assert_no_errno (chmod (table_file.path, 0640));
        g_assert_true (g_file_get_contents (table_file.path, &before, &length, NULL));
        g_assert_null (dw_server_file_new (table_file.path, TRUE, &error));
        g_assert_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_TABLE);
        g_assert_nonnull (strstr (error->message, "was not changed"));
        g_assert_true (g_file_get_contents (table_file.path, &after, &length_after, NULL));
        g_assert_cmpmem (before, length, after, length_after);
        g_assert_cmpuint (mode_of (table_file.path, ""), ==, 0640);
        g_assert_false (g_file_test (lock, G_FILE_TEST_EXISTS));
        g_assert_true (raw != NULL || !g_file_test (log, G_FILE_TEST_EXISTS));
        g_clear_pointer (&raw, sqlite3_close);
      }
}

/* Whatever is in the file, a scan ends, and its ids are valid text. */
static void
test_strange_rows (void)
{
  g_auto (TableFile) table_file = { 0 };
  g_autoptr (DwTables) tables = NULL;
  g_autoptr (DwSqliteRegistry) registry = NULL;
  sqlite3 *raw;

  table_file_init (&table_file);
  raw = open_raw (table_file.path);
  run_raw (
      raw,
      "CREATE TABLE connections (connection_id, timestamp);"
      "CREATE TABLE claims (id, time); CREATE TABLE dead_letters (number, connection_id, text, reason, time);"
      "INSERT INTO connections VALUES (x'ff', 'x'), (x'ff', NULL), (x'fe00fe', 1), ('a' || char (0), 2), (3, 4);"
      "INSERT INTO dead_letters VALUES (1, NULL, x'ff', 3, 'x');"
      "PRAGMA application_id = 0x44577374; PRAGMA user_version = 1");
  tables = open_tables (&table_file);
  registry = dw_sqlite_registry_new (tables, 1);
  g_assert_cmpuint (count (DW_REGISTRY (registry)), <, 10);
  put (DW_REGISTRY (registry), "x");
  run_raw (raw, "DROP TABLE connections");
  sqlite3_close (raw);
  g_clear_pointer (&tables, dw_tables_close);
  {
    g_autoptr (DwServerFile) file = dw_server_file_new (table_file.path, TRUE, NULL);
    g_autoptr (GPtrArray) letters = dw_dead_letters_list (file, 0, 10, NULL);

    g_assert_cmpuint (letters->len, ==, 1);
    g_assert_cmpstr (((DwDeadLetter *) letters->pdata[0])->connection_id, ==, "");
  }
}

typedef struct
{
  gint64 last;
  gint64 longest;
} Pulse;

static gboolean
on_pulse (gpointer data)
{
  Pulse *pulse = data;
  gint64 now = g_get_monotonic_time ();

  pulse->longest = MAX (pulse->longest, now - pulse->last);
  pulse->last = now;
  return G_SOURCE_CONTINUE;
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  guint *answers = data;

  g_task_propagate_boolean (G_TASK (result), &error);
  answers[error == NULL ? 0 : 1]++;
  g_assert_true (error == NULL || error->domain == DW_BACKEND_ERROR);
}

static gboolean
has_answers (gpointer data)
{
  guint *answers = data;

  return answers[0] + answers[1] >= answers[2];
}

/* While another program locks the file the main loop keeps turning, and afterwards everything is done in order: an id
 * added after its removal would stay forever. */
static void
test_locked (void)
{
  g_auto (TableFile) table_file = { 0 };
  g_autoptr (DwTables) tables = NULL;
  g_autoptr (DwSqliteRegistry) registry = NULL;
  Pulse pulse = { g_get_monotonic_time (), 0 };
  guint answers[3] = { 0, 0, 400 };
  guint timer;
  sqlite3 *raw;

  table_file_init (&table_file);
  tables = open_tables (&table_file);
  registry = dw_sqlite_registry_new (tables, 100);
  raw = open_raw (table_file.path);
  run_raw (raw, "BEGIN IMMEDIATE");
  timer = g_timeout_add (5, on_pulse, &pulse);
  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *id = g_strdup_printf ("id-%u", i);

      dw_registry_put_async (DW_REGISTRY (registry), id, i, NULL, on_answer, answers);
      dw_registry_remove_async (DW_REGISTRY (registry), id, NULL, on_answer, answers);
    }
  /* It can be read meanwhile. */
  g_assert_cmpuint (count (DW_REGISTRY (registry)), ==, 0);
  dw_test_run_for (1000);
  g_assert_cmpuint (answers[0], ==, 0);
  g_assert_cmpuint (answers[1], ==, 0);
  run_raw (raw, "ROLLBACK");
  dw_test_until ("all answers", has_answers, answers);
  g_source_remove (timer);
  g_assert_cmpuint (answers[1], ==, 0);
  g_assert_cmpuint (count (DW_REGISTRY (registry)), ==, 0);
  /* It once took 2,000 ms per statement. */
  g_test_message ("the longest turn took %" G_GINT64_FORMAT " us", pulse.longest);
  g_assert_cmpint (pulse.longest, <, 500 * 1000);
  sqlite3_close (raw);
}

/* The wait for a lock ends once for all who wait, and does not delay a stop. */
static void
test_locked_for_long (void)
{
  g_auto (TableFile) table_file = { 0 };
  g_autoptr (DwTables) tables = NULL;
  g_autoptr (DwSqliteRegistry) registry = NULL;
  guint answers[3] = { 0, 0, 50 };
  gint64 start = g_get_monotonic_time ();
  sqlite3 *raw;

  table_file_init (&table_file);
  tables = open_tables (&table_file);
  registry = dw_sqlite_registry_new (tables, 100);
  raw = open_raw (table_file.path);
  run_raw (raw, "BEGIN IMMEDIATE");
  for (guint i = 0; i < 50; i++)
    dw_registry_put_async (DW_REGISTRY (registry), "id", i, NULL, on_answer, answers);
  dw_test_until ("all answers", has_answers, answers);
  g_assert_cmpuint (answers[1], ==, 50);
  g_assert_cmpint (g_get_monotonic_time () - start, <, (DW_TABLES_PATIENCE_MS + 4000) * 1000);
  run_raw (raw, "ROLLBACK");
  put (DW_REGISTRY (registry), "after");
  run_raw (raw, "BEGIN IMMEDIATE");
  answers[1] = 0;
  answers[2] = 1;
  start = g_get_monotonic_time ();
  dw_registry_put_async (DW_REGISTRY (registry), "never", 1, NULL, on_answer, answers);
  g_clear_pointer (&tables, dw_tables_close);
  g_assert_cmpint (g_get_monotonic_time () - start, <, (DW_TABLES_CLOSE_MS + 2000) * 1000);
  dw_test_until ("the answer", has_answers, answers);
  answers[2] = 2;
  dw_registry_put_async (DW_REGISTRY (registry), "later", 1, NULL, on_answer, answers);
  dw_test_until ("the answer", has_answers, answers);
  g_assert_cmpuint (answers[1], ==, 2);
  sqlite3_close (raw);
}

/* Blocks the tables' thread until the gate opens. */
typedef struct
{
  GMutex mutex;
  GCond cond;
  gboolean reached, open;
} Gate;

static gboolean
run_gate (DwServerFile *file, gpointer data, GError **error)
{
  Gate *gate = data;

  g_mutex_lock (&gate->mutex);
  gate->reached = TRUE;
  while (!gate->open)
    g_cond_wait (&gate->cond, &gate->mutex);
  g_mutex_unlock (&gate->mutex);
  return TRUE;
}

static gboolean
is_reached (gpointer data)
{
  Gate *gate = data;
  gboolean reached;

  g_mutex_lock (&gate->mutex);
  reached = gate->reached;
  g_mutex_unlock (&gate->mutex);
  return reached;
}

static gboolean
wake (gpointer unused)
{
  return G_SOURCE_CONTINUE;
}

static gboolean
run_nothing (DwServerFile *file, gpointer data, GError **error)
{
  return TRUE;
}

static void
on_nothing (gpointer data, const GError *error)
{
  guint *answers = data;

  answers[error == NULL ? 0 : 1]++;
}

static void
queue_nothing (DwTables *tables, guint n, DwTablesKind kind, gsize bytes, guint *answers)
{
  for (guint i = 0; i < n; i++)
    dw_tables_queue (tables, kind, run_nothing, on_nothing, answers, NULL, bytes);
}

/* However slow the disk is, the pending work is bounded, and removals are not blocked by additions. */
static void
test_bounds (void)
{
  g_auto (TableFile) table_file = { 0 };
  g_autoptr (DwTables) tables = NULL;
  Gate gate = { .open = FALSE };
  guint answers[3] = { 0 };
  guint timer = g_timeout_add (5, wake, NULL);

  table_file_init (&table_file);
  tables = open_tables (&table_file);
  for (guint in_bytes = 0; in_bytes < 2; in_bytes++)
    {
      guint n = in_bytes ? 16 : DW_TABLES_JOBS;
      gsize bytes = in_bytes ? DW_TABLES_BYTES / n - DW_TABLES_JOB_COST : 0;

      gate.open = gate.reached = FALSE;
      memset (answers, 0, sizeof answers);
      dw_tables_queue (tables, DW_TABLES_READ, run_gate, NULL, &gate, NULL, 0);
      dw_test_until ("the gate", is_reached, &gate);
      /* The blocked call itself counts in bytes, and its slot is free again. */
      queue_nothing (tables, n - 1, DW_TABLES_READ, bytes, answers);
      queue_nothing (tables, 1, DW_TABLES_READ, in_bytes ? bytes - DW_TABLES_JOB_COST : bytes, answers);
      queue_nothing (tables, 1, DW_TABLES_READ, bytes, answers);
      answers[2] = 1;
      dw_test_until ("an answer", has_answers, answers);
      g_assert_cmpuint (answers[0], ==, 0);
      g_assert_cmpuint (answers[1], ==, 1);
      queue_nothing (tables, 1, DW_TABLES_REMOVE, bytes, answers);
      if (!in_bytes)
        queue_nothing (tables, DW_TABLES_RESERVE, DW_TABLES_REMOVE, bytes, answers);
      answers[2] = 2;
      dw_test_until ("an answer", has_answers, answers);
      g_assert_cmpuint (answers[1], ==, 2);
      g_mutex_lock (&gate.mutex);
      gate.open = TRUE;
      g_cond_signal (&gate.cond);
      g_mutex_unlock (&gate.mutex);
      answers[2] = n + 2 + (in_bytes ? 0 : DW_TABLES_RESERVE);
      dw_test_until ("the rest", has_answers, answers);
      g_assert_cmpuint (answers[1], ==, 2);
    }
  g_source_remove (timer);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/tables/restart", test_restart);
  g_test_add_func ("/backend/tables/claims", test_claims);
  g_test_add_func ("/backend/tables/dead-letters", test_dead_letters);
  g_test_add_func ("/backend/tables/claims/file", test_claims_in_file);
  g_test_add_func ("/backend/tables/dead-letters/bounds", test_dead_letters_bounds);
  g_test_add_func ("/backend/tables/trouble", test_trouble);
  g_test_add_func ("/backend/tables/one-stage", test_one_stage);
  g_test_add_func ("/backend/tables/modes", test_modes);
  g_test_add_func ("/backend/tables/old-file", test_old_file);
  g_test_add_func ("/backend/tables/foreign", test_foreign);
  g_test_add_func ("/backend/tables/strange-rows", test_strange_rows);
  g_test_add_func ("/backend/tables/locked", test_locked);
  g_test_add_func ("/backend/tables/locked-for-long", test_locked_for_long);
  g_test_add_func ("/backend/tables/bounds", test_bounds);
  return g_test_run ();
}
