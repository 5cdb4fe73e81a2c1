/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-store-job.h"
#include "dw-store-lock.h"

G_BEGIN_DECLS

/**
 * DwStoreTrouble:
 * @DW_STORE_FINE: none
 * @DW_STORE_LOCKED: another program has held the file for long
 * @DW_STORE_FULL: the disk or the quota is full
 * @DW_STORE_READ_ONLY: the file or its folder may not be written
 * @DW_STORE_BROKEN: the disk fails
 * @DW_STORE_HELD: another process of this program has the file; that stays so as long as this one runs
 *
 * Why nothing is saved at the moment.
 */
typedef enum
{
  DW_STORE_FINE,
  DW_STORE_LOCKED,
  DW_STORE_FULL,
  DW_STORE_READ_ONLY,
  DW_STORE_BROKEN,
  DW_STORE_HELD,
} DwStoreTrouble;

/**
 * DwStoreNews:
 * @trouble: why nothing is saved
 * @kept_as: (nullable): where a file that could not be used was put, once
 * @newer: whether that file was from a newer version, and not damaged
 * @saved: how many messages could be read of it, and are in the new file
 * @copied: how many messages wait in a file that is a copy of another one, and ask before they are sent; once
 * @holder: (nullable): who has the file, once
 * @replaced: whether the file was replaced while it was in use
 * @recovered: whether what could not be read so far can be read now
 *
 * What the thread has to tell.
 */
typedef struct
{
  DwStoreTrouble trouble;
  char *kept_as;
  gboolean newer;
  guint64 saved;
  guint64 copied;
  DwStoreHolder *holder;
  gboolean replaced;
  gboolean recovered;
} DwStoreNews;

typedef void (*DwStoreNewsFunc) (const DwStoreNews *news, gpointer data);

/**
 * DwStoreWorker:
 *
 * The thread that has the database: no other ever waits for the disk.
 */
typedef struct _DwStoreWorker DwStoreWorker;

/** DW_STORE_PENDING_BYTES: how much waits to be written while it cannot be; what comes on top is not saved. */
#define DW_STORE_PENDING_BYTES (64 * 1024 * 1024)

/** DW_STORE_BATCH: how many writes go into one transaction at most. */
#define DW_STORE_BATCH 500

/** DW_STORE_BATCH_BYTES: and how much memory they take, roughly: some thousand messages, a tenth of a second. */
#define DW_STORE_BATCH_BYTES (512 * 1024)

/** DW_STORE_PATIENCE_MS: a write that took longer is reported as late, in milliseconds; it goes on waiting. */
#define DW_STORE_PATIENCE_MS 250

/** DW_STORE_LOCKED_MS: a lock that lasts longer is trouble, in milliseconds. */
#define DW_STORE_LOCKED_MS 10000

/** DW_STORE_FIRST_RETRY_MS: how soon a write that failed is tried again; each time it takes twice as long. */
#define DW_STORE_FIRST_RETRY_MS 50

/** DW_STORE_LAST_RETRY_MS: the longest time between two attempts, in milliseconds. */
#define DW_STORE_LAST_RETRY_MS 1000

/**
 * DwStorePace:
 * @patience_ms: as %DW_STORE_PATIENCE_MS
 * @first_retry_ms: as %DW_STORE_FIRST_RETRY_MS
 * @last_retry_ms: as %DW_STORE_LAST_RETRY_MS
 *
 * How long a store waits where the disk fails. Tests wait for less.
 */
typedef struct
{
  guint patience_ms;
  guint first_retry_ms;
  guint last_retry_ms;
} DwStorePace;

/** DW_STORE_PACE: the pace of a #DwStore. */
#define DW_STORE_PACE ((DwStorePace){ DW_STORE_PATIENCE_MS, DW_STORE_FIRST_RETRY_MS, DW_STORE_LAST_RETRY_MS })

/** DW_STORE_CLOSE_MS: how long closing waits for what can be written, in milliseconds. */
#define DW_STORE_CLOSE_MS 1000

DwStoreWorker *dw_store_worker_new (const char *path, const DwStorePace *pace, DwStoreNewsFunc news, gpointer data);
void dw_store_worker_close (DwStoreWorker *worker);
guint64 dw_store_worker_run (DwStoreWorker *worker, DwStoreJob *job);
guint64 dw_store_worker_get_written (DwStoreWorker *worker);

G_END_DECLS
