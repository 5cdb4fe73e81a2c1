/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-server-file.h"

G_BEGIN_DECLS

/**
 * DwTables:
 *
 * A stage's file, used in a thread of its own, so that the main loop goes on even if another program locks the file.
 */
typedef struct _DwTables DwTables;

/** DW_TABLES_JOBS: how many jobs may wait; beyond that a job fails at once. */
#define DW_TABLES_JOBS 16384

/** DW_TABLES_RESERVE: how many more may wait if they remove something. */
#define DW_TABLES_RESERVE 32768

/** DW_TABLES_BYTES: how many bytes all waiting jobs may take, of whatever kind. */
#define DW_TABLES_BYTES (16 * 1024 * 1024)

/** DW_TABLES_JOB_COST: what a job takes besides its data, in bytes. */
#define DW_TABLES_JOB_COST 256

/** DW_TABLES_PATIENCE_MS: how long another program may lock the file before jobs fail, in milliseconds. */
#define DW_TABLES_PATIENCE_MS 5000

/** DW_TABLES_CLOSE_MS: how long dw_tables_close() waits for queued jobs, in milliseconds. */
#define DW_TABLES_CLOSE_MS 2000

/**
 * DwTablesKind:
 * @DW_TABLES_READ: a job that changes nothing
 * @DW_TABLES_WRITE: a job that changes something, done as a whole or not at all
 * @DW_TABLES_REMOVE: the same, but it removes something, and may use the reserve
 *
 * What a job does.
 */
typedef enum
{
  DW_TABLES_READ,
  DW_TABLES_WRITE,
  DW_TABLES_REMOVE,
} DwTablesKind;

/**
 * DwTablesFunc:
 * @file: the stage's file
 * @data: what it was queued with
 * @error: what went wrong
 *
 * A job, in the tables' thread. It may keep its result in @data.
 *
 * Returns: whether it was done
 */
typedef gboolean (*DwTablesFunc) (DwServerFile *file, gpointer data, GError **error);

/**
 * DwTablesDone:
 * @data: what it was queued with
 * @error: (nullable): what went wrong
 *
 * Called when a job is done, in the main context in which the tables were opened.
 */
typedef void (*DwTablesDone) (gpointer data, const GError *error);

DwTables *dw_tables_open (const char *path, GError **error);
DwTables *dw_tables_ref (DwTables *tables);
void dw_tables_unref (DwTables *tables);
void dw_tables_close (DwTables *tables);

void dw_tables_queue (DwTables *tables,
                      DwTablesKind kind,
                      DwTablesFunc func,
                      DwTablesDone done,
                      gpointer data,
                      GDestroyNotify free_data,
                      gsize bytes);
gboolean dw_tables_call (DwTables *tables, DwTablesKind kind, DwTablesFunc func, gpointer data, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwTables, dw_tables_close)

G_END_DECLS
