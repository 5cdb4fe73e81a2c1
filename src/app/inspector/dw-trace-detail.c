/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-trace-detail.h"

#include "dw-frame-comparison.h"
#include "dw-frame-text.h"
#include "dw-handshake-text.h"
#include "dw-waterfall.h"

#include "app/text/dw-label.h"
#include "app/toolkit/dw-speech.h"
#include "app/toolkit/dw-toolkit.h"

#include <glib/gi18n.h>

/* One frame in full, formatted for reading, or one handshake with all that is known of it; and what can be done with it. */
struct _DwTraceDetail
{
  GtkWidget parent_instance;

  GtkLabel *heading;
  GtkWidget *buttons;
  GtkWidget *compare;
  GtkLabel *marked;
  DwWaterfall *waterfall;
  GtkTextView *view;

  DwChat *chat;        /* or NULL: nothing can be sent again */
  DwRawEditor *editor; /* or NULL; of the same window */
  DwTraceRow *line;    /* or NULL */
  DwTraceRow *other;   /* which one is to be compared with the next, or NULL */
};

G_DEFINE_FINAL_TYPE (DwTraceDetail, dw_trace_detail, GTK_TYPE_WIDGET)

static const DwTraceEntry *
get_entry (DwTraceDetail *self)
{
  return self->line != NULL ? dw_trace_row_get_entry (self->line) : NULL;
}

static gboolean
is_handshake (const DwTraceEntry *entry)
{
  return entry != NULL && (entry->kind == DW_TRACE_OPEN || entry->kind == DW_TRACE_FAILED);
}

static gboolean
is_frame (DwTraceRow *line)
{
  DwTraceKind kind = line != NULL ? dw_trace_row_get_kind (line) : DW_TRACE_PONG;

  return kind == DW_TRACE_IN || kind == DW_TRACE_OUT;
}

static void
show_text (DwTraceDetail *self, const DwTraceEntry *entry)
{
  g_autofree char *facts = is_handshake (entry) ? dw_handshake_text (entry) : NULL;
  gboolean cut;
  g_autofree char *text = dw_frame_text_spread (facts != NULL ? facts : dw_trace_row_get_whole (self->line),
                                                DW_TRACE_DETAIL_CHARS, &cut);
  g_autofree char *heading =
      /* Translators: %s is the time, direction and size of a frame. */
      cut ? g_strdup_printf (_ ("%s  (truncated; copy to get all of it)"), dw_trace_row_get_head (self->line))
          : g_strdup (dw_trace_row_get_head (self->line));

  dw_label_show (self->heading, heading, DW_LABEL_CHARS);
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->view), text, -1);
}

static const char *
name_comparison (DwTraceDetail *self)
{
  if (self->other == NULL)
    return _ ("Select for Comparison");
  return self->other == self->line ? _ ("Cancel Comparison") : _ ("Compare with Selected Frame");
}

static void
show_actions (DwTraceDetail *self)
{
  gboolean frame = is_frame (self->line);
  const char *name = name_comparison (self);
  g_autofree char *head =
      self->other != NULL
          /* Translators: %s is the time, direction and size of a frame. */
          ? g_strdup_printf (_ ("Comparing %s: select another frame"), dw_trace_row_get_head (self->other))
          : NULL;

  gtk_widget_set_visible (self->buttons, frame);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "frame.resend", frame && self->chat != NULL);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "frame.edit", frame && self->chat != NULL);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "frame.compare", frame);
  dw_label_show_tooltip (self->compare, name);
  dw_toolkit_set_label (self->compare, name);
  dw_label_show (self->marked, head, DW_LABEL_CHARS);
  gtk_widget_set_visible (GTK_WIDGET (self->marked), head != NULL);
}

/**
 * dw_trace_detail_show:
 * @self: a detail
 * @line: (nullable): what it shows
 *
 * Shows a frame or what else happened, or nothing.
 */
void
dw_trace_detail_show (DwTraceDetail *self, DwTraceRow *line)
{
  g_set_object (&self->line, line);
  gtk_widget_set_visible (GTK_WIDGET (self), line != NULL);
  show_actions (self);
  dw_waterfall_show (self->waterfall, get_entry (self));
  if (line != NULL)
    show_text (self, get_entry (self));
}

/* As it crossed the wire; what is not UTF-8 cannot be sent as text. */
static char *
dup_frame (DwTraceDetail *self)
{
  const DwTraceEntry *entry = get_entry (self);
  gsize size;
  const char *data = entry != NULL && entry->bytes != NULL ? g_bytes_get_data (entry->bytes, &size) : NULL;

  return data != NULL ? g_utf8_make_valid (data, (gssize) size) : NULL;
}

static void
on_resend (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwTraceDetail *self = DW_TRACE_DETAIL (widget);
  g_autofree char *frame = dup_frame (self);

  if (frame == NULL || self->chat == NULL || !dw_session_send (dw_chat_get_session (self->chat), frame))
    gtk_widget_error_bell (widget);
}

static void
on_edit (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwTraceDetail *self = DW_TRACE_DETAIL (widget);
  g_autofree char *frame = dup_frame (self);

  if (frame != NULL && self->editor != NULL)
    dw_raw_editor_edit (self->editor, frame);
}

static void
on_compare (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwTraceDetail *self = DW_TRACE_DETAIL (widget);
  g_autoptr (DwTraceRow) other = g_steal_pointer (&self->other);

  if (other == NULL)
    {
      self->other = g_object_ref (self->line);
      dw_speech_announce (GTK_WIDGET (self->marked), _ ("Select another frame to compare with this one."));
    }
  else if (other != self->line)
    dw_frame_comparison_present (dw_trace_row_get_head (other), dw_trace_row_get_whole (other),
                                 dw_trace_row_get_head (self->line), dw_trace_row_get_whole (self->line),
                                 GTK_WIDGET (gtk_widget_get_root (widget)));
  show_actions (self);
}

/**
 * dw_trace_detail_set_chat:
 * @self: a new detail
 * @chat: where its frames can be sent again
 * @editor: where they are edited; in the same window
 */
void
dw_trace_detail_set_chat (DwTraceDetail *self, DwChat *chat, DwRawEditor *editor)
{
  g_set_object (&self->chat, chat);
  self->editor = editor;
}

/**
 * dw_trace_detail_dup_text:
 * @self: a detail
 *
 * Returns: (transfer full) (nullable): all of what it shows, to be copied
 */
char *
dw_trace_detail_dup_text (DwTraceDetail *self)
{
  const DwTraceEntry *entry = get_entry (self);
  g_autofree char *facts = is_handshake (entry) ? dw_handshake_text (entry) : NULL;

  if (facts != NULL)
    return g_strdup_printf ("%s\n\n%s", dw_trace_row_get_whole (self->line), facts);
  return self->line != NULL ? g_strdup (dw_trace_row_get_whole (self->line)) : NULL;
}

static gboolean
dw_trace_detail_grab_focus (GtkWidget *widget)
{
  return gtk_widget_grab_focus (GTK_WIDGET (DW_TRACE_DETAIL (widget)->view));
}

static void
dw_trace_detail_dispose (GObject *object)
{
  DwTraceDetail *self = DW_TRACE_DETAIL (object);
  GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (object));

  self->editor = NULL;
  g_clear_object (&self->chat);
  g_clear_object (&self->line);
  g_clear_object (&self->other);
  g_clear_pointer (&child, gtk_widget_unparent);
  G_OBJECT_CLASS (dw_trace_detail_parent_class)->dispose (object);
}

static void
dw_trace_detail_class_init (DwTraceDetailClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dw_trace_detail_dispose;
  widget_class->grab_focus = dw_trace_detail_grab_focus;
  widget_class->focus = dw_toolkit_focus;
  g_type_ensure (DW_TYPE_WATERFALL);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/dynamowave/Chat/dw-trace-detail.ui");
  gtk_widget_class_bind_template_child (widget_class, DwTraceDetail, heading);
  gtk_widget_class_bind_template_child (widget_class, DwTraceDetail, buttons);
  gtk_widget_class_bind_template_child (widget_class, DwTraceDetail, compare);
  gtk_widget_class_bind_template_child (widget_class, DwTraceDetail, marked);
  gtk_widget_class_bind_template_child (widget_class, DwTraceDetail, waterfall);
  gtk_widget_class_bind_template_child (widget_class, DwTraceDetail, view);
  gtk_widget_class_install_action (widget_class, "frame.resend", NULL, on_resend);
  gtk_widget_class_install_action (widget_class, "frame.edit", NULL, on_edit);
  gtk_widget_class_install_action (widget_class, "frame.compare", NULL, on_compare);
}

static void
dw_trace_detail_init (DwTraceDetail *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  show_actions (self);
}
