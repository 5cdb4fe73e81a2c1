/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-line.h"

#include "dw-boot-clock.h"

/**
 * dw_line_new:
 * @inbox: where its frames go
 * @trace: (nullable): what remembers what crossed the wire
 * @serial: a number of its own
 *
 * Returns: (transfer full): a line that is not open yet
 */
DwLine *
dw_line_new (DwInbox *inbox, DwTrace *trace, guint serial)
{
  DwLine *line = g_new0 (DwLine, 1);

  line->serial = serial;
  line->connection = dw_connection_new (inbox, trace, serial);
  return line;
}

/**
 * dw_line_watch:
 * @line: a line whose connection has opened
 * @dialect: for the probe
 * @policy: the durations
 *
 * Starts the watch over it.
 */
void
dw_line_watch (DwLine *line, const DwDialect *dialect, const DwSessionPolicy *policy)
{
  line->liveness = dw_liveness_new (line->connection, dialect, policy);
}

/**
 * dw_line_free:
 * @line: (transfer full): a line
 *
 * Closes it at once; nothing of it is heard again.
 */
void
dw_line_free (DwLine *line)
{
  dw_connection_close (line->connection);
  g_clear_object (&line->liveness);
  g_clear_object (&line->connection);
  dw_identity_clear (&line->identity);
  g_free (line);
}

/**
 * dw_line_get_silence:
 * @line: a line that has ended
 * @cause: why
 * @policy: the durations
 *
 * A peer that says goodbye was there until then. One that just is gone may have been gone since it was heard last;
 * so may one whose goodbye is read late, because this computer slept or this program was stopped: then a pong is
 * overdue.
 *
 * Returns: for how long nothing could have been heard already, in microseconds
 */
gint64
dw_line_get_silence (const DwLine *line, DwCause cause, const DwSessionPolicy *policy)
{
  gint64 silence = dw_boot_clock_now () - dw_connection_get_last_heard (line->connection);
  gint64 patience = (gint64) (policy->ping_ms + policy->pong_ms) * 1000;

  if (cause == DW_CAUSE_LOST || cause == DW_CAUSE_SILENT || silence > patience)
    return silence;
  return 0;
}
