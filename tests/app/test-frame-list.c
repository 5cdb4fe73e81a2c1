/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lines of the inspector, in a list on the screen: what it costs, counted in rows that are built, and what it says of each
 * frame. */
#include "dw-test.h"

#include "app/inspector/dw-frame-list.h"

#include <adwaita.h>
#include <string.h>

static void
add_frame (DwTrace *trace, DwTraceKind kind, const char *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  dw_trace_add_frame (trace, kind, 1, bytes);
}

static void
add_frames (DwTrace *trace, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *text = g_strdup_printf ("{\"message\":\"%u\"}", i);

      add_frame (trace, DW_TRACE_IN, text);
    }
}

static DwFrameList *
list_new (DwTrace *trace)
{
  g_autoptr (DwDialect) dialect = dw_dialect_new_preset (DW_DIALECT_DYNAMOWAVE);

  return dw_frame_list_new (trace, dialect, TRUE);
}

static guint
count (DwFrameList *list)
{
  return g_list_model_get_n_items (G_LIST_MODEL (list));
}

static char *
text_at (DwFrameList *list, guint position)
{
  g_autoptr (DwTraceRow) row = g_list_model_get_item (G_LIST_MODEL (list), position);

  return g_strdup (dw_trace_row_get_text (row));
}

static void
on_bind (GtkSignalListItemFactory *factory, GtkListItem *item, guint *binds)
{
  *binds += 1;
}

static void
on_setup (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
  gtk_list_item_set_child (item, gtk_label_new ("a"));
}

static gboolean
on_frame (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  *(guint *) data += 1;
  return G_SOURCE_CONTINUE;
}

/* Waits until some frames of the window were laid out. */
static void
settle (GtkWidget *widget)
{
  guint frames = 0;
  guint tick = gtk_widget_add_tick_callback (widget, on_frame, &frames, NULL);

  DW_TEST_WAIT ("frames", frames > 5);
  gtk_widget_remove_tick_callback (widget, tick);
}

/* How many rows are built because of the next frame, when the end is shown. */
static guint
count_binds_of_one (GtkWidget *view, DwTrace *trace, DwFrameList *list, guint *binds)
{
  guint64 last = dw_trace_get_last (trace);
  guint bound, position;

  gtk_widget_activate_action (view, "list.scroll-to-item", "u", count (list) - 1);
  settle (view);
  bound = *binds;
  add_frame (trace, DW_TRACE_IN, "{\"message\":\"one more\"}");
  DW_TEST_WAIT ("one more", dw_frame_list_find (list, last + 1, &position));
  settle (view);
  return *binds - bound;
}

static GtkWidget *
view_new (DwFrameList *list, guint *binds)
{
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();
  GtkSelectionModel *selection = GTK_SELECTION_MODEL (gtk_no_selection_new (g_object_ref (G_LIST_MODEL (list))));

  g_signal_connect (factory, "setup", G_CALLBACK (on_setup), NULL);
  g_signal_connect (factory, "bind", G_CALLBACK (on_bind), binds);
  return gtk_list_view_new (selection, g_steal_pointer (&factory));
}

static GtkWidget *
window_new (GtkWidget *view)
{
  GtkWidget *window = gtk_window_new ();
  GtkWidget *scroller = gtk_scrolled_window_new ();

  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), view);
  gtk_window_set_child (GTK_WINDOW (window), scroller);
  gtk_window_set_default_size (GTK_WINDOW (window), 400, 400);
  gtk_window_present (GTK_WINDOW (window));
  return window;
}

/* The 100,000th frame costs as few rows as the 1,000th, and so does the next, for which the first ones go. */
static void
test_rows (void)
{
  g_autoptr (DwTrace) trace = dw_trace_new ();
  g_autoptr (DwFrameList) list = list_new (trace);
  guint binds = 0;
  GtkWidget *view = view_new (list, &binds);
  GtkWidget *window = window_new (view);
  guint early, late;

  add_frames (trace, 999);
  DW_TEST_WAIT ("the first", count (list) == 999);
  early = count_binds_of_one (view, trace, list, &binds);

  add_frames (trace, DW_TRACE_ENTRIES - 1001);
  DW_TEST_WAIT ("the others", count (list) == DW_TRACE_ENTRIES - 1);
  late = count_binds_of_one (view, trace, list, &binds);
  g_assert_cmpuint (late, <=, early + 2);

  /* The first ones go now, and then none for a long time. */
  count_binds_of_one (view, trace, list, &binds);
  g_assert_cmpuint (count (list), <, DW_TRACE_ENTRIES);
  g_assert_cmpuint (count (list), >, DW_TRACE_ENTRIES * 98 / 100);
  late = count_binds_of_one (view, trace, list, &binds);
  g_assert_cmpuint (late, <=, early + 2);
  gtk_window_destroy (GTK_WINDOW (window));
}

typedef struct
{
  guint changes;
  guint most; /* that came or went at once */
} Changes;

static void
on_items_changed (GListModel *model, guint position, guint removed, guint added, Changes *changes)
{
  changes->changes++;
  changes->most = MAX (changes->most, added);
}

/* A new filter reads the trace in many turns of the main loop, and everything is found in the end, in its order. */
static void
test_slices (void)
{
  g_autoptr (DwTrace) trace = dw_trace_new ();
  g_autoptr (DwFrameList) list = NULL;
  DwFrameFilter *filter = dw_frame_filter_new (DW_FRAME_KINDS_ALL, FALSE);
  Changes changes = { 0 };
  g_autofree char *first = NULL;
  g_autofree char *last = NULL;

  add_frames (trace, DW_TRACE_ENTRIES);
  list = list_new (trace);
  DW_TEST_WAIT ("all of them", dw_frame_list_is_ready (list));
  g_assert_cmpuint (count (list), ==, DW_TRACE_ENTRIES);

  g_signal_connect (list, "items-changed", G_CALLBACK (on_items_changed), &changes);
  dw_frame_filter_set_text (filter, "7\"");
  dw_frame_list_take_filter (list, filter);
  g_assert_false (dw_frame_list_is_ready (list));
  DW_TEST_WAIT ("those with a 7", dw_frame_list_is_ready (list));
  g_assert_cmpuint (count (list), ==, DW_TRACE_ENTRIES / 10);
  g_assert_cmpuint (changes.changes, >, 2);
  g_assert_cmpuint (changes.most, <, DW_TRACE_ENTRIES / 10);
  first = text_at (list, 0);
  last = text_at (list, count (list) - 1);
  g_assert_cmpstr (first, ==, "{\"message\":\"7\"}");
  g_assert_cmpstr (last, ==, "{\"message\":\"99997\"}");
}

static DwTraceFate
fate_of (DwTraceRow *row)
{
  return dw_trace_row_get_fate (row);
}

/* A row that is shown learns of its answer; before, it waits, and a recording whose end is near is not silent. */
static void
test_fates (void)
{
  g_autoptr (DwTrace) trace = dw_trace_new ();
  g_autoptr (DwFrameList) list = list_new (trace);
  g_autoptr (DwTraceRow) row = NULL;
  g_autofree char *spoken = NULL;

  add_frame (trace, DW_TRACE_OUT, "{\"action\":\"sendMessage\",\"message\":\"a\"}");
  DW_TEST_WAIT ("the frame", count (list) == 1);
  row = g_list_model_get_item (G_LIST_MODEL (list), 0);
  g_assert_cmpint (fate_of (row), ==, DW_TRACE_FATE_WAITS);
  add_frame (trace, DW_TRACE_IN, "{\"message\":\"a\"}");
  DW_TEST_WAIT ("its echo", fate_of (row) == DW_TRACE_FATE_ANSWERED);
  g_assert_cmpuint (dw_frame_list_get_other (list, 1), ==, 2);
  g_assert_cmpuint (dw_frame_list_get_latencies (list)->n, ==, 1);
  spoken = dw_trace_row_dup_spoken (row);
  g_assert_true (g_str_has_prefix (spoken, "Sent, "));
  g_assert_nonnull (strstr (spoken, "reply after"));
}

static void
add_recorded (DwTrace *trace, gint64 seconds, DwRecordingKind kind, const char *text)
{
  g_autoptr (GBytes) bytes = text != NULL ? g_bytes_new (text, strlen (text)) : NULL;
  const DwRecordingEntry entry = {
    .time = (1000 + seconds) * G_USEC_PER_SEC, .kind = kind, .connection = 1, .bytes = bytes
  };

  dw_trace_add_recorded (trace, &entry);
}

/* In a recording nothing came back for what waited longer than some seconds before its end. */
static void
test_recording (void)
{
  g_autoptr (DwTrace) trace = dw_trace_new ();
  g_autoptr (DwDialect) dialect = dw_dialect_new_preset (DW_DIALECT_DYNAMOWAVE);
  g_autoptr (DwFrameList) list = NULL;
  g_autoptr (DwTraceRow) silent = NULL;
  g_autoptr (DwTraceRow) waiting = NULL;

  add_recorded (trace, 1, DW_RECORDING_OUT, "a");
  add_recorded (trace, 9, DW_RECORDING_OUT, "b");
  add_recorded (trace, 10, DW_RECORDING_CLOSED, NULL);
  list = dw_frame_list_new (trace, dialect, FALSE);
  silent = g_list_model_get_item (G_LIST_MODEL (list), 0);
  waiting = g_list_model_get_item (G_LIST_MODEL (list), 1);
  g_assert_cmpint (fate_of (silent), ==, DW_TRACE_FATE_SILENCE);
  g_assert_cmpint (fate_of (waiting), ==, DW_TRACE_FATE_WAITS);
}

/* Paused, nothing new is shown, but what is shown can be filtered; cleared, nothing is left. */
static void
test_pause_and_clear (void)
{
  g_autoptr (DwTrace) trace = dw_trace_new ();
  g_autoptr (DwFrameList) list = list_new (trace);
  guint position;

  add_frames (trace, 10);
  DW_TEST_WAIT ("the frames", count (list) == 10);
  dw_frame_list_set_paused (list, TRUE);
  add_frames (trace, 10);
  dw_frame_list_take_filter (list, dw_frame_filter_new (DW_FRAME_KINDS_ALL, FALSE));
  g_assert_cmpuint (count (list), ==, 10);
  g_assert_false (dw_frame_list_find (list, 11, &position));
  dw_frame_list_set_paused (list, FALSE);
  g_assert_cmpuint (count (list), ==, 20);
  g_assert_true (dw_frame_list_find (list, 11, &position));
  g_assert_cmpuint (position, ==, 10);

  dw_trace_clear (trace);
  DW_TEST_WAIT ("nothing", count (list) == 0);
  add_frames (trace, 1);
  DW_TEST_WAIT ("what comes next", count (list) == 1);
}

/* Between two ticks the trace can forget what the list still has. */
static void
test_forgotten (void)
{
  g_autoptr (DwTrace) trace = dw_trace_new ();
  g_autoptr (DwFrameList) list = list_new (trace);
  g_autoptr (DwTraceRow) row = NULL;

  add_frames (trace, 10);
  DW_TEST_WAIT ("the frames", count (list) == 10);
  dw_trace_clear (trace);
  row = g_list_model_get_item (G_LIST_MODEL (list), 3);
  g_assert_nonnull (row);
  g_assert_nonnull (dw_trace_row_get_text (row));
  g_assert_null (g_list_model_get_item (G_LIST_MODEL (list), 10));
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  gtk_init ();
  g_test_add_func ("/app/frame-list/S-31/rows", test_rows);
  g_test_add_func ("/app/frame-list/S-31/slices", test_slices);
  g_test_add_func ("/app/frame-list/fates", test_fates);
  g_test_add_func ("/app/frame-list/recording", test_recording);
  g_test_add_func ("/app/frame-list/pause-and-clear", test_pause_and_clear);
  g_test_add_func ("/app/frame-list/forgotten", test_forgotten);
  return g_test_run ();
}
