/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-selection-bar.h"

#include "app/text/dw-label.h"

#include <glib/gi18n.h>

/* How many messages are selected, and what can be done with them. */
struct _DwSelectionBar
{
  GtkWidget parent_instance;

  GtkWidget *bar;
  GtkLabel *count;
  GtkWidget *copy;
  DwMessageSelection *selection;
};

G_DEFINE_FINAL_TYPE (DwSelectionBar, dw_selection_bar, GTK_TYPE_WIDGET)

static void
show_count (DwSelectionBar *self)
{
  guint n = dw_message_selection_get_n (self->selection);
  g_autofree char *text = g_strdup_printf (ngettext ("%u message selected", "%u messages selected", n), n);

  dw_label_show (self->count, text, DW_LABEL_CHARS);
  gtk_widget_set_sensitive (self->copy, n > 0);
}

static void
dw_selection_bar_dispose (GObject *object)
{
  DwSelectionBar *self = DW_SELECTION_BAR (object);

  g_clear_pointer (&self->bar, gtk_widget_unparent);
  g_clear_object (&self->selection);
  G_OBJECT_CLASS (dw_selection_bar_parent_class)->dispose (object);
}

static void
dw_selection_bar_class_init (DwSelectionBarClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_selection_bar_dispose;
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
}

static GtkWidget *
build_button (const char *label, const char *action)
{
  GtkWidget *button = gtk_button_new_with_mnemonic (label);

  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), action);
  return button;
}

static void
dw_selection_bar_init (DwSelectionBar *self)
{
  GtkWidget *cancel = build_button (_ ("_Cancel"), "messages.stop-selecting");

  self->bar = gtk_action_bar_new ();
  gtk_widget_set_parent (self->bar, GTK_WIDGET (self));
  self->count = GTK_LABEL (gtk_label_new (NULL));
  gtk_label_set_ellipsize (self->count, PANGO_ELLIPSIZE_END);
  self->copy = build_button (_ ("_Copy"), "messages.copy");
  gtk_widget_add_css_class (self->copy, "suggested-action");
  gtk_action_bar_pack_start (GTK_ACTION_BAR (self->bar), GTK_WIDGET (self->count));
  gtk_action_bar_pack_end (GTK_ACTION_BAR (self->bar), self->copy);
  gtk_action_bar_pack_end (GTK_ACTION_BAR (self->bar), cancel);
}

/**
 * dw_selection_bar_new:
 * @selection: what it is about
 *
 * Returns: (transfer full): a bar
 */
GtkWidget *
dw_selection_bar_new (DwMessageSelection *selection)
{
  DwSelectionBar *self = g_object_new (DW_TYPE_SELECTION_BAR, NULL);

  self->selection = g_object_ref (selection);
  g_signal_connect_object (selection, "changed", G_CALLBACK (show_count), self, G_CONNECT_SWAPPED);
  show_count (self);
  return GTK_WIDGET (self);
}
