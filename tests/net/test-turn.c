/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "net/dw-turn.h"

/* Work deferred to the end of a main loop turn. */

typedef struct
{
  DwTurn *turn;
  DwTurnPlace place;
  DwTurnPlace *other; /* to be removed by do_work(), or NULL */
  gboolean again;
  guint ran;
} Work;

static void
do_work (gpointer data)
{
  Work *work = data;

  work->ran++;
  if (work->other != NULL)
    dw_turn_remove (work->other);
  if (work->again)
    dw_turn_add (work->turn, &work->place, do_work, work);
}

static void
run_one_turn (void)
{
  g_assert_true (g_main_context_iteration (NULL, FALSE));
}

/* Deferred work runs once, however often it is added, and only at the end of the turn. */
static void
test_once (void)
{
  g_autoptr (DwTurn) turn = dw_turn_new ();
  Work work = { .turn = turn };

  for (guint i = 0; i < 3; i++)
    dw_turn_add (turn, &work.place, do_work, &work);
  g_assert_cmpuint (work.ran, ==, 0);
  run_one_turn ();
  g_assert_cmpuint (work.ran, ==, 1);
  g_assert_false (g_main_context_iteration (NULL, FALSE));

  dw_turn_add (turn, &work.place, do_work, &work);
  run_one_turn ();
  g_assert_cmpuint (work.ran, ==, 2);
}

/* Work that is removed before the end of the turn, or by other deferred work, does not run. */
static void
test_removed (void)
{
  g_autoptr (DwTurn) turn = dw_turn_new ();
  Work first = { .turn = turn };
  Work second = { .turn = turn };
  Work third = { .turn = turn };

  dw_turn_add (turn, &first.place, do_work, &first);
  dw_turn_add (turn, &second.place, do_work, &second);
  dw_turn_add (turn, &third.place, do_work, &third);
  first.other = &third.place;
  dw_turn_remove (&second.place);
  dw_turn_remove (&second.place);
  run_one_turn ();
  g_assert_cmpuint (first.ran, ==, 1);
  g_assert_cmpuint (second.ran, ==, 0);
  g_assert_cmpuint (third.ran, ==, 0);
}

/* Work that defers itself again runs in the next turn: the main loop is not blocked. */
static void
test_again (void)
{
  g_autoptr (DwTurn) turn = dw_turn_new ();
  Work work = { .turn = turn, .again = TRUE };

  dw_turn_add (turn, &work.place, do_work, &work);
  for (guint i = 1; i < 4; i++)
    {
      run_one_turn ();
      g_assert_cmpuint (work.ran, ==, i);
    }
  dw_turn_remove (&work.place);
}

static gboolean
on_busy (gpointer data)
{
  return --*(guint *) data > 0;
}

static gboolean
has_run (gpointer data)
{
  return ((Work *) data)->ran > 0;
}

/* Ready sources are dispatched first, again and again, since they may add work to the same turn; but not forever. */
static void
test_behind (void)
{
  g_autoptr (DwTurn) turn = dw_turn_new ();
  Work work = { .turn = turn };
  guint left = 3;

  dw_turn_add (turn, &work.place, do_work, &work);
  g_idle_add_full (G_PRIORITY_DEFAULT, on_busy, &left, NULL);
  while (left > 0)
    {
      g_assert_cmpuint (work.ran, ==, 0);
      run_one_turn ();
    }
  run_one_turn ();
  g_assert_cmpuint (work.ran, ==, 1);

  work.ran = 0;
  left = G_MAXUINT;
  dw_turn_add (turn, &work.place, do_work, &work);
  g_idle_add_full (G_PRIORITY_DEFAULT, on_busy, &left, NULL);
  dw_test_until ("the turn to end", has_run, &work);
  left = 1;
  run_one_turn ();
}

/* Holding a turn lets more work join it for a few milliseconds; releasing it ends the turn. */
static void
test_held (void)
{
  g_autoptr (DwTurn) turn = dw_turn_new ();
  Work work = { .turn = turn };
  gint64 began = g_get_monotonic_time ();

  dw_turn_hold (turn, TRUE);
  dw_turn_add (turn, &work.place, do_work, &work);
  dw_test_until ("the time to be over", has_run, &work);
  g_assert_cmpint (g_get_monotonic_time () - began, >=, DW_TURN_HELD_US);

  work.ran = 0;
  dw_turn_add (turn, &work.place, do_work, &work);
  dw_turn_hold (turn, FALSE);
  run_one_turn ();
  g_assert_cmpuint (work.ran, ==, 1);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/net/turn/once", test_once);
  g_test_add_func ("/net/turn/removed", test_removed);
  g_test_add_func ("/net/turn/again", test_again);
  g_test_add_func ("/net/turn/behind", test_behind);
  g_test_add_func ("/net/turn/held", test_held);
  return g_test_run ();
}
