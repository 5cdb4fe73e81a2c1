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
  gboolean held;
  gint64 began;   /* when the first of them came, monotonic, in microseconds */
  gint64 took;    /* how long the last one took, in microseconds */
  GSource *end;   /* ready where something waits and nobody holds; behind everything else that is ready */
  GSource *limit; /* ready when something has waited for long enough; behind nothing */
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

static void
schedule (DwTurn *turn)
{
  gboolean waits = turn->waiting->len > 0;
  gint64 most = CLAMP (turn->took, DW_TURN_HELD_US, DW_TURN_HELD_MOST_US);

  g_source_set_ready_time (turn->end, waits && !turn->held ? 0 : -1);
  g_source_set_ready_time (turn->limit, waits ? turn->began + most : -1);
}

static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  DwTurn *turn = data;
  GArray *now = turn->waiting;
  gint64 begun = g_get_monotonic_time ();

  DW_ASSERT_THREAD (turn->thread);

  /* What is added meanwhile is for the next turn. */
  turn->waiting = turn->running;
  turn->running = now;
  schedule (turn);
  run (now);
  turn->took = g_get_monotonic_time () - begun;

  return G_SOURCE_CONTINUE;
}

static gboolean
never (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs functions = { .dispatch = dispatch };

static GSource *
add_source (DwTurn *turn, int priority)
{
  GSource *source = g_source_new (&functions, sizeof (GSource));

  g_source_set_static_name (source, "DwTurn");
  g_source_set_priority (source, priority);
  g_source_set_callback (source, never, turn, NULL);
  g_source_attach (source, NULL);
  return source;
}

/**
 * dw_turn_new:
 *
 * Returns: (transfer full): a turn of the default main context: it ends when nothing of the default priority is ready
 *   any more, but no later than %DW_TURN_HELD_US after it began
 */
DwTurn *
dw_turn_new (void)
{
  DwTurn *turn = g_rc_box_new0 (DwTurn);

  turn->thread = g_thread_self ();
  turn->waiting = g_array_new (FALSE, FALSE, sizeof (Waiting));
  turn->running = g_array_new (FALSE, FALSE, sizeof (Waiting));
  turn->end = add_source (turn, DW_TURN_PRIORITY);
  turn->limit = add_source (turn, G_PRIORITY_DEFAULT);

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

  g_source_destroy (turn->end);
  g_source_unref (turn->end);
  g_source_destroy (turn->limit);
  g_source_unref (turn->limit);
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
  place->turn = turn;
  place->index = turn->waiting->len;
  g_array_append_val (turn->waiting, one);
  if (turn->waiting->len > 1)
    return;
  turn->began = g_get_monotonic_time ();
  schedule (turn);
}

/**
 * dw_turn_hold:
 * @turn: a turn
 * @held: whether more of the same is about to come
 *
 * While it is held a turn does not end when nothing more is ready, but %DW_TURN_HELD_US after the first place in it was
 * taken; where the last one took longer than that, after as long, and %DW_TURN_HELD_MOST_US at most: where there is
 * much to write it is worth more to write it once. One holds it: the last word counts.
 */
void
dw_turn_hold (DwTurn *turn, gboolean held)
{
  DW_ASSERT_THREAD (turn->thread);

  if (turn->held == held)
    return;
  turn->held = held;
  schedule (turn);
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

/**
 * dw_turn_is_held:
 * @turn: a turn
 *
 * Returns: whether somebody holds it
 */
gboolean
dw_turn_is_held (DwTurn *turn)
{
  return turn->held;
}
