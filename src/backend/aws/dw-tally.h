/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwTally:
 * @deliveries: posts that arrived
 * @gone: posts to connections that are gone (410)
 * @throttled: answers that said “too many”
 * @retries: requests that were sent again
 * @dead: posts that were given up
 * @scanned: rows that were read
 *
 * Counts of what one invocation did, for its metrics.
 */
typedef struct
{
  guint64 deliveries;
  guint64 gone;
  guint64 throttled;
  guint64 retries;
  guint64 dead;
  guint64 scanned;
} DwTally;

G_END_DECLS
