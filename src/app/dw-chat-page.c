/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-chat-page.h"

#include "dw-composer.h"
#include "dw-connection-bar.h"
#include "dw-message-list.h"

struct _DwChatPage
{
  GtkWidget parent_instance;

  GtkWidget *box;
  DwConnectionBar *bar;
  DwMessageList *messages;
  DwComposer *composer;
  DwChat *chat;
};

G_DEFINE_FINAL_TYPE (DwChatPage, dw_chat_page, GTK_TYPE_WIDGET)

static void
on_send_again (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwChatPage *self = DW_CHAT_PAGE (widget);

  if (self->chat != NULL)
    dw_chat_send_again (self->chat, g_variant_get_string (parameter, NULL));
  /* The button that was pressed goes. */
  dw_chat_page_focus (self);
}

static void
on_discard (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwChatPage *self = DW_CHAT_PAGE (widget);

  if (self->chat != NULL)
    g_free (dw_chat_discard (self->chat, g_variant_get_string (parameter, NULL)));
  dw_chat_page_focus (self);
}

static void
on_edit (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwChatPage *self = DW_CHAT_PAGE (widget);
  g_autofree char *text = NULL;

  if (self->chat != NULL)
    text = dw_chat_discard (self->chat, g_variant_get_string (parameter, NULL));
  if (text != NULL)
    dw_composer_insert (self->composer, text);
  dw_chat_page_focus (self);
}

static void
dw_chat_page_dispose (GObject *object)
{
  g_clear_object (&DW_CHAT_PAGE (object)->chat);
  g_clear_pointer (&DW_CHAT_PAGE (object)->box, gtk_widget_unparent);
  G_OBJECT_CLASS (dw_chat_page_parent_class)->dispose (object);
}

static void
dw_chat_page_class_init (DwChatPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dw_chat_page_dispose;
  g_type_ensure (DW_TYPE_CONNECTION_BAR);
  g_type_ensure (DW_TYPE_MESSAGE_LIST);
  g_type_ensure (DW_TYPE_COMPOSER);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/dynamowave/Chat/dw-chat-page.ui");
  gtk_widget_class_bind_template_child (widget_class, DwChatPage, box);
  gtk_widget_class_bind_template_child (widget_class, DwChatPage, bar);
  gtk_widget_class_bind_template_child (widget_class, DwChatPage, messages);
  gtk_widget_class_bind_template_child (widget_class, DwChatPage, composer);
  gtk_widget_class_install_action (widget_class, "chat.send-again", "s", on_send_again);
  gtk_widget_class_install_action (widget_class, "chat.edit", "s", on_edit);
  gtk_widget_class_install_action (widget_class, "chat.discard", "s", on_discard);
  gtk_widget_class_bind_template_callback (widget_class, dw_message_list_scroll_to_end);
}

static void
dw_chat_page_init (DwChatPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * dw_chat_page_set_chat:
 * @self: a page
 * @chat: what it looks at
 */
void
dw_chat_page_set_chat (DwChatPage *self, DwChat *chat)
{
  g_set_object (&self->chat, chat);
  dw_connection_bar_set_session (self->bar, dw_chat_get_session (chat));
  dw_message_list_set_conversation (self->messages, dw_chat_get_conversation (chat));
  dw_composer_set_chat (self->composer, chat);
}

/**
 * dw_chat_page_focus:
 * @self: a page
 *
 * Moves the keyboard to where one writes.
 */
void
dw_chat_page_focus (DwChatPage *self)
{
  dw_composer_focus (self->composer);
}
