/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <sqlite3.h>

G_BEGIN_DECLS

#define DW_TYPE_STAGE_FILE (dw_stage_file_get_type ())
G_DECLARE_FINAL_TYPE (DwStageFile, dw_stage_file, DW, STAGE_FILE, GObject)

DwStageFile *dw_stage_file_new (const char *path, GError **error);
sqlite3_stmt *dw_stage_file_prepare (DwStageFile *self, const char *sql, GError **error);
gboolean dw_stage_file_step (DwStageFile *self, sqlite3_stmt *statement, GError **error);
gboolean dw_stage_file_run (DwStageFile *self, const char *sql, const char *types, GError **error, ...);
int dw_stage_file_get_changes (DwStageFile *self);

G_END_DECLS
