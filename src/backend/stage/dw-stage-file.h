/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <sqlite3.h>

G_BEGIN_DECLS

#define DW_TYPE_STAGE_FILE (dw_stage_file_get_type ())
G_DECLARE_FINAL_TYPE (DwStageFile, dw_stage_file, DW, STAGE_FILE, GObject)

/** DW_STAGE_FILE_BUSY_MS: how long a statement waits for another program that has the file, in milliseconds. */
#define DW_STAGE_FILE_BUSY_MS 2000

/** DW_STAGE_FILE_VALUE_BYTES: the longest text a row may have; a frame has 131,072 bytes at most. */
#define DW_STAGE_FILE_VALUE_BYTES (256 * 1024)

/** DW_STAGE_FILE_LOG_BYTES: how large SQLite's log beside the file stays when it has been copied into it. */
#define DW_STAGE_FILE_LOG_BYTES 4194304

DwStageFile *dw_stage_file_new (const char *path, gboolean alone, GError **error);
void dw_stage_file_adopt (DwStageFile *self);
void dw_stage_file_set_patience (DwStageFile *self, int milliseconds);
sqlite3_stmt *dw_stage_file_prepare (DwStageFile *self, const char *sql, GError **error);
gboolean dw_stage_file_step (DwStageFile *self, sqlite3_stmt *statement, GError **error);
gboolean dw_stage_file_run (DwStageFile *self, const char *sql, const char *types, GError **error, ...);
gboolean dw_stage_file_sum (DwStageFile *self,
                            const char *sql,
                            const char *types,
                            gint64 *sum,
                            GError **error,
                            ...);
int dw_stage_file_get_changes (DwStageFile *self);
char *dw_stage_file_dup_text (sqlite3_stmt *statement, int column);

G_END_DECLS
