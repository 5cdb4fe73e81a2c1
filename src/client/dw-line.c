/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-line.h"

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
  g_free (line);
}
