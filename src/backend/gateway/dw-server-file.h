/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <sqlite3.h>

G_BEGIN_DECLS

#define DW_TYPE_SERVER_FILE (dw_server_file_get_type ())
G_DECLARE_FINAL_TYPE (DwServerFile, dw_server_file, DW, SERVER_FILE, GObject)

/** DW_SERVER_FILE_BUSY_MS: how long a statement waits while another program has locked the file, in milliseconds. */
#define DW_SERVER_FILE_BUSY_MS 2000

/** DW_SERVER_FILE_VALUE_BYTES: the longest value in a row, in bytes; a frame has at most 131,072. */
#define DW_SERVER_FILE_VALUE_BYTES (256 * 1024)

/** DW_SERVER_FILE_LOG_BYTES: how many bytes SQLite's write-ahead log may keep after a checkpoint. */
#define DW_SERVER_FILE_LOG_BYTES 4194304

DwServerFile *dw_server_file_new (const char *path, gboolean alone, GError **error);
void dw_server_file_adopt (DwServerFile *self);
void dw_server_file_set_patience (DwServerFile *self, int milliseconds);
sqlite3_stmt *dw_server_file_prepare (DwServerFile *self, const char *sql, GError **error);
gboolean dw_server_file_step (DwServerFile *self, sqlite3_stmt *statement, GError **error);
gboolean dw_server_file_run (DwServerFile *self, const char *sql, const char *types, GError **error, ...);
gboolean dw_server_file_sum (DwServerFile *self,
                             const char *sql,
                             const char *types,
                             gint64 *sum,
                             GError **error,
                             ...);
int dw_server_file_get_changes (DwServerFile *self);
char *dw_server_file_dup_text (sqlite3_stmt *statement, int column);

G_END_DECLS
