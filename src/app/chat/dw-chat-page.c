/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-chat-page.h"

#include "dw-composer.h"
#include "dw-connection-bar.h"
#include "dw-find-bar.h"
#include "dw-message-list.h"
#include "dw-message-menu.h"

#include "app/desktop/dw-announcer.h"
#include "app/text/dw-message-text.h"
#include "app/toolkit/dw-banner.h"

#include <glib/gi18n.h>

struct _DwChatPage
{
  GtkWidget parent_instance;

  GtkWidget *box;
  DwConnectionBar *bar;
  DwBanner *keyring_banner;
  DwBanner *asking_banner;
  DwFindBar *find_bar;
  AdwToastOverlay *toasts;
  DwMessageList *messages;
  DwMessageMenu *menu;
  DwComposer *composer;
  DwAnnouncer *announcer;
  DwChat *chat;
  GSignalGroup *stage;
  GSignalGroup *session;
  GSignalGroup *outbox;
};

G_DEFINE_FINAL_TYPE (DwChatPage, dw_chat_page, GTK_TYPE_WIDGET)

static void
on_send_again (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwChatPage *self = DW_CHAT_PAGE (widget);

  if (self->chat != NULL)
    dw_chat_send_again (self->chat, g_variant_get_string (parameter, NULL));
  /* The pressed button disappears, so move the focus. */
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
on_quote (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwChatPage *self = DW_CHAT_PAGE (widget);
  g_autofree char *quotation = dw_message_text_quote (g_variant_get_string (parameter, NULL));

  dw_composer_insert (self->composer, quotation);
  dw_chat_page_focus (self);
}

static void
on_menu (DwChatPage *self, const DwMessageSpot *spot)
{
  if (self->chat != NULL)
    dw_message_menu_open (self->menu, spot);
}

/* Away from the rows: in a flood they do not go on while one of them has the focus. */
static void
on_newest (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwChatPage *self = DW_CHAT_PAGE (widget);

  dw_chat_page_focus (self);
  dw_message_list_scroll_to_end (self->messages);
}

static void
on_emoji (GtkWidget *widget, const char *name, GVariant *parameter)
{
  dw_composer_choose_emoji (DW_CHAT_PAGE (widget)->composer);
}

static void
on_page (GtkWidget *widget, const char *name, GVariant *parameter)
{
  dw_message_list_move_page (DW_CHAT_PAGE (widget)->messages, g_variant_get_int32 (parameter));
}

static void
on_end (GtkWidget *widget, const char *name, GVariant *parameter)
{
  if (g_variant_get_int32 (parameter) > 0)
    dw_message_list_scroll_to_end (DW_CHAT_PAGE (widget)->messages);
  else
    dw_message_list_scroll_to_start (DW_CHAT_PAGE (widget)->messages);
}

static void
on_send_asking (GtkWidget *widget, const char *name, GVariant *parameter)
{
  dw_chat_answer_asking (DW_CHAT_PAGE (widget)->chat, TRUE);
}

static void
on_discard_asking (GtkWidget *widget, const char *name, GVariant *parameter)
{
  dw_chat_answer_asking (DW_CHAT_PAGE (widget)->chat, FALSE);
}

/* What waited in a copy of a history. */
static void
show_doubtful (DwChatPage *self, guint n)
{
  g_autofree char *sentence =
      g_strdup_printf (ngettext ("%u queued message may already have been sent. Send it now?",
                                 "%u queued messages may already have been sent. Send them now?", n),
                       n);

  dw_banner_show (self->asking_banner, sentence, _ ("Send"), "chat.send-asking", _ ("Discard"),
                  "chat.discard-asking");
}

/* Old messages may no longer fit the conversation, so ask once for all of them. */
static void
show_asking (DwChatPage *self)
{
  guint n = dw_outbox_get_n_asking (dw_chat_get_outbox (self->chat));
  g_autofree char *sentence = NULL;

  if (n == 0)
    {
      dw_banner_hide (self->asking_banner);
      return;
    }
  if (dw_outbox_has_doubtful (dw_chat_get_outbox (self->chat)))
    {
      show_doubtful (self, n);
      return;
    }
  sentence = g_strdup_printf (ngettext ("%u message has been queued for more than an hour. Send it now?",
                                        "%u messages have been queued for more than an hour. Send them now?", n),
                              n);
  dw_banner_show (self->asking_banner, sentence, _ ("Send"), "chat.send-asking", _ ("Discard"),
                  "chat.discard-asking");
}

static void
show_secret (DwChatPage *self)
{
  switch (dw_stage_get_secret (dw_chat_get_stage (self->chat)))
    {
    case DW_STAGE_SECRET_ASKED:
      dw_banner_show (self->keyring_banner, _ ("Waiting for this stage’s token from your keyring."),
                      _ ("Enter Token"), "stage.edit-token", NULL, NULL);
      break;
    case DW_STAGE_SECRET_MISSING:
      dw_banner_show (
          self->keyring_banner,
          _ ("Your keyring didn’t provide this stage’s token. Unlock it and try again, or enter the token."),
          _ ("Try Again"), "win.ask-keyring", _ ("Enter Token"), "stage.edit-token");
      break;
    case DW_STAGE_SECRET_SESSION:
      dw_banner_show (self->keyring_banner,
                      _ ("This stage’s token couldn’t be saved in your keyring. It’s used for this session only."),
                      _ ("Try Again"), "win.keep-secret", NULL, NULL);
      break;
    case DW_STAGE_SECRET_NONE:
    case DW_STAGE_SECRET_KNOWN:
    default:
      dw_banner_hide (self->keyring_banner);
      break;
    }
}

static void
show_own_name (DwChatPage *self)
{
  dw_message_list_set_own_name (self->messages, dw_stage_get_own_name (dw_chat_get_stage (self->chat)));
}

/* No message comes from a stage that refuses, or that the person left. */
static void
show_promise (DwChatPage *self)
{
  DwSessionState state = dw_session_get_status (dw_chat_get_session (self->chat))->state;

  dw_message_list_set_promising (self->messages, state != DW_SESSION_REFUSED && state != DW_SESSION_OFFLINE);
}

static void
dw_chat_page_dispose (GObject *object)
{
  g_clear_object (&DW_CHAT_PAGE (object)->menu);
  g_clear_object (&DW_CHAT_PAGE (object)->stage);
  g_clear_object (&DW_CHAT_PAGE (object)->session);
  g_clear_object (&DW_CHAT_PAGE (object)->outbox);
  g_clear_object (&DW_CHAT_PAGE (object)->chat);
  g_clear_pointer (&DW_CHAT_PAGE (object)->box, gtk_widget_unparent);
  G_OBJECT_CLASS (dw_chat_page_parent_class)->dispose (object);
}

/* Typing while the list has the focus goes to the composer. */
static gboolean
on_typed (GtkEventControllerKey *controller, guint key, guint code, GdkModifierType state, gpointer data)
{
  gunichar letter = gdk_keyval_to_unicode (key);

  if ((state & (GDK_CONTROL_MASK | GDK_ALT_MASK | GDK_SUPER_MASK | GDK_META_MASK)) != 0
      || !g_unichar_isgraph (letter))
    return GDK_EVENT_PROPAGATE;
  return dw_composer_take_key (DW_CHAT_PAGE (data)->composer, controller);
}

static void
dw_chat_page_class_init (DwChatPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dw_chat_page_dispose;
  g_type_ensure (DW_TYPE_ANNOUNCER);
  g_type_ensure (DW_TYPE_BANNER);
  g_type_ensure (DW_TYPE_CONNECTION_BAR);
  g_type_ensure (DW_TYPE_FIND_BAR);
  g_type_ensure (DW_TYPE_MESSAGE_LIST);
  g_type_ensure (DW_TYPE_COMPOSER);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/dynamowave/Chat/dw-chat-page.ui");
  gtk_widget_class_bind_template_child (widget_class, DwChatPage, box);
  gtk_widget_class_bind_template_child (widget_class, DwChatPage, bar);
  gtk_widget_class_bind_template_child (widget_class, DwChatPage, keyring_banner);
  gtk_widget_class_bind_template_child (widget_class, DwChatPage, asking_banner);
  gtk_widget_class_bind_template_child (widget_class, DwChatPage, find_bar);
  gtk_widget_class_bind_template_child (widget_class, DwChatPage, toasts);
  gtk_widget_class_bind_template_child (widget_class, DwChatPage, messages);
  gtk_widget_class_bind_template_child (widget_class, DwChatPage, composer);
  gtk_widget_class_bind_template_child (widget_class, DwChatPage, announcer);
  gtk_widget_class_install_action (widget_class, "chat.page", "i", on_page);
  gtk_widget_class_install_action (widget_class, "chat.end", "i", on_end);
  gtk_widget_class_install_action (widget_class, "chat.emoji", NULL, on_emoji);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_period, GDK_CONTROL_MASK, "chat.emoji", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Page_Up, 0, "chat.page", "i", -1);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Page_Down, 0, "chat.page", "i", 1);
  gtk_widget_class_install_action (widget_class, "chat.newest", NULL, on_newest);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Home, GDK_CONTROL_MASK, "chat.end", "i", -1);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_End, GDK_CONTROL_MASK, "chat.end", "i", 1);
  gtk_widget_class_install_action (widget_class, "chat.send-again", "s", on_send_again);
  gtk_widget_class_install_action (widget_class, "chat.edit", "s", on_edit);
  gtk_widget_class_install_action (widget_class, "chat.discard", "s", on_discard);
  gtk_widget_class_install_action (widget_class, "chat.quote", "s", on_quote);
  gtk_widget_class_install_action (widget_class, "chat.send-asking", NULL, on_send_asking);
  gtk_widget_class_install_action (widget_class, "chat.discard-asking", NULL, on_discard_asking);
  gtk_widget_class_bind_template_callback (widget_class, dw_message_list_scroll_to_end);
  gtk_widget_class_bind_template_callback (widget_class, on_menu);
  gtk_widget_class_bind_template_callback (widget_class, on_typed);
}

static void
dw_chat_page_init (DwChatPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->menu = dw_message_menu_new (GTK_WIDGET (self->messages));
  gtk_widget_add_controller (GTK_WIDGET (self), dw_composer_new_drop_target (self->composer));
  self->stage = g_signal_group_new (DW_TYPE_STAGE);
  g_signal_group_connect_swapped (self->stage, "notify::secret", G_CALLBACK (show_secret), self);
  g_signal_group_connect_swapped (self->stage, "notify::own-name", G_CALLBACK (show_own_name), self);
  self->session = g_signal_group_new (DW_TYPE_SESSION);
  g_signal_group_connect_swapped (self->session, "changed", G_CALLBACK (show_promise), self);
  self->outbox = g_signal_group_new (DW_TYPE_OUTBOX);
  g_signal_group_connect_swapped (self->outbox, "notify::n-asking", G_CALLBACK (show_asking), self);
}

/**
 * dw_chat_page_set_chat:
 * @self: a page
 * @chat: the chat to show
 */
void
dw_chat_page_set_chat (DwChatPage *self, DwChat *chat)
{
  g_set_object (&self->chat, chat);
  dw_message_menu_set_chat (self->menu, chat);
  dw_connection_bar_set_session (self->bar, dw_chat_get_session (chat));
  show_own_name (self);
  dw_message_list_set_conversation (self->messages, dw_chat_get_conversation (chat));
  dw_composer_set_chat (self->composer, chat);
  dw_announcer_set_chat (self->announcer, chat);
  g_signal_group_set_target (self->stage, dw_chat_get_stage (chat));
  g_signal_group_set_target (self->session, dw_chat_get_session (chat));
  g_signal_group_set_target (self->outbox, dw_chat_get_outbox (chat));
  show_promise (self);
  show_secret (self);
  show_asking (self);
}

/**
 * dw_chat_page_set_today:
 * @self: a page
 * @today: tells when its times are to be shown anew
 */
void
dw_chat_page_set_today (DwChatPage *self, DwToday *today)
{
  dw_message_list_set_today (self->messages, today);
}

/**
 * dw_chat_page_bind_settings:
 * @self: a page
 * @settings: the profile's settings, which it follows
 */
void
dw_chat_page_bind_settings (DwChatPage *self, GSettings *settings)
{
  g_settings_bind (settings, "enter-sends", self->composer, "enter-sends", G_SETTINGS_BIND_GET);
  g_settings_bind (settings, "check-spelling", self->composer, "check-spelling", G_SETTINGS_BIND_GET);
}

/**
 * dw_chat_page_show_place:
 * @self: a page
 * @place: the place of a line in the conversation
 * @words: (nullable): what was looked for and found there
 *
 * Scrolls to a line, loading it if it is old.
 */
void
dw_chat_page_show_place (DwChatPage *self, gint64 place, const char *words)
{
  dw_message_list_show_place (self->messages, place, words);
}

/**
 * dw_chat_page_show_hit:
 * @self: a page
 * @number: which of the hits of a search is shown, from 1 on
 * @n_hits: how many there are
 */
void
dw_chat_page_show_hit (DwChatPage *self, guint number, guint n_hits)
{
  dw_find_bar_show (self->find_bar, number, n_hits);
}

/**
 * dw_chat_page_end_find:
 * @self: a page
 *
 * Takes the bar of a search away, and its marks.
 */
void
dw_chat_page_end_find (DwChatPage *self)
{
  dw_find_bar_hide (self->find_bar);
  dw_message_list_unmark (self->messages);
}

/**
 * dw_chat_page_add_toast:
 * @self: a page
 * @toast: (transfer full): a toast
 *
 * Shows it over the messages, above the composer.
 */
void
dw_chat_page_add_toast (DwChatPage *self, AdwToast *toast)
{
  adw_toast_overlay_add_toast (self->toasts, toast);
}

/**
 * dw_chat_page_focus:
 * @self: a page
 *
 * Moves the focus to the composer.
 */
void
dw_chat_page_focus (DwChatPage *self)
{
  dw_composer_focus (self->composer);
}

/**
 * dw_chat_page_get_regions:
 * @self: a page
 * @regions: (array fixed-size=3) (out): its regions, in the order F6 visits them
 *
 * Returns: how many there are, 3
 */
guint
dw_chat_page_get_regions (DwChatPage *self, GtkWidget **regions)
{
  regions[0] = GTK_WIDGET (self->bar);
  regions[1] = GTK_WIDGET (self->messages);
  regions[2] = GTK_WIDGET (self->composer);
  return 3;
}
