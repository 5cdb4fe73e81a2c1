/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-stage-sidebar.h"

#include "dw-stage-menu.h"
#include "dw-stage-row.h"

#include "app/toolkit/dw-page.h"
#include "app/toolkit/dw-toolkit.h"

#include <adwaita.h>

/* The stages in their order: at the side of a wide window, or as a page of their own over a narrow one. */
struct _DwStageSidebar
{
  GtkWidget parent_instance;

  GtkWidget *page;
  AdwHeaderBar *header;
  GtkWidget *back;
  GtkListBox *list;

  DwChatList *chats;
  DwStageActions *actions;
  DwChat *chat;    /* the one that the window shows, or NULL */
  DwChat *focused; /* the one whose row had the focus before the rows changed, or NULL */
  guint scroll;    /* tick callback */
};

G_DEFINE_FINAL_TYPE (DwStageSidebar, dw_stage_sidebar, GTK_TYPE_WIDGET)

enum
{
  SIGNAL_PICKED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void
on_row_activated (DwStageSidebar *self, GtkListBoxRow *row)
{
  g_signal_emit (self, signals[SIGNAL_PICKED], 0, dw_stage_row_get_chat (DW_STAGE_ROW (row)));
}

static GtkWidget *
make_row (gpointer item, gpointer data)
{
  return dw_stage_row_new (item, item == DW_STAGE_SIDEBAR (data)->chat);
}

static DwStageRow *
find_row (DwStageSidebar *self, DwChat *chat)
{
  guint position;
  GtkListBoxRow *row = NULL;

  if (chat != NULL && dw_chat_list_get_position (self->chats, chat, &position))
    row = gtk_list_box_get_row_at_index (self->list, (int) position);
  return row != NULL ? DW_STAGE_ROW (row) : NULL;
}

static DwStageRow *
focused_row (DwStageSidebar *self)
{
  GtkWidget *row = gtk_widget_get_focus_child (GTK_WIDGET (self->list));

  return row != NULL ? DW_STAGE_ROW (row) : NULL;
}

/* A list box makes the rows anew that change their places, and the focus would go with the old ones. */
static void
on_chats_change (DwStageSidebar *self)
{
  DwStageRow *row = focused_row (self);
  DwChat *chat = row != NULL ? dw_stage_row_get_chat (row) : NULL;

  g_set_object (&self->focused, chat);
}

static void
on_chats_changed (DwStageSidebar *self)
{
  g_autoptr (DwChat) chat = g_steal_pointer (&self->focused);
  DwStageRow *row = find_row (self, chat);

  if (row != NULL)
    gtk_widget_grab_focus (GTK_WIDGET (row));
}

/* A row has its place after the layout. */
static gboolean
on_scroll (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  DwStageSidebar *self = DW_STAGE_SIDEBAR (widget);
  DwStageRow *row = find_row (self, self->chat);
  graphene_rect_t bounds;

  if (row != NULL && gtk_widget_get_height (GTK_WIDGET (row)) == 0)
    return G_SOURCE_CONTINUE;
  if (row != NULL && gtk_widget_compute_bounds (GTK_WIDGET (row), GTK_WIDGET (self->list), &bounds))
    gtk_adjustment_clamp_page (gtk_list_box_get_adjustment (self->list), bounds.origin.y,
                               bounds.origin.y + bounds.size.height);
  self->scroll = 0;
  return G_SOURCE_REMOVE;
}

static void
scroll_to_current (DwStageSidebar *self)
{
  if (self->scroll == 0)
    self->scroll = gtk_widget_add_tick_callback (GTK_WIDGET (self), on_scroll, NULL, NULL);
}

static void
open_menu (DwStageSidebar *self, DwStageRow *row, const GdkRectangle *at)
{
  dw_stage_menu_popup (self->actions, dw_stage_row_get_chat (row), GTK_WIDGET (self), at);
}

static void
open_menu_below (DwStageSidebar *self, DwStageRow *row)
{
  graphene_rect_t bounds;

  if (row == NULL || !gtk_widget_compute_bounds (GTK_WIDGET (row), GTK_WIDGET (self), &bounds))
    return;
  open_menu (self, row,
             &(GdkRectangle){ (int) (bounds.origin.x + bounds.size.width / 2),
                              (int) (bounds.origin.y + bounds.size.height), 1, 1 });
}

static void
on_menu (GtkWidget *widget, const char *name, GVariant *parameter)
{
  open_menu_below (DW_STAGE_SIDEBAR (widget), focused_row (DW_STAGE_SIDEBAR (widget)));
}

static void
on_current_menu (GtkWidget *widget, const char *name, GVariant *parameter)
{
  open_menu_below (DW_STAGE_SIDEBAR (widget),
                   find_row (DW_STAGE_SIDEBAR (widget), DW_STAGE_SIDEBAR (widget)->chat));
}

static gboolean
open_menu_at (DwStageSidebar *self, double x, double y)
{
  GtkListBoxRow *row = gtk_list_box_get_row_at_y (self->list, (int) y);
  double at_x, at_y;

  if (row == NULL
      || !gtk_widget_translate_coordinates (GTK_WIDGET (self->list), GTK_WIDGET (self), x, y, &at_x, &at_y))
    return FALSE;
  open_menu (self, DW_STAGE_ROW (row), &(GdkRectangle){ (int) at_x, (int) at_y, 1, 1 });
  return TRUE;
}

static void
on_pressed (DwStageSidebar *self, int n, double x, double y, GtkGesture *gesture)
{
  GdkEvent *event = gtk_gesture_get_last_event (gesture, gtk_gesture_get_last_updated_sequence (gesture));

  if (event != NULL && gdk_event_triggers_context_menu (event) && open_menu_at (self, x, y))
    gtk_gesture_set_state (gesture, GTK_EVENT_SEQUENCE_CLAIMED);
}

static void
on_held (DwStageSidebar *self, double x, double y, GtkGesture *gesture)
{
  if (open_menu_at (self, x, y))
    gtk_gesture_set_state (gesture, GTK_EVENT_SEQUENCE_CLAIMED);
}

/* Moves the stage whose row has the focus. */
static void
on_move (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwStageRow *row = focused_row (DW_STAGE_SIDEBAR (widget));
  g_autoptr (DwStageActions) actions = NULL;

  if (row == NULL)
    return;
  actions = dw_stage_actions_new_for (DW_STAGE_SIDEBAR (widget)->actions, dw_stage_row_get_chat (row));
  g_action_group_activate_action (G_ACTION_GROUP (actions),
                                  g_variant_get_int32 (parameter) < 0 ? "move-up" : "move-down", NULL);
}

static gboolean
dw_stage_sidebar_grab_focus (GtkWidget *widget)
{
  DwStageSidebar *self = DW_STAGE_SIDEBAR (widget);
  DwStageRow *row = find_row (self, self->chat);

  if (row != NULL)
    return gtk_widget_grab_focus (GTK_WIDGET (row));
  return gtk_widget_child_focus (GTK_WIDGET (self->list), GTK_DIR_TAB_FORWARD);
}

static void
dw_stage_sidebar_dispose (GObject *object)
{
  DwStageSidebar *self = DW_STAGE_SIDEBAR (object);

  if (self->page != NULL)
    gtk_list_box_bind_model (self->list, NULL, NULL, NULL, NULL);
  g_clear_object (&self->chats);
  g_clear_object (&self->actions);
  g_clear_object (&self->chat);
  g_clear_object (&self->focused);
  g_clear_pointer (&self->page, gtk_widget_unparent);
  G_OBJECT_CLASS (dw_stage_sidebar_parent_class)->dispose (object);
}

static void
dw_stage_sidebar_class_init (DwStageSidebarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dw_stage_sidebar_dispose;
  widget_class->grab_focus = dw_stage_sidebar_grab_focus;
  widget_class->focus = dw_toolkit_focus;
  g_type_ensure (DW_TYPE_PAGE);

  /**
   * DwStageSidebar::picked:
   * @chat: the #DwChat the person chose
   */
  signals[SIGNAL_PICKED] = g_signal_new ("picked", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                         NULL, G_TYPE_NONE, 1, DW_TYPE_CHAT);

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/dynamowave/Chat/dw-stage-sidebar.ui");
  gtk_widget_class_bind_template_child (widget_class, DwStageSidebar, page);
  gtk_widget_class_bind_template_child (widget_class, DwStageSidebar, header);
  gtk_widget_class_bind_template_child (widget_class, DwStageSidebar, back);
  gtk_widget_class_bind_template_child (widget_class, DwStageSidebar, list);
  gtk_widget_class_bind_template_callback (widget_class, on_row_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_pressed);
  gtk_widget_class_bind_template_callback (widget_class, on_held);

  gtk_widget_class_install_action (widget_class, "sidebar.menu", NULL, on_menu);
  gtk_widget_class_install_action (widget_class, "sidebar.current-menu", NULL, on_current_menu);
  gtk_widget_class_install_action (widget_class, "sidebar.move", "i", on_move);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Menu, 0, "sidebar.menu", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_F10, GDK_SHIFT_MASK, "sidebar.menu", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Up, GDK_ALT_MASK, "sidebar.move", "i", -1);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Down, GDK_ALT_MASK, "sidebar.move", "i", 1);
}

static void
dw_stage_sidebar_init (DwStageSidebar *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * dw_stage_sidebar_new:
 * @chats: the chats to pick from
 * @actions: those of the window
 *
 * Returns: (transfer floating): a sidebar
 */
DwStageSidebar *
dw_stage_sidebar_new (DwChatList *chats, DwStageActions *actions)
{
  DwStageSidebar *self = g_object_new (DW_TYPE_STAGE_SIDEBAR, NULL);

  self->chats = g_object_ref (chats);
  self->actions = g_object_ref (actions);
  /* Before and after the list box hears of it. */
  g_signal_connect_object (chats, "items-changed", G_CALLBACK (on_chats_change), self, G_CONNECT_SWAPPED);
  gtk_list_box_bind_model (self->list, G_LIST_MODEL (chats), make_row, self, NULL);
  g_signal_connect_object (chats, "items-changed", G_CALLBACK (on_chats_changed), self,
                           G_CONNECT_SWAPPED | G_CONNECT_AFTER);
  return self;
}

/**
 * dw_stage_sidebar_get_header:
 * @self: a sidebar
 *
 * Returns: (transfer none): its header bar, which stands beside the window's
 */
GtkWidget *
dw_stage_sidebar_get_header (DwStageSidebar *self)
{
  return GTK_WIDGET (self->header);
}

/**
 * dw_stage_sidebar_set_alone:
 * @self: a sidebar
 * @alone: whether it is a page of its own, with a way back and the window's buttons
 */
void
dw_stage_sidebar_set_alone (DwStageSidebar *self, gboolean alone)
{
  gtk_widget_set_visible (self->back, alone);
  adw_header_bar_set_show_end_title_buttons (self->header, alone);
}

/**
 * dw_stage_sidebar_set_chat:
 * @self: a sidebar
 * @chat: (nullable): the chat that the window shows
 */
void
dw_stage_sidebar_set_chat (DwStageSidebar *self, DwChat *chat)
{
  g_set_object (&self->chat, chat);
  for (int i = 0; gtk_list_box_get_row_at_index (self->list, i) != NULL; i++)
    {
      DwStageRow *row = DW_STAGE_ROW (gtk_list_box_get_row_at_index (self->list, i));

      dw_stage_row_set_current (row, dw_stage_row_get_chat (row) == chat);
    }
  scroll_to_current (self);
}
