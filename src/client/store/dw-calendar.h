/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** DW_CALENDAR_EPOCH: 1 January 2026 UTC, in microseconds since 1970: whatever a clock before that says, it is wrong. */
#define DW_CALENDAR_EPOCH (G_GINT64_CONSTANT (1767225600) * G_USEC_PER_SEC)

/** DW_CALENDAR_LATER_DAYS: on how many later days a clock has to be looked at until what it said before is believed. */
#define DW_CALENDAR_LATER_DAYS 3

/** DW_CALENDAR_DAY: what counts as a later day, in microseconds: not everybody comes at the same hour. */
#define DW_CALENDAR_DAY (20 * G_TIME_SPAN_HOUR)

/** DW_CALENDAR_SLACK: by how much a clock may be off before it counts as set, in microseconds. */
#define DW_CALENDAR_SLACK G_TIME_SPAN_DAY

/** DW_CALENDAR_BOOT_CHARS: how much of a boot's name is kept: Linux has UUIDs. */
#define DW_CALENDAR_BOOT_CHARS 36

/** DW_CALENDAR_TYPE: the type of dw_calendar_to_variant(). */
#define DW_CALENDAR_TYPE "(xxxxuxsx)"

/**
 * DwCalendar:
 * @believed: a time that has certainly passed, or 0 if none is known
 * @candidate: what the clock said, believed once the clock has confirmed it
 * @counted: when a later day was counted last, or @candidate
 * @looked: when the clock was looked at last
 * @later_days: on how many later days the clock has confirmed @candidate
 * @set: when it was last seen that the clock had been set
 * @boot: the boot in which it was looked at last; empty where that is not known
 * @booted: how long the computer had been on then, sleep included
 *
 * A time that has certainly passed, according to a clock that may be wrong. Times are in microseconds since 1970 UTC,
 * except @booted. It has no clock of its own: the caller reads one.
 */
typedef struct
{
  gint64 believed;
  gint64 candidate;
  gint64 counted;
  gint64 looked;
  guint later_days;
  gint64 set;
  char boot[DW_CALENDAR_BOOT_CHARS + 1];
  gint64 booted;
} DwCalendar;

void dw_calendar_look (DwCalendar *calendar, gint64 now, const char *boot, gint64 booted);
GVariant *dw_calendar_to_variant (const DwCalendar *calendar);
void dw_calendar_from_variant (DwCalendar *calendar, GVariant *variant);

G_END_DECLS
