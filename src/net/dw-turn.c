/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-turn.h"

#include "wire/dw-thread.h"

typedef struct
{
  DwTurnPlace *place; /* or NULL: removed */
  DwTurnFunc func;
  gpointer data;
} Waiting;

struct _DwTurn
{
  GArray *waiting; /* of Waiting; each place once, so no more than there are sockets */
  GArray *running; /* the same, while they run */
  GSource *source;
  GThread *thread;
};

static void
run (GArray *all)
{
  for (guint i = 0; i < all->len; i++)
    {
      Waiting one = g_array_index (all, Waiting, i);

      if (one.place == NULL)
        continue;
      one.place->turn = NULL;
      g_array_index (all, Waiting, i).place = NULL;
      one.func (one.data);
    }
  g_array_set_size (all, 0);
}

static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  DwTurn *turn = data;
  GArray *now = turn->waiting;

  DW_ASSERT_THREAD (turn->thread);

  /* What is added meanwhile is for the next turn. */
  g_source_set_ready_time (source, -1);
  turn->waiting = turn->running;
  turn->running = now;
  run (now);

  return G_SOURCE_CONTINUE;
}

static gboolean
never (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs functions = { .dispatch = dispatch };

/**
 * dw_turn_new:
 *
 * Returns: (transfer full): a turn of the default main context, at its default priority: as everything that is read
 *   is, so that it comes after all that was ready together, and is not put off by what is ready next
 */
DwTurn *
dw_turn_new (void)
{
  DwTurn *turn = g_rc_box_new0 (DwTurn);

  turn->thread = g_thread_self ();
  turn->waiting = g_array_new (FALSE, FALSE, sizeof (Waiting));
  turn->running = g_array_new (FALSE, FALSE, sizeof (Waiting));
  turn->source = g_source_new (&functions, sizeof (GSource));
  g_source_set_static_name (turn->source, "DwTurn");
  g_source_set_callback (turn->source, never, turn, NULL);
  g_source_attach (turn->source, NULL);

  return turn;
}

/**
 * dw_turn_ref:
 * @turn: a turn
 *
 * Returns: (transfer full): @turn
 */
DwTurn *
dw_turn_ref (DwTurn *turn)
{
  return g_rc_box_acquire (turn);
}

static void
clear (gpointer data)
{
  DwTurn *turn = data;

  g_source_destroy (turn->source);
  g_source_unref (turn->source);
  g_array_unref (turn->waiting);
  g_array_unref (turn->running);
}

/**
 * dw_turn_unref:
 * @turn: (transfer full): a turn; nobody has a place in it any more where this is the last reference
 */
void
dw_turn_unref (DwTurn *turn)
{
  g_rc_box_release_full (turn, clear);
}

/**
 * dw_turn_add:
 * @turn: a turn
 * @place: a place, which has to stay where it is until @func was called or dw_turn_remove()
 * @func: called once, at the end of this turn
 * @data: for @func
 *
 * Where @place is taken already nothing changes.
 */
void
dw_turn_add (DwTurn *turn, DwTurnPlace *place, DwTurnFunc func, gpointer data)
{
  Waiting one = { place, func, data };

  DW_ASSERT_THREAD (turn->thread);

  if (place->turn != NULL)
    return;
  if (turn->waiting->len == 0)
    g_source_set_ready_time (turn->source, 0);
  place->turn = turn;
  place->index = turn->waiting->len;
  g_array_append_val (turn->waiting, one);
}

static gboolean
take_out (GArray *all, const DwTurnPlace *place)
{
  if (place->index >= all->len || g_array_index (all, Waiting, place->index).place != place)
    return FALSE;
  g_array_index (all, Waiting, place->index).place = NULL;
  return TRUE;
}

/**
 * dw_turn_remove:
 * @place: a place, taken or not
 *
 * Its function is not called.
 */
void
dw_turn_remove (DwTurnPlace *place)
{
  if (place->turn == NULL)
    return;
  if (!take_out (place->turn->waiting, place))
    take_out (place->turn->running, place);
  place->turn = NULL;
}
