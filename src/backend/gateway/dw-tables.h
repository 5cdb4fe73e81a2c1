/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-server-file.h"

G_BEGIN_DECLS

/**
 * DwTables:
 *
 * A stage's file, in a thread of its own: another program may lock it for as long as it likes, and the main loop
 * goes on.
 */
typedef struct _DwTables DwTables;

/** DW_TABLES_JOBS: how many jobs may wait; above it a job fails at once. */
#define DW_TABLES_JOBS 16384

/** DW_TABLES_RESERVE: how many may wait besides where they take something away. */
#define DW_TABLES_RESERVE 32768

/** DW_TABLES_BYTES: how many bytes all that waits may have, whatever it is. */
#define DW_TABLES_BYTES (16 * 1024 * 1024)

/** DW_TABLES_JOB_COST: what a job takes besides the bytes of what it has. */
#define DW_TABLES_JOB_COST 256

/** DW_TABLES_PATIENCE_MS: how long another program may lock the file until jobs fail, in milliseconds. */
#define DW_TABLES_PATIENCE_MS 5000

/** DW_TABLES_CLOSE_MS: how long dw_tables_close() waits for what is still to be done, in milliseconds. */
#define DW_TABLES_CLOSE_MS 2000

/**
 * DwTablesKind:
 * @DW_TABLES_READ: a job that changes nothing
 * @DW_TABLES_WRITE: a job that is done as a whole or not at all
 * @DW_TABLES_REMOVE: the same, and it takes something away: there is a reserve for it
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
