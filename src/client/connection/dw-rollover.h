/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-leg.h"

G_BEGIN_DECLS

/**
 * DwOverlap:
 *
 * What arrived on two connections to one stage at the same time.
 */
typedef struct _DwOverlap DwOverlap;

/** DW_OVERLAP_TEXTS: how many different messages are remembered; the overlap lasts two seconds. */
#define DW_OVERLAP_TEXTS 20000

DwOverlap *dw_overlap_new (void);
void dw_overlap_free (DwOverlap *overlap);
gboolean dw_overlap_is_first (DwOverlap *overlap, const DwFrame *frame, gboolean successor);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwOverlap, dw_overlap_free)

/**
 * DwRollover:
 * @current: (nullable): the connection in use
 * @next: (nullable): its successor, during a rollover
 * @old: (nullable): its predecessor, after one, still listened to
 * @trace: (nullable): what remembers what crosses the wire
 *
 * The connections of one session: one, or two during a rollover.
 */
typedef struct
{
  DwLeg *current;
  DwLeg *next;
  DwLeg *old;
  DwTrace *trace;
  /*< private >*/
  DwOverlap *overlap;
  guint last_serial;
} DwRollover;

void dw_rollover_clear (DwRollover *rollover);
DwLeg *dw_rollover_begin (DwRollover *rollover, DwInbox *inbox);
DwLeg *dw_rollover_begin_successor (DwRollover *rollover, DwInbox *inbox);
void dw_rollover_promote (DwRollover *rollover);
void dw_rollover_drop_current (DwRollover *rollover);
void dw_rollover_drop_successor (DwRollover *rollover);
void dw_rollover_drop_old (DwRollover *rollover);

DwLeg *dw_rollover_find (const DwRollover *rollover, guint serial);
DwLeg *dw_rollover_find_owner (const DwRollover *rollover, gpointer part);
gboolean dw_rollover_is_first (DwRollover *rollover, const DwFrame *frame, guint serial);

G_END_DECLS
