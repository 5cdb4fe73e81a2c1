/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-line.h"
#include "dw-overlap.h"

G_BEGIN_DECLS

/**
 * DwLines:
 * @current: (nullable): the connection in use
 * @next: (nullable): its successor, during a rollover
 * @old: (nullable): its predecessor, after one, still listened to
 * @trace: (nullable): what remembers what crosses the wire
 *
 * The connections of one session: one, or two during a rollover.
 */
typedef struct
{
  DwLine *current;
  DwLine *next;
  DwLine *old;
  DwTrace *trace;
  /*< private >*/
  DwOverlap *overlap;
  guint last_serial;
} DwLines;

void dw_lines_clear (DwLines *lines);
DwLine *dw_lines_begin (DwLines *lines, DwInbox *inbox);
DwLine *dw_lines_begin_successor (DwLines *lines, DwInbox *inbox);
void dw_lines_promote (DwLines *lines);
void dw_lines_drop_current (DwLines *lines);
void dw_lines_drop_successor (DwLines *lines);
void dw_lines_drop_old (DwLines *lines);

DwLine *dw_lines_find (const DwLines *lines, guint serial);
DwLine *dw_lines_find_owner (const DwLines *lines, gpointer part);
gboolean dw_lines_is_first (DwLines *lines, const DwFrame *frame, guint serial);

G_END_DECLS
