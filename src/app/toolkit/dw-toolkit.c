/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-toolkit.h"

#include "wire/dw-safe-text.h"

/**
 * dw_toolkit_dup_spoken:
 * @untrusted: what a screen reader is to say
 *
 * Returns: (transfer full): that, short enough to listen to
 */
char *
dw_toolkit_dup_spoken (const char *untrusted)
{
  return dw_safe_text (untrusted, DW_TOOLKIT_SPOKEN_CHARS, G_MAXUINT, NULL);
}

/**
 * dw_toolkit_set_label:
 * @widget: a widget
 * @untrusted: its accessible name
 */
void
dw_toolkit_set_label (GtkWidget *widget, const char *untrusted)
{
  g_autofree char *spoken = dw_toolkit_dup_spoken (untrusted);

  gtk_accessible_update_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
}

/**
 * dw_toolkit_set_description:
 * @widget: a widget
 * @untrusted: what a screen reader says after its name
 */
void
dw_toolkit_set_description (GtkWidget *widget, const char *untrusted)
{
  g_autofree char *spoken = dw_toolkit_dup_spoken (untrusted);

  gtk_accessible_update_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, spoken, -1);
}

/**
 * dw_toolkit_override_label:
 * @widget: a widget that the toolkit names itself
 * @label: its accessible name
 *
 * Newer versions name a row by its title and a drop-down by what is chosen, with a relation that would win.
 */
void
dw_toolkit_override_label (GtkWidget *widget, const char *label)
{
  gtk_accessible_reset_relation (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_RELATION_LABELLED_BY);
  dw_toolkit_set_label (widget, label);
}

/**
 * dw_toolkit_set_list_item_label:
 * @item: a list item
 * @row: its child
 * @label: the row's accessible name
 *
 * Before GTK 4.12 a list item has no label of its own: a reader hears only what is set on the item's widget, which
 * is the child's parent (measured).
 */
void
dw_toolkit_set_list_item_label (GtkListItem *item, GtkWidget *row, const char *label)
{
  GtkWidget *parent = gtk_widget_get_parent (row);

  if (parent != NULL)
    dw_toolkit_set_label (parent, label);
}

/**
 * dw_toolkit_set_list_item_selected:
 * @item: the widget of a list's item
 * @selected: whether it is selected; the row with the focus is, in a list where nothing else can be
 *
 * Orca says “not selected” of each row that is not, in a list without selection too, since GTK's list views all claim to
 * have one (Orca 43, read). GTK tells it anew whenever the item moves, so this is to be called when the item gets the
 * focus.
 */
void
dw_toolkit_set_list_item_selected (GtkWidget *item, gboolean selected)
{
  gtk_accessible_update_state (GTK_ACCESSIBLE (item), GTK_ACCESSIBLE_STATE_SELECTED, selected, -1);
}

/**
 * dw_toolkit_focus:
 * @widget: a widget that gives the focus it is asked to grab to one of its children
 * @direction: where the focus goes
 *
 * Its #GtkWidgetClass.focus(): the focus goes through its children alone. The one of GTK asks the widget itself to grab
 * the focus before the first child on the way in and after it on the way out, which would lead back in (read).
 *
 * Returns: whether a child has the focus
 */
gboolean
dw_toolkit_focus (GtkWidget *widget, GtkDirectionType direction)
{
  gboolean back = direction == GTK_DIR_TAB_BACKWARD || direction == GTK_DIR_UP || direction == GTK_DIR_LEFT;
  GtkWidget *child = gtk_widget_get_focus_child (widget);

  if (child == NULL)
    child = back ? gtk_widget_get_last_child (widget) : gtk_widget_get_first_child (widget);
  for (; child != NULL; child = back ? gtk_widget_get_prev_sibling (child) : gtk_widget_get_next_sibling (child))
    if (gtk_widget_child_focus (child, direction))
      return TRUE;
  return FALSE;
}
