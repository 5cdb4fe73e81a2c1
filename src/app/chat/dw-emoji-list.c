/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-emoji-list.h"

#include "dw-emoji.h"

#include "app/text/dw-label.h"
#include "app/toolkit/dw-toolkit.h"

/* The emoji whose name is being typed in a text view, as in “:smile”. The view keeps the focus and the keys; its owner
 * passes them on. */
struct _DwEmojiList
{
  GtkWidget parent_instance;

  GtkWidget *popover;
  GtkListBox *list;
  GtkTextView *view; /* not owned: it is beside this in the same widget */
  GPtrArray *found;  /* of DwEmoji, one a row; or NULL */
};

G_DEFINE_FINAL_TYPE (DwEmojiList, dw_emoji_list, GTK_TYPE_WIDGET)

static gboolean
is_of_name (gunichar c)
{
  return c < 0x80 && (g_ascii_isalnum ((char) c) || c == '_' || c == '+' || c == '-');
}

/* The name that ends at the cursor, or NULL; @start is where its colon stands. */
static char *
dup_name (DwEmojiList *self, GtkTextIter *start, GtkTextIter *end)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (self->view);
  GtkTextIter before;
  guint chars = 0;

  gtk_text_buffer_get_iter_at_mark (buffer, end, gtk_text_buffer_get_insert (buffer));
  *start = *end;
  while (chars <= DW_EMOJI_LIST_CHARS && gtk_text_iter_backward_char (start)
         && is_of_name (gtk_text_iter_get_char (start)))
    chars++;
  if (chars < DW_EMOJI_LIST_LEAST_CHARS || gtk_text_iter_get_char (start) != ':')
    return NULL;
  before = *start;
  /* A time or an address has a colon inside a word. */
  if (gtk_text_iter_backward_char (&before) && !g_unichar_isspace (gtk_text_iter_get_char (&before)))
    return NULL;
  before = *start;
  gtk_text_iter_forward_char (&before);
  return gtk_text_buffer_get_text (buffer, &before, end, FALSE);
}

/**
 * dw_emoji_list_hide:
 * @self: a list
 */
void
dw_emoji_list_hide (DwEmojiList *self)
{
  gtk_popover_popdown (GTK_POPOVER (self->popover));
  g_clear_pointer (&self->found, g_ptr_array_unref);
}

static GtkWidget *
make_row (const DwEmoji *emoji)
{
  GtkWidget *row = gtk_list_box_row_new ();
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *picture = gtk_label_new (NULL);
  GtkWidget *name = gtk_label_new (NULL);

  dw_label_show (GTK_LABEL (picture), emoji->text, DW_LABEL_CHARS);
  dw_label_show (GTK_LABEL (name), emoji->name, DW_LABEL_CHARS);
  gtk_label_set_ellipsize (GTK_LABEL (name), PANGO_ELLIPSIZE_END);
  gtk_box_append (GTK_BOX (box), picture);
  gtk_box_append (GTK_BOX (box), name);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);
  gtk_widget_add_css_class (row, "emoji-row");
  dw_toolkit_set_label (row, emoji->name);
  return row;
}

static void
point_at (DwEmojiList *self, const GtkTextIter *start)
{
  GdkRectangle place;
  double x, y;

  gtk_text_view_get_iter_location (self->view, start, &place);
  gtk_text_view_buffer_to_window_coords (self->view, GTK_TEXT_WINDOW_WIDGET, place.x, place.y, &place.x, &place.y);
  if (gtk_widget_translate_coordinates (GTK_WIDGET (self->view), GTK_WIDGET (self), place.x, place.y, &x, &y))
    {
      place.x = (int) x;
      place.y = (int) y;
      gtk_popover_set_pointing_to (GTK_POPOVER (self->popover), &place);
    }
}

static void
show (DwEmojiList *self)
{
  GtkWidget *row;

  while ((row = gtk_widget_get_first_child (GTK_WIDGET (self->list))) != NULL)
    gtk_list_box_remove (self->list, row);
  for (guint i = 0; i < self->found->len; i++)
    gtk_list_box_append (self->list, make_row (g_ptr_array_index (self->found, i)));
  gtk_list_box_select_row (self->list, gtk_list_box_get_row_at_index (self->list, 0));
  gtk_popover_popup (GTK_POPOVER (self->popover));
}

/* Puts an emoji in the place of its name. */
static void
take (DwEmojiList *self, guint index)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (self->view);
  GtkTextIter start, end;
  g_autofree char *name = dup_name (self, &start, &end);
  g_autofree char *text = NULL;

  if (name != NULL && self->found != NULL && index < self->found->len)
    text = g_strdup (((DwEmoji *) g_ptr_array_index (self->found, index))->text);
  dw_emoji_list_hide (self);
  if (text == NULL)
    return;
  gtk_text_buffer_begin_user_action (buffer);
  gtk_text_buffer_delete (buffer, &start, &end);
  gtk_text_buffer_insert (buffer, &start, text, -1);
  gtk_text_buffer_end_user_action (buffer);
}

static void
on_row_activated (DwEmojiList *self, GtkListBoxRow *row)
{
  take (self, (guint) gtk_list_box_row_get_index (row));
  gtk_widget_grab_focus (GTK_WIDGET (self->view));
}

static void
move_by (DwEmojiList *self, int step)
{
  GtkListBoxRow *selected = gtk_list_box_get_selected_row (self->list);
  int n = (int) self->found->len;
  int index = selected != NULL ? gtk_list_box_row_get_index (selected) : 0;

  gtk_list_box_select_row (self->list, gtk_list_box_get_row_at_index (self->list, (index + step + n) % n));
}

static void
dw_emoji_list_dispose (GObject *object)
{
  g_clear_pointer (&DW_EMOJI_LIST (object)->found, g_ptr_array_unref);
  g_clear_pointer (&DW_EMOJI_LIST (object)->popover, gtk_widget_unparent);
  G_OBJECT_CLASS (dw_emoji_list_parent_class)->dispose (object);
}

static void
dw_emoji_list_class_init (DwEmojiListClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_emoji_list_dispose;
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
}

static void
dw_emoji_list_init (DwEmojiList *self)
{
  /* It has no place of its own: one as large as its parent would take every click. */
  gtk_widget_set_halign (GTK_WIDGET (self), GTK_ALIGN_START);
  gtk_widget_set_valign (GTK_WIDGET (self), GTK_ALIGN_START);
  self->list = GTK_LIST_BOX (gtk_list_box_new ());
  gtk_list_box_set_selection_mode (self->list, GTK_SELECTION_BROWSE);
  g_signal_connect_object (self->list, "row-activated", G_CALLBACK (on_row_activated), self, G_CONNECT_SWAPPED);
  self->popover = gtk_popover_new ();
  gtk_popover_set_child (GTK_POPOVER (self->popover), GTK_WIDGET (self->list));
  gtk_popover_set_autohide (GTK_POPOVER (self->popover), FALSE);
  gtk_popover_set_has_arrow (GTK_POPOVER (self->popover), FALSE);
  gtk_popover_set_position (GTK_POPOVER (self->popover), GTK_POS_TOP);
  gtk_widget_set_can_focus (self->popover, FALSE);
  gtk_widget_add_css_class (self->popover, "menu");
  gtk_widget_set_parent (self->popover, GTK_WIDGET (self));
}

/**
 * dw_emoji_list_new:
 * @view: the text view it completes
 *
 * Returns: (transfer full): a list that is not shown
 */
GtkWidget *
dw_emoji_list_new (GtkTextView *view)
{
  DwEmojiList *self = g_object_new (DW_TYPE_EMOJI_LIST, NULL);

  self->view = view;
  return GTK_WIDGET (self);
}

/**
 * dw_emoji_list_update:
 * @self: a list
 * @typed: whether a letter was typed
 *
 * The text or the cursor has changed: shows what fits the name before the cursor. It appears only when somebody types,
 * and not for a text that was put there.
 */
void
dw_emoji_list_update (DwEmojiList *self, gboolean typed)
{
  GtkTextIter start, end;
  g_autofree char *name = NULL;

  if (!typed && self->found == NULL)
    return;
  name = dup_name (self, &start, &end);
  g_clear_pointer (&self->found, g_ptr_array_unref);
  if (name != NULL)
    self->found = dw_emoji_find (name, DW_EMOJI_LIST_MOST);
  if (self->found == NULL || self->found->len == 0)
    {
      dw_emoji_list_hide (self);
      return;
    }
  point_at (self, &start);
  show (self);
}

/**
 * dw_emoji_list_take_key:
 * @self: a list
 * @key: a key
 * @state: its modifiers
 *
 * Returns: whether it was for the list
 */
gboolean
dw_emoji_list_take_key (DwEmojiList *self, guint key, GdkModifierType state)
{
  GtkListBoxRow *selected = self->found != NULL ? gtk_list_box_get_selected_row (self->list) : NULL;
  GdkModifierType held = state & gtk_accelerator_get_default_mod_mask ();

  if (selected == NULL)
    return FALSE;
  if (key == GDK_KEY_colon && ((DwEmoji *) g_ptr_array_index (self->found, 0))->exact)
    {
      take (self, 0);
      return TRUE;
    }
  if (held != 0)
    return FALSE;

  switch (key)
    {
    case GDK_KEY_Up:
    case GDK_KEY_Down:
      move_by (self, key == GDK_KEY_Up ? -1 : 1);
      return TRUE;
    case GDK_KEY_Tab:
    case GDK_KEY_Return:
    case GDK_KEY_KP_Enter:
    case GDK_KEY_ISO_Enter:
      take (self, (guint) gtk_list_box_row_get_index (selected));
      return TRUE;
    case GDK_KEY_Escape:
      dw_emoji_list_hide (self);
      return TRUE;
    default:
      return FALSE;
    }
}
