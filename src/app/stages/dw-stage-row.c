/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-stage-row.h"

#include "app/text/dw-label.h"
#include "app/text/dw-status-text.h"
#include "app/text/dw-time-text.h"
#include "app/toolkit/dw-toolkit.h"

#include "wire/dw-safe-text.h"

#include <glib/gi18n.h>

struct _DwStageRow
{
  GtkListBoxRow parent_instance;

  GtkWidget *dot;
  GtkLabel *name;
  GtkLabel *time;
  GtkLabel *subtitle;
  GtkWidget *muted;
  GtkLabel *unread;
  GtkBox *box;
  GtkWidget *menu; /* the button that opens it, on the current row; or NULL */

  DwChat *chat;
  guint update; /* tick callback */
};

G_DEFINE_FINAL_TYPE (DwStageRow, dw_stage_row, GTK_TYPE_LIST_BOX_ROW)

/* How much of the last line is shown. */
#define SUBTITLE_CHARS 60

/**
 * dw_stage_row_show_dot:
 * @dot: the dot beside a stage's name
 * @status: the status of its session
 */
void
dw_stage_row_show_dot (GtkWidget *dot, const DwSessionStatus *status)
{
  static const char *const all[] = { "good", "busy", "bad" };
  const char *wanted = dw_status_text_dot_class (status);

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    gtk_widget_remove_css_class (dot, all[i]);
  if (wanted != NULL)
    gtk_widget_add_css_class (dot, wanted);
}

/* The draft, where the window shows another stage; else the last message, or the address if there is none. @said_at is
 * when that was. */
static char *
dup_line (DwStageRow *self, gint64 *said_at)
{
  const char *draft = dw_stage_get_draft (dw_chat_get_stage (self->chat));
  g_autofree char *said = dw_chat_dup_last_words (self->chat, said_at);

  if (draft != NULL && *draft != '\0' && self->menu == NULL)
    {
      g_autofree char *start = dw_safe_line (draft, SUBTITLE_CHARS);

      /* Translators: what a person began to write on a stage. */
      return g_strdup_printf (_ ("Draft: %s"), start);
    }
  if (said != NULL)
    return dw_safe_line (said, SUBTITLE_CHARS);
  return dw_safe_line (dw_stage_url_get_redacted (dw_stage_get_url (dw_chat_get_stage (self->chat), 0)),
                       SUBTITLE_CHARS);
}

static void
show_time (DwStageRow *self, gint64 said_at)
{
  g_autofree char *text = said_at > 0 ? dw_time_text_short (said_at, g_get_real_time ()) : NULL;

  dw_label_show (self->time, text, DW_LABEL_CHARS);
}

static void
show_subtitle (DwStageRow *self, const char *state, const char *line)
{
  gboolean online = dw_session_get_status (dw_chat_get_session (self->chat))->state == DW_SESSION_ONLINE;
  g_autofree char *subtitle = online ? g_strdup (line) : g_strdup_printf ("%s · %s", state, line);

  dw_label_show (self->subtitle, subtitle, DW_LABEL_CHARS);
}

/* What a screen reader says of the row: all of it, and each thing once. */
static void
show_label (DwStageRow *self, const char *name, const char *state, const char *line)
{
  guint unread = dw_chat_get_unread (self->chat);
  g_autoptr (GString) label = g_string_new (name);

  g_string_append_printf (label, ", %s", state);
  if (dw_stage_is_muted (dw_chat_get_stage (self->chat)))
    g_string_append_printf (label, ", %s", _ ("Muted"));
  if (unread > 0)
    {
      g_string_append (label, ", ");
      g_string_append_printf (label, ngettext ("%u unread message", "%u unread messages", unread), unread);
    }
  g_string_append_printf (label, ", %s", line);
  dw_toolkit_set_label (GTK_WIDGET (self), label->str);
}

static void
update (DwStageRow *self)
{
  g_autofree char *raw = dw_stage_dup_name (dw_chat_get_stage (self->chat));
  g_autofree char *name = dw_safe_name (raw);
  const DwSessionStatus *status = dw_session_get_status (dw_chat_get_session (self->chat));
  const char *state = dw_status_text_state (status->state);
  gint64 said_at;
  g_autofree char *line = dup_line (self, &said_at);
  guint unread = dw_chat_get_unread (self->chat);
  g_autofree char *count = unread > 999 ? g_strdup ("999+") : g_strdup_printf ("%u", unread);

  dw_stage_row_show_dot (self->dot, status);
  dw_label_show (self->name, name, DW_LABEL_CHARS);
  show_subtitle (self, state, line);
  show_time (self, said_at);
  dw_label_show (self->unread, count, DW_LABEL_CHARS);
  gtk_widget_set_visible (GTK_WIDGET (self->unread), unread > 0);
  show_label (self, name, state, line);
}

static gboolean
on_update (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  DW_STAGE_ROW (widget)->update = 0;
  update (DW_STAGE_ROW (widget));
  return G_SOURCE_REMOVE;
}

/* A message changes the conversation and what is unread, many do in a frame, and a draft changes with every key. */
static void
queue_update (DwStageRow *self)
{
  if (self->update == 0)
    self->update = gtk_widget_add_tick_callback (GTK_WIDGET (self), on_update, NULL, NULL);
}

static GtkWidget *
make_menu_button (DwStageRow *self)
{
  GtkWidget *button = gtk_button_new_from_icon_name ("view-more-symbolic");

  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (button, "flat");
  gtk_widget_add_css_class (button, "row-menu");
  gtk_widget_set_tooltip_text (button, _ ("Stage Menu"));
  dw_toolkit_set_label (button, _ ("Stage Menu"));
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), "sidebar.current-menu");
  return button;
}

static void
set_current (DwStageRow *self, gboolean current)
{
  if (current && self->menu == NULL)
    {
      self->menu = make_menu_button (self);
      gtk_box_append (self->box, self->menu);
      gtk_widget_add_css_class (GTK_WIDGET (self), "current");
    }
  else if (!current && self->menu != NULL)
    {
      gtk_box_remove (self->box, g_steal_pointer (&self->menu));
      gtk_widget_remove_css_class (GTK_WIDGET (self), "current");
    }
  gtk_accessible_update_state (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_STATE_SELECTED, current, -1);
}

static GdkContentProvider *
on_prepare (GtkDragSource *source, double x, double y, DwStageRow *self)
{
  return gdk_content_provider_new_typed (DW_TYPE_CHAT, self->chat);
}

static void
on_drag_begin (GtkDragSource *source, GdkDrag *drag, DwStageRow *self)
{
  g_autoptr (GdkPaintable) picture = gtk_widget_paintable_new (GTK_WIDGET (self));

  gtk_drag_source_set_icon (source, picture, 0, 0);
}

/* The dragged stage takes the place of this one. */
static gboolean
on_drop (GtkDropTarget *target, const GValue *value, double x, double y, DwStageRow *self)
{
  DwChat *dragged = g_value_get_object (value);
  int index = gtk_list_box_row_get_index (GTK_LIST_BOX_ROW (self));

  if (dragged == NULL || dragged == self->chat || index < 0)
    return FALSE;
  return gtk_widget_activate_action (GTK_WIDGET (self), "stage.place", "(su)",
                                     dw_stage_get_uuid (dw_chat_get_stage (dragged)), (guint) index);
}

static void
dw_stage_row_dispose (GObject *object)
{
  g_clear_object (&DW_STAGE_ROW (object)->chat);
  G_OBJECT_CLASS (dw_stage_row_parent_class)->dispose (object);
}

static void
dw_stage_row_class_init (DwStageRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dw_stage_row_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/dynamowave/Chat/dw-stage-row.ui");
  gtk_widget_class_bind_template_child (widget_class, DwStageRow, dot);
  gtk_widget_class_bind_template_child (widget_class, DwStageRow, name);
  gtk_widget_class_bind_template_child (widget_class, DwStageRow, time);
  gtk_widget_class_bind_template_child (widget_class, DwStageRow, subtitle);
  gtk_widget_class_bind_template_child (widget_class, DwStageRow, muted);
  gtk_widget_class_bind_template_child (widget_class, DwStageRow, unread);
  gtk_widget_class_bind_template_child (widget_class, DwStageRow, box);
}

static void
dw_stage_row_init (DwStageRow *self)
{
  GtkDragSource *source = gtk_drag_source_new ();
  GtkDropTarget *target = gtk_drop_target_new (DW_TYPE_CHAT, GDK_ACTION_MOVE);

  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_drag_source_set_actions (source, GDK_ACTION_MOVE);
  g_signal_connect_object (source, "prepare", G_CALLBACK (on_prepare), self, 0);
  g_signal_connect_object (source, "drag-begin", G_CALLBACK (on_drag_begin), self, 0);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (source));
  g_signal_connect_object (target, "drop", G_CALLBACK (on_drop), self, 0);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (target));
}

/**
 * dw_stage_row_new:
 * @chat: a chat
 * @current: whether the window shows it
 *
 * Returns: (transfer full): a row that follows the chat: name, state, draft or last message, its time, unread count
 */
GtkWidget *
dw_stage_row_new (DwChat *chat, gboolean current)
{
  DwStageRow *self = g_object_new (DW_TYPE_STAGE_ROW, NULL);

  self->chat = g_object_ref (chat);
  set_current (self, current);
  g_object_bind_property (dw_chat_get_stage (chat), "muted", self->muted, "visible", G_BINDING_SYNC_CREATE);
  g_signal_connect_object (dw_chat_get_session (chat), "changed", G_CALLBACK (queue_update), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (chat, "notify::unread", G_CALLBACK (queue_update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (dw_chat_get_stage (chat), "notify::muted", G_CALLBACK (queue_update), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (dw_chat_get_stage (chat), "notify::name", G_CALLBACK (queue_update), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (dw_chat_get_stage (chat), "notify::draft", G_CALLBACK (queue_update), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (dw_chat_get_conversation (chat), "items-changed", G_CALLBACK (queue_update), self,
                           G_CONNECT_SWAPPED);
  update (self);
  return GTK_WIDGET (self);
}

/**
 * dw_stage_row_get_chat:
 * @self: a row
 *
 * Returns: (transfer none): the chat it follows
 */
DwChat *
dw_stage_row_get_chat (DwStageRow *self)
{
  return self->chat;
}

/**
 * dw_stage_row_set_current:
 * @self: a row
 * @current: whether the window shows its stage
 */
void
dw_stage_row_set_current (DwStageRow *self, gboolean current)
{
  set_current (self, current);
  update (self);
}
