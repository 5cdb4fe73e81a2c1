/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-stage-file.h"

#include "backend/dw-backend-error.h"

/* The stage's tables in one SQLite file. A statement takes some microseconds: with a write-ahead log and without a
 * sync a commit, which costs the last moments at a power failure, when all connections are gone anyway. */
struct _DwStageFile
{
  GObject parent_instance;

  sqlite3 *database;
  GHashTable *statements; /* by their SQL, which is ours and a handful */
};

G_DEFINE_FINAL_TYPE (DwStageFile, dw_stage_file, G_TYPE_OBJECT)

/* How long another program, such as the command that lists dead letters, may hold the file, in milliseconds. */
#define BUSY_MS 2000

static const char schema[] = "PRAGMA journal_mode = WAL;"
                             "PRAGMA synchronous = NORMAL;"
                             "CREATE TABLE IF NOT EXISTS connections ("
                             "  connection_id TEXT PRIMARY KEY, timestamp INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
                             "CREATE TABLE IF NOT EXISTS claims ("
                             "  id TEXT PRIMARY KEY, time INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
                             "CREATE INDEX IF NOT EXISTS claims_time ON claims (time);"
                             "CREATE TABLE IF NOT EXISTS dead_letters ("
                             "  number INTEGER PRIMARY KEY, connection_id TEXT NOT NULL, text TEXT NOT NULL,"
                             "  reason TEXT NOT NULL, time INTEGER NOT NULL) STRICT;";

static gboolean
fail (DwStageFile *self, GError **error)
{
  g_set_error_literal (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_TABLE, sqlite3_errmsg (self->database));
  return FALSE;
}

static void
finalize_statement (gpointer statement)
{
  sqlite3_finalize (statement);
}

static void
dw_stage_file_finalize (GObject *object)
{
  DwStageFile *self = DW_STAGE_FILE (object);

  g_clear_pointer (&self->statements, g_hash_table_unref);
  sqlite3_close (self->database);
  G_OBJECT_CLASS (dw_stage_file_parent_class)->finalize (object);
}

static void
dw_stage_file_class_init (DwStageFileClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dw_stage_file_finalize;
}

static void
dw_stage_file_init (DwStageFile *self)
{
  self->statements = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, finalize_statement);
}

/**
 * dw_stage_file_new:
 * @path: where it is; it is made where it is not
 * @error: %DW_BACKEND_ERROR_TABLE: why it cannot be used
 *
 * Returns: (transfer full) (nullable): the file, with its tables
 */
DwStageFile *
dw_stage_file_new (const char *path, GError **error)
{
  g_autoptr (DwStageFile) self = g_object_new (DW_TYPE_STAGE_FILE, NULL);

  if (sqlite3_open_v2 (path, &self->database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK
      || sqlite3_busy_timeout (self->database, BUSY_MS) != SQLITE_OK
      || sqlite3_exec (self->database, schema, NULL, NULL, NULL) != SQLITE_OK)
    {
      fail (self, error);
      return NULL;
    }
  return g_steal_pointer (&self);
}

/**
 * dw_stage_file_prepare:
 * @self: a file
 * @sql: one statement; the same pointer's text must stay
 * @error: %DW_BACKEND_ERROR_TABLE: why it cannot be prepared
 *
 * Returns: (transfer none) (nullable): the statement, reset and without parameters
 */
sqlite3_stmt *
dw_stage_file_prepare (DwStageFile *self, const char *sql, GError **error)
{
  sqlite3_stmt *statement = g_hash_table_lookup (self->statements, sql);

  if (statement == NULL)
    {
      if (sqlite3_prepare_v3 (self->database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK)
        {
          fail (self, error);
          return NULL;
        }
      g_hash_table_insert (self->statements, (gpointer) sql, statement);
    }
  sqlite3_reset (statement);
  sqlite3_clear_bindings (statement);
  return statement;
}

/**
 * dw_stage_file_step:
 * @self: a file
 * @statement: one of its statements
 * @error: %DW_BACKEND_ERROR_TABLE: what went wrong
 *
 * Returns: whether there is a row; without an error there is none any more otherwise
 */
gboolean
dw_stage_file_step (DwStageFile *self, sqlite3_stmt *statement, GError **error)
{
  int result = sqlite3_step (statement);

  if (result == SQLITE_ROW)
    return TRUE;
  if (result != SQLITE_DONE)
    fail (self, error);
  sqlite3_reset (statement);
  return FALSE;
}

/**
 * dw_stage_file_run:
 * @self: a file
 * @sql: one statement that gives no rows
 * @types: what follows: `s` a text, `i` a #gint64
 * @error: %DW_BACKEND_ERROR_TABLE: what went wrong
 * @...: its parameters
 *
 * Returns: whether it was done
 */
gboolean
dw_stage_file_run (DwStageFile *self, const char *sql, const char *types, GError **error, ...)
{
  sqlite3_stmt *statement = dw_stage_file_prepare (self, sql, error);
  g_autoptr (GError) problem = NULL;
  va_list parameters;

  if (statement == NULL)
    return FALSE;
  va_start (parameters, error);
  for (int i = 0; types[i] != '\0'; i++)
    if (types[i] == 's')
      sqlite3_bind_text (statement, i + 1, va_arg (parameters, const char *), -1, SQLITE_TRANSIENT);
    else
      sqlite3_bind_int64 (statement, i + 1, va_arg (parameters, gint64));
  va_end (parameters);
  dw_stage_file_step (self, statement, &problem);
  if (problem == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

/**
 * dw_stage_file_get_changes:
 * @self: a file
 *
 * Returns: how many rows the last statement changed
 */
int
dw_stage_file_get_changes (DwStageFile *self)
{
  return sqlite3_changes (self->database);
}
