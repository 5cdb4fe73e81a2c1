/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/store/dw-record.h"

G_BEGIN_DECLS

/**
 * DwDay:
 * @start: its first moment, in microseconds since 1970 UTC
 * @end: the first moment after it
 *
 * One day of the calendar on the wall.
 */
typedef struct
{
  gint64 start;
  gint64 end;
} DwDay;

DwDay dw_day_of (gint64 time, GTimeZone *zone);
gboolean dw_day_contains (const DwDay *day, gint64 time);
const DwRecord *dw_day_find_dated (GPtrArray *records);

G_END_DECLS
