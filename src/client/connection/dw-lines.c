/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-lines.h"

/**
 * dw_lines_clear:
 * @lines: the connections
 *
 * Closes them all at once.
 */
void
dw_lines_clear (DwLines *lines)
{
  g_clear_pointer (&lines->current, dw_line_free);
  dw_lines_drop_successor (lines);
  dw_lines_drop_old (lines);
}

/**
 * dw_lines_begin:
 * @lines: the connections
 * @inbox: where its frames go
 *
 * Returns: (transfer none): a new current one, not open yet; the others are closed
 */
DwLine *
dw_lines_begin (DwLines *lines, DwInbox *inbox)
{
  dw_lines_clear (lines);
  lines->current = dw_line_new (inbox, lines->trace, ++lines->last_serial);
  return lines->current;
}

/**
 * dw_lines_begin_successor:
 * @lines: the connections
 * @inbox: where its frames go
 *
 * From here on what arrives is counted, before the handshake even: the stage may broadcast to both connections
 * before we hear that the new one is open.
 *
 * Returns: (transfer none): a successor, not open yet
 */
DwLine *
dw_lines_begin_successor (DwLines *lines, DwInbox *inbox)
{
  dw_lines_drop_successor (lines);
  dw_lines_drop_old (lines);
  lines->overlap = dw_overlap_new ();
  lines->next = dw_line_new (inbox, lines->trace, ++lines->last_serial);
  return lines->next;
}

/**
 * dw_lines_promote:
 * @lines: the connections, with a successor
 *
 * The successor becomes the current one, which stays as the old one for the rest of the overlap.
 */
void
dw_lines_promote (DwLines *lines)
{
  lines->old = g_steal_pointer (&lines->current);
  lines->current = g_steal_pointer (&lines->next);
}

/**
 * dw_lines_drop_current:
 * @lines: the connections
 *
 * The current one ended; its successor, where there is one, takes its place.
 */
void
dw_lines_drop_current (DwLines *lines)
{
  g_clear_pointer (&lines->current, dw_line_free);
  lines->current = g_steal_pointer (&lines->next);
  dw_lines_drop_old (lines);
}

/**
 * dw_lines_drop_successor:
 * @lines: the connections
 */
void
dw_lines_drop_successor (DwLines *lines)
{
  g_clear_pointer (&lines->next, dw_line_free);
  g_clear_pointer (&lines->overlap, dw_overlap_free);
}

/**
 * dw_lines_drop_old:
 * @lines: the connections
 *
 * The overlap is over.
 */
void
dw_lines_drop_old (DwLines *lines)
{
  g_clear_pointer (&lines->old, dw_line_free);
  g_clear_pointer (&lines->overlap, dw_overlap_free);
}

/**
 * dw_lines_find:
 * @lines: the connections
 * @serial: a line's serial
 *
 * Returns: (nullable): that line, where it still is one
 */
DwLine *
dw_lines_find (const DwLines *lines, guint serial)
{
  DwLine *all[] = { lines->current, lines->next, lines->old };

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    if (all[i] != NULL && all[i]->serial == serial)
      return all[i];
  return NULL;
}

/**
 * dw_lines_find_owner:
 * @lines: the connections
 * @part: a #DwConnection or a #DwLiveness
 *
 * Returns: (nullable): the line it belongs to
 */
DwLine *
dw_lines_find_owner (const DwLines *lines, gpointer part)
{
  DwLine *all[] = { lines->current, lines->next, lines->old };

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    if (all[i] != NULL && (all[i]->connection == part || all[i]->liveness == part))
      return all[i];
  return NULL;
}

/**
 * dw_lines_is_first:
 * @lines: the connections
 * @frame: what arrived
 * @serial: on which line
 *
 * Returns: whether it did not arrive on the other line before
 */
gboolean
dw_lines_is_first (DwLines *lines, const DwFrame *frame, guint serial)
{
  return lines->overlap == NULL || dw_overlap_is_first (lines->overlap, frame, serial == lines->last_serial);
}
