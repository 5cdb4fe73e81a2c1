/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-server-file.h"

#include "dw-server-lock.h"
#include "dw-server-schema.h"

#include "backend/dw-backend-error.h"

#include "wire/dw-thread.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The stage's tables in one SQLite file. A statement takes a few microseconds, thanks to a write-ahead log and no
 * sync at each commit. A power failure may lose the last moments, but then all connections are gone anyway. It lives
 * in the thread that made it or last adopted it. */
struct _DwServerFile
{
  GObject parent_instance;

  char *path;
  DwServerLock *lock; /* or NULL */
  sqlite3 *database;
  GHashTable *statements; /* prepared statements, by their SQL; only a handful, all our own */
  GThread *thread;        /* the one it lives in */
};

G_DEFINE_FINAL_TYPE (DwServerFile, dw_server_file, G_TYPE_OBJECT)

static gboolean
fail (DwServerFile *self, GError **error)
{
  int code = sqlite3_errcode (self->database) & 0xff;

  if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
    g_set_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_LOCKED, _ ("“%s” is locked by another program."),
                 self->path);
  else
    g_set_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_TABLE, "%s: %s", self->path,
                 sqlite3_errmsg (self->database));
  return FALSE;
}

static void
finalize_statement (gpointer statement)
{
  sqlite3_finalize (statement);
}

static void
dw_server_file_finalize (GObject *object)
{
  DwServerFile *self = DW_SERVER_FILE (object);

  DW_ASSERT_THREAD (self->thread);
  g_clear_pointer (&self->statements, g_hash_table_unref);
  sqlite3_close (self->database);
  g_clear_pointer (&self->lock, dw_server_lock_free);
  g_free (self->path);
  G_OBJECT_CLASS (dw_server_file_parent_class)->finalize (object);
}

static void
dw_server_file_class_init (DwServerFileClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dw_server_file_finalize;
}

static void
dw_server_file_init (DwServerFile *self)
{
  self->statements = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, finalize_statement);
  self->thread = g_thread_self ();
}

/* Resolves links, so that two paths to the same file use the same lock. */
static char *
resolve (const char *path)
{
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *folder = g_path_get_dirname (path);
  char *whole = realpath (path, NULL);
  char *real_folder = whole == NULL ? realpath (folder, NULL) : NULL;
  char *resolved = whole != NULL         ? g_strdup (whole)
                   : real_folder != NULL ? g_build_filename (real_folder, name, NULL)
                                         : g_strdup (path);

  /* From realpath(), so not g_free(). */
  free (whole);
  free (real_folder);
  return resolved;
}

static gboolean
fail_at (const char *path, GError **error)
{
  g_set_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_TABLE, "%s: %s", path, g_strerror (errno));
  return FALSE;
}

/* It will hold messages, so it is private from the moment it exists. */
static gboolean
make_file (const char *path, GError **error)
{
  int fd = open (path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

  if (fd < 0)
    return errno == EEXIST || fail_at (path, error);
  close (fd);
  return TRUE;
}

/* For files from earlier versions, whose mode came from the umask. SQLite's log gets the mode of the file. */
static void
make_private (const char *path)
{
  static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };

  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      g_autofree char *name = g_strconcat (path, suffixes[i], NULL);
      struct stat status;

      if (stat (name, &status) == 0 && (status.st_mode & 0777) != 0600 && chmod (name, 0600) != 0)
        g_message ("Others may read “%s”: %s", name, g_strerror (errno));
    }
}

static gboolean
open_database (DwServerFile *self, GError **error)
{
  /* A forged file must not make us run its code or use much memory. */
  static const char setup[] = "PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON; PRAGMA synchronous = NORMAL;"
                              "PRAGMA journal_size_limit = " G_STRINGIFY (DW_SERVER_FILE_LOG_BYTES);

  if (sqlite3_open_v2 (self->path, &self->database, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
    return fail (self, error);

  sqlite3_busy_timeout (self->database, DW_SERVER_FILE_BUSY_MS);
  sqlite3_db_config (self->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_limit (self->database, SQLITE_LIMIT_LENGTH, DW_SERVER_FILE_VALUE_BYTES);
  if (sqlite3_exec (self->database, setup, NULL, NULL, NULL) != SQLITE_OK)
    return fail (self, error);
  if (!dw_server_schema_prepare (self->database, self->path, error))
    return FALSE;
  if (sqlite3_exec (self->database, "PRAGMA journal_mode = WAL", NULL, NULL, NULL) != SQLITE_OK)
    return fail (self, error);
  return TRUE;
}

/**
 * dw_server_file_new:
 * @path: where it is; it and its folder are created if missing, readable by this user alone
 * @alone: whether to lock it against other stages while it is open
 * @error: %DW_BACKEND_ERROR_TABLE: why it cannot be used
 *
 * Opens a stage's file. Another program's file is refused and left unchanged, byte for byte.
 *
 * Returns: (transfer full) (nullable): the file, with its tables
 */
DwServerFile *
dw_server_file_new (const char *path, gboolean alone, GError **error)
{
  g_autoptr (DwServerFile) self = g_object_new (DW_TYPE_SERVER_FILE, NULL);
  g_autofree char *folder = g_path_get_dirname (path);

  if (g_mkdir_with_parents (folder, 0700) != 0)
    {
      fail_at (folder, error);
      return NULL;
    }

  self->path = resolve (path);
  if (alone && (self->lock = dw_server_lock_take (self->path, error)) == NULL)
    return NULL;
  if (!make_file (self->path, error) || !dw_server_schema_check_file (self->path, error))
    return NULL;

  make_private (self->path);
  return open_database (self, error) ? g_steal_pointer (&self) : NULL;
}

/**
 * dw_server_file_adopt:
 * @self: a file that nobody is using
 *
 * Moves it to the calling thread, where it lives from now on.
 */
void
dw_server_file_adopt (DwServerFile *self)
{
  self->thread = g_thread_self ();
}

/**
 * dw_server_file_set_patience:
 * @self: a file
 * @milliseconds: how long a statement waits while another program has locked the file; the default is
 *   %DW_SERVER_FILE_BUSY_MS
 */
void
dw_server_file_set_patience (DwServerFile *self, int milliseconds)
{
  DW_ASSERT_THREAD (self->thread);
  sqlite3_busy_timeout (self->database, milliseconds);
}

/**
 * dw_server_file_prepare:
 * @self: a file
 * @sql: one statement, which has to stay in memory unchanged
 * @error: %DW_BACKEND_ERROR_TABLE: why it cannot be prepared
 *
 * Returns: (transfer none) (nullable): the statement, reset and with no parameters bound
 */
sqlite3_stmt *
dw_server_file_prepare (DwServerFile *self, const char *sql, GError **error)
{
  sqlite3_stmt *statement = g_hash_table_lookup (self->statements, sql);

  DW_ASSERT_THREAD (self->thread);

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
 * dw_server_file_step:
 * @self: a file
 * @statement: one of its statements
 * @error: %DW_BACKEND_ERROR_TABLE: what went wrong; %DW_BACKEND_ERROR_LOCKED: another program has locked the file
 *
 * Returns: whether there is a row; %FALSE without an error means that there are no more
 */
gboolean
dw_server_file_step (DwServerFile *self, sqlite3_stmt *statement, GError **error)
{
  int result = sqlite3_step (statement);

  if (result == SQLITE_ROW)
    return TRUE;
  if (result != SQLITE_DONE)
    fail (self, error);
  sqlite3_reset (statement);
  return FALSE;
}

static sqlite3_stmt *
prepare_with (DwServerFile *self, const char *sql, const char *types, GError **error, va_list parameters)
{
  sqlite3_stmt *statement = dw_server_file_prepare (self, sql, error);

  for (int i = 0; statement != NULL && types[i] != '\0'; i++)
    if (types[i] == 's')
      sqlite3_bind_text (statement, i + 1, va_arg (parameters, const char *), -1, SQLITE_TRANSIENT);
    else
      sqlite3_bind_int64 (statement, i + 1, va_arg (parameters, gint64));
  return statement;
}

/**
 * dw_server_file_run:
 * @self: a file
 * @sql: one statement; its rows are ignored
 * @types: the types of the parameters: `s` for a text, `i` for a #gint64
 * @error: %DW_BACKEND_ERROR_TABLE: what went wrong
 * @...: its parameters
 *
 * Returns: whether it was done
 */
gboolean
dw_server_file_run (DwServerFile *self, const char *sql, const char *types, GError **error, ...)
{
  g_autoptr (GError) problem = NULL;
  sqlite3_stmt *statement;
  va_list parameters;

  va_start (parameters, error);
  statement = prepare_with (self, sql, types, error, parameters);
  va_end (parameters);
  if (statement == NULL)
    return FALSE;
  while (dw_server_file_step (self, statement, &problem))
    ;
  if (problem == NULL)
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

/**
 * dw_server_file_sum:
 * @self: a file
 * @sql: one statement; the first column of its rows is added up
 * @types: as for dw_server_file_run()
 * @sum: (out): the sum
 * @error: %DW_BACKEND_ERROR_TABLE: what went wrong
 * @...: its parameters
 *
 * Returns: whether it was done
 */
gboolean
dw_server_file_sum (DwServerFile *self, const char *sql, const char *types, gint64 *sum, GError **error, ...)
{
  g_autoptr (GError) problem = NULL;
  sqlite3_stmt *statement;
  va_list parameters;

  *sum = 0;
  va_start (parameters, error);
  statement = prepare_with (self, sql, types, error, parameters);
  va_end (parameters);
  if (statement == NULL)
    return FALSE;
  while (dw_server_file_step (self, statement, &problem))
    *sum += sqlite3_column_int64 (statement, 0);
  if (problem == NULL)
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

/**
 * dw_server_file_get_changes:
 * @self: a file
 *
 * Returns: how many rows the last statement changed
 */
int
dw_server_file_get_changes (DwServerFile *self)
{
  DW_ASSERT_THREAD (self->thread);
  return sqlite3_changes (self->database);
}

/**
 * dw_server_file_dup_text:
 * @statement: a statement that has a row
 * @column: which column
 *
 * Copes with anything the file may hold: what is not text becomes an empty string, and invalid UTF-8 is made valid.
 *
 * Returns: (transfer full): the text in it
 */
char *
dw_server_file_dup_text (sqlite3_stmt *statement, int column)
{
  const char *text = (const char *) sqlite3_column_text (statement, column);

  return text != NULL ? g_utf8_make_valid (text, -1) : g_strdup ("");
}
