/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-leg.h"

#include "dw-boot-clock.h"

/**
 * dw_leg_new:
 * @inbox: where its frames go
 * @trace: (nullable): what remembers what crossed the wire
 * @serial: a number of its own
 *
 * Returns: (transfer full): a leg that is not open yet
 */
DwLeg *
dw_leg_new (DwInbox *inbox, DwTrace *trace, guint serial)
{
  DwLeg *leg = g_new0 (DwLeg, 1);

  leg->serial = serial;
  leg->connection = dw_connection_new (inbox, trace, serial);
  return leg;
}

/**
 * dw_leg_watch:
 * @leg: a leg whose connection has opened
 * @dialect: for the probe
 * @policy: the durations
 *
 * Starts the watch over it.
 */
void
dw_leg_watch (DwLeg *leg, const DwDialect *dialect, DwSessionPolicy *policy)
{
  leg->liveness = dw_liveness_new (leg->connection, dialect, policy);
}

/**
 * dw_leg_free:
 * @leg: (transfer full): a leg
 *
 * Closes it at once; nothing of it is heard again.
 */
void
dw_leg_free (DwLeg *leg)
{
  dw_connection_close (leg->connection);
  g_clear_object (&leg->liveness);
  g_clear_object (&leg->connection);
  dw_identity_clear (&leg->identity);
  g_free (leg);
}

/**
 * dw_leg_get_silence:
 * @leg: a leg that has ended
 * @cause: why
 * @policy: the durations
 *
 * A peer that closes in order was there until then. One that was lost may have been gone since it was heard last. So
 * may one whose close is read late, because this computer slept or this program was stopped: then a pong is overdue.
 *
 * Returns: for how long nothing could have been heard already, in microseconds
 */
gint64
dw_leg_get_silence (const DwLeg *leg, DwCause cause, const DwSessionPolicy *policy)
{
  gint64 silence = dw_boot_clock_now () - dw_connection_get_last_heard (leg->connection);
  gint64 patience = (gint64) (policy->ping_ms + policy->pong_ms) * 1000;

  if (cause == DW_CAUSE_LOST || cause == DW_CAUSE_SILENT || silence > patience)
    return silence;
  return 0;
}
