/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-server-schema.h"

#include "backend/dw-backend-error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The tables. Files from before the mark are recognized by these exact words, so never change them. */
static const struct
{
  const char *type;
  const char *name;
  const char *definition; /* without “CREATE TABLE ” */
} objects[] = {
  { "TABLE", "connections",
    "connections (  connection_id TEXT PRIMARY KEY, timestamp INTEGER NOT NULL) STRICT, WITHOUT ROWID" },
  { "TABLE", "claims", "claims (  id TEXT PRIMARY KEY, time INTEGER NOT NULL) STRICT, WITHOUT ROWID" },
  { "INDEX", "claims_time", "claims_time ON claims (time)" },
  { "TABLE", "dead_letters",
    "dead_letters (  number INTEGER PRIMARY KEY, connection_id TEXT NOT NULL, text TEXT NOT NULL,"
    "  reason TEXT NOT NULL, time INTEGER NOT NULL) STRICT" },
};

/* Offsets in the file header: SQLite's "Database File Format", section 1.3. */
#define HEADER_BYTES 100
#define VERSION_AT 60
#define APPLICATION_AT 68
static const char magic[16] = "SQLite format 3";

static gboolean
refuse_foreign (const char *path, GError **error)
{
  g_set_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_TABLE,
               _ ("“%s” belongs to another program and was not changed. Use a file of the stage’s own."), path);
  return FALSE;
}

static gboolean
refuse_newer (const char *path, GError **error)
{
  g_set_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_TABLE,
               _ ("“%s” was written by a newer version of dynamowave-stage and was not changed."), path);
  return FALSE;
}

static gboolean
fail (sqlite3 *database, GError **error)
{
  g_set_error_literal (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_TABLE, sqlite3_errmsg (database));
  return FALSE;
}

static gboolean
get_number (sqlite3 *database, const char *sql, gint64 *number)
{
  sqlite3_stmt *statement = NULL;
  gboolean found = sqlite3_prepare_v2 (database, sql, -1, &statement, NULL) == SQLITE_OK
                   && sqlite3_step (statement) == SQLITE_ROW;

  if (found)
    *number = sqlite3_column_int64 (statement, 0);
  sqlite3_finalize (statement);
  return found;
}

static gboolean
is_ours (const char *name, const char *sql)
{
  for (guint i = 0; name != NULL && sql != NULL && i < G_N_ELEMENTS (objects); i++)
    if (strcmp (name, objects[i].name) == 0)
      return g_str_has_suffix (sql, objects[i].definition);
  return FALSE;
}

/* Whether it is empty, or has just the tables that a stage made before files were marked. */
static gboolean
has_our_tables_alone (sqlite3 *database)
{
  sqlite3_stmt *statement = NULL;
  gboolean ours = TRUE;
  int result;

  if (sqlite3_prepare_v2 (database,
                          "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!'", -1,
                          &statement, NULL)
      != SQLITE_OK)
    return FALSE;
  while ((result = sqlite3_step (statement)) == SQLITE_ROW && ours)
    ours = is_ours ((const char *) sqlite3_column_text (statement, 0),
                    (const char *) sqlite3_column_text (statement, 1));
  sqlite3_finalize (statement);
  return ours && result == SQLITE_DONE;
}

/* An unmarked file may be an old one of ours, and part of it may still be in its log. Opened so that SQLite changes
 * neither. */
static gboolean
check_unmarked (const char *path, GError **error)
{
  g_autofree char *escaped = g_uri_escape_string (path, G_URI_RESERVED_CHARS_ALLOWED_IN_PATH, TRUE);
  g_autofree char *log = g_strconcat (path, "-wal", NULL);
  struct stat status;
  gboolean has_log = stat (log, &status) == 0 && status.st_size > 0;
  g_autofree char *uri = g_strdup_printf ("file:%s?%s", escaped, has_log ? "mode=ro" : "immutable=1");
  sqlite3 *database = NULL;
  gint64 application = 0, version = 0;
  gboolean good = FALSE;

  if (sqlite3_open_v2 (uri, &database, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) == SQLITE_OK
      && get_number (database, "PRAGMA application_id", &application)
      && get_number (database, "PRAGMA user_version", &version))
    good = application == DW_SERVER_SCHEMA_APPLICATION
           || (application == 0 && version == 0 && has_our_tables_alone (database));
  sqlite3_close (database);
  return good || refuse_foreign (path, error);
}

static guint32
number_at (const guint8 *header, guint at)
{
  return (guint32) header[at] << 24 | (guint32) header[at + 1] << 16 | (guint32) header[at + 2] << 8
         | header[at + 3];
}

/**
 * dw_server_schema_check_file:
 * @path: a file that exists
 * @error: %DW_BACKEND_ERROR_TABLE: it is another program's, or a newer version's
 *
 * Checks a file before SQLite opens it for writing, which would change another program's file. Do not call this while
 * this process has the file open: closing it after the check would release SQLite's locks.
 *
 * Returns: whether it is empty or a stage's
 */
gboolean
dw_server_schema_check_file (const char *path, GError **error)
{
  guint8 header[HEADER_BYTES];
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat status;
  gssize length = -1;

  if (fd < 0)
    {
      g_set_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_TABLE, "%s: %s", path, g_strerror (errno));
      return FALSE;
    }

  if (fstat (fd, &status) == 0 && S_ISREG (status.st_mode))
    length = read (fd, header, sizeof header);
  close (fd);
  if (length == 0)
    return TRUE;
  if (length != HEADER_BYTES || memcmp (header, magic, sizeof magic) != 0)
    return refuse_foreign (path, error);
  if (number_at (header, APPLICATION_AT) == 0 && number_at (header, VERSION_AT) == 0)
    return check_unmarked (path, error);
  if (number_at (header, APPLICATION_AT) != DW_SERVER_SCHEMA_APPLICATION)
    return refuse_foreign (path, error);
  return number_at (header, VERSION_AT) <= DW_SERVER_SCHEMA_VERSION || refuse_newer (path, error);
}

static gboolean
make (sqlite3 *database, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (objects); i++)
    {
      g_autofree char *sql = g_strdup_printf ("CREATE %s IF NOT EXISTS %s", objects[i].type, objects[i].definition);

      if (sqlite3_exec (database, sql, NULL, NULL, NULL) != SQLITE_OK)
        return fail (database, error);
    }

  if (sqlite3_exec (database,
                    "PRAGMA application_id = " G_STRINGIFY (
                        DW_SERVER_SCHEMA_APPLICATION) ";"
                                                      "PRAGMA user_version = " G_STRINGIFY (
                                                          DW_SERVER_SCHEMA_VERSION) "; COMMIT",
                    NULL, NULL, NULL)
      != SQLITE_OK)
    return fail (database, error);
  return TRUE;
}

/**
 * dw_server_schema_prepare:
 * @database: a connection to a file that passed dw_server_schema_check_file()
 * @path: its path, for error messages
 * @error: %DW_BACKEND_ERROR_TABLE: what went wrong
 *
 * Creates the tables and the mark if they are missing, all or nothing.
 *
 * Returns: whether they exist
 */
gboolean
dw_server_schema_prepare (sqlite3 *database, const char *path, GError **error)
{
  gint64 application, version;

  if (!get_number (database, "PRAGMA application_id", &application)
      || !get_number (database, "PRAGMA user_version", &version))
    return fail (database, error);
  if (version > DW_SERVER_SCHEMA_VERSION)
    return refuse_newer (path, error);
  if (application == DW_SERVER_SCHEMA_APPLICATION && version == DW_SERVER_SCHEMA_VERSION)
    return TRUE;
  if (sqlite3_exec (database, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
    return fail (database, error);
  if (make (database, error))
    return TRUE;

  sqlite3_exec (database, "ROLLBACK", NULL, NULL, NULL);
  return FALSE;
}
