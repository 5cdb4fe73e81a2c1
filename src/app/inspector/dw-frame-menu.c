/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-frame-menu.h"

#include "app/toolkit/dw-popup.h"

#include <glib/gi18n.h>

static GMenuModel *
make_model (DwTraceRow *line)
{
  DwTraceKind kind = dw_trace_row_get_kind (line);
  GMenu *menu = g_menu_new ();

  if (kind == DW_TRACE_IN || kind == DW_TRACE_OUT)
    {
      g_menu_append (menu, _ ("Send _Again"), "inspector.frame::frame.resend");
      g_menu_append (menu, _ ("_Edit Frame"), "inspector.frame::frame.edit");
      g_menu_append (menu, _ ("Co_mpare"), "inspector.frame::frame.compare");
    }
  g_menu_append (menu, _ ("_Copy"), "inspector.copy");
  return G_MENU_MODEL (menu);
}

/**
 * dw_frame_menu_popup:
 * @row: the widget of a line in the inspector's list
 * @line: the line, which is selected
 * @at: (nullable): a place in @row, or %NULL for all of it
 *
 * Opens the menu of what can be done with a line.
 */
void
dw_frame_menu_popup (GtkWidget *row, DwTraceRow *line, const GdkRectangle *at)
{
  g_autoptr (GMenuModel) model = make_model (line);

  dw_popup_open (dw_popup_new (model, row), at);
}

static void
open_at (GtkEventController *controller, GtkListItem *item, double x, double y)
{
  GtkWidget *row = gtk_event_controller_get_widget (controller);
  DwTraceRow *line = gtk_list_item_get_item (item);

  if (line == NULL)
    return;
  gtk_widget_activate_action (row, "list.select-item", "(ubb)", gtk_list_item_get_position (item), FALSE, FALSE);
  dw_frame_menu_popup (row, line, &(GdkRectangle){ (int) x, (int) y, 1, 1 });
}

static void
on_pressed (GtkGesture *gesture, int n_press, double x, double y, GtkListItem *item)
{
  gtk_gesture_set_state (gesture, GTK_EVENT_SEQUENCE_CLAIMED);
  open_at (GTK_EVENT_CONTROLLER (gesture), item, x, y);
}

static void
on_long_pressed (GtkGesture *gesture, double x, double y, GtkListItem *item)
{
  on_pressed (gesture, 1, x, y, item);
}

/**
 * dw_frame_menu_watch:
 * @item: an item of the inspector's list
 * @row: its widget
 *
 * Opens the menu of the line that @item has then, by the right button or a long press.
 */
void
dw_frame_menu_watch (GtkListItem *item, GtkWidget *row)
{
  GtkGesture *click = gtk_gesture_click_new ();
  GtkGesture *press = gtk_gesture_long_press_new ();

  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (click), GDK_BUTTON_SECONDARY);
  g_signal_connect_object (click, "pressed", G_CALLBACK (on_pressed), item, 0);
  gtk_widget_add_controller (row, GTK_EVENT_CONTROLLER (click));

  gtk_gesture_single_set_touch_only (GTK_GESTURE_SINGLE (press), TRUE);
  g_signal_connect_object (press, "pressed", G_CALLBACK (on_long_pressed), item, 0);
  gtk_widget_add_controller (row, GTK_EVENT_CONTROLLER (press));
}
