/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-cause.h"

G_BEGIN_DECLS

/** DW_OUTAGES_SECONDS: for how long they are remembered: a day. */
#define DW_OUTAGES_SECONDS (24 * 60 * 60)

/** DW_OUTAGES_MOST: how many are remembered; then the oldest goes. */
#define DW_OUTAGES_MOST 100

/**
 * DwOutage:
 * @time: when the connection ended, in microseconds since 1970 UTC
 * @began: the same, in microseconds of the boot clock
 * @ended: when there was another one, in microseconds of the boot clock, or 0 where there is none yet
 * @cause: why it ended
 * @code: the close code that came with the cause, or 0
 *
 * A time without a connection that nobody asked for.
 */
typedef struct
{
  gint64 time;
  gint64 began;
  gint64 ended;
  DwCause cause;
  guint code;
} DwOutage;

/**
 * DwOutages:
 *
 * The outages of a session in the last day, in memory alone. It has no clock.
 */
typedef struct _DwOutages DwOutages;

DwOutages *dw_outages_new (void);
void dw_outages_free (DwOutages *outages);

void dw_outages_begin (DwOutages *outages, gint64 now, gint64 time, DwCause cause, guint code);
void dw_outages_end (DwOutages *outages, gint64 now);
void dw_outages_drop_current (DwOutages *outages);

guint dw_outages_count (DwOutages *outages, gint64 now);
const DwOutage *dw_outages_get (const DwOutages *outages, guint index);
gint64 dw_outage_get_length (const DwOutage *outage, gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwOutages, dw_outages_free)

G_END_DECLS
