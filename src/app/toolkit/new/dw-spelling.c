/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/toolkit/dw-spelling.h"

#include <libspelling.h>

/**
 * dw_spelling_is_there:
 *
 * Returns: whether spelling can be checked
 */
gboolean
dw_spelling_is_there (void)
{
  return TRUE;
}

/* The words that the menu offers are those for the one that was pressed on, and not for the one that is being typed. */
static void
on_pressed (GtkGesture *gesture, int n, double x, double y, gpointer data)
{
  GtkTextView *view = GTK_TEXT_VIEW (gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (gesture)));
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (view);
  GtkTextIter place;
  int buffer_x, buffer_y;

  gtk_text_view_window_to_buffer_coords (view, GTK_TEXT_WINDOW_WIDGET, (int) x, (int) y, &buffer_x, &buffer_y);
  if (gtk_text_buffer_get_has_selection (buffer)
      || !gtk_text_view_get_iter_at_location (view, &place, buffer_x, buffer_y))
    return;
  gtk_text_buffer_place_cursor (buffer, &place);
  spelling_text_buffer_adapter_update_corrections (data);
}

/**
 * dw_spelling_new:
 * @view: a text view without a text, which gets a buffer of another kind
 *
 * Checks the spelling of what is written, in the language of the locale: words that are in no dictionary are underlined, and
 * the menu of the text offers others.
 *
 * Returns: (transfer full) (nullable): what checks; it is switched off
 */
GObject *
dw_spelling_new (GtkTextView *view)
{
  g_autoptr (GtkSourceBuffer) buffer = NULL;
  SpellingTextBufferAdapter *self;
  GtkGesture *gesture;

  spelling_init ();
  buffer = gtk_source_buffer_new (NULL);
  gtk_source_buffer_set_highlight_syntax (buffer, FALSE);
  gtk_source_buffer_set_highlight_matching_brackets (buffer, FALSE);
  gtk_text_view_set_buffer (view, GTK_TEXT_BUFFER (buffer));

  self = spelling_text_buffer_adapter_new (buffer, spelling_checker_get_default ());
  spelling_text_buffer_adapter_set_enabled (self, FALSE);
  gtk_text_view_set_extra_menu (view, spelling_text_buffer_adapter_get_menu_model (self));
  gtk_widget_insert_action_group (GTK_WIDGET (view), "spelling", G_ACTION_GROUP (self));

  gesture = gtk_gesture_click_new ();
  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (gesture), GDK_BUTTON_SECONDARY);
  gtk_event_controller_set_propagation_phase (GTK_EVENT_CONTROLLER (gesture), GTK_PHASE_CAPTURE);
  g_signal_connect_object (gesture, "pressed", G_CALLBACK (on_pressed), self, 0);
  gtk_widget_add_controller (GTK_WIDGET (view), GTK_EVENT_CONTROLLER (gesture));
  return G_OBJECT (self);
}

/**
 * dw_spelling_set_enabled:
 * @spelling: what checks
 * @enabled: whether it does, and whether the menu has it
 */
void
dw_spelling_set_enabled (GObject *spelling, gboolean enabled)
{
  spelling_text_buffer_adapter_set_enabled (SPELLING_TEXT_BUFFER_ADAPTER (spelling), enabled);
}
