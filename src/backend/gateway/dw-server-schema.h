/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <sqlite3.h>

G_BEGIN_DECLS

/** DW_SERVER_SCHEMA_APPLICATION: marks a file as a stage's: “DWst”, in SQLite's `application_id`. */
#define DW_SERVER_SCHEMA_APPLICATION 0x44577374

/** DW_SERVER_SCHEMA_VERSION: the version of the tables, in SQLite's `user_version`. */
#define DW_SERVER_SCHEMA_VERSION 1

gboolean dw_server_schema_check_file (const char *path, GError **error);
gboolean dw_server_schema_prepare (sqlite3 *database, const char *path, GError **error);

G_END_DECLS
