/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list of messages in a window. */
#include "dw-test-widget.h"
#include "dw-test.h"

#include "app/chat/dw-message-list.h"
#include "app/chat/dw-message-menu.h"
#include "app/chat/dw-message-row.h"
#include "app/chat/dw-selection-bar.h"
#include "app/text/dw-links.h"

#include "client/dw-chat.h"
#include "client/store/dw-store.h"

#include <adwaita.h>
#include <string.h>

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
list_window_open (ListWindow *shown)
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
}

static void
list_window_init (ListWindow *shown)
{
  list_window_open (shown);
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

typedef struct
{
  ListWindow *window;
  DwMessage *message;
} Shown;

static DwMessageRow *
find_row (ListWindow *shown, DwMessage *message)
{
  GtkWidget *item = dw_message_row_find_item (shown->view, dw_message_get_place (message));

  return item != NULL ? DW_MESSAGE_ROW (gtk_widget_get_first_child (item)) : NULL;
}

static gboolean
is_laid_out (gpointer data)
{
  Shown *shown = data;
  DwMessageRow *row = dw_message_get_place (shown->message) > 0 ? find_row (shown->window, shown->message) : NULL;

  return row != NULL && gtk_widget_get_width (dw_message_row_get_bubble (row)) > 0;
}

static DwMessageRow *
show (ListWindow *window, DwMessageKind kind, const char *text, const char *sender)
{
  g_autoptr (DwMessage) message = dw_message_new (kind, text, sender, NULL, g_get_real_time ());
  Shown shown = { window, message };

  /* The other states have icons, which cannot be read in a test's folders. */
  if (kind == DW_MESSAGE_OWN)
    dw_message_set_delivery (message, DW_DELIVERY_SENT, NULL);
  dw_conversation_append (window->conversation, message);
  dw_test_until ("the store", is_settled, window->conversation);
  dw_test_until ("the row", is_laid_out, &shown);
  return find_row (window, message);
}

static graphene_rect_t
bounds_in (GtkWidget *widget, gpointer other)
{
  graphene_rect_t bounds;

  g_assert_true (gtk_widget_compute_bounds (widget, GTK_WIDGET (other), &bounds));
  return bounds;
}

static GtkWidget *
find_class (GtkWidget *widget, const char *name)
{
  if (gtk_widget_has_css_class (widget, name))
    return widget;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find_class (child, name);

      if (found != NULL)
        return found;
    }
  return NULL;
}

/* A name has the color of its avatar, which is chosen by the library. */
static void
test_colors (void)
{
  static const char *const names[] = { "Ada", "Björn", "Chiara", "Eve", "Zoë", "Михаил", "陳" };
  g_auto (ListWindow) shown = { 0 };

  list_window_open (&shown);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      DwMessageRow *row = show (&shown, DW_MESSAGE_THEIRS, "hello", names[i]);
      GtkWidget *avatar = dw_test_find_widget (GTK_WIDGET (row), ADW_TYPE_AVATAR);
      GtkWidget *name = find_class (GTK_WIDGET (row), "message-name");
      guint n_found = 0;

      for (guint color = 1; color <= 14; color++)
        {
          g_autofree char *of_avatar = g_strdup_printf ("color%u", color);
          g_autofree char *of_name = g_strdup_printf ("name-%u", color);
          gboolean has = find_class (avatar, of_avatar) != NULL;

          g_assert_cmpint (gtk_widget_has_css_class (name, of_name), ==, has);
          n_found += has;
        }
      g_assert_cmpuint (n_found, ==, 1);
    }
}

/* The first messages are by the composer, not far above it. */
static void
test_bottom (void)
{
  g_auto (ListWindow) shown = { 0 };
  DwMessageRow *row;
  graphene_rect_t bounds;

  list_window_open (&shown);
  row = show (&shown, DW_MESSAGE_THEIRS, "hello", "Ada");
  bounds = bounds_in (GTK_WIDGET (row), shown.list);
  g_assert_cmpfloat (bounds.origin.y + bounds.size.height, >,
                     (float) gtk_widget_get_height (GTK_WIDGET (shown.list)) - 24);
}

typedef struct
{
  ListWindow *shown;
  GtkWidget *row;
} Lowest;

static gboolean
is_by_composer (gpointer data)
{
  const Lowest *lowest = data;
  graphene_rect_t bounds = bounds_in (lowest->row, lowest->shown->list);

  return bounds.origin.y + bounds.size.height
         > (float) gtk_widget_get_height (GTK_WIDGET (lowest->shown->list)) - 24;
}

/* The first rows of a conversation are listed at once if there is room for them, and not the last ones first: GTK would
 * begin a round of Tab there. */
static void
test_first_at_once (void)
{
  g_auto (ListWindow) shown = { 0 };
  GtkWidget *view;

  list_window_open (&shown);
  view = dw_test_find_widget (GTK_WIDGET (shown.list), GTK_TYPE_LIST_VIEW);
  say (&shown, 8);
  dw_test_until ("the store", is_settled, shown.conversation);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (gtk_list_view_get_model (GTK_LIST_VIEW (view)))), ==,
                    g_list_model_get_n_items (G_LIST_MODEL (shown.conversation)));
}

static gboolean
has_room (gpointer data)
{
  ListWindow *shown = data;
  GtkWidget *view = gtk_widget_get_ancestor (GTK_WIDGET (shown->list), GTK_TYPE_WINDOW);

  return gtk_widget_get_height (dw_test_find_widget (GTK_WIDGET (shown->list), GTK_TYPE_LIST_VIEW))
         > gtk_widget_get_height (view) / 2;
}

/* A conversation with a long message is not cut off at the top where there is room above it, and by the composer too. */
static void
test_long_in_few (void)
{
  for (guint words = 40; words <= 280; words += 80)
    {
      g_auto (ListWindow) shown = { 0 };
      g_autoptr (GString) text = g_string_new ("a long one:");
      Lowest lowest = { &shown, NULL };

      for (guint i = 0; i < words; i++)
        g_string_append (text, " word");
      list_window_open (&shown);
      show (&shown, DW_MESSAGE_THEIRS, "first", "Ada");
      show (&shown, DW_MESSAGE_THEIRS, text->str, "Bob");
      lowest.row = GTK_WIDGET (show (&shown, DW_MESSAGE_THEIRS, "last", "Ada"));
      if (words > 240)
        dw_test_until ("the list to take the room", has_room, &shown);
      dw_test_until ("the last to be by the composer", is_by_composer, &lowest);
    }
}

/* Where a text wraps, no width is left that none of its lines needs; on either side, and with any direction. */
static void
test_bubble_width (void)
{
  static const char *const texts[] = {
    "Donaudampfschifffahrtsgesellschaft Rindfleischetikettierungsüberwachung Donaudampfschifffahrtsgesellschaft",
    "a b\nDonaudampfschifffahrtsgesellschaft Rindfleischetikettierungsüberwachung",
    "> Donaudampfschifffahrtsgesellschaft Rindfleischetikettierungsüberwachung\nDonaudampfschifffahrt",
    "دونوستامبفشيففارتسغيسيلشافت ريندفلايشيتيكيتيرونغسوبيرفاخونغ دونوستامبفشيففارتسغيسيلشافت",
  };
  g_auto (ListWindow) shown = { 0 };

  list_window_open (&shown);
  gtk_window_set_default_size (GTK_WINDOW (shown.window), 420, 600);
  for (guint i = 0; i < G_N_ELEMENTS (texts) * 2; i++)
    {
      gboolean own = i % 2 == 0;
      DwMessageRow *row = show (&shown, own ? DW_MESSAGE_OWN : DW_MESSAGE_THEIRS, texts[i / 2], own ? NULL : "Ada");
      GtkWidget *bubble = dw_message_row_get_bubble (row);
      GtkWidget *label = dw_test_find_widget (bubble, GTK_TYPE_LABEL);
      int least = G_MAXINT;

      g_test_message ("%s", texts[i / 2]);
      if (!gtk_widget_get_visible (label))
        label = gtk_widget_get_last_child (bubble);
      if (!GTK_IS_LABEL (label))
        label = gtk_widget_get_first_child (label);
      for (; label != NULL; label = gtk_widget_get_next_sibling (label))
        {
          int width;

          if (!GTK_IS_LABEL (label) || !gtk_widget_get_visible (label))
            continue;
          pango_layout_get_pixel_size (gtk_label_get_layout (GTK_LABEL (label)), &width, NULL);
          g_assert_cmpint (width, <=, gtk_widget_get_width (label));
          least = MIN (least, gtk_widget_get_width (label) - width);
        }
      g_assert_cmpint (least, <=, 1);
    }
}

/* The time takes no line of its own: it is beside the name, and beside a short message of one's own. */
static void
test_times (void)
{
  g_auto (ListWindow) shown = { 0 };
  DwMessageRow *row;
  GtkWidget *meta;
  graphene_rect_t time, beside;

  list_window_open (&shown);
  row = show (&shown, DW_MESSAGE_THEIRS, "hello", "Ada");
  meta = find_class (GTK_WIDGET (row), "message-meta");
  time = bounds_in (meta, row);
  beside = bounds_in (find_class (GTK_WIDGET (row), "message-name"), row);
  g_assert_cmpfloat (time.origin.y + time.size.height, <=, beside.origin.y + beside.size.height + 1);
  g_assert_cmpfloat (time.origin.x, >=, beside.origin.x + beside.size.width);

  row = show (&shown, DW_MESSAGE_OWN, "hello", NULL);
  meta = find_class (GTK_WIDGET (row), "message-meta");
  time = bounds_in (meta, row);
  beside = bounds_in (dw_message_row_get_bubble (row), row);
  g_assert_cmpfloat (time.origin.y + time.size.height, <=, beside.origin.y + beside.size.height + 1);
  g_assert_cmpfloat (time.origin.x + time.size.width, <=, beside.origin.x);
}

/* What is in a row's place now has none of what was there before. */
static void
test_parts_go (void)
{
  g_auto (ListWindow) shown = { 0 };
  g_autoptr (DwMessage) plain = dw_message_new (DW_MESSAGE_THEIRS, "plain", "Ada", NULL, 0);
  DwMessageRow *row;

  list_window_open (&shown);
  row = show (&shown, DW_MESSAGE_THEIRS, "> quoted\nand so on", "Ada");
  g_assert_nonnull (find_class (GTK_WIDGET (row), "quotation"));
  dw_message_row_set_message (row, plain);
  g_assert_null (find_class (GTK_WIDGET (row), "quotation"));
}

static void
note_spot (GString *said, const DwMessageSpot *spot)
{
  g_string_append_printf (said, "%s%s|", spot->by_pointer ? "*" : "", dw_message_get_text (spot->message));
}

/* A long press opens the menu as the right button does, and a row's own action as a key does. */
static void
test_menu (void)
{
  g_auto (ListWindow) shown = { 0 };
  g_autoptr (GString) said = g_string_new (NULL);
  g_autoptr (GListModel) controllers = NULL;
  graphene_rect_t bounds;
  DwMessageRow *row;

  list_window_open (&shown);
  row = show (&shown, DW_MESSAGE_THEIRS, "hello", "Ada");
  g_signal_connect_swapped (shown.list, "menu", G_CALLBACK (note_spot), said);
  bounds = bounds_in (dw_message_row_get_bubble (row), shown.view);
  controllers = gtk_widget_observe_controllers (shown.view);
  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr (GtkEventController) controller = g_list_model_get_item (controllers, i);
      double x = bounds.origin.x + 9;
      double y = bounds.origin.y + 9;

      if (GTK_IS_GESTURE_LONG_PRESS (controller))
        g_signal_emit_by_name (controller, "pressed", x, y);
      else if (GTK_IS_GESTURE_CLICK (controller)
               && gtk_gesture_single_get_button (GTK_GESTURE_SINGLE (controller)) == GDK_BUTTON_SECONDARY)
        g_signal_emit_by_name (controller, "pressed", 1, x, y);
    }
  g_assert_cmpstr (said->str, ==, "*hello|*hello|");
  gtk_widget_activate_action (GTK_WIDGET (row), "message.menu", NULL);
  g_assert_cmpstr (said->str, ==, "*hello|*hello|hello|");
  g_signal_handlers_disconnect_by_data (shown.list, said);
}

/* What a menu is opened on. */
typedef struct
{
  ListWindow window;
  DwChat *chat;
  DwMessageMenu *menu;
} MenuWindow;

static void
open_menu (MenuWindow *shown, const DwMessageSpot *spot)
{
  dw_message_menu_open (shown->menu, spot);
}

static void
menu_window_init (MenuWindow *shown)
{
  g_autoptr (DwSessionPolicy) policy = dw_session_policy_new ();

  list_window_open (&shown->window);
  shown->chat = dw_chat_new (shown->window.stage, shown->window.store, policy, NULL);
  dw_message_list_set_conversation (shown->window.list, dw_chat_get_conversation (shown->chat));
  g_set_object (&shown->window.conversation, dw_chat_get_conversation (shown->chat));
  shown->menu = dw_message_menu_new (GTK_WIDGET (shown->window.list));
  dw_message_menu_set_chat (shown->menu, shown->chat);
  g_signal_connect_swapped (shown->window.list, "menu", G_CALLBACK (open_menu), shown);
}

static void
menu_window_clear (MenuWindow *shown)
{
  g_clear_object (&shown->menu);
  list_window_clear (&shown->window);
  g_clear_object (&shown->chat);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MenuWindow, menu_window_clear)

static gboolean
has_menu (gpointer window)
{
  GtkWidget *popover = dw_test_find_widget (window, GTK_TYPE_POPOVER_MENU);

  return popover != NULL && gtk_widget_get_mapped (popover);
}

static gboolean
has_no_menu (gpointer window)
{
  return !has_menu (window);
}

/* Who opened the menu with a key goes on at the message that it was about, and not at the newest one. */
static void
test_menu_returns (void)
{
  g_auto (MenuWindow) shown = { 0 };
  g_autoptr (DwMessage) first = NULL;
  GtkWidget *focus;

  menu_window_init (&shown);
  first = g_object_ref (dw_message_row_get_message (show (&shown.window, DW_MESSAGE_THEIRS, "first", "Ada")));
  show (&shown.window, DW_MESSAGE_THEIRS, "second", "Ada");
  show (&shown.window, DW_MESSAGE_THEIRS, "third", "Ada");
  gtk_widget_grab_focus (gtk_widget_get_parent (GTK_WIDGET (find_row (&shown.window, first))));
  gtk_widget_activate_action (GTK_WIDGET (find_row (&shown.window, first)), "message.menu", NULL);
  dw_test_until ("a menu", has_menu, shown.window.window);
  gtk_popover_popdown (GTK_POPOVER (dw_test_find_widget (shown.window.window, GTK_TYPE_POPOVER_MENU)));
  dw_test_until ("no menu", has_no_menu, shown.window.window);
  dw_test_run_for (50);
  focus = gtk_root_get_focus (GTK_ROOT (shown.window.window));
  g_assert_true (focus == gtk_widget_get_parent (GTK_WIDGET (find_row (&shown.window, first))));
}

/* What was selected of another message that was in this row is not copied as this one's. */
static void
test_selection_goes (void)
{
  g_auto (ListWindow) shown = { 0 };
  g_autoptr (DwMessage) quoting = dw_message_new (DW_MESSAGE_THEIRS, "> quoted\nand so on", "Ada", NULL, 0);
  g_autofree char *selected = NULL;
  GtkWidget *label;
  DwMessageRow *row;

  list_window_open (&shown);
  row = show (&shown, DW_MESSAGE_THEIRS, "plain words", "Ada");
  label = dw_test_find_widget (dw_message_row_get_bubble (row), GTK_TYPE_LABEL);
  gtk_label_select_region (GTK_LABEL (label), 0, 5);
  dw_message_row_set_message (row, quoting);
  selected = dw_message_row_dup_selected (row);
  g_assert_cmpstr (selected, ==, NULL);
}

static void
say_at (ListWindow *shown, const char *text, gint64 time)
{
  g_autoptr (DwMessage) message = dw_message_new (DW_MESSAGE_THEIRS, text, "Ada", NULL, time);

  dw_conversation_append (shown->conversation, message);
  dw_test_until ("the store", is_settled, shown->conversation);
}

static const char *
focused_text (ListWindow *shown)
{
  GtkWidget *focus = gtk_root_get_focus (GTK_ROOT (shown->window));
  GtkWidget *row = focus != NULL ? gtk_widget_get_first_child (focus) : NULL;

  return DW_IS_MESSAGE_ROW (row) ? dw_message_get_text (dw_message_row_get_message (DW_MESSAGE_ROW (row))) : NULL;
}

static gboolean
is_described (ListWindow *shown)
{
  return gtk_test_accessible_has_property (GTK_ACCESSIBLE (gtk_root_get_focus (GTK_ROOT (shown->window))),
                                           GTK_ACCESSIBLE_PROPERTY_DESCRIPTION);
}

/* The day between two messages is no stop of the arrow keys, and neither is the first one, above all of them. A reader says
 * it with the message that they go to over it. */
static void
test_captions_no_stops (void)
{
  g_auto (ListWindow) shown = { 0 };

  list_window_open (&shown);
  say_at (&shown, "first", g_get_real_time () - 2 * G_TIME_SPAN_DAY);
  show (&shown, DW_MESSAGE_THEIRS, "second", "Ada");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (shown.conversation)), ==, 4);
  gtk_widget_grab_focus (GTK_WIDGET (shown.list));
  g_assert_cmpstr (focused_text (&shown), ==, "second");
  g_assert_false (is_described (&shown));
  press (&shown, GDK_KEY_Up);
  g_assert_cmpstr (focused_text (&shown), ==, "first");
  g_assert_true (is_described (&shown));
  press (&shown, GDK_KEY_Up);
  g_assert_cmpstr (focused_text (&shown), ==, "first");
  press (&shown, GDK_KEY_Down);
  g_assert_cmpstr (focused_text (&shown), ==, "second");
}

static void
select_messages (ListWindow *shown, DwMessage *first, DwMessage *second)
{
  GtkWidget *list = GTK_WIDGET (shown->list);

  gtk_widget_activate_action (list, "messages.select", "x", dw_message_get_place (first));
  gtk_widget_activate_action (list, "messages.select", "x", dw_message_get_place (second));
}

/* What a copy of the selected messages puts on the clipboard. */
static char *
dup_copied (ListWindow *shown)
{
  GdkContentProvider *content;
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_STRING);
  gtk_widget_activate_action (GTK_WIDGET (shown->list), "messages.copy", NULL);
  content = gdk_clipboard_get_content (gtk_widget_get_clipboard (shown->window));
  g_assert_nonnull (content);
  g_assert_true (gdk_content_provider_get_value (content, &value, NULL));
  return g_value_dup_string (&value);
}

/* What was discarded, by its remedy or with all that waited, is not copied with the others. */
static void
test_discarded_unselected (void)
{
  g_auto (ListWindow) shown = { 0 };
  g_autoptr (DwMessage) kept = NULL;
  g_autoptr (DwMessage) discarded = NULL;
  g_autofree char *copied = NULL;

  list_window_open (&shown);
  kept = g_object_ref (dw_message_row_get_message (show (&shown, DW_MESSAGE_THEIRS, "kept", "Ada")));
  discarded = g_object_ref (dw_message_row_get_message (show (&shown, DW_MESSAGE_OWN, "a secret", NULL)));
  select_messages (&shown, kept, discarded);
  dw_conversation_remove (shown.conversation, discarded);
  copied = dup_copied (&shown);
  g_assert_cmpstr (copied, ==, "kept");
}

static gboolean
selects_nothing (gpointer list)
{
  return dw_test_find_widget (list, DW_TYPE_SELECTION_BAR) == NULL;
}

/* Once the history was deleted, or the old part of it, the places belong to other messages. */
static void
test_reread_unselected (void)
{
  g_auto (ListWindow) shown = { 0 };
  g_autoptr (DwMessage) first = NULL;
  g_autoptr (DwMessage) second = NULL;

  list_window_open (&shown);
  first = g_object_ref (dw_message_row_get_message (show (&shown, DW_MESSAGE_THEIRS, "first", "Ada")));
  second = g_object_ref (dw_message_row_get_message (show (&shown, DW_MESSAGE_THEIRS, "second", "Ada")));
  select_messages (&shown, first, second);
  g_assert_false (selects_nothing (shown.list));
  dw_conversation_reload (shown.conversation);
  dw_test_until ("no selection", selects_nothing, shown.list);
}

static GtkLabel *
find_link (GtkWidget *widget)
{
  if (GTK_IS_LABEL (widget))
    return strstr (gtk_label_get_label (GTK_LABEL (widget)), "<a href=") != NULL ? GTK_LABEL (widget) : NULL;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkLabel *found = find_link (child);

      if (found != NULL)
        return found;
    }
  return NULL;
}

static gboolean
on_opened (GtkLabel *label, const char *href, gboolean *opened)
{
  *opened = TRUE;
  return TRUE;
}

/* A link that had a user name asks before it is opened, wherever it stands and however much of it is shown. */
static void
test_link_asks (void)
{
  g_auto (ListWindow) shown = { 0 };
  g_autoptr (GString) many = g_string_new ("```\n");
  g_autoptr (GString) slow = g_string_new (NULL);
  g_autofree char *tail = g_strnfill (500, 'a');
  const char *texts[2];

  for (guint i = 0; i < DW_LINKS_MOST; i++)
    g_string_append (many, "http://a ");
  g_string_append (many, "\n```\nhttps://bank.example@evil.example/");
  for (guint i = 0; i < 400; i++)
    g_string_append (slow, "\xf0\x9f\x98\x80");
  g_string_append_printf (slow, " https://bank.example@evil.example/%s", tail);
  texts[0] = many->str;
  texts[1] = slow->str;

  list_window_open (&shown);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      DwMessageRow *row = show (&shown, DW_MESSAGE_THEIRS, texts[i], "Eve");
      g_auto (GStrv) pieces = NULL;
      gboolean opened = FALSE;
      gboolean handled = FALSE;
      GtkLabel *label;

      if (dw_message_row_waits (row))
        dw_message_row_complete (row);
      label = find_link (dw_message_row_get_bubble (row));
      g_assert_nonnull (label);
      g_signal_connect (label, "activate-link", G_CALLBACK (on_opened), &opened);
      pieces = g_strsplit (gtk_label_get_label (label), "\"", -1);
      for (guint piece = 0; pieces[piece] != NULL && !handled; piece++)
        if (g_str_has_suffix (pieces[piece], "<a href="))
          g_signal_emit_by_name (label, "activate-link", pieces[piece + 1], &handled);
      g_assert_true (handled);
      g_assert_false (opened);
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  gtk_init ();
  adw_init ();
  g_test_add_func ("/app/message-list/slow-frame", test_slow_frame);
  g_test_add_func ("/app/message-list/follows", test_follows);
  g_test_add_func ("/app/message-list/colors", test_colors);
  g_test_add_func ("/app/message-list/bottom", test_bottom);
  g_test_add_func ("/app/message-list/first-at-once", test_first_at_once);
  g_test_add_func ("/app/message-list/long-in-few", test_long_in_few);
  g_test_add_func ("/app/message-list/bubble-width", test_bubble_width);
  g_test_add_func ("/app/message-list/times", test_times);
  g_test_add_func ("/app/message-list/parts-go", test_parts_go);
  g_test_add_func ("/app/message-list/menu", test_menu);
  g_test_add_func ("/app/message-list/menu-returns", test_menu_returns);
  g_test_add_func ("/app/message-list/selection-goes", test_selection_goes);
  g_test_add_func ("/app/message-list/captions-no-stops", test_captions_no_stops);
  g_test_add_func ("/app/message-list/discarded-unselected", test_discarded_unselected);
  g_test_add_func ("/app/message-list/reread-unselected", test_reread_unselected);
  g_test_add_func ("/app/message-list/link-asks", test_link_asks);
  return g_test_run ();
}
