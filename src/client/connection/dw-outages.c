/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-outages.h"

struct _DwOutages
{
  GArray *all; /* of DwOutage, the oldest first; at most DW_OUTAGES_MOST */
};

/**
 * dw_outages_new:
 *
 * Returns: (transfer full): none
 */
DwOutages *
dw_outages_new (void)
{
  DwOutages *outages = g_new0 (DwOutages, 1);

  outages->all = g_array_new (FALSE, FALSE, sizeof (DwOutage));
  return outages;
}

/**
 * dw_outages_free:
 * @outages: (transfer full): outages
 */
void
dw_outages_free (DwOutages *outages)
{
  g_array_unref (outages->all);
  g_free (outages);
}

/* The one that goes on, or NULL. */
static DwOutage *
get_current (const DwOutages *outages)
{
  DwOutage *last = outages->all->len > 0 ? &g_array_index (outages->all, DwOutage, outages->all->len - 1) : NULL;

  return last != NULL && last->ended == 0 ? last : NULL;
}

/**
 * dw_outages_begin:
 * @outages: the outages until now
 * @now: the boot clock, in microseconds
 * @time: the time of day, in microseconds since 1970 UTC
 * @cause: why an open connection ended
 * @code: the close code that came with the cause, or 0
 *
 * An outage begins. While one goes on there is no other: what is lost before messages flowed again belongs to it.
 */
void
dw_outages_begin (DwOutages *outages, gint64 now, gint64 time, DwCause cause, guint code)
{
  DwOutage outage = { .time = time, .began = now, .cause = cause, .code = code };

  if (get_current (outages) != NULL)
    return;
  if (outages->all->len == DW_OUTAGES_MOST)
    g_array_remove_index (outages->all, 0);
  g_array_append_val (outages->all, outage);
}

/**
 * dw_outages_end:
 * @outages: the outages until now
 * @now: the boot clock, in microseconds
 *
 * Messages flow. The outage is over, if there was one.
 */
void
dw_outages_end (DwOutages *outages, gint64 now)
{
  DwOutage *current = get_current (outages);

  if (current != NULL)
    current->ended = MAX (now, current->began + 1);
}

/**
 * dw_outages_drop_current:
 * @outages: the outages until now
 *
 * The person disconnected, so nobody can say how long the outage would have been.
 */
void
dw_outages_drop_current (DwOutages *outages)
{
  if (get_current (outages) != NULL)
    g_array_set_size (outages->all, outages->all->len - 1);
}

/**
 * dw_outages_count:
 * @outages: the outages until now
 * @now: the boot clock, in microseconds
 *
 * Forgets those that ended more than a day ago.
 *
 * Returns: how many are left
 */
guint
dw_outages_count (DwOutages *outages, gint64 now)
{
  gint64 oldest = now - (gint64) DW_OUTAGES_SECONDS * G_USEC_PER_SEC;
  guint past = 0;

  while (past < outages->all->len && g_array_index (outages->all, DwOutage, past).ended != 0
         && g_array_index (outages->all, DwOutage, past).ended < oldest)
    past++;
  if (past > 0)
    g_array_remove_range (outages->all, 0, past);
  return outages->all->len;
}

/**
 * dw_outages_get:
 * @outages: the outages until now
 * @index: which one, the newest first, less than dw_outages_count()
 *
 * Returns: (transfer none): the outage; it is valid until something happens
 */
const DwOutage *
dw_outages_get (const DwOutages *outages, guint index)
{
  return &g_array_index (outages->all, DwOutage, outages->all->len - 1 - index);
}

/**
 * dw_outage_get_length:
 * @outage: an outage
 * @now: the boot clock, in microseconds
 *
 * Returns: how long it took, or takes until now, in microseconds
 */
gint64
dw_outage_get_length (const DwOutage *outage, gint64 now)
{
  return (outage->ended != 0 ? outage->ended : now) - outage->began;
}
