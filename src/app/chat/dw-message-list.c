/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-message-list.h"

#include "dw-config.h"
#include "dw-message-menu.h"
#include "dw-message-row.h"
#include "dw-scroll-anchor.h"
#include "dw-list-end.h"
#include "dw-selection-bar.h"

#include "app/text/dw-label.h"
#include "app/toolkit/dw-toolkit.h"

#include "client/store/dw-store-search.h"

#include <adwaita.h>
#include <glib/gi18n.h>

struct _DwMessageList
{
  GtkWidget parent_instance;

  GtkWidget *column;
  GtkStack *stack;
  AdwStatusPage *nothing;
  GtkWidget *promise; /* that messages appear there */
  GtkScrolledWindow *scroller;
  GtkListView *list;
  GtkWidget *to_end;
  GtkWidget *to_end_button;
  GtkLabel *to_end_badge;

  char *own_name;                /* on this stage, or NULL */
  GQueue spare;                  /* of DwMessageRow: built, and in no list item; at most SPARE_ROWS */
  DwMessageSelection *selection; /* while messages are selected, or NULL */
  GtkWidget *selection_bar;      /* the same */
  DwConversation *conversation;
  DwListEnd *end; /* the part of it that is listed */
  gulong items_changed;
  GSignalGroup *changes; /* handlers on it */
  gboolean stuck;        /* at the end, and so following it */
  guint unseen;          /* appended while not stuck */
  guint scroll;
  guint later;         /* to follow when the user has moved */
  gint64 moves_until;  /* monotonic: whatever moves until then, the user moved it */
  guint move_frames;   /* tick callback: the same until the frame that shows it is over, however late that comes */
  gboolean move_shown; /* in the frame that is being laid out, or was */
  double value;        /* of the adjustment, when it was looked at last */
  double upper;
  double page;
  gint64 wanted;        /* the place to jump to */
  gboolean focus_start; /* going to the start, its row gets the focus */
  DwScrollAnchor *anchor;
  double width;
  guint completion;   /* lays out the rest of long messages, frame by frame */
  gboolean long_rows; /* whether there was any in this conversation */
  guint idle;         /* for how many frames it had nothing to do */
  GtkWidget *found;   /* the item that is pointed out, or NULL */
  GtkWidget *passed;  /* the item that has the captions before it in its description, or NULL */
  GtkWidget *told;    /* the item that a reader was told of as selected or not, or NULL */
  DwFold *fold;       /* or NULL while nothing was looked for */
  GPtrArray *words;   /* that were found at the wanted place, or NULL */
  guint fading;
};

G_DEFINE_FINAL_TYPE (DwMessageList, dw_message_list, GTK_TYPE_WIDGET)

enum
{
  SIGNAL_MENU,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

/* How long after a key or a turn of the wheel the list moves because of it, in microseconds. */
#define MOVE_US (1 * G_USEC_PER_SEC)

/* How long to wait for the frame that shows it, in milliseconds: one of them. */
#define FRAME_MS 17

/* How far from the end still counts as at the end, in pixels. */
#define END_SLACK 24

/* How much of a frame may go to the rest of long messages, in microseconds; one row takes 5 to 15 ms. */
#define FRAME_US 8000

/* Rows just out of sight are laid out too, so that they do not move once they are scrolled to. */
#define ROWS_AHEAD 4

/* A row that was bound has its place some frames later. */
#define IDLE_FRAMES 4

/* How many rows are kept for reuse: those of a flood. */
#define SPARE_ROWS DW_LIST_END_MOST

/* The height of the smallest row, in pixels. */
#define LEAST_ROW 30

/* So many lines are higher than a window, the smallest rows too. */
#define FEW_LINES 100

/* What its badge counts to. */
#define MOST_IN_BADGE 99u

/* How long a line that was looked for is pointed out, in seconds. */
#define FOUND_SECONDS 3

static void
on_label_changed (DwMessageRow *row, GtkListItem *item)
{
  g_autofree char *label = dw_message_row_dup_label (row);

  dw_toolkit_set_list_item_label (item, GTK_WIDGET (row), label);
}

/* The place of a widget in the list of messages. */
static GdkRectangle
place_of (DwMessageList *self, GtkWidget *widget)
{
  graphene_rect_t bounds = GRAPHENE_RECT_INIT (0, 0, 0, 0);

  if (!gtk_widget_compute_bounds (widget, GTK_WIDGET (self), &bounds))
    return (GdkRectangle){ 0, 0, 1, 1 };
  return (GdkRectangle){ (int) bounds.origin.x, (int) bounds.origin.y, (int) bounds.size.width,
                         (int) bounds.size.height };
}

/* @under is what the pointer is over, or NULL for a menu that was asked for otherwise. */
static void
open_menu (DwMessageList *self, DwMessageRow *row, GtkWidget *under, const GdkRectangle *at)
{
  g_autofree char *selected = dw_message_row_dup_selected (row);
  DwMessageSpot spot = { .message = dw_message_row_get_message (row), .selected = selected, .at = *at };

  if (spot.message == NULL)
    return;
  spot.by_pointer = under != NULL;
  if (GTK_IS_LABEL (under))
    spot.link = (char *) gtk_label_get_current_uri (GTK_LABEL (under));
  g_signal_emit (self, signals[SIGNAL_MENU], 0, &spot);
}

static void
on_menu_wanted (DwMessageList *self, DwMessageRow *row)
{
  GdkRectangle at = place_of (self, dw_message_row_get_bubble (row));

  open_menu (self, row, NULL, &at);
}

static DwMessageRow *
row_around (GtkWidget *widget)
{
  GtkWidget *row = gtk_widget_get_ancestor (widget, DW_TYPE_MESSAGE_ROW);
  GtkWidget *inside = gtk_widget_get_first_child (widget);

  /* Beside its bubble, it is the list's item. */
  if (row == NULL && DW_IS_MESSAGE_ROW (inside))
    row = inside;
  return row != NULL ? DW_MESSAGE_ROW (row) : NULL;
}

static void
on_context_pressed (GtkGesture *gesture, int n, double x, double y, gpointer data)
{
  DwMessageList *self = DW_MESSAGE_LIST (data);
  GtkWidget *under = gtk_widget_pick (GTK_WIDGET (self->list), x, y, GTK_PICK_DEFAULT);
  DwMessageRow *row = under != NULL ? row_around (under) : NULL;
  GdkRectangle list = place_of (self, GTK_WIDGET (self->list));
  GdkRectangle at = { list.x + (int) x, list.y + (int) y, 1, 1 };

  gtk_gesture_set_state (gesture, GTK_EVENT_SEQUENCE_CLAIMED);
  if (row != NULL)
    open_menu (self, row, under, &at);
}

static void
on_long_pressed (GtkGesture *gesture, double x, double y, gpointer data)
{
  on_context_pressed (gesture, 1, x, y, data);
}

static gboolean
has_focus (DwMessageList *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  GtkWidget *focus = root != NULL ? gtk_root_get_focus (root) : NULL;

  return focus != NULL && gtk_widget_is_ancestor (focus, GTK_WIDGET (self->list));
}

static DwMessageRow *
focused_row (DwMessageList *self)
{
  return has_focus (self) ? row_around (gtk_root_get_focus (gtk_widget_get_root (GTK_WIDGET (self)))) : NULL;
}

/* Whether the keyboard is in a message's text, where Shift selects letters. */
static gboolean
is_in_text (DwMessageList *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));

  return root != NULL && GTK_IS_LABEL (gtk_root_get_focus (root));
}

/* To a reader: whether the row with the focus is selected, while messages are; else it is. */
static void
tell_selected (DwMessageList *self)
{
  DwMessageRow *row = focused_row (self);
  DwMessage *message = row != NULL ? dw_message_row_get_message (row) : NULL;
  GtkWidget *item = message != NULL ? gtk_widget_get_parent (GTK_WIDGET (row)) : NULL;

  if (self->told != NULL && self->told != item)
    gtk_accessible_reset_state (GTK_ACCESSIBLE (self->told), GTK_ACCESSIBLE_STATE_SELECTED);
  g_set_object (&self->told, item);
  if (item != NULL)
    dw_toolkit_set_list_item_selected (item, self->selection == NULL
                                                 || dw_message_selection_has (self->selection, message));
}

/* Every row that is built. */
static void
show_selection (DwMessageList *self)
{
  tell_selected (self);
  for (GtkWidget *item = gtk_widget_get_first_child (GTK_WIDGET (self->list)); item != NULL;
       item = gtk_widget_get_next_sibling (item))
    if (DW_IS_MESSAGE_ROW (gtk_widget_get_first_child (item)))
      dw_message_row_set_selection (DW_MESSAGE_ROW (gtk_widget_get_first_child (item)), self->selection);
}

static void
begin_selecting (DwMessageList *self)
{
  if (self->selection != NULL)
    return;
  self->selection = dw_message_selection_new ();
  self->selection_bar = dw_selection_bar_new (self->selection);
  gtk_widget_insert_after (self->selection_bar, GTK_WIDGET (self), self->column);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "messages.stop-selecting", TRUE);
  show_selection (self);
}

static void
stop_selecting (DwMessageList *self)
{
  if (self->selection == NULL)
    return;
  g_clear_object (&self->selection);
  g_clear_pointer (&self->selection_bar, gtk_widget_unparent);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "messages.stop-selecting", FALSE);
  show_selection (self);
}

static void
on_stop_selecting (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwMessageList *self = DW_MESSAGE_LIST (widget);

  /* From the bar, which goes. */
  if (!has_focus (self))
    gtk_widget_grab_focus (widget);
  stop_selecting (self);
}

static void
toggle (DwMessageList *self, DwMessageRow *row)
{
  if (dw_message_row_get_message (row) == NULL)
    return;
  begin_selecting (self);
  if (!dw_message_selection_toggle (self->selection, dw_message_row_get_message (row)))
    gtk_widget_error_bell (GTK_WIDGET (self));
  tell_selected (self);
}

/* @parameter is the place of the first message. */
static void
on_select (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwMessageList *self = DW_MESSAGE_LIST (widget);
  gint64 place = g_variant_get_int64 (parameter);
  g_autoptr (DwMessage) message = NULL;
  guint position;

  begin_selecting (self);
  if (self->conversation == NULL || !dw_conversation_get_position (self->conversation, place, &position))
    return;
  message = g_list_model_get_item (G_LIST_MODEL (self->conversation), position);
  dw_message_selection_add (self->selection, message);
}

/* A click selects where messages are being selected, and with Ctrl anywhere. */
static void
on_pressed (GtkGesture *gesture, int n, double x, double y, gpointer data)
{
  DwMessageList *self = DW_MESSAGE_LIST (data);
  GdkModifierType state = gtk_event_controller_get_current_event_state (GTK_EVENT_CONTROLLER (gesture));
  GtkWidget *under = gtk_widget_pick (GTK_WIDGET (self->list), x, y, GTK_PICK_DEFAULT);
  DwMessageRow *row = under != NULL ? row_around (under) : NULL;

  if (row == NULL || (self->selection == NULL && (state & GDK_CONTROL_MASK) == 0))
    {
      gtk_gesture_set_state (gesture, GTK_EVENT_SEQUENCE_DENIED);
      return;
    }
  gtk_gesture_set_state (gesture, GTK_EVENT_SEQUENCE_CLAIMED);
  toggle (self, row);
  gtk_widget_grab_focus (gtk_widget_get_parent (GTK_WIDGET (row)));
}

static gboolean
is_caption (DwMessage *line)
{
  DwMessageKind kind = dw_message_get_kind (line);

  return kind == DW_MESSAGE_DAY || kind == DW_MESSAGE_GAP || kind == DW_MESSAGE_UNREAD;
}

static gboolean
shows_caption (GtkWidget *item)
{
  GtkWidget *row = gtk_widget_get_first_child (item);
  DwMessage *line = DW_IS_MESSAGE_ROW (row) ? dw_message_row_get_message (DW_MESSAGE_ROW (row)) : NULL;

  return line != NULL && is_caption (line);
}

/* Shift with an arrow selects the row with the focus and the next message, where the focus then goes. */
static void
extend (DwMessageList *self, DwMessageRow *row, gboolean down)
{
  GtkWidget *item = gtk_widget_get_parent (GTK_WIDGET (row));
  GtkWidget *next = item;
  GtkWidget *rows[] = { item, NULL };

  do
    next = down ? gtk_widget_get_next_sibling (next) : gtk_widget_get_prev_sibling (next);
  while (next != NULL && shows_caption (next));
  rows[1] = next;
  begin_selecting (self);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      GtkWidget *inside = rows[i] != NULL ? gtk_widget_get_first_child (rows[i]) : NULL;

      if (DW_IS_MESSAGE_ROW (inside) && dw_message_row_get_message (DW_MESSAGE_ROW (inside)) != NULL)
        dw_message_selection_add (self->selection, dw_message_row_get_message (DW_MESSAGE_ROW (inside)));
    }
}

/* Returns: whether the key was for selecting messages alone. */
static gboolean
take_selecting_key (DwMessageList *self, guint key, GdkModifierType state)
{
  GdkModifierType held = state & gtk_accelerator_get_default_mod_mask ();
  gboolean up = key == GDK_KEY_Up || key == GDK_KEY_KP_Up;
  gboolean down = key == GDK_KEY_Down || key == GDK_KEY_KP_Down;
  DwMessageRow *row = focused_row (self);

  if (row == NULL || is_in_text (self))
    return FALSE;
  if ((up || down) && held == GDK_SHIFT_MASK)
    extend (self, row, down);
  else if (self->selection != NULL && held == 0 && (key == GDK_KEY_space || key == GDK_KEY_Return))
    {
      toggle (self, row);
      return TRUE;
    }
  return FALSE;
}

static gboolean
is_seen (DwMessageList *self, GtkWidget *item)
{
  graphene_rect_t bounds;

  return gtk_widget_get_child_visible (item) && gtk_widget_compute_bounds (item, GTK_WIDGET (self->list), &bounds)
         && bounds.size.height > 0 && bounds.origin.y + bounds.size.height > 0
         && bounds.origin.y < gtk_widget_get_height (GTK_WIDGET (self->list));
}

static gboolean
waits (GtkWidget *item)
{
  GtkWidget *row = gtk_widget_get_first_child (item);

  return DW_IS_MESSAGE_ROW (row) && dw_message_row_waits (DW_MESSAGE_ROW (row));
}

/* The row whose rest is wanted first: one that can be seen, else one near it. */
static GtkWidget *
find_waiting (DwMessageList *self)
{
  GtkWidget *before = NULL;
  GtkWidget *after = NULL;
  guint since_before = 0;
  guint since_seen = 0;
  gboolean seen_any = FALSE;

  for (GtkWidget *item = gtk_widget_get_first_child (GTK_WIDGET (self->list)); item != NULL;
       item = gtk_widget_get_next_sibling (item))
    {
      gboolean seen = is_seen (self, item);

      if (seen && waits (item))
        return item;
      seen_any |= seen;
      since_seen = seen ? 0 : since_seen + 1;
      since_before += !seen_any;
      if (!seen_any && waits (item))
        {
          before = item;
          since_before = 0;
        }
      else if (seen_any && after == NULL && since_seen <= ROWS_AHEAD && waits (item))
        after = item;
    }
  if (!seen_any)
    return NULL;
  return before != NULL && since_before < ROWS_AHEAD ? before : after;
}

/* The width that a row is about to be laid out in: its own, or the list's where it is new; −1 before there is any. */
static int
width_of_row (GtkWidget *item)
{
  int width = gtk_widget_get_width (item);

  if (width == 0)
    width = gtk_widget_get_width (gtk_widget_get_parent (item));
  return width > 0 ? width : -1;
}

/* A whole page of long messages at once would stop the window. */
static gboolean
on_completion (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  DwMessageList *self = DW_MESSAGE_LIST (widget);
  gint64 end = g_get_monotonic_time () + FRAME_US;
  GtkWidget *item;

  self->idle++;
  while (g_get_monotonic_time () < end && (item = find_waiting (self)) != NULL)
    {
      dw_message_row_complete (DW_MESSAGE_ROW (gtk_widget_get_first_child (item)));
      /* Now, and not all of them in the layout that follows. */
      gtk_widget_measure (item, GTK_ORIENTATION_VERTICAL, width_of_row (item), NULL, NULL, NULL, NULL);
      self->idle = 0;
    }
  if (self->idle < IDLE_FRAMES)
    return G_SOURCE_CONTINUE;
  self->completion = 0;
  return G_SOURCE_REMOVE;
}

static void
complete_rows (DwMessageList *self)
{
  self->idle = 0;
  if (self->completion == 0)
    self->completion = gtk_widget_add_tick_callback (GTK_WIDGET (self), on_completion, NULL, NULL);
}

/* GTK 4.8 throws a row away that leaves the list, and asks for a new one for what comes in its place. Building one takes
 * half a millisecond, so some are kept. */
static DwMessageRow *
take_row (DwMessageList *self, GtkListItem *item)
{
  g_autoptr (GtkWidget) spare = g_queue_pop_head (&self->spare);
  GtkWidget *row = spare != NULL ? spare : dw_message_row_new ();

  gtk_list_item_set_activatable (item, FALSE);
  gtk_list_item_set_child (item, row);
  g_signal_connect_object (row, "label-changed", G_CALLBACK (on_label_changed), item, 0);
  g_signal_connect_object (row, "menu-wanted", G_CALLBACK (on_menu_wanted), self, G_CONNECT_SWAPPED);
  return DW_MESSAGE_ROW (row);
}

static void
give_row_back (DwMessageList *self, GtkListItem *item)
{
  g_autoptr (GtkWidget) row = g_object_ref (gtk_list_item_get_child (item));

  g_signal_handlers_disconnect_by_func (row, on_label_changed, item);
  g_signal_handlers_disconnect_by_func (row, on_menu_wanted, self);
  gtk_list_item_set_child (item, NULL);
  dw_message_row_mark (DW_MESSAGE_ROW (row), NULL, NULL);
  dw_message_row_set_message (DW_MESSAGE_ROW (row), NULL);
  dw_message_row_set_selection (DW_MESSAGE_ROW (row), NULL);
  if (g_queue_get_length (&self->spare) < SPARE_ROWS)
    g_queue_push_head (&self->spare, g_steal_pointer (&row));
}

/* Only in the message that was found: elsewhere the words are no answer to the question. */
static void
mark_row (DwMessageList *self, DwMessageRow *row)
{
  dw_message_row_mark (row, self->fold, dw_message_row_get_place (row) == self->wanted ? self->words : NULL);
}

static void
on_bind (GtkSignalListItemFactory *factory, GtkListItem *item, DwMessageList *self)
{
  DwMessageRow *row = take_row (self, item);

  dw_message_row_set_own_name (row, self->own_name);
  dw_message_row_set_message (row, gtk_list_item_get_item (item));
  dw_message_row_set_selection (row, self->selection);
  mark_row (self, row);
  on_label_changed (row, item);
  if (dw_message_row_waits (row))
    {
      self->long_rows = TRUE;
      complete_rows (self);
    }
}

static void
on_unbind (GtkSignalListItemFactory *factory, GtkListItem *item, DwMessageList *self)
{
  give_row_back (self, item);
}

static void
on_today_changed (DwMessageList *self)
{
  for (GtkWidget *item = gtk_widget_get_first_child (GTK_WIDGET (self->list)); item != NULL;
       item = gtk_widget_get_next_sibling (item))
    if (DW_IS_MESSAGE_ROW (gtk_widget_get_first_child (item)))
      dw_message_row_show_times (DW_MESSAGE_ROW (gtk_widget_get_first_child (item)));
}

static void
show_unseen (DwMessageList *self)
{
  g_autofree char *text = g_strdup_printf (ngettext ("%u new", "%u new", self->unseen), self->unseen);
  /* More would be wider than the button. */
  g_autofree char *badge =
      self->unseen <= MOST_IN_BADGE ? g_strdup_printf ("%u", self->unseen) : g_strdup_printf ("%u+", MOST_IN_BADGE);

  gtk_widget_set_visible (self->to_end, !self->stuck);
  dw_label_show (self->to_end_badge, badge, DW_LABEL_CHARS);
  gtk_widget_set_visible (GTK_WIDGET (self->to_end_badge), self->unseen > 0);
  dw_toolkit_set_label (self->to_end_button, self->unseen > 0 ? text : _ ("Newest messages"));
}

static void
set_stuck (DwMessageList *self, gboolean stuck)
{
  self->stuck = stuck;
  if (stuck)
    {
      self->unseen = 0;
      /* A row that is put back would lead away from the end again. */
      dw_scroll_anchor_let_go (self->anchor);
    }
  if (self->end != NULL)
    dw_list_end_set_following (self->end, stuck);
  show_unseen (self);
}

/* The newest row that can be seen. */
static GtkWidget *
find_newest (DwMessageList *self)
{
  int height = gtk_widget_get_height (GTK_WIDGET (self->list));
  GtkWidget *found = NULL;
  int lowest = G_MININT;

  for (GtkWidget *item = gtk_widget_get_first_child (GTK_WIDGET (self->list)); item != NULL;
       item = gtk_widget_get_next_sibling (item))
    {
      graphene_rect_t bounds;

      if (gtk_widget_get_child_visible (item) && gtk_widget_compute_bounds (item, GTK_WIDGET (self->list), &bounds)
          && bounds.size.height > 0 && bounds.origin.y < height && (int) bounds.origin.y > lowest)
        {
          lowest = (int) bounds.origin.y;
          found = item;
        }
    }
  return found;
}

/* The list's item that a widget is in, or is. */
static GtkWidget *
item_around (DwMessageList *self, GtkWidget *widget)
{
  while (widget != NULL && gtk_widget_get_parent (widget) != GTK_WIDGET (self->list))
    widget = gtk_widget_get_parent (widget);
  return widget;
}

/* The row under the pointer. */
static GtkWidget *
find_under (DwMessageList *self, GdkEvent *event)
{
  GtkNative *native = gtk_widget_get_native (GTK_WIDGET (self->list));
  double x, y, dx, dy;

  if (!gdk_event_get_position (event, &x, &y))
    return NULL;
  gtk_native_get_surface_transform (native, &dx, &dy);
  gtk_widget_translate_coordinates (GTK_WIDGET (native), GTK_WIDGET (self->list), x - dx, y - dy, &x, &y);
  return item_around (self, gtk_widget_pick (GTK_WIDGET (self->list), x, y, GTK_PICK_DEFAULT));
}

/* The user reads on from this row, which stays in its place when those that were left out come back. */
static void
leave_end (DwMessageList *self, GtkWidget *item, double moved)
{
  gboolean live = self->end != NULL && dw_list_end_is_live (self->end);
  guint position;

  if (live && item != NULL && dw_scroll_anchor_take (self->anchor, item, moved)
      && dw_conversation_get_position (self->conversation, dw_scroll_anchor_get_place (self->anchor), &position))
    {
      dw_scroll_anchor_hold (self->anchor);
      dw_list_end_read (self->end, position);
    }
  set_stuck (self, FALSE);
}

/* How high the rows are together that were built. */
static int
measure_rows (DwMessageList *self)
{
  graphene_rect_t all = GRAPHENE_RECT_INIT (0, 0, 0, 0);

  for (GtkWidget *row = gtk_widget_get_first_child (GTK_WIDGET (self->list)); row != NULL;
       row = gtk_widget_get_next_sibling (row))
    {
      graphene_rect_t one;

      if (!gtk_widget_get_child_visible (row) || !gtk_widget_compute_bounds (row, GTK_WIDGET (self->list), &one))
        continue;
      if (all.size.height > 0)
        graphene_rect_union (&all, &one, &all);
      else
        all = one;
    }
  return (int) all.size.height;
}

/* The first messages stand by the composer. Later the list is as high as the window whatever it lists: in a flood that is
 * few rows at times, and the end would move with them. GTK 4.8 takes rows of different heights for lower than they are, and
 * would cut the list off: what they need is asked for. */
static void
set_height (DwMessageList *self)
{
  gboolean few = g_list_model_get_n_items (G_LIST_MODEL (self->conversation)) <= FEW_LINES;

  gtk_widget_set_size_request (GTK_WIDGET (self->list), -1, few ? measure_rows (self) : -1);
  gtk_widget_set_valign (GTK_WIDGET (self->list), few ? GTK_ALIGN_END : GTK_ALIGN_FILL);
}

static gboolean
on_scroll (gpointer data)
{
  DwMessageList *self = data;
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scroller);
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->end));

  if (n > 0)
    gtk_widget_activate_action (GTK_WIDGET (self->list), "list.scroll-to-item", "u", n - 1);
  set_height (self);
  /* That shows the last row; the very end is below it. */
  gtk_adjustment_set_value (adjustment,
                            gtk_adjustment_get_upper (adjustment) - gtk_adjustment_get_page_size (adjustment));
  self->scroll = 0;
  return G_SOURCE_REMOVE;
}

/* @position counts from the first line of the conversation. */
static void
scroll_to (DwMessageList *self, guint position)
{
  gtk_widget_activate_action (GTK_WIDGET (self->list), "list.scroll-to-item", "u",
                              dw_list_end_show (self->end, position));
}

/* The end of a flood replaces the rows. Until they have heights GTK 4.8 cannot scroll, so whoever wants to comes again. */
static gboolean
leaves_flood (DwMessageList *self, GSourceFunc again)
{
  if (!dw_list_end_is_live (self->end))
    return FALSE;
  self->scroll = g_timeout_add_full (G_PRIORITY_HIGH_IDLE + 30, FRAME_MS, again, self, NULL);
  return TRUE;
}

static gboolean
on_start (gpointer data)
{
  DwMessageList *self = data;
  GtkWidget *item;

  self->scroll = 0;
  if (self->conversation == NULL || leaves_flood (self, on_start))
    return G_SOURCE_REMOVE;
  if (!dw_list_end_is_whole (self->end))
    {
      /* Until the rows that come back have heights, GTK takes the first that has one for the start. */
      dw_list_end_show (self->end, 0);
      self->scroll = g_timeout_add_full (G_PRIORITY_HIGH_IDLE + 30, 2 * FRAME_MS, on_start, self, NULL);
      return G_SOURCE_REMOVE;
    }

  /* The row that was held while the others came back would be put back too. */
  dw_scroll_anchor_let_go (self->anchor);
  scroll_to (self, 0);
  item = gtk_widget_get_first_child (GTK_WIDGET (self->list));
  if (self->focus_start && item != NULL)
    gtk_widget_grab_focus (item);
  gtk_adjustment_set_value (gtk_scrolled_window_get_vadjustment (self->scroller), 0);
  return G_SOURCE_REMOVE;
}

static void
go_to_start (DwMessageList *self, gboolean focus)
{
  g_clear_handle_id (&self->scroll, g_source_remove);
  self->focus_start = focus;
  on_start (self);
}

static gboolean
is_moving (DwMessageList *self)
{
  return (self->move_frames != 0 && gtk_widget_get_mapped (GTK_WIDGET (self)))
         || self->moves_until > g_get_monotonic_time ();
}

static void follow (DwMessageList *self);

static gboolean
on_later (gpointer data)
{
  DwMessageList *self = data;

  self->later = 0;
  if (self->stuck)
    follow (self);
  return G_SOURCE_REMOVE;
}

/* The heights of new rows are known only after the layout, so the end is sought when that is done. */
static void
follow (DwMessageList *self)
{
  gint64 left = MAX (self->moves_until - g_get_monotonic_time (), 0);

  if (is_moving (self))
    {
      if (self->later == 0)
        self->later = g_timeout_add ((guint) (left / 1000) + FRAME_MS, on_later, self);
    }
  else if (self->scroll == 0)
    self->scroll = g_idle_add_full (G_PRIORITY_HIGH_IDLE + 30, on_scroll, self, NULL);
}

static void
on_width_changed (DwMessageList *self, GtkAdjustment *adjustment)
{
  double width = gtk_adjustment_get_page_size (adjustment);

  if (G_APPROX_VALUE (width, self->width, 0.5))
    return;

  self->width = width;
  if (!self->stuck)
    dw_scroll_anchor_hold (self->anchor);
}

static gboolean
is_at_end (DwMessageList *self)
{
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scroller);
  double end = gtk_adjustment_get_upper (adjustment) - gtk_adjustment_get_page_size (adjustment);

  return gtk_adjustment_get_value (adjustment) >= end - END_SLACK;
}

/* What was looked for may stand so near the end that there is nothing below it to go to. */
static void
on_centered (gpointer data)
{
  DwMessageList *self = data;

  if (self->scroll == 0 && !self->stuck && is_at_end (self))
    set_stuck (self, TRUE);
}

static void
on_value_changed (DwMessageList *self, GtkAdjustment *adjustment)
{
  double value = gtk_adjustment_get_value (adjustment);
  double upper = gtk_adjustment_get_upper (adjustment);
  double page = gtk_adjustment_get_page_size (adjustment);
  gboolean same = G_APPROX_VALUE (upper, self->upper, 0.5) && G_APPROX_VALUE (page, self->page, 0.5);
  gboolean at_end = is_at_end (self);
  gboolean whole = self->end == NULL || dw_list_end_is_whole (self->end);
  gboolean up = value < self->value;
  /* New rows change the extent too, and the button to the end the height, so the user did this; but not if a flood puts
   * other rows into the same space. */
  gboolean left = self->stuck && !at_end && up && same && (whole || is_moving (self));
  double moved = self->value - value;

  self->value = value;
  self->upper = upper;
  self->page = page;
  if (self->long_rows)
    complete_rows (self);
  if (left)
    g_clear_handle_id (&self->scroll, g_source_remove);
  if (self->scroll == 0 && at_end && !self->stuck && !dw_scroll_anchor_is_held (self->anchor))
    set_stuck (self, TRUE);
  else if (self->scroll == 0 && !at_end && self->stuck && (left || (up && is_moving (self))))
    leave_end (self, find_newest (self), moved);
  else if (self->scroll == 0 && !at_end && self->stuck && !is_moving (self))
    /* Rows that come, go or get their real height move the view too; the user did not ask to leave the end. */
    follow (self);
  if (!self->stuck)
    dw_scroll_anchor_move (self->anchor);
}

/* Called before the layout of each frame, so the frame before the second call has shown what the user did. */
static gboolean
on_move_frame (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  DwMessageList *self = DW_MESSAGE_LIST (widget);

  if (!self->move_shown)
    {
      self->move_shown = TRUE;
      return G_SOURCE_CONTINUE;
    }
  self->move_frames = 0;
  return G_SOURCE_REMOVE;
}

/* The user leaves the end, even if a layout is pending. */
static void
let_move (DwMessageList *self)
{
  self->moves_until = g_get_monotonic_time () + MOVE_US;
  self->move_shown = FALSE;
  if (self->move_frames == 0)
    self->move_frames = gtk_widget_add_tick_callback (GTK_WIDGET (self), on_move_frame, NULL, NULL);
  g_clear_handle_id (&self->scroll, g_source_remove);
}

static void
forget_move (DwMessageList *self)
{
  self->moves_until = 0;
  if (self->move_frames != 0)
    gtk_widget_remove_tick_callback (GTK_WIDGET (self), self->move_frames);
  self->move_frames = 0;
}

/* About how far a turn of the wheel by one goes, in pixels. */
static double
get_wheel_step (DwMessageList *self)
{
  return gtk_adjustment_get_page_size (gtk_scrolled_window_get_vadjustment (self->scroller)) / 8;
}

/* In a flood there is nothing above the first row to scroll to, so the end is left before anything moves. */
static void
leave_flood (DwMessageList *self, GtkWidget *item, double moved)
{
  let_move (self);
  /* Whoever has left already reads on from that row. */
  if (self->end != NULL && dw_list_end_is_live (self->end) && self->stuck)
    leave_end (self, item, moved);
}

static gboolean
on_scrolled (DwMessageList *self, double dx, double dy)
{
  if (dy < 0)
    leave_flood (self, find_newest (self), -dy * get_wheel_step (self));
  /* The rows that came back have no height before their layout, and GTK 4.8 warns if it is to scroll then. The anchor has
   * moved by this turn already. */
  if (dw_scroll_anchor_waits (self->anchor))
    return GDK_EVENT_STOP;
  return GDK_EVENT_PROPAGATE;
}

static void
forget_passed (DwMessageList *self)
{
  if (self->passed != NULL)
    gtk_accessible_reset_property (GTK_ACCESSIBLE (self->passed), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION);
  g_clear_object (&self->passed);
}

/* The focus goes to that line; a reader says the captions on the way there. */
static void
go_to_line (DwMessageList *self, guint position, DwMessage *line, const char *captions)
{
  GtkWidget *item = dw_message_row_find_item (GTK_WIDGET (self->list), dw_message_get_place (line));

  if (item == NULL)
    {
      scroll_to (self, position);
      item = dw_message_row_find_item (GTK_WIDGET (self->list), dw_message_get_place (line));
    }
  if (item == NULL)
    return;
  dw_toolkit_set_description (item, captions);
  gtk_widget_grab_focus (item);
  /* Not before: what had the focus forgets its own when it loses it. */
  g_set_object (&self->passed, item);
}

/* A caption between two messages is no stop on the way from one to the other.
 *
 * Returns: whether there was one */
static gboolean
pass_captions (DwMessageList *self, int step)
{
  DwMessageRow *row = focused_row (self);
  GListModel *lines = G_LIST_MODEL (self->conversation);
  gint64 n = g_list_model_get_n_items (lines);
  g_autoptr (GString) captions = g_string_new (NULL);
  guint position;

  if (row == NULL || is_in_text (self) || dw_list_end_is_live (self->end)
      || !dw_conversation_get_position (self->conversation, dw_message_row_get_place (row), &position))
    return FALSE;
  for (gint64 at = (gint64) position + step; at >= 0 && at < n; at += step)
    {
      g_autoptr (DwMessage) line = g_list_model_get_item (lines, (guint) at);
      g_autofree char *words = is_caption (line) ? dw_message_row_dup_copy (line) : NULL;

      if (words == NULL && captions->len > 0)
        go_to_line (self, (guint) at, line, captions->str);
      if (words == NULL)
        return captions->len > 0;
      g_string_append_printf (captions, "%s%s", captions->len > 0 ? ", " : "", words);
    }
  /* There is nothing else, so it is only shown. */
  if (captions->len > 0)
    scroll_to (self, step < 0 ? 0 : (guint) n - 1);
  return captions->len > 0;
}

static gboolean
is_menu_key (guint key, GdkModifierType state)
{
  GdkModifierType held = state & gtk_accelerator_get_default_mod_mask ();

  return (key == GDK_KEY_Menu && held == 0) || (key == GDK_KEY_F10 && held == GDK_SHIFT_MASK);
}

static gboolean
on_key_pressed (DwMessageList *self, guint key, guint code, GdkModifierType state)
{
  static const guint moving[] = { GDK_KEY_Home,    GDK_KEY_KP_Home,    GDK_KEY_Up,        GDK_KEY_KP_Up,
                                  GDK_KEY_Page_Up, GDK_KEY_KP_Page_Up, GDK_KEY_Page_Down, GDK_KEY_Down };

  if (is_menu_key (key, state) && focused_row (self) != NULL)
    {
      on_menu_wanted (self, focused_row (self));
      return GDK_EVENT_STOP;
    }
  if (take_selecting_key (self, key, state))
    return GDK_EVENT_STOP;
  for (guint i = 0; i < G_N_ELEMENTS (moving); i++)
    if (key == moving[i])
      leave_flood (self, find_newest (self), 0);
  if (self->end != NULL && (state & gtk_accelerator_get_default_mod_mask () & ~GDK_SHIFT_MASK) == 0)
    {
      if ((key == GDK_KEY_Up || key == GDK_KEY_KP_Up) && pass_captions (self, -1))
        return GDK_EVENT_STOP;
      if ((key == GDK_KEY_Down || key == GDK_KEY_KP_Down) && pass_captions (self, 1))
        return GDK_EVENT_STOP;
    }

  if ((key != GDK_KEY_Home && key != GDK_KEY_KP_Home) || self->end == NULL)
    return GDK_EVENT_PROPAGATE;
  if (dw_list_end_is_whole (self->end))
    return GDK_EVENT_PROPAGATE;
  /* During a flood, and a moment after it, the list does not begin with the first line, where the list view would go. */
  set_stuck (self, FALSE);
  go_to_start (self, TRUE);
  return GDK_EVENT_STOP;
}

/* A person who presses a row wants to select its text, and the scroll bar's handle stands for the whole conversation: in
 * a flood the rows stop, and all of them come back. GTK claims these presses, so no gesture of ours would get the
 * release. */
static gboolean
on_pointer_event (GtkEventController *controller, GdkEvent *event, DwMessageList *self)
{
  gboolean on_bar = GTK_IS_SCROLLBAR (gtk_event_controller_get_widget (controller));
  GdkEventType type = gdk_event_get_event_type (event);

  if (self->end == NULL)
    return GDK_EVENT_PROPAGATE;

  if ((type == GDK_BUTTON_PRESS || type == GDK_TOUCH_BEGIN) && (on_bar || dw_list_end_is_live (self->end)))
    {
      let_move (self);
      dw_list_end_hold (self->end, TRUE);
      leave_end (self, on_bar ? find_newest (self) : find_under (self, event), 0);
      return GDK_EVENT_PROPAGATE;
    }
  if (type != GDK_BUTTON_RELEASE && type != GDK_TOUCH_END && type != GDK_TOUCH_CANCEL)
    return GDK_EVENT_PROPAGATE;

  if (dw_list_end_is_live (self->end) && !self->stuck)
    dw_scroll_anchor_hold (self->anchor);
  dw_list_end_hold (self->end, FALSE);
  if (on_bar && is_at_end (self))
    dw_message_list_scroll_to_end (self);
  return GDK_EVENT_PROPAGATE;
}

static void
listen_to_pointer (DwMessageList *self, GtkWidget *widget)
{
  GtkEventController *controller = gtk_event_controller_legacy_new ();

  gtk_event_controller_set_propagation_phase (controller, GTK_PHASE_CAPTURE);
  g_signal_connect_object (controller, "event", G_CALLBACK (on_pointer_event), self, 0);
  gtk_widget_add_controller (widget, controller);
}

/* The list itself is as low as its rows at first, and the page that shows it may not be visible yet. */
static void
set_room (DwMessageList *self)
{
  int height = gtk_widget_get_height (GTK_WIDGET (self));

  dw_list_end_set_room (self->end, height > 0 ? (guint) height / LEAST_ROW + 2 : DW_LIST_END_LIVE);
}

static void
on_extent_changed (DwMessageList *self)
{
  if (self->end != NULL)
    set_room (self);
  if (self->long_rows)
    complete_rows (self);
  if (self->stuck && self->conversation != NULL)
    follow (self);
}

/* The list's item that has the focus, or has the widget that has it. */
static GtkWidget *
find_focused (DwMessageList *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  GtkWidget *found = gtk_widget_get_focus_child (GTK_WIDGET (self->list));

  /* While the focus comes, the window does not know of it yet. */
  if (found == NULL && root != NULL)
    found = gtk_root_get_focus (root);
  return item_around (self, found);
}

/* A flood would take the row from under the keyboard. */
static void
keep_row (DwMessageList *self)
{
  GtkWidget *focused;

  if (self->end == NULL || !dw_list_end_is_live (self->end) || !self->stuck)
    return;

  focused = find_focused (self);
  leave_end (self, focused != NULL ? focused : find_newest (self), 0);
}

/* Where a row moved under a pointer that stands still, GTK gives a press, and the focus, to the row that was there. */
static void
on_focus_moved (DwMessageList *self)
{
  GtkWidget *focused = find_focused (self);

  if (focused != self->passed)
    forget_passed (self);
  tell_selected (self);
  if (focused != NULL && self->end != NULL && dw_list_end_is_live (self->end))
    leave_end (self, focused, 0);
}

static void
on_items_changed (DwMessageList *self, guint position, guint removed, guint added)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->conversation));

  gtk_stack_set_visible_child_name (self->stack, n > 0 ? "messages" : "empty");
  if (n > FEW_LINES)
    set_height (self);
  /* Its picture is a drawing, and what reads drawings takes 8 MiB: only where it is seen. */
  adw_status_page_set_icon_name (self->nothing, n > 0 ? NULL : DW_APP_ID "-symbolic");
  if (added == 0 || position + added < n)
    return;
  if (has_focus (self))
    keep_row (self);
  if (self->stuck)
    follow (self);
  else
    {
      self->unseen += added;
      show_unseen (self);
    }
}

/* However it came to be deleted, it would be copied with the others. */
static void
on_removed (DwMessageList *self, DwMessage *message)
{
  if (self->selection != NULL)
    dw_message_selection_drop (self->selection, message);
}

/* A text that is selected is copied by the label itself, before this. */
static void
on_copy (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwMessageList *self = DW_MESSAGE_LIST (widget);
  DwMessageRow *row = focused_row (self);

  if (self->selection != NULL && dw_message_selection_get_n (self->selection) > 0)
    {
      g_autofree char *text = dw_message_selection_dup_text (self->selection);

      gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), text);
      on_stop_selecting (widget, NULL, NULL);
      return;
    }
  if (row != NULL)
    gtk_widget_activate_action (GTK_WIDGET (row), "message.copy", NULL);
}

/* Coming from the composer, the focus goes to the newest visible row. */
static gboolean
dw_message_list_grab_focus (GtkWidget *widget)
{
  DwMessageList *self = DW_MESSAGE_LIST (widget);
  GtkWidget *newest = find_newest (self);

  return newest != NULL && gtk_widget_grab_focus (newest);
}

static void
dw_message_list_realize (GtkWidget *widget)
{
  DwMessageList *self = DW_MESSAGE_LIST (widget);

  GTK_WIDGET_CLASS (dw_message_list_parent_class)->realize (widget);
  if (self->end != NULL)
    dw_list_end_set_clock (self->end, gtk_widget_get_frame_clock (widget));
  g_signal_connect_object (gtk_widget_get_root (widget), "notify::focus-widget", G_CALLBACK (on_focus_moved), self,
                           G_CONNECT_SWAPPED);
}

static void
dw_message_list_unrealize (GtkWidget *widget)
{
  DwMessageList *self = DW_MESSAGE_LIST (widget);

  g_signal_handlers_disconnect_by_func (gtk_widget_get_root (widget), on_focus_moved, self);
  if (self->end != NULL)
    dw_list_end_set_clock (self->end, NULL);
  GTK_WIDGET_CLASS (dw_message_list_parent_class)->unrealize (widget);
}

static void
dw_message_list_dispose (GObject *object)
{
  DwMessageList *self = DW_MESSAGE_LIST (object);

  g_clear_handle_id (&self->scroll, g_source_remove);
  g_clear_handle_id (&self->fading, g_source_remove);
  g_clear_handle_id (&self->later, g_source_remove);
  g_clear_object (&self->found);
  g_clear_object (&self->passed);
  g_clear_object (&self->told);
  g_clear_object (&self->selection);
  g_clear_pointer (&self->selection_bar, gtk_widget_unparent);
  dw_message_list_set_conversation (self, NULL);
  g_clear_object (&self->changes);
  g_clear_pointer (&self->own_name, g_free);
  g_clear_pointer (&self->words, g_ptr_array_unref);
  g_clear_pointer (&self->column, gtk_widget_unparent);
  /* The list's own rows have been returned to it by now. */
  g_queue_clear_full (&self->spare, g_object_unref);
  G_OBJECT_CLASS (dw_message_list_parent_class)->dispose (object);
}

static void
dw_message_list_finalize (GObject *object)
{
  dw_scroll_anchor_free (DW_MESSAGE_LIST (object)->anchor);
  g_clear_pointer (&DW_MESSAGE_LIST (object)->fold, dw_fold_free);
  G_OBJECT_CLASS (dw_message_list_parent_class)->finalize (object);
}

static void
dw_message_list_class_init (DwMessageListClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dw_message_list_dispose;
  G_OBJECT_CLASS (klass)->finalize = dw_message_list_finalize;
  widget_class->realize = dw_message_list_realize;
  widget_class->unrealize = dw_message_list_unrealize;
  widget_class->grab_focus = dw_message_list_grab_focus;
  widget_class->focus = dw_toolkit_focus;

  /**
   * DwMessageList::menu:
   * @spot: a #DwMessageSpot, valid during the call
   *
   * The menu of a message is to be opened.
   */
  signals[SIGNAL_MENU] = g_signal_new ("menu", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                       G_TYPE_NONE, 1, G_TYPE_POINTER);

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/dynamowave/Chat/dw-message-list.ui");
  gtk_widget_class_bind_template_child (widget_class, DwMessageList, column);
  gtk_widget_class_bind_template_child (widget_class, DwMessageList, stack);
  gtk_widget_class_bind_template_child (widget_class, DwMessageList, nothing);
  gtk_widget_class_bind_template_child (widget_class, DwMessageList, promise);
  gtk_widget_class_bind_template_child (widget_class, DwMessageList, scroller);
  gtk_widget_class_bind_template_child (widget_class, DwMessageList, list);
  gtk_widget_class_bind_template_child (widget_class, DwMessageList, to_end);
  gtk_widget_class_bind_template_child (widget_class, DwMessageList, to_end_button);
  gtk_widget_class_bind_template_child (widget_class, DwMessageList, to_end_badge);
  gtk_widget_class_bind_template_callback (widget_class, on_context_pressed);
  gtk_widget_class_bind_template_callback (widget_class, on_long_pressed);
  gtk_widget_class_bind_template_callback (widget_class, on_pressed);
  gtk_widget_class_bind_template_callback (widget_class, on_scrolled);
  gtk_widget_class_bind_template_callback (widget_class, on_key_pressed);
  gtk_widget_class_bind_template_callback (widget_class, keep_row);
  gtk_widget_class_install_action (widget_class, "messages.copy", NULL, on_copy);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_c, GDK_CONTROL_MASK, "messages.copy", NULL);
  gtk_widget_class_install_action (widget_class, "messages.select", "x", on_select);
  gtk_widget_class_install_action (widget_class, "messages.stop-selecting", NULL, on_stop_selecting);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "messages.stop-selecting", NULL);
}

static void
dw_message_list_init (DwMessageList *self)
{
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();
  GtkAdjustment *adjustment;

  gtk_widget_init_template (GTK_WIDGET (self));
  self->changes = g_signal_group_new (DW_TYPE_CONVERSATION);
  g_signal_group_connect_swapped (self->changes, "removed", G_CALLBACK (on_removed), self);
  /* Its lines were deleted, all or the old ones, and others have their places. */
  g_signal_group_connect_swapped (self->changes, "opened", G_CALLBACK (stop_selecting), self);
  g_queue_init (&self->spare);
  g_signal_connect_object (factory, "bind", G_CALLBACK (on_bind), self, 0);
  g_signal_connect_object (factory, "unbind", G_CALLBACK (on_unbind), self, 0);
  gtk_list_view_set_factory (self->list, factory);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "messages.stop-selecting", FALSE);
  self->stuck = TRUE;
  adjustment = gtk_scrolled_window_get_vadjustment (self->scroller);
  self->anchor = dw_scroll_anchor_new (self->list, adjustment);
  dw_scroll_anchor_set_centered_func (self->anchor, on_centered, self);
  g_signal_connect_object (adjustment, "value-changed", G_CALLBACK (on_value_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (adjustment, "changed", G_CALLBACK (on_extent_changed), self, G_CONNECT_SWAPPED);
  adjustment = gtk_scrolled_window_get_hadjustment (self->scroller);
  g_signal_connect_object (adjustment, "changed", G_CALLBACK (on_width_changed), self, G_CONNECT_SWAPPED);
  listen_to_pointer (self, GTK_WIDGET (self->list));
  listen_to_pointer (self, gtk_scrolled_window_get_vscrollbar (self->scroller));
}

/**
 * dw_message_list_set_conversation:
 * @self: a list
 * @conversation: (nullable): what it shows
 */
void
dw_message_list_set_conversation (DwMessageList *self, DwConversation *conversation)
{
  g_autoptr (GtkSelectionModel) selection = NULL;

  if (self->conversation == conversation)
    return;
  if (self->conversation != NULL)
    g_clear_signal_handler (&self->items_changed, self->conversation);

  stop_selecting (self);
  g_clear_handle_id (&self->scroll, g_source_remove);
  g_clear_handle_id (&self->later, g_source_remove);
  self->long_rows = FALSE;
  gtk_widget_set_size_request (GTK_WIDGET (self->list), -1, -1);
  gtk_widget_set_valign (GTK_WIDGET (self->list), GTK_ALIGN_END);
  /* The movement was in another conversation, and so was the place: where an empty one came between, the list would come
   * back at its beginning, with the old extent, as if the user had scrolled there. */
  forget_move (self);
  self->value = 0;
  self->upper = 0;
  /* So were the words. */
  g_clear_pointer (&self->words, g_ptr_array_unref);
  g_set_object (&self->conversation, conversation);
  g_signal_group_set_target (self->changes, conversation);
  g_clear_object (&self->end);
  if (conversation != NULL)
    {
      self->end = dw_list_end_new (G_LIST_MODEL (conversation));
      dw_list_end_set_clock (self->end, gtk_widget_get_frame_clock (GTK_WIDGET (self)));
      set_room (self);
    }
  dw_scroll_anchor_set_conversation (self->anchor, conversation, self->end);
  if (conversation == NULL)
    {
      gtk_list_view_set_model (self->list, NULL);
      return;
    }

  selection = GTK_SELECTION_MODEL (gtk_no_selection_new (G_LIST_MODEL (g_object_ref (self->end))));
  gtk_list_view_set_model (self->list, selection);
  self->items_changed = g_signal_connect_object (conversation, "items-changed", G_CALLBACK (on_items_changed), self,
                                                 G_CONNECT_SWAPPED | G_CONNECT_AFTER);
  set_stuck (self, TRUE);
  on_items_changed (self, 0, 0, g_list_model_get_n_items (G_LIST_MODEL (conversation)));
}

/**
 * dw_message_list_set_today:
 * @self: a list
 * @today: tells when its times are to be shown anew
 */
void
dw_message_list_set_today (DwMessageList *self, DwToday *today)
{
  g_signal_connect_object (today, "changed", G_CALLBACK (on_today_changed), self, G_CONNECT_SWAPPED);
}

/**
 * dw_message_list_set_own_name:
 * @self: a list
 * @own_name: (nullable): what the person is called on this stage; messages that have it are marked
 */
void
dw_message_list_set_own_name (DwMessageList *self, const char *own_name)
{
  if (g_strcmp0 (self->own_name, own_name) == 0)
    return;
  g_free (self->own_name);
  self->own_name = g_strdup (own_name);
  for (GtkWidget *item = gtk_widget_get_first_child (GTK_WIDGET (self->list)); item != NULL;
       item = gtk_widget_get_next_sibling (item))
    if (DW_IS_MESSAGE_ROW (gtk_widget_get_first_child (item)))
      dw_message_row_set_own_name (DW_MESSAGE_ROW (gtk_widget_get_first_child (item)), own_name);
}

static gboolean
on_found_for_long (gpointer data)
{
  DwMessageList *self = data;

  self->fading = 0;
  gtk_widget_remove_css_class (self->found, "found");
  g_clear_object (&self->found);
  return G_SOURCE_REMOVE;
}

/* Highlights the row that was looked for, and focuses it so that the arrow keys go on from there. */
static void
point_out (DwMessageList *self, GtkWidget *item)
{
  g_clear_handle_id (&self->fading, g_source_remove);
  if (self->found != NULL)
    gtk_widget_remove_css_class (self->found, "found");
  g_set_object (&self->found, item);
  gtk_widget_add_css_class (item, "found");
  gtk_widget_grab_focus (item);
  self->fading = g_timeout_add_seconds (FOUND_SECONDS, on_found_for_long, self);
}

static gboolean
on_jump (gpointer data)
{
  DwMessageList *self = data;
  GtkWidget *item;
  guint position;

  self->scroll = 0;
  if (leaves_flood (self, on_jump))
    return G_SOURCE_REMOVE;
  if (dw_conversation_get_position (self->conversation, self->wanted, &position))
    scroll_to (self, position);
  item = dw_message_row_find_item (GTK_WIDGET (self->list), self->wanted);
  if (item != NULL)
    point_out (self, item);
  /* Its height and those around it are known only after the layout. */
  dw_scroll_anchor_center (self->anchor, self->wanted);
  on_value_changed (self, gtk_scrolled_window_get_vadjustment (self->scroller));
  return G_SOURCE_REMOVE;
}

/**
 * dw_message_list_set_promising:
 * @self: a list
 * @promising: whether messages can come: else the empty page says nothing of them
 */
void
dw_message_list_set_promising (DwMessageList *self, gboolean promising)
{
  gtk_widget_set_visible (self->promise, promising);
}

static void
set_words (DwMessageList *self, const char *words)
{
  g_clear_pointer (&self->words, g_ptr_array_unref);
  if (words != NULL)
    {
      if (self->fold == NULL)
        self->fold = dw_fold_new ();
      self->words = dw_fold_words (self->fold, words, DW_STORE_SEARCH_WORDS);
    }
  for (GtkWidget *item = gtk_widget_get_first_child (GTK_WIDGET (self->list)); item != NULL;
       item = gtk_widget_get_next_sibling (item))
    if (DW_IS_MESSAGE_ROW (gtk_widget_get_first_child (item)))
      mark_row (self, DW_MESSAGE_ROW (gtk_widget_get_first_child (item)));
}

/**
 * dw_message_list_unmark:
 * @self: a list
 *
 * Forgets the words of dw_message_list_show_place().
 */
void
dw_message_list_unmark (DwMessageList *self)
{
  set_words (self, NULL);
}

/**
 * dw_message_list_show_place:
 * @self: a list that shows a conversation
 * @place: a place of it
 * @words: (nullable): what was looked for and found there; it is marked until dw_message_list_unmark()
 *
 * Shows that line in the middle, and stops following the end.
 */
void
dw_message_list_show_place (DwMessageList *self, gint64 place, const char *words)
{
  set_stuck (self, FALSE);
  g_clear_handle_id (&self->scroll, g_source_remove);
  self->wanted = place;
  set_words (self, words);
  self->scroll = g_idle_add_full (G_PRIORITY_HIGH_IDLE + 30, on_jump, self, NULL);
}

/**
 * dw_message_list_focus:
 * @self: a list
 * @place: a place of its conversation
 *
 * Gives the focus to the row of that line, or to the newest that is seen where it has none.
 */
void
dw_message_list_focus (DwMessageList *self, gint64 place)
{
  GtkWidget *item = dw_message_row_find_item (GTK_WIDGET (self->list), place);

  gtk_widget_grab_focus (item != NULL ? item : GTK_WIDGET (self));
}

/**
 * dw_message_list_scroll_to_end:
 * @self: a list
 *
 * Shows the newest message and follows from there.
 */
void
dw_message_list_scroll_to_end (DwMessageList *self)
{
  forget_move (self);
  set_stuck (self, TRUE);
  follow (self);
}

/**
 * dw_message_list_scroll_to_start:
 * @self: a list
 *
 * Shows the oldest message.
 */
void
dw_message_list_scroll_to_start (DwMessageList *self)
{
  set_stuck (self, FALSE);
  go_to_start (self, FALSE);
}

/**
 * dw_message_list_move_page:
 * @self: a list
 * @direction: −1 for up, 1 for down
 */
void
dw_message_list_move_page (DwMessageList *self, int direction)
{
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scroller);
  double page = gtk_adjustment_get_page_increment (adjustment);

  gtk_adjustment_set_value (adjustment, gtk_adjustment_get_value (adjustment) + direction * page);
}
