/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-database.h"

#include "dw-tokenizer.h"

#include "client/dw-client-error.h"

#include "wire/dw-thread.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

struct _DwDatabase
{
  sqlite3 *handle;
  GHashTable *statements; /* const char * → sqlite3_stmt; as many as there are texts in our sources */
  DwFold *fold;
  gboolean read_only;
  gboolean copied;
  GThread *thread; /* it lives where it was opened: the store's thread, and nowhere else */
};

static DwClientError
code_of (int result)
{
  switch (result & 0xff)
    {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return DW_CLIENT_ERROR_STORE_LOCKED;
    case SQLITE_FULL:
      return DW_CLIENT_ERROR_STORE_FULL;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      return DW_CLIENT_ERROR_STORE_READ_ONLY;
    case SQLITE_IOERR:
      return DW_CLIENT_ERROR_STORE_IO;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return DW_CLIENT_ERROR_STORE_DAMAGED;
    default:
      return DW_CLIENT_ERROR_STORE;
    }
}

static gboolean
fail (DwDatabase *database, int result, GError **error)
{
  /* SQLite's words name tables and reasons, never a value. */
  g_set_error (error, DW_CLIENT_ERROR, code_of (result), "%s (%d)", sqlite3_errmsg (database->handle),
               sqlite3_extended_errcode (database->handle));
  return FALSE;
}

static void
finalize (gpointer statement)
{
  sqlite3_finalize (statement);
}

static DwDatabase *
open_file (const char *name, int flags, gboolean damaged, GError **error)
{
  DwDatabase *database = g_new0 (DwDatabase, 1);
  int result = sqlite3_open_v2 (name, &database->handle, flags | SQLITE_OPEN_NOMUTEX, NULL);

  database->thread = g_thread_self ();
  database->statements = g_hash_table_new_full (g_direct_hash, g_direct_equal, NULL, finalize);
  database->fold = dw_fold_new ();
  /* Before the first statement: newer versions of SQLite read the schema for any, and find the end missing. */
  if (result == SQLITE_OK && damaged)
    result = sqlite3_exec (database->handle, "PRAGMA writable_schema = ON", NULL, NULL, NULL);
  if (result == SQLITE_OK)
    result = dw_tokenizer_register (database->handle, database->fold);
  if (result == SQLITE_OK)
    return database;
  fail (database, result, error);
  dw_database_close (database);
  return NULL;
}

/**
 * dw_database_open:
 * @path: (nullable): the file, made where it is missing, or %NULL for a database in memory
 * @error: %DW_CLIENT_ERROR_STORE and its kinds
 *
 * Opens a file, as it is, such that deleted text is overwritten. Nothing waits for a lock: whoever calls tries
 * again. Closing leaves the log as it is until dw_database_set_keeps_log() says otherwise.
 *
 * Returns: (transfer full): the connection
 */
DwDatabase *
dw_database_open (const char *path, GError **error)
{
  g_autoptr (DwDatabase) database =
      open_file (path != NULL ? path : ":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, FALSE, error);

  if (database == NULL)
    return NULL;
  dw_database_set_keeps_log (database, TRUE);
  database->read_only = sqlite3_db_readonly (database->handle, "main") == 1;
  /* NORMAL loses nothing when the program dies; when the computer does, at most the last moments. */
  if (!dw_database_run_script (database,
                               "PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;"
                               "PRAGMA cache_size = -4000; PRAGMA synchronous = NORMAL;"
                               "PRAGMA journal_size_limit = 8388608; SELECT count(*) FROM sqlite_schema",
                               error))
    return NULL;
  /* The user's messages are private. */
  if (path != NULL)
    g_chmod (path, 0600);
  return g_steal_pointer (&database);
}

/**
 * dw_database_open_to_read:
 * @path: the file
 * @error: %DW_CLIENT_ERROR_STORE and its kinds
 *
 * Opens a file where nothing can be written, not even the log's index.
 *
 * Returns: (transfer full): the connection
 */
DwDatabase *
dw_database_open_to_read (const char *path, GError **error)
{
  g_autofree char *escaped = g_uri_escape_string (path, G_URI_RESERVED_CHARS_ALLOWED_IN_PATH, TRUE);
  g_autofree char *uri = g_strdup_printf ("file:%s?immutable=1", escaped);
  g_autoptr (DwDatabase) database = open_file (uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, FALSE, error);

  if (database == NULL)
    return NULL;
  database->read_only = TRUE;
  if (!dw_database_run_script (database, "SELECT count(*) FROM sqlite_schema", error))
    return NULL;
  return g_steal_pointer (&database);
}

/**
 * dw_database_open_beside:
 * @path: the file
 * @error: %DW_CLIENT_ERROR_STORE and its kinds
 *
 * Opens a file that another connection may be writing to, for reading alone. One whose end is missing opens too: what
 * is left of it can be read.
 *
 * Returns: (transfer full): the connection
 */
DwDatabase *
dw_database_open_beside (const char *path, GError **error)
{
  g_autoptr (DwDatabase) database = open_file (path, SQLITE_OPEN_READONLY, TRUE, error);

  if (database == NULL)
    return NULL;
  database->read_only = TRUE;
  if (!dw_database_run_script (database, "SELECT count(*) FROM sqlite_schema", error))
    return NULL;
  return g_steal_pointer (&database);
}

/**
 * dw_database_close:
 * @database: (transfer full): a connection
 */
void
dw_database_close (DwDatabase *database)
{
  DW_ASSERT_THREAD (database->thread);

  g_hash_table_unref (database->statements);
  sqlite3_close (database->handle);
  dw_fold_free (database->fold);
  g_free (database);
}

/**
 * dw_database_run_script:
 * @database: a connection
 * @sql: statements without parameters
 * @error: %DW_CLIENT_ERROR_STORE and its kinds
 *
 * Returns: whether all ran
 */
gboolean
dw_database_run_script (DwDatabase *database, const char *sql, GError **error)
{
  int result = sqlite3_exec (database->handle, sql, NULL, NULL, NULL);

  DW_ASSERT_THREAD (database->thread);

  return result == SQLITE_OK ? TRUE : fail (database, result, error);
}

static sqlite3_stmt *
prepare (DwDatabase *database, const char *sql, GError **error)
{
  sqlite3_stmt *statement = g_hash_table_lookup (database->statements, sql);
  int result;

  if (statement != NULL)
    {
      sqlite3_reset (statement);
      sqlite3_clear_bindings (statement);
      return statement;
    }
  result = sqlite3_prepare_v3 (database->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
  if (result != SQLITE_OK)
    {
      fail (database, result, error);
      return NULL;
    }
  g_hash_table_insert (database->statements, (gpointer) sql, statement);
  return statement;
}

static void
bind (sqlite3_stmt *statement, const char *types, va_list values)
{
  for (int i = 1; *types != '\0'; i++, types++)
    switch (*types)
      {
      case 'i':
        sqlite3_bind_int64 (statement, i, va_arg (values, gint64));
        break;
      case 's':
        sqlite3_bind_text (statement, i, va_arg (values, const char *), -1, SQLITE_TRANSIENT);
        break;
      default:
        g_assert_not_reached ();
      }
}

/**
 * dw_database_query:
 * @database: a connection
 * @error: %DW_CLIENT_ERROR_STORE and its kinds
 * @sql: one statement, a constant of the program: it is prepared once
 * @types: the type of each parameter: `i` for a #gint64, `s` for a text or %NULL
 * @...: the parameters
 *
 * Returns: (transfer none) (nullable): the statement, to be stepped with dw_database_next() before the next use of
 *   the same @sql
 */
sqlite3_stmt *
dw_database_query (DwDatabase *database, GError **error, const char *sql, const char *types, ...)
{
  sqlite3_stmt *statement = prepare (database, sql, error);
  va_list values;

  if (statement == NULL)
    return NULL;
  va_start (values, types);
  bind (statement, types, values);
  va_end (values);
  return statement;
}

/**
 * dw_database_next:
 * @database: a connection
 * @query: a statement of it
 * @error: %DW_CLIENT_ERROR_STORE and its kinds
 *
 * Returns: %TRUE where there is a row; %FALSE at the end, or with @error set
 */
gboolean
dw_database_next (DwDatabase *database, sqlite3_stmt *query, GError **error)
{
  int result = sqlite3_step (query);

  DW_ASSERT_THREAD (database->thread);

  if (result == SQLITE_ROW)
    return TRUE;
  if (result != SQLITE_DONE)
    fail (database, result, error);
  /* A statement that is not reset holds a lock. */
  sqlite3_reset (query);
  return FALSE;
}

/**
 * dw_database_run:
 * @database: a connection
 * @error: %DW_CLIENT_ERROR_STORE and its kinds
 * @sql: one statement, a constant of the program: it is prepared once
 * @types: as for dw_database_query()
 * @...: the parameters
 *
 * Returns: whether it ran
 */
gboolean
dw_database_run (DwDatabase *database, GError **error, const char *sql, const char *types, ...)
{
  sqlite3_stmt *statement = prepare (database, sql, error);
  int result;
  va_list values;

  if (statement == NULL)
    return FALSE;
  va_start (values, types);
  bind (statement, types, values);
  va_end (values);
  do
    result = sqlite3_step (statement);
  while (result == SQLITE_ROW);
  if (result != SQLITE_DONE)
    fail (database, result, error);
  sqlite3_reset (statement);
  return result == SQLITE_DONE;
}

/**
 * dw_database_dup_text:
 * @query: a statement that has a row
 * @column: which column
 *
 * Whatever stands in the file: what is no UTF-8 becomes such.
 *
 * Returns: (transfer full) (nullable): the text in it
 */
char *
dw_database_dup_text (sqlite3_stmt *query, int column)
{
  const char *text = (const char *) sqlite3_column_text (query, column);

  return text != NULL ? g_utf8_make_valid (text, -1) : NULL;
}

/**
 * dw_database_dup_some_text:
 * @query: a statement that has a row
 * @column: which column, where our own files always have a text
 *
 * Returns: (transfer full): the text in it; empty where a file that is not ours has none
 */
char *
dw_database_dup_some_text (sqlite3_stmt *query, int column)
{
  char *text = dw_database_dup_text (query, column);

  return text != NULL ? text : g_strdup ("");
}

/**
 * dw_database_get_number:
 * @database: a connection
 * @sql: a query of one row and one column
 * @number: (out): what it says, 0 for nothing
 * @error: %DW_CLIENT_ERROR_STORE and its kinds
 *
 * Returns: whether it could be asked
 */
gboolean
dw_database_get_number (DwDatabase *database, const char *sql, gint64 *number, GError **error)
{
  GError *problem = NULL;
  sqlite3_stmt *query = dw_database_query (database, error, sql, "");

  *number = 0;
  if (query == NULL)
    return FALSE;
  while (dw_database_next (database, query, &problem))
    *number = sqlite3_column_int64 (query, 0);
  if (problem == NULL)
    return TRUE;
  g_propagate_error (error, problem);
  return FALSE;
}

/**
 * dw_database_get_changes:
 * @database: a connection
 *
 * Returns: how many rows the last statement that wrote has changed
 */
gint64
dw_database_get_changes (DwDatabase *database)
{
  return sqlite3_changes64 (database->handle);
}

/**
 * dw_database_get_total_changes:
 * @database: a connection
 *
 * Returns: how many rows were changed since it was opened
 */
gint64
dw_database_get_total_changes (DwDatabase *database)
{
  return sqlite3_total_changes64 (database->handle);
}

/**
 * dw_database_is_in_memory:
 * @database: a connection
 *
 * Returns: whether it is gone when it is closed
 */
gboolean
dw_database_is_in_memory (DwDatabase *database)
{
  const char *name = sqlite3_db_filename (database->handle, "main");

  return name == NULL || *name == '\0';
}

/**
 * dw_database_is_read_only:
 * @database: a connection
 *
 * Returns: whether nothing can be written through it
 */
gboolean
dw_database_is_read_only (DwDatabase *database)
{
  return database->read_only;
}

/**
 * dw_database_set_copied:
 * @database: a connection that cannot write
 *
 * Its file is a copy of another one, which may have been used since; see dw-store-home.
 */
void
dw_database_set_copied (DwDatabase *database)
{
  database->copied = TRUE;
}

/**
 * dw_database_is_copied:
 * @database: a connection
 *
 * Returns: whether what waits in the file may have been sent, and the file cannot say so
 */
gboolean
dw_database_is_copied (DwDatabase *database)
{
  return database->copied;
}

/**
 * dw_database_has_transaction:
 * @database: a connection
 *
 * Returns: whether a transaction is open: some errors end it and some do not
 */
gboolean
dw_database_has_transaction (DwDatabase *database)
{
  return sqlite3_get_autocommit (database->handle) == 0;
}

/**
 * dw_database_get_fold:
 * @database: a connection
 *
 * Returns: (transfer none): what its index of words folds with
 */
DwFold *
dw_database_get_fold (DwDatabase *database)
{
  DW_ASSERT_THREAD (database->thread);

  return database->fold;
}

/**
 * dw_database_set_keeps_log:
 * @database: a connection
 * @keeps_log: whether closing leaves the log (SQLite’s write-ahead log) beside the file, or writes what is in it into
 *   the file
 */
void
dw_database_set_keeps_log (DwDatabase *database, gboolean keeps_log)
{
  sqlite3_db_config (database->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keeps_log ? 1 : 0, NULL);
}

static int
on_progress (void *data)
{
  return g_atomic_int_get ((const gint *) data);
}

/* Between two looks, in instructions of SQLite's: some microseconds. */
#define LOOK_EVERY 1000

/**
 * dw_database_watch_end:
 * @database: a connection
 * @end: what another thread sets, atomically; it outlives @database
 *
 * From then on whatever runs ends with an error soon after @end is set.
 */
void
dw_database_watch_end (DwDatabase *database, const gint *end)
{
  sqlite3_progress_handler (database->handle, LOOK_EVERY, on_progress, (gpointer) end);
}
