/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-calendar.h"

#include <string.h>

/* Whether the clock was set since the last look: it went backwards, or not as far forward as the computer has been on.
 * While the computer was off any time may have passed, so that alone is no sign. */
static gboolean
was_set (const DwCalendar *calendar, gint64 now, const char *boot, gint64 booted)
{
  gint64 passed = now - calendar->looked;

  /* The first look, or the first after a clock that was plainly wrong. */
  if (calendar->looked < DW_CALENDAR_EPOCH)
    return TRUE;
  if (passed < -DW_CALENDAR_SLACK)
    return TRUE;
  if (*boot == '\0' || strcmp (boot, calendar->boot) != 0)
    return FALSE;
  return ABS (passed - (booted - calendar->booted)) > DW_CALENDAR_SLACK;
}

/**
 * dw_calendar_look:
 * @calendar: a calendar
 * @now: what the clock says, in microseconds since 1970 UTC
 * @boot: the name of this boot, or an empty text where it is not known
 * @booted: how long the computer has been on, sleep included, in microseconds
 *
 * Notes what the clock says. A time is believed once the clock has been read on three later days and was not set in
 * between. So the believed time lags by three to six days if the program is used every day, and a clock that is ahead
 * for a start, or for two days, has no effect at all. If the clock was set, counting starts again.
 */
void
dw_calendar_look (DwCalendar *calendar, gint64 now, const char *boot, gint64 booted)
{
  if (was_set (calendar, now, boot, booted))
    {
      calendar->set = now;
      calendar->candidate = now;
      calendar->counted = now;
      calendar->later_days = 0;
      calendar->believed = MIN (calendar->believed, now);
    }
  else if (now - calendar->counted >= DW_CALENDAR_DAY)
    {
      calendar->counted = now;
      calendar->later_days++;
    }

  if (calendar->later_days >= DW_CALENDAR_LATER_DAYS)
    {
      calendar->believed = calendar->candidate;
      calendar->candidate = now;
      calendar->later_days = 0;
    }

  calendar->looked = now;
  calendar->booted = booted;
  g_strlcpy (calendar->boot, boot, sizeof calendar->boot);
}

/**
 * dw_calendar_to_variant:
 * @calendar: a calendar
 *
 * Returns: (transfer floating): it, to be kept until the next start
 */
GVariant *
dw_calendar_to_variant (const DwCalendar *calendar)
{
  return g_variant_new (DW_CALENDAR_TYPE, calendar->believed, calendar->candidate, calendar->counted,
                        calendar->looked, calendar->later_days, calendar->set, calendar->boot, calendar->booted);
}

/**
 * dw_calendar_from_variant:
 * @calendar: (out): what was kept
 * @variant: of %DW_CALENDAR_TYPE
 */
void
dw_calendar_from_variant (DwCalendar *calendar, GVariant *variant)
{
  const char *boot;

  g_variant_get (variant, "(xxxxux&sx)", &calendar->believed, &calendar->candidate, &calendar->counted,
                 &calendar->looked, &calendar->later_days, &calendar->set, &boot, &calendar->booted);
  g_strlcpy (calendar->boot, boot, sizeof calendar->boot);
}
