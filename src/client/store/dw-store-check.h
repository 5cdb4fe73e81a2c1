/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** DW_STORE_CHECK_DELAY_MS: how long after the first use of a file its check begins, so that no start waits for it. */
#define DW_STORE_CHECK_DELAY_MS 2000

/** DW_STORE_CHECK_LONGEST_MS: the delay doubles up to this each time that the file is held, or cannot be mended. */
#define DW_STORE_CHECK_LONGEST_MS (10 * 60 * 1000)

/** DW_STORE_CHECK_DAYS: a file is checked again after that many days. */
#define DW_STORE_CHECK_DAYS 7

/**
 * DwStoreVerdict:
 * @DW_STORE_VERDICT_NONE: the check was ended, or the file could not be read
 * @DW_STORE_VERDICT_SOUND: nothing is wrong
 * @DW_STORE_VERDICT_DAMAGED: something is
 *
 * What a check found.
 */
typedef enum
{
  DW_STORE_VERDICT_NONE,
  DW_STORE_VERDICT_SOUND,
  DW_STORE_VERDICT_DAMAGED,
} DwStoreVerdict;

typedef void (*DwStoreCheckFunc) (DwStoreVerdict verdict, gpointer data);

/**
 * DwStoreCheck:
 *
 * A check of a whole file, page by page, in a thread and over a connection of its own, while others use the file.
 */
typedef struct _DwStoreCheck DwStoreCheck;

gboolean dw_store_check_is_due (gint64 checked, gint64 now, gboolean unclean);
DwStoreCheck *dw_store_check_start (const char *path, guint delay_ms, DwStoreCheckFunc func, gpointer data);
void dw_store_check_end (DwStoreCheck *check);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwStoreCheck, dw_store_check_end)

G_END_DECLS
