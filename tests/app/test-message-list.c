/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list of messages in a window. */
#include "dw-test-widget.h"
#include "dw-test.h"

#include "app/chat/dw-message-list.h"

#include "client/store/dw-store.h"

#include <adwaita.h>

/* More than a key moves the list for by itself. */
#define SLOW_FRAME_US (1500 * G_TIME_SPAN_MILLISECOND)

typedef struct
{
  DwStore *store;
  DwStage *stage;
  DwConversation *conversation;
  GtkWidget *window;
  DwMessageList *list;
  GtkWidget *scroller;
  GtkWidget *view;
  GtkAdjustment *adjustment;
} ListWindow;

static void
say (ListWindow *shown, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (DwMessage) message =
          dw_message_new (DW_MESSAGE_THEIRS, "some words that fill a row", "Eve", NULL, g_get_real_time ());

      dw_conversation_append (shown->conversation, message);
    }
}

static gboolean
is_settled (gpointer conversation)
{
  return dw_conversation_is_settled (conversation);
}

static gboolean
is_at_end (gpointer data)
{
  ListWindow *shown = data;
  double end = gtk_adjustment_get_upper (shown->adjustment) - gtk_adjustment_get_page_size (shown->adjustment);

  return end > 0 && gtk_adjustment_get_value (shown->adjustment) >= end - 1;
}

static gboolean
is_at_start (gpointer data)
{
  return gtk_adjustment_get_value (((ListWindow *) data)->adjustment) < 1;
}

static void
list_window_init (ListWindow *shown)
{
  g_autoptr (DwStageUrl) url = dw_stage_url_parse ("ws://127.0.0.1:1/prod", NULL);

  shown->store = dw_store_new (NULL);
  shown->stage = dw_stage_new (url);
  dw_stage_set_number (shown->stage, 1);
  shown->conversation = dw_conversation_new (shown->store, shown->stage);
  shown->window = gtk_window_new ();
  gtk_window_set_default_size (GTK_WINDOW (shown->window), 500, 500);
  shown->list = g_object_new (DW_TYPE_MESSAGE_LIST, NULL);
  shown->view = dw_test_find_widget (GTK_WIDGET (shown->list), GTK_TYPE_LIST_VIEW);
  shown->scroller = gtk_widget_get_ancestor (shown->view, GTK_TYPE_SCROLLED_WINDOW);
  shown->adjustment = gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (shown->scroller));
  gtk_window_set_child (GTK_WINDOW (shown->window), GTK_WIDGET (shown->list));
  dw_message_list_set_conversation (shown->list, shown->conversation);
  gtk_window_present (GTK_WINDOW (shown->window));
  say (shown, 40);
  dw_test_until ("the store", is_settled, shown->conversation);
  dw_test_until ("the end", is_at_end, shown);
}

static void
list_window_clear (ListWindow *shown)
{
  gtk_window_destroy (GTK_WINDOW (shown->window));
  dw_test_run_for (50);
  g_clear_object (&shown->conversation);
  g_clear_object (&shown->stage);
  g_clear_object (&shown->store);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ListWindow, list_window_clear)

/* A key reaches the controllers first. */
static void
press (ListWindow *shown, guint key)
{
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (shown->scroller);

  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr (GtkEventController) controller = g_list_model_get_item (controllers, i);
      gboolean handled = FALSE;

      if (GTK_IS_EVENT_CONTROLLER_KEY (controller))
        g_signal_emit_by_name (controller, "key-pressed", key, 0, 0, &handled);
    }
}

/* The frame that shows what a key did may come late. The list must not take it for its own and go back to its end. */
static void
test_slow_frame (void)
{
  g_auto (ListWindow) shown = { 0 };

  list_window_init (&shown);
  press (&shown, GDK_KEY_Home);
  /* Then the list view handles it. */
  gtk_widget_activate_action (shown.view, "list.scroll-to-item", "u", 0);
  say (&shown, 1);
  g_usleep (SLOW_FRAME_US);
  dw_test_until ("the start", is_at_start, &shown);
  dw_test_run_for (SLOW_FRAME_US / 1000);
  g_assert_true (is_at_start (&shown));
}

/* A key that moves nothing must not keep the list from following its end. */
static void
test_follows (void)
{
  g_auto (ListWindow) shown = { 0 };

  list_window_init (&shown);
  press (&shown, GDK_KEY_Down);
  say (&shown, 10);
  dw_test_until ("the store", is_settled, shown.conversation);
  dw_test_run_for (SLOW_FRAME_US / 1000);
  dw_test_until ("the end", is_at_end, &shown);
  say (&shown, 10);
  dw_test_until ("the store", is_settled, shown.conversation);
  dw_test_run_for (200);
  dw_test_until ("the end", is_at_end, &shown);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  gtk_init ();
  adw_init ();
  g_test_add_func ("/app/message-list/slow-frame", test_slow_frame);
  g_test_add_func ("/app/message-list/follows", test_follows);
  return g_test_run ();
}
