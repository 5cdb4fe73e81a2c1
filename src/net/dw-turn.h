/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * DwTurn:
 *
 * Puts work off until nothing else is ready in the main loop, or for %DW_TURN_HELD_US at most, so that many small
 * writes to one socket become one. It lives in the thread of the main loop.
 */
typedef struct _DwTurn DwTurn;

/** DW_TURN_PRIORITY: the priority of its end, above that of idle sockets, see #DwPoll. */
#define DW_TURN_PRIORITY (G_PRIORITY_DEFAULT + 1)

/** DW_TURN_HELD_US: how long something may wait for the end of a turn, in microseconds. */
#define DW_TURN_HELD_US 4000

/** DW_TURN_HELD_MOST_US: the same if running the turn takes longer itself, as writing to 5,000 sockets does. */
#define DW_TURN_HELD_MOST_US 50000

/**
 * DwTurnPlace:
 *
 * A place in a turn, embedded in whatever waits. All zeros means that it is not waiting.
 */
typedef struct
{
  /*< private >*/
  DwTurn *turn;
  guint index;
} DwTurnPlace;

/**
 * DwTurnFunc:
 * @data: what dw_turn_add() was given
 */
typedef void (*DwTurnFunc) (gpointer data);

DwTurn *dw_turn_new (void);
DwTurn *dw_turn_ref (DwTurn *turn);
void dw_turn_unref (DwTurn *turn);

void dw_turn_add (DwTurn *turn, DwTurnPlace *place, DwTurnFunc func, gpointer data);
void dw_turn_remove (DwTurnPlace *place);
void dw_turn_hold (DwTurn *turn, gboolean held);
gboolean dw_turn_is_held (DwTurn *turn);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwTurn, dw_turn_unref)

G_END_DECLS
