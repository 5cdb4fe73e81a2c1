/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-stage-picker.h"

#include "dw-safe-text.h"
#include "dw-status-text.h"
#include "dw-toolkit.h"

#include <glib/gi18n.h>

struct _DwStagePicker
{
  GtkWidget parent_instance;

  GtkWidget *button;
  GtkWidget *dot;
  GtkLabel *name;
  GtkLabel *status;
  GtkPopover *popover;
  GtkListBox *list;
  GtkButton *connection;

  GListModel *chats;
  DwChat *chat;
  GSignalGroup *changes;
};

G_DEFINE_FINAL_TYPE (DwStagePicker, dw_stage_picker, GTK_TYPE_WIDGET)

enum
{
  SIGNAL_PICKED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void
show_dot (GtkWidget *dot, const DwSessionStatus *status)
{
  static const char *const all[] = { "good", "busy", "bad" };
  const char *wanted = dw_status_text_dot_class (status);

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    gtk_widget_remove_css_class (dot, all[i]);
  if (wanted != NULL)
    gtk_widget_add_css_class (dot, wanted);
}

static char *
safe_name_of (DwChat *chat)
{
  g_autofree char *name = dw_stage_dup_name (dw_chat_get_stage (chat));

  return dw_safe_name (name);
}

static char *
safe_subtitle_of (DwChat *chat)
{
  DwSession *session = dw_chat_get_session (chat);
  g_autofree char *subtitle =
      dw_status_text_subtitle (dw_session_get_status (session), dw_session_get_url (session));

  return dw_safe_text (subtitle);
}

static void
on_changed (DwStagePicker *self)
{
  DwSession *session = dw_chat_get_session (self->chat);
  const DwSessionStatus *status = dw_session_get_status (session);
  g_autofree char *name = safe_name_of (self->chat);
  g_autofree char *subtitle = safe_subtitle_of (self->chat);
  g_autofree char *tooltip = dw_status_text_tooltip (status, dw_session_get_url (session));
  g_autofree char *safe_tooltip = dw_safe_text (tooltip);

  gtk_label_set_text (self->name, name);
  gtk_label_set_text (self->status, subtitle);
  gtk_widget_set_tooltip_text (self->button, safe_tooltip);
  show_dot (self->dot, status);
  gtk_button_set_label (self->connection,
                        status->state == DW_SESSION_OFFLINE ? _ ("Connect this stage") : _ ("Disconnect"));
}

static GtkWidget *
make_row (gpointer item, gpointer unused)
{
  DwChat *chat = item;
  const DwSessionStatus *status = dw_session_get_status (dw_chat_get_session (chat));
  const char *address = dw_stage_url_get_redacted (dw_stage_get_url (dw_chat_get_stage (chat), 0));
  g_autofree char *name = safe_name_of (chat);
  g_autofree char *words = g_strdup_printf ("%s · %s", dw_status_text_state (status->state), address);
  g_autofree char *subtitle = dw_safe_text (words);
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 9);
  GtkWidget *dot = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0);
  GtkWidget *column = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *title = gtk_label_new (name);
  GtkWidget *state = gtk_label_new (subtitle);

  gtk_widget_add_css_class (dot, "state-dot");
  gtk_widget_set_valign (dot, GTK_ALIGN_CENTER);
  show_dot (dot, status);
  gtk_label_set_xalign (GTK_LABEL (title), 0);
  gtk_label_set_ellipsize (GTK_LABEL (title), PANGO_ELLIPSIZE_END);
  gtk_label_set_xalign (GTK_LABEL (state), 0);
  gtk_label_set_ellipsize (GTK_LABEL (state), PANGO_ELLIPSIZE_END);
  gtk_widget_add_css_class (state, "caption");
  gtk_widget_add_css_class (state, "dim-label");
  gtk_box_append (GTK_BOX (column), title);
  gtk_box_append (GTK_BOX (column), state);
  gtk_box_append (GTK_BOX (row), dot);
  gtk_box_append (GTK_BOX (row), column);
  gtk_widget_set_margin_top (row, 6);
  gtk_widget_set_margin_bottom (row, 6);
  return row;
}

/* The rows say what is true when the popover opens; they are a handful, so they are made then. */
static void
on_visible (DwStagePicker *self)
{
  if (gtk_widget_get_visible (GTK_WIDGET (self->popover)))
    gtk_list_box_bind_model (self->list, self->chats, make_row, NULL, NULL);
}

static void
on_leave (DwStagePicker *self)
{
  gtk_popover_popdown (self->popover);
}

static void
on_row_activated (DwStagePicker *self, GtkListBoxRow *row)
{
  g_autoptr (DwChat) chat = g_list_model_get_item (self->chats, (guint) gtk_list_box_row_get_index (row));

  gtk_popover_popdown (self->popover);
  if (chat != NULL)
    g_signal_emit (self, signals[SIGNAL_PICKED], 0, chat);
}

static void
on_connection_clicked (DwStagePicker *self)
{
  DwSession *session = dw_chat_get_session (self->chat);

  gtk_popover_popdown (self->popover);
  if (dw_session_get_status (session)->state == DW_SESSION_OFFLINE)
    dw_chat_connect (self->chat);
  else
    dw_chat_disconnect (self->chat);
}

static void
dw_stage_picker_dispose (GObject *object)
{
  DwStagePicker *self = DW_STAGE_PICKER (object);

  if (self->list != NULL)
    gtk_list_box_bind_model (self->list, NULL, NULL, NULL, NULL);
  g_clear_object (&self->changes);
  g_clear_object (&self->chat);
  g_clear_object (&self->chats);
  g_clear_pointer (&self->button, gtk_widget_unparent);
  self->list = NULL;
  G_OBJECT_CLASS (dw_stage_picker_parent_class)->dispose (object);
}

static void
dw_stage_picker_class_init (DwStagePickerClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dw_stage_picker_dispose;

  /**
   * DwStagePicker::picked:
   * @chat: the #DwChat the person chose
   */
  signals[SIGNAL_PICKED] = g_signal_new ("picked", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                         NULL, G_TYPE_NONE, 1, DW_TYPE_CHAT);

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/dynamowave/Chat/dw-stage-picker.ui");
  gtk_widget_class_bind_template_child (widget_class, DwStagePicker, button);
  gtk_widget_class_bind_template_child (widget_class, DwStagePicker, dot);
  gtk_widget_class_bind_template_child (widget_class, DwStagePicker, name);
  gtk_widget_class_bind_template_child (widget_class, DwStagePicker, status);
  gtk_widget_class_bind_template_child (widget_class, DwStagePicker, popover);
  gtk_widget_class_bind_template_child (widget_class, DwStagePicker, list);
  gtk_widget_class_bind_template_child (widget_class, DwStagePicker, connection);
  gtk_widget_class_bind_template_callback (widget_class, on_row_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_connection_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_leave);
}

static void
dw_stage_picker_init (DwStagePicker *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  /* The name belongs to the part that can be pressed: before GTK 4.12 a menu button hides a toggle button. */
  dw_toolkit_set_label (gtk_widget_get_first_child (self->button), _ ("Stages"));
  self->changes = g_signal_group_new (DW_TYPE_SESSION);
  g_signal_group_connect_swapped (self->changes, "changed", G_CALLBACK (on_changed), self);
  g_signal_connect_object (self->popover, "notify::visible", G_CALLBACK (on_visible), self, G_CONNECT_SWAPPED);
}

/**
 * dw_stage_picker_set_chats:
 * @self: a picker
 * @chats: (element-type DwChat): what there is to pick from
 */
void
dw_stage_picker_set_chats (DwStagePicker *self, GListModel *chats)
{
  g_set_object (&self->chats, chats);
}

/**
 * dw_stage_picker_set_chat:
 * @self: a picker
 * @chat: the one that is looked at
 */
void
dw_stage_picker_set_chat (DwStagePicker *self, DwChat *chat)
{
  if (!g_set_object (&self->chat, chat))
    return;
  g_signal_group_set_target (self->changes, dw_chat_get_session (chat));
  on_changed (self);
}
