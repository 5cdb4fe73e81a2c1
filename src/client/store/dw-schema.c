/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-schema.h"

#include "dw-tokenizer.h"

#include "client/dw-client-error.h"

/**
 * SECTION:dw-schema
 *
 * The tables of the store.
 *
 * A line's number is its stage's number and its place in that stage's conversation, `stage << 40 | place`. The
 * places of a stage have no holes, so that a position in the list is a key of the table and no index is needed
 * besides. `id` is the message's own, which travels in its frame. `went` says whether one's own message may have
 * left, as #DwDeparture: 0 it has not, 1 without its id, 2 with it. Times are microseconds since 1970 UTC.
 *
 * `words` is the full-text search over `lines` of kinds 0 and 1; it holds no second copy of the text, and its words are
 * what #dw-tokenizer says. A line that goes or moves takes its words along by a trigger, one that is added does not.
 * `unindexed` has one row: lines up to that one are not in `words` yet, see dw-store-words. `retired` is the index of an
 * older version, on its way out. `home` has one row at most: the file that the store is in, see dw-store-home.
 */

/* What makes a store of version n out of one of version n − 1. A step that was released never changes. */
static const char *const steps[DW_SCHEMA_VERSION] = {
  "CREATE TABLE stages ("
  "  stage INTEGER PRIMARY KEY,"
  "  uuid TEXT NOT NULL UNIQUE,"
  "  place INTEGER NOT NULL,"
  "  name TEXT,"
  "  urls TEXT NOT NULL,"    /* one a line, without what may be secret */
  "  dialect TEXT NOT NULL," /* as dw_dialect_to_text() writes it */
  "  own_name TEXT,"
  "  secret INTEGER NOT NULL DEFAULT 0," /* the keyring holds the rest of its addresses */
  "  local INTEGER NOT NULL DEFAULT 0,"  /* it is the stage on this computer, wherever it listens */
  "  online INTEGER NOT NULL DEFAULT 1," /* the person wants it connected */
  "  muted INTEGER NOT NULL DEFAULT 0,"
  "  echoes INTEGER NOT NULL DEFAULT 0,"  /* it was seen to broadcast to the sender too */
  "  seen INTEGER NOT NULL DEFAULT 0,"    /* the last place somebody looked at */
  "  left_at INTEGER NOT NULL DEFAULT 0," /* when it was last known to be online */
  "  draft TEXT NOT NULL DEFAULT ''"
  ") STRICT;"
  "CREATE TABLE lines ("
  "  line INTEGER PRIMARY KEY,"
  "  kind INTEGER NOT NULL,"
  "  time INTEGER NOT NULL,"
  "  until INTEGER,"
  "  text TEXT NOT NULL,"
  "  sender TEXT,"
  "  id TEXT,"
  "  delivery INTEGER NOT NULL DEFAULT 0,"
  "  went INTEGER NOT NULL DEFAULT 0,"
  "  reason TEXT"
  ") STRICT;"
  /* Queued, sent and unconfirmed: what the outbox needs at the start. */
  "CREATE INDEX lines_waiting ON lines (line) WHERE delivery IN (1, 2, 4);"
  "CREATE VIRTUAL TABLE words USING fts5 (text, content = 'lines', content_rowid = 'line',"
  "  tokenize = 'unicode61 remove_diacritics 2');"
  "CREATE TRIGGER lines_insert AFTER INSERT ON lines WHEN new.kind <= 1 BEGIN"
  "  INSERT INTO words (rowid, text) VALUES (new.line, new.text); END;"
  "CREATE TRIGGER lines_delete AFTER DELETE ON lines WHEN old.kind <= 1 BEGIN"
  "  INSERT INTO words (words, rowid, text) VALUES ('delete', old.line, old.text); END;"
  "CREATE TRIGGER lines_move AFTER UPDATE OF line ON lines WHEN new.kind <= 1 BEGIN"
  "  INSERT INTO words (words, rowid, text) VALUES ('delete', old.line, old.text);"
  "  INSERT INTO words (rowid, text) VALUES (new.line, new.text); END;",

  /* A line's words are added together with the line: from a trigger the index is flushed at every row, which costs four
   * times the rest (SQLite 3.40, measured: 38 µs a row, and 9). */
  "DROP TRIGGER lines_insert;",

  /* Words as dw-tokenizer takes them. To index a million lines takes half a minute, so that is left to dw-store-words; what
   * is not in the index must not be taken out of it. */
  "CREATE TABLE unindexed (line INTEGER NOT NULL) STRICT;"
  "INSERT INTO unindexed SELECT ifnull (max (line), 0) FROM lines;"
  "DROP TRIGGER lines_delete;"
  "DROP TRIGGER lines_move;"
  "ALTER TABLE words RENAME TO retired;"
  "CREATE VIRTUAL TABLE words USING fts5 (text, content = 'lines', content_rowid = 'line', columnsize = 0,"
  "  tokenize = '" DW_TOKENIZER_NAME "');"
  "CREATE TRIGGER lines_delete AFTER DELETE ON lines"
  "  WHEN old.kind <= 1 AND old.line > (SELECT line FROM unindexed) BEGIN"
  "  INSERT INTO words (words, rowid, text) VALUES ('delete', old.line, old.text); END;"
  "CREATE TRIGGER lines_leave AFTER UPDATE OF line ON lines"
  "  WHEN old.kind <= 1 AND old.line > (SELECT line FROM unindexed) BEGIN"
  "  INSERT INTO words (words, rowid, text) VALUES ('delete', old.line, old.text); END;"
  "CREATE TRIGGER lines_arrive AFTER UPDATE OF line ON lines"
  "  WHEN new.kind <= 1 AND new.line > (SELECT line FROM unindexed) BEGIN"
  "  INSERT INTO words (rowid, text) VALUES (new.line, new.text); END;",

  "CREATE TABLE home (file TEXT NOT NULL, mark TEXT NOT NULL) STRICT;",

  /* As dw_snippets_to_text() writes them. */
  "ALTER TABLE stages ADD COLUMN snippets TEXT NOT NULL DEFAULT '';",
};

/* A file without lines has nothing to index, and its old index goes at once. */
static gboolean
drop_empty (DwDatabase *database, GError **error)
{
  gint64 last;

  return dw_database_get_number (database, "SELECT line FROM unindexed", &last, error)
         && (last > 0 || dw_database_run_script (database, "DROP TABLE IF EXISTS retired", error));
}

static gboolean
check_owner (DwDatabase *database, gint64 version, GError **error)
{
  gint64 application, tables;

  if (!dw_database_get_number (database, "PRAGMA application_id", &application, error)
      || !dw_database_get_number (database, "SELECT count(*) FROM sqlite_schema", &tables, error))
    return FALSE;
  if (version > DW_SCHEMA_VERSION && application == DW_SCHEMA_APPLICATION)
    {
      g_set_error (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_NEWER, "version %" G_GINT64_FORMAT, version);
      return FALSE;
    }
  if (application != DW_SCHEMA_APPLICATION && (version != 0 || tables != 0))
    {
      g_set_error_literal (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_DAMAGED, "another program's database");
      return FALSE;
    }
  return TRUE;
}

/* The tables stand in a table, and that can be damaged as any other. */
static gboolean
check_tables (DwDatabase *database, GError **error)
{
  gint64 found;

  if (!dw_database_get_number (database,
                               "SELECT count(*) FROM sqlite_schema WHERE (type, name) IN (('table', 'stages'), "
                               "('table', 'lines'), ('table', 'words'), ('table', 'unindexed'), "
                               "('table', 'home'), ('index', 'lines_waiting'))",
                               &found, error))
    return FALSE;
  if (found == 6)
    return TRUE;
  g_set_error_literal (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_DAMAGED, "tables are missing");
  return FALSE;
}

static gboolean
climb (DwDatabase *database, gint64 from, GError **error)
{
  for (gint64 version = from; version < DW_SCHEMA_VERSION; version++)
    if (!dw_database_run_script (database, steps[version], error))
      return FALSE;
  return drop_empty (database, error)
         && dw_database_run_script (
             database,
             "PRAGMA application_id = " G_STRINGIFY (DW_SCHEMA_APPLICATION) ";"
                                                                            "PRAGMA user_version = " G_STRINGIFY (
                                                                                DW_SCHEMA_VERSION),
             error)
         && dw_database_run_script (database, "COMMIT", error);
}

/**
 * dw_schema_prepare:
 * @database: a connection that may write
 * @error: %DW_CLIENT_ERROR_STORE_NEWER, %DW_CLIENT_ERROR_STORE_DAMAGED, or what the database says
 *
 * Makes the tables, or brings those of an older version up to date, all or nothing.
 *
 * Returns: whether the tables are as this program knows them
 */
gboolean
dw_schema_prepare (DwDatabase *database, GError **error)
{
  GError *problem = NULL;
  gint64 version;

  /* A lock or a failing disk is an error, but the file is not damaged. */
  if (!dw_database_get_number (database, "PRAGMA user_version", &version, error))
    return FALSE;
  if (version < 0)
    {
      g_set_error_literal (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_DAMAGED, "no version");
      return FALSE;
    }
  if (!check_owner (database, version, error))
    return FALSE;
  /* With a log, reading does not wait for writing. Not before here, since this changes the file: now it is known to be ours. */
  if (!dw_database_is_read_only (database)
      && !dw_database_run_script (database, "PRAGMA journal_mode = WAL", error))
    return FALSE;
  if (version == DW_SCHEMA_VERSION)
    return check_tables (database, error);
  if (dw_database_is_read_only (database))
    {
      g_set_error_literal (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_READ_ONLY, "an old version, read-only");
      return FALSE;
    }
  if (!dw_database_run_script (database, "BEGIN EXCLUSIVE", error))
    return FALSE;
  if (climb (database, version, &problem))
    return TRUE;
  dw_database_run_script (database, "ROLLBACK", NULL);
  /* A step that does not fit is none for these tables. */
  if (problem->code == DW_CLIENT_ERROR_STORE)
    problem->code = DW_CLIENT_ERROR_STORE_DAMAGED;
  g_propagate_error (error, problem);
  return FALSE;
}
