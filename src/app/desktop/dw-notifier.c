/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-notifier.h"

#include "dw-notification-server.h"

#include "wire/dw-mention.h"
#include "wire/dw-safe-text.h"

#include <glib/gi18n.h>

/**
 * SECTION:dw-notifier
 *
 * Notifies the person of messages on stages that no window shows: one notification per stage, which shows the newest
 * message and the unread count, opens the stage, and is withdrawn when they are read.
 */
struct _DwNotifier
{
  GObject parent_instance;

  GApplication *application; /* unowned: the application owns this */
  DwChatList *chats;
  GSettings *settings; /* or NULL */
  GHashTable *pauses;  /* DwChat → Pause; at most one per stage */
};

/* A stage that has just notified, and the newest message since. */
typedef struct
{
  DwNotifier *owner;
  DwChat *chat;
  DwMessage *newest; /* or NULL */
  guint timer;
} Pause;

G_DEFINE_FINAL_TYPE (DwNotifier, dw_notifier, G_TYPE_OBJECT)

static void
pause_free (gpointer data)
{
  Pause *pause = data;

  g_clear_handle_id (&pause->timer, g_source_remove);
  g_clear_object (&pause->newest);
  g_object_unref (pause->chat);
  g_free (pause);
}

/* In the order of the schema's enum. */
enum
{
  NOTIFY_ALL,
  NOTIFY_MENTIONS,
  NOTIFY_NONE,
};

static gboolean
is_wanted (DwNotifier *self, DwChat *chat, DwMessage *message)
{
  DwStage *stage = dw_chat_get_stage (chat);
  int choice;

  if (dw_stage_is_muted (stage) || dw_chat_get_unread (chat) == 0)
    return FALSE;

  choice = self->settings != NULL ? g_settings_get_enum (self->settings, "notify") : NOTIFY_ALL;
  if (choice == NOTIFY_NONE)
    return FALSE;
  return choice == NOTIFY_ALL || dw_mention_is (dw_message_get_text (message), dw_stage_get_own_name (stage));
}

/* A name that is written from right to left turns nothing of what stands beside it. */
static char *
dup_isolated (const char *untrusted)
{
  g_autofree char *name = dw_safe_name (untrusted);

  return dw_safe_line (name, DW_SAFE_TEXT_NAME_CHARS + DW_SAFE_TEXT_CLUSTER_CHARS);
}

static char *
dup_body (DwMessage *message)
{
  const char *sender = dw_message_get_sender (message);
  g_autofree char *line = dw_safe_line (dw_message_get_text (message), DW_NOTIFIER_CHARS);
  g_autofree char *name = sender != NULL ? dup_isolated (sender) : NULL;

  if (name != NULL && *name != '\0')
    /* Translators: in a notification: who wrote, and what. */
    return g_strdup_printf (_ ("%1$s: %2$s"), name, line);
  return g_steal_pointer (&line);
}

static char *
dup_title (DwChat *chat)
{
  g_autofree char *name = dw_stage_dup_name (dw_chat_get_stage (chat));
  g_autofree char *safe = dup_isolated (name);
  guint n = dw_chat_get_unread (chat);

  if (n < 2)
    return g_steal_pointer (&safe);
  /* Translators: the title of a notification: a stage's name, and how many unread messages it has. */
  return g_strdup_printf (ngettext ("%1$s (%2$u new)", "%1$s (%2$u new)", n), safe, n);
}

/* A notification that waits for the notification server's answer. */
typedef struct
{
  DwNotifier *owner;
  DwChat *chat;
  DwMessage *message;
} Telling;

static void
telling_free (Telling *telling)
{
  g_object_unref (telling->owner);
  g_object_unref (telling->chat);
  g_object_unref (telling->message);
  g_free (telling);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Telling, telling_free)

static void
on_server_known (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Telling) telling = data;
  DwNotifier *self = telling->owner;
  gboolean markup = dw_notification_server_ask_finish (result);
  const char *uuid = dw_stage_get_uuid (dw_chat_get_stage (telling->chat));
  g_autofree char *title = dup_title (telling->chat);
  g_autofree char *body = dup_body (telling->message);
  g_autofree char *escaped = markup ? g_markup_escape_text (body, -1) : NULL;
  g_autoptr (GNotification) notification = g_notification_new (title);

  /* The message may have been read meanwhile, or the program may be about to quit. */
  if (self->chats == NULL || !is_wanted (self, telling->chat, telling->message))
    return;
  g_notification_set_body (notification, escaped != NULL ? escaped : body);
  g_notification_set_default_action_and_target (notification, "app.show-stage", "s", uuid);
  g_application_send_notification (self->application, uuid, notification);
}

static void
notify (DwNotifier *self, DwChat *chat, DwMessage *message)
{
  Telling *telling = g_new0 (Telling, 1);

  telling->owner = g_object_ref (self);
  telling->chat = g_object_ref (chat);
  telling->message = g_object_ref (message);
  dw_notification_server_ask_async (g_application_get_dbus_connection (self->application), on_server_known,
                                    telling);
}

static gboolean
on_pause (gpointer data)
{
  Pause *pause = data;
  g_autoptr (DwMessage) newest = g_steal_pointer (&pause->newest);

  if (newest != NULL && is_wanted (pause->owner, pause->chat, newest))
    {
      notify (pause->owner, pause->chat, newest);
      return G_SOURCE_CONTINUE;
    }
  pause->timer = 0;
  g_hash_table_remove (pause->owner->pauses, pause->chat);
  return G_SOURCE_REMOVE;
}

/* At most one notification per second, however many messages arrive. */
static void
notify_or_wait (DwNotifier *self, DwChat *chat, DwMessage *message)
{
  Pause *pause = g_hash_table_lookup (self->pauses, chat);

  if (pause != NULL)
    {
      g_set_object (&pause->newest, message);
      return;
    }
  notify (self, chat, message);
  pause = g_new0 (Pause, 1);
  pause->owner = self;
  pause->chat = g_object_ref (chat);
  pause->timer = g_timeout_add_seconds (DW_NOTIFIER_PAUSE_S, on_pause, pause);
  g_hash_table_insert (self->pauses, chat, pause);
}

/* The chat a conversation belongs to. */
static DwChat *
find_chat (DwNotifier *self, DwConversation *conversation)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->chats));

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (DwChat) chat = g_list_model_get_item (G_LIST_MODEL (self->chats), i);

      /* Owned by the list. */
      if (dw_chat_get_conversation (chat) == conversation)
        return chat;
    }
  return NULL;
}

static void
on_shown (DwNotifier *self, GPtrArray *lines, DwConversation *conversation)
{
  DwChat *chat = find_chat (self, conversation);

  for (guint i = 0; i < lines->len && chat != NULL; i++)
    {
      DwMessage *message = g_ptr_array_index (lines, i);

      if (dw_message_get_kind (message) == DW_MESSAGE_THEIRS && is_wanted (self, chat, message))
        notify_or_wait (self, chat, message);
    }
}

static void
on_unread (DwNotifier *self, GParamSpec *pspec, DwChat *chat)
{
  if (dw_chat_get_unread (chat) == 0)
    g_application_withdraw_notification (self->application, dw_stage_get_uuid (dw_chat_get_stage (chat)));
}

static void
on_chats_changed (DwNotifier *self, guint position, guint removed, guint added)
{
  for (guint i = position; i < position + added; i++)
    {
      g_autoptr (DwChat) chat = g_list_model_get_item (G_LIST_MODEL (self->chats), i);
      DwConversation *conversation = dw_chat_get_conversation (chat);

      g_signal_handlers_disconnect_by_data (chat, self);
      g_signal_handlers_disconnect_by_data (conversation, self);
      /* Connected after the chat's own handler, which counts the message. */
      g_signal_connect_object (conversation, "shown", G_CALLBACK (on_shown), self,
                               G_CONNECT_SWAPPED | G_CONNECT_AFTER);
      g_signal_connect_object (chat, "notify::unread", G_CALLBACK (on_unread), self, G_CONNECT_SWAPPED);
    }
}

static void
dw_notifier_dispose (GObject *object)
{
  g_clear_pointer (&DW_NOTIFIER (object)->pauses, g_hash_table_unref);
  g_clear_object (&DW_NOTIFIER (object)->chats);
  g_clear_object (&DW_NOTIFIER (object)->settings);
  G_OBJECT_CLASS (dw_notifier_parent_class)->dispose (object);
}

static void
dw_notifier_class_init (DwNotifierClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_notifier_dispose;
}

static void
dw_notifier_init (DwNotifier *self)
{
  self->pauses = g_hash_table_new_full (g_direct_hash, g_direct_equal, NULL, pause_free);
}

/**
 * dw_notifier_new:
 * @application: the program, which outlives it
 * @chats: its stages
 * @settings: (nullable): the profile's settings
 *
 * Returns: (transfer full): an object that notifies from now on
 */
DwNotifier *
dw_notifier_new (GApplication *application, DwChatList *chats, GSettings *settings)
{
  DwNotifier *self = g_object_new (DW_TYPE_NOTIFIER, NULL);

  self->application = application;
  self->chats = g_object_ref (chats);
  g_set_object (&self->settings, settings);
  g_signal_connect_object (chats, "items-changed", G_CALLBACK (on_chats_changed), self, G_CONNECT_SWAPPED);
  on_chats_changed (self, 0, 0, g_list_model_get_n_items (G_LIST_MODEL (chats)));
  return self;
}
