/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * DwTurn:
 *
 * What is put off until everything that is ready in a turn of the main loop has been looked at: many small writes to
 * one socket become one. It lives in the thread of the main loop.
 */
typedef struct _DwTurn DwTurn;

/**
 * DwTurnPlace:
 *
 * One thing's place in it. All zeros is none.
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

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwTurn, dw_turn_unref)

G_END_DECLS
