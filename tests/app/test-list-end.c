/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-mirror.h"
#include "dw-test.h"

#include "app/chat/dw-list-end.h"

#include <gtk/gtk.h>

typedef struct
{
  GtkStringList *whole;
  DwListEnd *end;
  DwMirror *mirror; /* believes every signal, as a list view does */
  guint next;
} Fixture;

static char *
dup_name (gpointer item)
{
  return g_strdup (gtk_string_object_get_string (item));
}

static void
append (Fixture *fixture, guint n)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) texts = NULL;

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", fixture->next++);

      g_strv_builder_add (builder, text);
    }
  texts = g_strv_builder_end (builder);
  gtk_string_list_splice (fixture->whole, g_list_model_get_n_items (G_LIST_MODEL (fixture->whole)), 0,
                          (const char *const *) texts);
}

static void
fixture_init (Fixture *fixture, guint n)
{
  fixture->whole = gtk_string_list_new (NULL);
  append (fixture, n);
  fixture->end = dw_list_end_new (G_LIST_MODEL (fixture->whole));
  dw_list_end_set_following (fixture->end, TRUE);
  fixture->mirror = dw_mirror_new (G_LIST_MODEL (fixture->end), dup_name);
}

static void
fixture_clear (Fixture *fixture)
{
  dw_mirror_check (fixture->mirror);
  dw_mirror_free (fixture->mirror);
  dw_test_finalize (fixture->end);
  g_object_unref (fixture->whole);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fixture, fixture_clear)

static guint
count (Fixture *fixture)
{
  return g_list_model_get_n_items (G_LIST_MODEL (fixture->end));
}

static void
check_newest (Fixture *fixture)
{
  g_autoptr (GtkStringObject) last = g_list_model_get_item (G_LIST_MODEL (fixture->end), count (fixture) - 1);
  g_autofree char *text = g_strdup_printf ("%u", fixture->next - 1);

  g_assert_cmpstr (gtk_string_object_get_string (last), ==, text);
}

static gboolean
is_calm (gpointer data)
{
  return !dw_list_end_is_live (((Fixture *) data)->end);
}

static gboolean
is_whole (gpointer data)
{
  Fixture *fixture = data;

  return is_calm (data) && count (fixture) == g_list_model_get_n_items (G_LIST_MODEL (fixture->whole));
}

/* At the pace of an ordinary chat the list is passed through unchanged. */
static void
test_calm (void)
{
  g_auto (Fixture) fixture = { 0 };

  fixture_init (&fixture, 1000);
  for (guint i = 0; i < DW_LIST_END_FLOOD; i++)
    append (&fixture, 1);
  g_assert_false (dw_list_end_is_live (fixture.end));
  g_assert_cmpuint (count (&fixture), ==, 1000 + DW_LIST_END_FLOOD);
  gtk_string_list_remove (fixture.whole, 10);
  g_assert_true (is_whole (&fixture));
}

/* Of a conversation that was loaded, or of a flood that begins one, what can be seen is listed at once and the rest frame
 * by frame: all of it at once takes a list view 80 ms. */
static void
test_loaded (void)
{
  g_auto (Fixture) fixture = { 0 };

  fixture_init (&fixture, 0);
  append (&fixture, 5000);
  g_assert_false (dw_list_end_is_live (fixture.end));
  g_assert_cmpuint (count (&fixture), ==, DW_LIST_END_LIVE);
  check_newest (&fixture);
  append (&fixture, 1);
  check_newest (&fixture);
  dw_test_until ("all of them", is_whole, &fixture);
}

/* While rows arrive faster than anybody can read, only the newest are listed and the list hardly changes. All are back
 * once the flood is over. */
static void
test_flood (void)
{
  g_auto (Fixture) fixture = { 0 };
  guint changes;

  fixture_init (&fixture, DW_LIST_END_PAGE);
  append (&fixture, DW_LIST_END_FLOOD + 1);
  g_assert_true (dw_list_end_is_live (fixture.end));
  g_assert_cmpuint (count (&fixture), ==, DW_LIST_END_LIVE);
  check_newest (&fixture);

  changes = dw_mirror_get_n_changes (fixture.mirror);
  for (guint i = 0; i < 10; i++)
    append (&fixture, 100);
  g_assert_cmpuint (dw_mirror_get_n_changes (fixture.mirror), ==, changes);
  /* On a stage without history the oldest rows are removed meanwhile, at every tick. */
  gtk_string_list_splice (fixture.whole, 0, 100, NULL);
  g_assert_cmpuint (dw_mirror_get_n_changes (fixture.mirror), ==, changes);
  dw_mirror_check (fixture.mirror);

  dw_test_run_for (2 * DW_LIST_END_PACE_MS);
  g_assert_cmpuint (count (&fixture), ==, DW_LIST_END_LIVE);
  check_newest (&fixture);

  dw_test_until ("all to come back", is_whole, &fixture);
  g_assert_cmpuint (dw_mirror_get_n_changes (fixture.mirror) - changes, <,
                    (DW_LIST_END_BUILT / DW_LIST_END_STEP) + 2 + 2 * DW_LIST_END_CALM);
}

static guint
number_at (Fixture *fixture, guint position)
{
  g_autoptr (GtkStringObject) item = g_list_model_get_item (G_LIST_MODEL (fixture->end), position);

  return (guint) atoi (gtk_string_object_get_string (item));
}

static gboolean
has_gaps (Fixture *fixture)
{
  return number_at (fixture, count (fixture) - 1) - number_at (fixture, 0) != count (fixture) - 1;
}

static gboolean
is_filled (gpointer fixture)
{
  return !has_gaps (fixture);
}

typedef struct
{
  Fixture *fixture;
  GHashTable *listed;
  guint most; /* how many joined in one change */
} Joiners;

static void
on_changed (Joiners *joiners)
{
  g_autoptr (GHashTable) listed = g_hash_table_new (NULL, NULL);
  guint n_new = 0;

  for (guint i = 0; i < count (joiners->fixture); i++)
    {
      guint number = number_at (joiners->fixture, i);

      g_assert_true (i == 0 || number > number_at (joiners->fixture, i - 1));
      g_hash_table_add (listed, GUINT_TO_POINTER (number));
      n_new += !g_hash_table_contains (joiners->listed, GUINT_TO_POINTER (number));
    }
  joiners->most = MAX (joiners->most, n_new);
  g_hash_table_unref (joiners->listed);
  joiners->listed = g_steal_pointer (&listed);
}

/* However many arrive, only a few rows are built at a time, in order, and each is listed once. What was left out comes
 * back a few at a time too, before the flood counts as over. */
static void
test_joining (void)
{
  g_auto (Fixture) fixture = { 0 };
  Joiners joiners = { &fixture, NULL, 0 };
  gulong handler;

  fixture_init (&fixture, 1000);
  append (&fixture, DW_LIST_END_FLOOD + 1);
  joiners.listed = g_hash_table_new (NULL, NULL);
  on_changed (&joiners);
  joiners.most = 0;
  handler = g_signal_connect_swapped (fixture.end, "items-changed", G_CALLBACK (on_changed), &joiners);
  for (guint i = 0; i < 20; i++)
    {
      append (&fixture, 2000);
      dw_test_run_for (DW_LIST_END_FEED_MS / 2);
    }
  g_assert_true (has_gaps (&fixture));
  dw_test_until ("what was left out", is_filled, &fixture);
  g_assert_true (dw_list_end_is_live (fixture.end));
  g_assert_cmpuint (joiners.most, ==, DW_LIST_END_FEED);

  g_signal_handler_disconnect (fixture.end, handler);
  g_hash_table_unref (joiners.listed);
  dw_test_until ("all to come back", is_whole, &fixture);
}

/* A row that the user presses stays, and those around it are its true neighbours. */
static void
test_read (void)
{
  g_auto (Fixture) fixture = { 0 };
  guint pressed;

  fixture_init (&fixture, 1000);
  for (guint i = 0; i < 10; i++)
    {
      append (&fixture, 2000);
      dw_test_run_for (DW_LIST_END_FEED_MS);
    }
  g_assert_true (has_gaps (&fixture));
  pressed = number_at (&fixture, DW_LIST_END_LIVE / 2);
  dw_list_end_read (fixture.end, pressed);
  g_assert_false (dw_list_end_is_live (fixture.end));
  g_assert_cmpuint (number_at (&fixture, DW_LIST_END_LIVE), ==, pressed);
  g_assert_false (has_gaps (&fixture));
  check_newest (&fixture);
  dw_test_until ("all to come back", is_whole, &fixture);
}

/* In a flood as many rows are listed as the window has room for, even if its height changes, up to a limit that keeps
 * the list quick. */
static void
test_room (void)
{
  static const guint rooms[][2] = { { 10, 10 }, { 60, 60 }, { 12, 12 }, { 5000, DW_LIST_END_MOST }, { 0, 1 } };
  g_auto (Fixture) fixture = { 0 };

  fixture_init (&fixture, 1000);
  append (&fixture, DW_LIST_END_FLOOD + 1);
  for (guint i = 0; i < G_N_ELEMENTS (rooms); i++)
    {
      gint64 end = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;

      dw_list_end_set_room (fixture.end, rooms[i][0]);
      while (count (&fixture) != rooms[i][1] && g_get_monotonic_time () < end)
        {
          append (&fixture, DW_LIST_END_FLOOD);
          dw_test_run_for (DW_LIST_END_PACE_MS);
        }
      g_assert_true (dw_list_end_is_live (fixture.end));
      g_assert_cmpuint (count (&fixture), ==, rooms[i][1]);
    }
  dw_test_until ("all to come back", is_whole, &fixture);
}

/* A flood in bursts counts as one flood: rows are not built and dropped with each burst. */
static void
test_bursts (void)
{
  g_auto (Fixture) fixture = { 0 };

  fixture_init (&fixture, 1000);
  for (guint i = 0; i < 5; i++)
    {
      append (&fixture, 500);
      g_assert_true (dw_list_end_is_live (fixture.end));
      g_assert_cmpuint (count (&fixture), <=, DW_LIST_END_LIVE);
      dw_test_run_for (2 * DW_LIST_END_PACE_MS);
    }
  dw_test_until ("all to come back", is_whole, &fixture);
}

/* A user who has scrolled up is reading, so no row disappears. Scrolling up in a flood brings all rows back. */
static void
test_scrolled_away (void)
{
  g_auto (Fixture) fixture = { 0 };

  fixture_init (&fixture, 1000);
  dw_list_end_set_following (fixture.end, FALSE);
  append (&fixture, 1500);
  g_assert_true (is_whole (&fixture));

  dw_list_end_set_following (fixture.end, TRUE);
  append (&fixture, 1500);
  g_assert_true (dw_list_end_is_live (fixture.end));
  append (&fixture, 1500);
  dw_list_end_set_following (fixture.end, FALSE);
  g_assert_false (dw_list_end_is_live (fixture.end));
  check_newest (&fixture);
  append (&fixture, 1500);
  check_newest (&fixture);
  dw_test_until ("all to come back", is_whole, &fixture);
}

/* A row that is jumped to is there at once, wherever it is. */
static void
test_show (void)
{
  g_auto (Fixture) fixture = { 0 };
  const guint wanted[] = { 5500, 7, 0 };

  fixture_init (&fixture, 1000);
  append (&fixture, 5000);
  g_assert_true (dw_list_end_is_live (fixture.end));
  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    {
      guint position = dw_list_end_show (fixture.end, wanted[i]);
      g_autoptr (GtkStringObject) item = g_list_model_get_item (G_LIST_MODEL (fixture.end), position);
      g_autofree char *text = g_strdup_printf ("%u", wanted[i]);

      g_assert_cmpstr (gtk_string_object_get_string (item), ==, text);
    }
  g_assert_true (is_whole (&fixture));
}

/* Rows are inserted and removed during a flood: before the rows that are listed, among them and across their edge. */
static void
test_changes (void)
{
  g_auto (Fixture) fixture = { 0 };
  g_autoptr (GRand) random = g_rand_new_with_seed (7);

  fixture_init (&fixture, 500);
  for (guint round = 0; round < 300; round++)
    {
      guint n = g_list_model_get_n_items (G_LIST_MODEL (fixture.whole));
      guint position = (guint) g_rand_int_range (random, 0, (gint32) n + 1);
      guint removed = MIN (n - position, (guint) g_rand_int_range (random, 0, 40));
      const char *const added[] = { "a", "b", NULL };

      switch (g_rand_int_range (random, 0, 5))
        {
        case 0:
          append (&fixture, (guint) g_rand_int_range (random, 0, 200));
          break;
        case 1:
          dw_list_end_set_following (fixture.end, g_rand_boolean (random));
          break;
        case 2:
          if (n > 0)
            dw_list_end_show (fixture.end, MIN (position, n - 1));
          break;
        case 3:
          dw_test_run_for (20);
          break;
        default:
          gtk_string_list_splice (fixture.whole, position, removed, g_rand_boolean (random) ? added : NULL);
          break;
        }
      dw_mirror_check (fixture.mirror);
    }
  dw_test_until ("all to come back", is_whole, &fixture);
}

/* The list is dropped during a flood, together with its timer. */
static void
test_dropped (void)
{
  g_auto (Fixture) fixture = { 0 };

  fixture_init (&fixture, 1000);
  append (&fixture, 1500);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/app/list-end/calm", test_calm);
  g_test_add_func ("/app/list-end/loaded", test_loaded);
  g_test_add_func ("/app/list-end/flood/WS-4", test_flood);
  g_test_add_func ("/app/list-end/joining/WS-4", test_joining);
  g_test_add_func ("/app/list-end/read", test_read);
  g_test_add_func ("/app/list-end/room", test_room);
  g_test_add_func ("/app/list-end/bursts", test_bursts);
  g_test_add_func ("/app/list-end/scrolled-away", test_scrolled_away);
  g_test_add_func ("/app/list-end/show", test_show);
  g_test_add_func ("/app/list-end/changes", test_changes);
  g_test_add_func ("/app/list-end/dropped", test_dropped);
  return g_test_run ();
}
