/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-turn.h"

#include "wire/dw-thread.h"

typedef struct
{
  DwTurnPlace *place; /* NULL if it was removed */
  DwTurnFunc func;
  gpointer data;
} Waiting;

struct _DwTurn
{
  GArray *waiting; /* of Waiting; each place is in it once, so no more than there are sockets */
  GArray *running; /* those being run */
  gboolean held;
  gint64 began;   /* when the first one was added, monotonic, in microseconds */
  gint64 took;    /* how long the last turn took to run, in microseconds */
  GSource *end;   /* ready if something waits and nobody holds it; lower priority than reading */
  GSource *limit; /* ready when something has waited long enough; default priority */
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

  /* What is added meanwhile waits for the next turn. */
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
 * Returns: (transfer full): a turn of the default main context. It ends when nothing of default priority is ready any
 *   more, but no later than %DW_TURN_HELD_US after it began, see dw_turn_hold()
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
 * @turn: (transfer full): a turn; before the last reference goes, every place has to be removed
 */
void
dw_turn_unref (DwTurn *turn)
{
  g_rc_box_release_full (turn, clear);
}

/**
 * dw_turn_add:
 * @turn: a turn
 * @place: a place, whose memory has to stay where it is until @func is called or dw_turn_remove()
 * @func: called once, at the end of this turn
 * @data: for @func
 *
 * Does nothing if @place is already waiting in a turn.
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
 * A turn that is held does not end when nothing more is ready, but only %DW_TURN_HELD_US after its first place was
 * taken. If the last turn took longer than that to run, this one waits just as long, up to %DW_TURN_HELD_MOST_US: the
 * more there is to write, the more it pays to write it once. Holds are not counted; the last call wins.
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
 * @place: a place, waiting or not
 *
 * Takes it out of its turn, so that its function is not called.
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
