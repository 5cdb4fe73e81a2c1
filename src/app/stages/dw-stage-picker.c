/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-stage-picker.h"

#include "dw-stage-row.h"

#include "app/text/dw-label.h"
#include "app/text/dw-status-text.h"
#include "app/toolkit/dw-speech.h"

#include "wire/dw-safe-text.h"

#include <glib/gi18n.h>

struct _DwStagePicker
{
  GtkWidget parent_instance;

  GtkWidget *button;
  GtkWidget *dot;
  GtkLabel *name;
  GtkLabel *status;
  GtkLabel *others;
  GtkPopover *popover;
  GtkListBox *list;
  GtkLabel *connection;
  GtkLabel *mute;

  DwChatList *chats;
  DwChat *chat;
  GSignalGroup *changes; /* handlers on the session */
  GSignalGroup *stage;
};

G_DEFINE_FINAL_TYPE (DwStagePicker, dw_stage_picker, GTK_TYPE_WIDGET)

enum
{
  SIGNAL_PICKED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

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

  return dw_safe_line (subtitle, DW_LABEL_CHARS);
}

/* Also called for every key typed, since the draft is a property of the stage. */
static void
on_stage_changed (DwStagePicker *self)
{
  g_autofree char *name = safe_name_of (self->chat);

  dw_label_show (self->name, name, DW_LABEL_CHARS);
  gtk_label_set_text (self->mute, dw_stage_is_muted (dw_chat_get_stage (self->chat)) ? _ ("Unmute") : _ ("Mute"));
}

static void
on_changed (DwStagePicker *self)
{
  DwSession *session = dw_chat_get_session (self->chat);
  const DwSessionStatus *status = dw_session_get_status (session);
  g_autofree char *subtitle = safe_subtitle_of (self->chat);
  g_autofree char *tooltip = dw_status_text_tooltip (status, dw_session_get_url (session));

  dw_label_show (self->status, subtitle, DW_LABEL_CHARS);
  dw_label_show_tooltip (self->button, tooltip);
  dw_stage_row_show_dot (self->dot, status);
  gtk_label_set_text (self->connection,
                      status->state == DW_SESSION_OFFLINE ? _ ("Connect this stage") : _ ("Disconnect"));
}

static GtkWidget *
make_row (gpointer item, gpointer data)
{
  return dw_stage_row_new (item, item == DW_STAGE_PICKER (data)->chat);
}

static void
show_others (DwStagePicker *self)
{
  guint unread = dw_chat_list_get_unread (self->chats);
  g_autofree char *count = NULL;
  g_autofree char *words = NULL;

  if (self->chat != NULL && !dw_stage_is_muted (dw_chat_get_stage (self->chat)))
    unread -= dw_chat_get_unread (self->chat);
  count = unread > 999 ? g_strdup ("999+") : g_strdup_printf ("%u", unread);
  dw_label_show (self->others, count, DW_LABEL_CHARS);
  gtk_widget_set_visible (GTK_WIDGET (self->others), unread > 0);
  words = g_strdup_printf (
      ngettext ("%u unread message on other stages", "%u unread messages on other stages", unread), unread);
  dw_label_show_tooltip (GTK_WIDGET (self->others), words);
}

/* There are only a few rows, so they are created when the popover is about to open, which is sized by them, and
 * follow their stages while it is open. */
static void
on_open (GtkMenuButton *button, gpointer data)
{
  DwStagePicker *self = data;

  gtk_list_box_bind_model (self->list, G_LIST_MODEL (self->chats), make_row, self, NULL);
}

static void
on_closed (DwStagePicker *self)
{
  gtk_list_box_bind_model (self->list, NULL, NULL, NULL, NULL);
}

static void
on_leave (DwStagePicker *self)
{
  gtk_popover_popdown (self->popover);
}

static void
on_row_activated (DwStagePicker *self, GtkListBoxRow *row)
{
  g_autoptr (DwChat) chat =
      g_list_model_get_item (G_LIST_MODEL (self->chats), (guint) gtk_list_box_row_get_index (row));

  gtk_popover_popdown (self->popover);
  if (chat != NULL)
    g_signal_emit (self, signals[SIGNAL_PICKED], 0, chat);
}

static void
dw_stage_picker_dispose (GObject *object)
{
  DwStagePicker *self = DW_STAGE_PICKER (object);

  if (self->list != NULL)
    gtk_list_box_bind_model (self->list, NULL, NULL, NULL, NULL);
  g_clear_object (&self->changes);
  g_clear_object (&self->stage);
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
  gtk_widget_class_bind_template_child (widget_class, DwStagePicker, others);
  gtk_widget_class_bind_template_child (widget_class, DwStagePicker, mute);
  gtk_widget_class_bind_template_child (widget_class, DwStagePicker, popover);
  gtk_widget_class_bind_template_child (widget_class, DwStagePicker, list);
  gtk_widget_class_bind_template_child (widget_class, DwStagePicker, connection);
  gtk_widget_class_bind_template_callback (widget_class, on_row_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_leave);
}

static void
dw_stage_picker_init (DwStagePicker *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  dw_speech_name_button (self->button, _ ("Stages"));
  self->changes = g_signal_group_new (DW_TYPE_SESSION);
  g_signal_group_connect_swapped (self->changes, "changed", G_CALLBACK (on_changed), self);
  self->stage = g_signal_group_new (DW_TYPE_STAGE);
  g_signal_group_connect_swapped (self->stage, "notify::name", G_CALLBACK (on_stage_changed), self);
  g_signal_group_connect_swapped (self->stage, "notify::urls", G_CALLBACK (on_stage_changed), self);
  g_signal_group_connect_swapped (self->stage, "notify::muted", G_CALLBACK (on_stage_changed), self);
  gtk_menu_button_set_create_popup_func (GTK_MENU_BUTTON (self->button), on_open, self, NULL);
  g_signal_connect_object (self->popover, "closed", G_CALLBACK (on_closed), self, G_CONNECT_SWAPPED);
}

/**
 * dw_stage_picker_set_chats:
 * @self: a picker
 * @chats: the chats to pick from
 */
void
dw_stage_picker_set_chats (DwStagePicker *self, DwChatList *chats)
{
  g_set_object (&self->chats, chats);
  g_signal_connect_object (chats, "notify::unread", G_CALLBACK (show_others), self, G_CONNECT_SWAPPED);
  show_others (self);
}

/**
 * dw_stage_picker_set_chat:
 * @self: a picker
 * @chat: the chat that is shown
 */
void
dw_stage_picker_set_chat (DwStagePicker *self, DwChat *chat)
{
  if (!g_set_object (&self->chat, chat))
    return;
  g_signal_group_set_target (self->changes, dw_chat_get_session (chat));
  g_signal_group_set_target (self->stage, dw_chat_get_stage (chat));
  on_stage_changed (self);
  on_changed (self);
  show_others (self);
}
