/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-stage-title.h"

#include "dw-stage-row.h"

#include "app/text/dw-label.h"
#include "app/text/dw-status-text.h"
#include "app/toolkit/dw-toolkit.h"

#include "wire/dw-safe-text.h"

#include <glib/gi18n.h>

/* The stage that a window shows, in its header: name, state, and how much is unread on others. It is a button, which leads
 * to the stages, or opens the stage's menu where they stand beside it already. */
struct _DwStageTitle
{
  GtkWidget parent_instance;

  GtkWidget *button;
  GtkWidget *dot;
  GtkLabel *name;
  GtkLabel *status;
  GtkLabel *others;
  GtkWidget *arrow;

  DwChatList *chats;
  DwChat *chat;
  gboolean beside;       /* the stages */
  GSignalGroup *changes; /* handlers on the session */
  GSignalGroup *stage;
};

G_DEFINE_FINAL_TYPE (DwStageTitle, dw_stage_title, GTK_TYPE_WIDGET)

static char *
dup_safe_name (DwStageTitle *self)
{
  g_autofree char *name = dw_stage_dup_name (dw_chat_get_stage (self->chat));

  return dw_safe_name (name);
}

static void
on_changed (DwStageTitle *self)
{
  DwSession *session = dw_chat_get_session (self->chat);
  const DwSessionStatus *status = dw_session_get_status (session);
  g_autofree char *name = dup_safe_name (self);
  g_autofree char *subtitle = dw_status_text_subtitle (status, dw_session_get_url (session));
  g_autofree char *tooltip = dw_status_text_tooltip (status, dw_session_get_url (session));
  g_autofree char *description = g_strdup_printf ("%s, %s", name, dw_status_text_state (status->state));

  dw_label_show (self->name, name, DW_LABEL_CHARS);
  dw_label_show (self->status, subtitle, DW_LABEL_CHARS);
  dw_label_show_tooltip (self->button, tooltip);
  dw_stage_row_show_dot (self->dot, status);
  dw_toolkit_set_description (self->button, description);
}

static void
show_others (DwStageTitle *self)
{
  guint unread = dw_chat_list_get_unread (self->chats);
  g_autofree char *count = NULL;
  g_autofree char *words = NULL;

  if (self->chat != NULL && !dw_stage_is_muted (dw_chat_get_stage (self->chat)))
    unread -= dw_chat_get_unread (self->chat);
  count = unread > 999 ? g_strdup ("999+") : g_strdup_printf ("%u", unread);
  dw_label_show (self->others, count, DW_LABEL_CHARS);
  gtk_widget_set_visible (GTK_WIDGET (self->others), unread > 0 && !self->beside);
  /* In a window of 360 pixels there is room for one of them beside a name. */
  gtk_widget_set_visible (self->arrow, !gtk_widget_get_visible (GTK_WIDGET (self->others)));
  words = g_strdup_printf (
      ngettext ("%u unread message on other stages", "%u unread messages on other stages", unread), unread);
  dw_label_show_tooltip (GTK_WIDGET (self->others), words);
}

static void
dw_stage_title_dispose (GObject *object)
{
  DwStageTitle *self = DW_STAGE_TITLE (object);

  g_clear_object (&self->changes);
  g_clear_object (&self->stage);
  g_clear_object (&self->chat);
  g_clear_object (&self->chats);
  g_clear_pointer (&self->button, gtk_widget_unparent);
  G_OBJECT_CLASS (dw_stage_title_parent_class)->dispose (object);
}

static void
dw_stage_title_class_init (DwStageTitleClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dw_stage_title_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/dynamowave/Chat/dw-stage-title.ui");
  gtk_widget_class_bind_template_child (widget_class, DwStageTitle, button);
  gtk_widget_class_bind_template_child (widget_class, DwStageTitle, dot);
  gtk_widget_class_bind_template_child (widget_class, DwStageTitle, name);
  gtk_widget_class_bind_template_child (widget_class, DwStageTitle, status);
  gtk_widget_class_bind_template_child (widget_class, DwStageTitle, others);
  gtk_widget_class_bind_template_child (widget_class, DwStageTitle, arrow);
}

static void
dw_stage_title_init (DwStageTitle *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  dw_stage_title_set_beside (self, FALSE);
  self->changes = g_signal_group_new (DW_TYPE_SESSION);
  g_signal_group_connect_swapped (self->changes, "changed", G_CALLBACK (on_changed), self);
  self->stage = g_signal_group_new (DW_TYPE_STAGE);
  g_signal_group_connect_swapped (self->stage, "notify::name", G_CALLBACK (on_changed), self);
  g_signal_group_connect_swapped (self->stage, "notify::urls", G_CALLBACK (on_changed), self);
}

/**
 * dw_stage_title_set_chats:
 * @self: a title
 * @chats: all the chats there are
 */
void
dw_stage_title_set_chats (DwStageTitle *self, DwChatList *chats)
{
  g_set_object (&self->chats, chats);
  g_signal_connect_object (chats, "notify::unread", G_CALLBACK (show_others), self, G_CONNECT_SWAPPED);
  show_others (self);
}

/**
 * dw_stage_title_set_chat:
 * @self: a title
 * @chat: the chat that is shown
 */
void
dw_stage_title_set_chat (DwStageTitle *self, DwChat *chat)
{
  if (!g_set_object (&self->chat, chat))
    return;
  g_signal_group_set_target (self->changes, dw_chat_get_session (chat));
  g_signal_group_set_target (self->stage, dw_chat_get_stage (chat));
  on_changed (self);
  show_others (self);
}

/**
 * dw_stage_title_set_beside:
 * @self: a title
 * @beside: whether the stages stand beside it: then they say what is unread, and it opens the menu of the shown one
 */
void
dw_stage_title_set_beside (DwStageTitle *self, gboolean beside)
{
  self->beside = beside;
  dw_toolkit_set_label (self->button, beside ? _ ("Stage Menu") : _ ("Stages"));
  if (self->chats != NULL)
    show_others (self);
}
