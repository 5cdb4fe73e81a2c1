/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/dw-fold.h"

#include <sqlite3.h>

G_BEGIN_DECLS

/**
 * DwDatabase:
 *
 * One connection to an SQLite file. It belongs to one thread, and waits for nobody.
 */
typedef struct _DwDatabase DwDatabase;

DwDatabase *dw_database_open (const char *path, GError **error);
DwDatabase *dw_database_open_to_read (const char *path, GError **error);
DwDatabase *dw_database_open_beside (const char *path, GError **error);
void dw_database_close (DwDatabase *database);

gboolean dw_database_run_script (DwDatabase *database, const char *sql, GError **error);
gboolean dw_database_run (DwDatabase *database, GError **error, const char *sql, const char *types, ...);
sqlite3_stmt *dw_database_query (DwDatabase *database, GError **error, const char *sql, const char *types, ...);
gboolean dw_database_next (DwDatabase *database, sqlite3_stmt *query, GError **error);
char *dw_database_dup_text (sqlite3_stmt *query, int column);
char *dw_database_dup_some_text (sqlite3_stmt *query, int column);
gboolean dw_database_get_number (DwDatabase *database, const char *sql, gint64 *number, GError **error);
gint64 dw_database_get_changes (DwDatabase *database);
gint64 dw_database_get_total_changes (DwDatabase *database);
gboolean dw_database_is_in_memory (DwDatabase *database);
gboolean dw_database_is_read_only (DwDatabase *database);
void dw_database_set_copied (DwDatabase *database);
gboolean dw_database_is_copied (DwDatabase *database);
gboolean dw_database_has_transaction (DwDatabase *database);
DwFold *dw_database_get_fold (DwDatabase *database);
void dw_database_set_keeps_log (DwDatabase *database, gboolean keeps_log);
void dw_database_watch_end (DwDatabase *database, const gint *end);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwDatabase, dw_database_close)

G_END_DECLS
