/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-raw-editor.h"

#include "dw-raw-state.h"
#include "dw-snippet-list.h"

#include "app/text/dw-label.h"
#include "app/text/dw-text-pieces.h"
#include "app/text/dw-text-room.h"
#include "app/toolkit/dw-toolkit.h"

#include <glib/gi18n.h>
#include <string.h>

/* A raw frame that is written, in several lines. It says what is wrong with its JSON and sends it nonetheless: that is
 * what a raw editor is for. */
struct _DwRawEditor
{
  GtkWidget parent_instance;

  GtkWidget *box;
  GtkTextView *view;
  GtkWidget *placeholder;
  GtkLabel *status;
  GtkWidget *send;

  DwChat *chat; /* or NULL: a frame can be written, and sent nowhere */
  DwRawState state;
  GtkTextTag *flaw;
  GtkTextMark *flaw_start; /* where it is */
  GtkTextMark *flaw_end;
  gsize bytes;      /* of the text; at most DW_RAW_EDITOR_BYTES */
  guint left_out;   /* of what was pasted, in characters */
  gboolean refused; /* the session did not take it, and nothing has changed since */
  int recalled;     /* which frame of the history is shown, or -1 */
  char *unsent;     /* what was written before one was, or NULL */
};

G_DEFINE_FINAL_TYPE (DwRawEditor, dw_raw_editor, GTK_TYPE_WIDGET)

static GtkTextBuffer *
buffer_of (DwRawEditor *self)
{
  return gtk_text_view_get_buffer (self->view);
}

static char *
dup_text (DwRawEditor *self)
{
  GtkTextIter start, end;

  gtk_text_buffer_get_bounds (buffer_of (self), &start, &end);
  return gtk_text_buffer_get_text (buffer_of (self), &start, &end, TRUE);
}

/* One step for Undo, as if it had been typed. */
static void
set_text (DwRawEditor *self, const char *text)
{
  GtkTextIter start, end;

  gtk_text_buffer_begin_user_action (buffer_of (self));
  gtk_text_buffer_get_bounds (buffer_of (self), &start, &end);
  gtk_text_buffer_delete (buffer_of (self), &start, &end);
  gtk_text_buffer_insert (buffer_of (self), &end, text, -1);
  gtk_text_buffer_end_user_action (buffer_of (self));
}

/* Where the tag was, and not everywhere: each paragraph that a tag is taken from is laid out anew, whether it had it or
 * not. */
static void
unmark_flaw (DwRawEditor *self)
{
  GtkTextIter start, end;

  gtk_text_buffer_get_iter_at_mark (buffer_of (self), &start, self->flaw_start);
  gtk_text_buffer_get_iter_at_mark (buffer_of (self), &end, self->flaw_end);
  if (!gtk_text_iter_equal (&start, &end))
    gtk_text_buffer_remove_tag (buffer_of (self), self->flaw, &start, &end);
  gtk_text_buffer_move_mark (buffer_of (self), self->flaw_end, &start);
}

static void
mark_flaw (DwRawEditor *self, const char *text)
{
  GtkTextIter start, end;

  unmark_flaw (self);
  if (self->state.start == self->state.end)
    return;
  gtk_text_buffer_get_iter_at_offset (buffer_of (self), &start,
                                      (int) g_utf8_pointer_to_offset (text, text + self->state.start));
  gtk_text_buffer_get_iter_at_offset (buffer_of (self), &end,
                                      (int) g_utf8_pointer_to_offset (text, text + self->state.end));
  gtk_text_buffer_apply_tag (buffer_of (self), self->flaw, &start, &end);
  gtk_text_buffer_move_mark (buffer_of (self), self->flaw_start, &start);
  gtk_text_buffer_move_mark (buffer_of (self), self->flaw_end, &end);
}

static void
show_status (DwRawEditor *self, const char *text)
{
  g_autofree char *words = NULL;
  gboolean bad = self->refused || self->left_out > 0 || self->state.kind == DW_RAW_FLAW
                 || (self->state.kind != DW_RAW_EMPTY && !dw_raw_state_can_be_sent (&self->state));

  if (self->refused)
    words = g_strdup (_ ("Not sent: the stage isn’t connected."));
  else if (self->left_out > 0)
    words = g_strdup_printf (ngettext ("%u character cut off", "%u characters cut off", self->left_out),
                             self->left_out);
  else
    words = dw_raw_state_describe (&self->state, text);
  if (bad)
    gtk_widget_add_css_class (GTK_WIDGET (self->status), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->status), "error");
  dw_label_show (self->status, words, DW_LABEL_CHARS);
  dw_toolkit_set_description (GTK_WIDGET (self->view), words);
}

static guint64
next_number (DwRawEditor *self)
{
  return self->chat != NULL ? dw_raw_history_get_next (dw_chat_get_raw_history (self->chat)) : 1;
}

static void
update (DwRawEditor *self)
{
  g_autofree char *text = dup_text (self);
  const DwPlaceholderValues values = { .uuid = "00000000-0000-0000-0000-000000000000", .n = next_number (self) };
  gboolean is_json;

  self->bytes = strlen (text);
  self->refused = FALSE;
  if (self->bytes == 0)
    self->left_out = 0;
  dw_raw_state_read (&self->state, text, &values);
  is_json = self->state.kind == DW_RAW_JSON;
  mark_flaw (self, text);
  show_status (self, text);
  gtk_widget_set_visible (self->placeholder, self->bytes == 0);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "raw.beautify", is_json);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "raw.compact", is_json);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "raw.send",
                                 self->chat != NULL && dw_raw_state_can_be_sent (&self->state));
}

/* Of what is more than a message may hold the start is taken. */
static void
on_insert (GtkTextBuffer *buffer, GtkTextIter *at, const char *text, int length, DwRawEditor *self)
{
  gsize room = DW_RAW_EDITOR_BYTES - MIN (self->bytes, DW_RAW_EDITOR_BYTES);

  if (!dw_text_room_keep (buffer, at, text, length, room, &self->left_out))
    update (self);
}

static void
on_deleted (DwRawEditor *self)
{
  g_autofree char *text = dup_text (self);

  /* Before “changed”, when what is inserted next is cut. */
  self->bytes = strlen (text);
  self->left_out = 0;
}

static void
lay_out (DwRawEditor *self, gboolean spread)
{
  g_autofree char *text = dup_text (self);
  g_autofree char *shape = dw_placeholder_shape (text);
  g_autofree char *laid_out = spread ? dw_json_layout_spread (text, shape) : dw_json_layout_compact (text, shape);

  if (laid_out == NULL || strlen (laid_out) > DW_RAW_EDITOR_BYTES)
    gtk_widget_error_bell (GTK_WIDGET (self->view));
  else if (!g_str_equal (laid_out, text))
    set_text (self, laid_out);
  gtk_widget_grab_focus (GTK_WIDGET (self->view));
}

static void
on_beautify (GtkWidget *widget, const char *name, GVariant *parameter)
{
  lay_out (DW_RAW_EDITOR (widget), TRUE);
}

static void
on_compact (GtkWidget *widget, const char *name, GVariant *parameter)
{
  lay_out (DW_RAW_EDITOR (widget), FALSE);
}

/* What is no longer what the history has is something new. */
static void
forget_recalled (DwRawEditor *self)
{
  self->recalled = -1;
  g_clear_pointer (&self->unsent, g_free);
}

static gboolean
recall (DwRawEditor *self, int index)
{
  DwRawHistory *history = self->chat != NULL ? dw_chat_get_raw_history (self->chat) : NULL;
  g_autofree char *unsent = NULL;

  if (history == NULL || index >= (int) dw_raw_history_get_n (history) || index < -1)
    return GDK_EVENT_PROPAGATE;

  unsent = self->recalled < 0 ? dup_text (self) : g_steal_pointer (&self->unsent);
  set_text (self, index >= 0 ? dw_raw_history_get (history, (guint) index) : unsent);
  self->recalled = index;
  if (index >= 0)
    self->unsent = g_steal_pointer (&unsent);
  return GDK_EVENT_STOP;
}

static void
send_frame (DwRawEditor *self)
{
  g_autofree char *text = dup_text (self);
  g_autofree char *uuid = g_uuid_string_random ();
  const DwPlaceholderValues values = { uuid, g_get_real_time (), next_number (self) };
  g_autofree char *frame = dw_placeholder_fill (text, &values);

  if (self->chat == NULL || !dw_raw_state_can_be_sent (&self->state))
    {
      gtk_widget_error_bell (GTK_WIDGET (self->view));
      return;
    }

  if (!dw_session_send (dw_chat_get_session (self->chat), frame))
    {
      self->refused = TRUE;
      show_status (self, text);
      gtk_widget_error_bell (GTK_WIDGET (self->view));
      return;
    }
  dw_raw_history_add (dw_chat_get_raw_history (self->chat), text);
  forget_recalled (self);
  set_text (self, "");
  gtk_widget_grab_focus (GTK_WIDGET (self->view));
}

static void
on_send (GtkWidget *widget, const char *name, GVariant *parameter)
{
  send_frame (DW_RAW_EDITOR (widget));
}

static void
on_chosen (DwRawEditor *self, const char *text)
{
  forget_recalled (self);
  set_text (self, text);
  gtk_widget_grab_focus (GTK_WIDGET (self->view));
}

static void
on_snippets (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwRawEditor *self = DW_RAW_EDITOR (widget);
  g_autofree char *text = dup_text (self);
  DwSnippetList *list;

  if (self->chat == NULL)
    return;
  list = dw_snippet_list_new (dw_stage_get_snippets (dw_chat_get_stage (self->chat)), text);
  g_signal_connect_object (list, "chosen", G_CALLBACK (on_chosen), self, G_CONNECT_SWAPPED);
  dw_snippet_list_present (list, GTK_WIDGET (gtk_widget_get_root (widget)));
}

static gboolean
is_at_edge (DwRawEditor *self, gboolean first)
{
  GtkTextIter at;

  if (gtk_text_buffer_get_has_selection (buffer_of (self)))
    return FALSE;
  gtk_text_buffer_get_iter_at_mark (buffer_of (self), &at, gtk_text_buffer_get_insert (buffer_of (self)));
  return first ? !gtk_text_view_backward_display_line (self->view, &at)
               : !gtk_text_view_forward_display_line (self->view, &at);
}

static gboolean
on_key_pressed (GtkEventControllerKey *controller, guint key, guint code, GdkModifierType state, DwRawEditor *self)
{
  GdkEvent *event = gtk_event_controller_get_current_event (GTK_EVENT_CONTROLLER (controller));
  GdkModifierType held = state & gtk_accelerator_get_default_mod_mask ();
  gboolean is_enter = key == GDK_KEY_Return || key == GDK_KEY_KP_Enter || key == GDK_KEY_ISO_Enter;

  if (is_enter && held == GDK_CONTROL_MASK)
    {
      send_frame (self);
      return GDK_EVENT_STOP;
    }
  if (held != 0 || (key != GDK_KEY_Up && key != GDK_KEY_Down) || !is_at_edge (self, key == GDK_KEY_Up))
    return GDK_EVENT_PROPAGATE;
  /* The input method gets the key first: it may use it to pick a candidate. */
  if (gtk_text_view_im_context_filter_keypress (self->view, event))
    return GDK_EVENT_STOP;
  return recall (self, self->recalled + (key == GDK_KEY_Up ? 1 : -1));
}

static gboolean
dw_raw_editor_grab_focus (GtkWidget *widget)
{
  return gtk_widget_grab_focus (GTK_WIDGET (DW_RAW_EDITOR (widget)->view));
}

static void
dw_raw_editor_dispose (GObject *object)
{
  DwRawEditor *self = DW_RAW_EDITOR (object);

  g_clear_pointer (&self->box, gtk_widget_unparent);
  g_clear_object (&self->chat);
  g_clear_pointer (&self->unsent, g_free);
  G_OBJECT_CLASS (dw_raw_editor_parent_class)->dispose (object);
}

static void
dw_raw_editor_class_init (DwRawEditorClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dw_raw_editor_dispose;
  widget_class->grab_focus = dw_raw_editor_grab_focus;
  widget_class->focus = dw_toolkit_focus;

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/dynamowave/Chat/dw-raw-editor.ui");
  gtk_widget_class_bind_template_child (widget_class, DwRawEditor, box);
  gtk_widget_class_bind_template_child (widget_class, DwRawEditor, view);
  gtk_widget_class_bind_template_child (widget_class, DwRawEditor, placeholder);
  gtk_widget_class_bind_template_child (widget_class, DwRawEditor, status);
  gtk_widget_class_bind_template_child (widget_class, DwRawEditor, send);
  gtk_widget_class_bind_template_callback (widget_class, on_key_pressed);
  gtk_widget_class_install_action (widget_class, "raw.send", NULL, on_send);
  gtk_widget_class_install_action (widget_class, "raw.beautify", NULL, on_beautify);
  gtk_widget_class_install_action (widget_class, "raw.compact", NULL, on_compact);
  gtk_widget_class_install_action (widget_class, "raw.snippets", NULL, on_snippets);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_f, GDK_CONTROL_MASK | GDK_SHIFT_MASK, "raw.beautify",
                                       NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_m, GDK_CONTROL_MASK | GDK_SHIFT_MASK, "raw.compact",
                                       NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_b, GDK_CONTROL_MASK | GDK_SHIFT_MASK, "raw.snippets",
                                       NULL);
}

static void
dw_raw_editor_init (DwRawEditor *self)
{
  GtkTextBuffer *buffer;
  GtkTextIter start;

  gtk_widget_init_template (GTK_WIDGET (self));
  self->recalled = -1;
  buffer = buffer_of (self);
  gtk_text_buffer_get_start_iter (buffer, &start);
  self->flaw_start = gtk_text_buffer_create_mark (buffer, NULL, &start, TRUE);
  self->flaw_end = gtk_text_buffer_create_mark (buffer, NULL, &start, FALSE);
  self->flaw = gtk_text_buffer_create_tag (buffer, NULL, "underline", PANGO_UNDERLINE_ERROR, "weight",
                                           PANGO_WEIGHT_BOLD, NULL);
  dw_text_pieces_cut (buffer);
  g_signal_connect_object (buffer, "insert-text", G_CALLBACK (on_insert), self, 0);
  g_signal_connect_object (buffer, "delete-range", G_CALLBACK (on_deleted), self,
                           G_CONNECT_AFTER | G_CONNECT_SWAPPED);
  g_signal_connect_object (buffer, "changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
}

/**
 * dw_raw_editor_set_chat:
 * @self: an editor
 * @chat: where its frames go
 */
void
dw_raw_editor_set_chat (DwRawEditor *self, DwChat *chat)
{
  g_set_object (&self->chat, chat);
  update (self);
}

/**
 * dw_raw_editor_edit:
 * @self: an editor
 * @frame: a frame that crossed the wire, UTF-8
 *
 * Puts it into the editor, so that sending it without a change sends the same again. What was there comes back by Undo.
 */
void
dw_raw_editor_edit (DwRawEditor *self, const char *frame)
{
  g_autofree char *text = dw_placeholder_escape (frame);

  on_chosen (self, text);
}
