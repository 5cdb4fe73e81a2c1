/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-profile.h"

#include "app/desktop/dw-retention.h"
#include "app/desktop/dw-settings.h"

#include "wire/dw-stage-link.h"

/* One person: settings, a name, stages and their conversations. */
struct _DwProfile
{
  GObject parent_instance;

  char *name;          /* or NULL */
  char *own_name;      /* what the person is called on new stages, or NULL */
  GSettings *settings; /* or NULL where the schema is missing */
  DwChatList *chats;   /* or NULL while it is not open */
  DwRetention *retention;
  DwToday *today; /* or NULL until it is asked for */
};

G_DEFINE_FINAL_TYPE (DwProfile, dw_profile, G_TYPE_OBJECT)

static void
dw_profile_dispose (GObject *object)
{
  DwProfile *self = DW_PROFILE (object);

  g_clear_object (&self->retention);
  g_clear_object (&self->chats);
  g_clear_object (&self->settings);
  g_clear_object (&self->today);

  G_OBJECT_CLASS (dw_profile_parent_class)->dispose (object);
}

static void
dw_profile_finalize (GObject *object)
{
  DwProfile *self = DW_PROFILE (object);

  g_free (self->name);
  g_free (self->own_name);

  G_OBJECT_CLASS (dw_profile_parent_class)->finalize (object);
}

static void
dw_profile_class_init (DwProfileClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = dw_profile_dispose;
  object_class->finalize = dw_profile_finalize;
}

static void
dw_profile_init (DwProfile *self)
{
}

/**
 * dw_profile_new:
 * @name: (nullable): another person's profile: letters, digits, “-” and “_”
 *
 * Returns: (transfer full): the profile, with its settings; dw_profile_open() opens its stages
 */
DwProfile *
dw_profile_new (const char *name)
{
  DwProfile *self = g_object_new (DW_TYPE_PROFILE, NULL);

  self->name = g_strdup (name);
  self->settings = dw_settings_new (name);
  if (self->settings != NULL)
    self->own_name = g_settings_get_string (self->settings, "own-name");

  if (self->own_name == NULL || *self->own_name == '\0')
    {
      g_free (self->own_name);
      self->own_name = g_strdup (name);
    }

  return self;
}

/**
 * dw_profile_open:
 * @self: a profile
 *
 * Opens its store. The stages themselves are loaded by dw_chat_list_load().
 */
void
dw_profile_open (DwProfile *self)
{
  g_autoptr (DwSessionPolicy) policy = dw_session_policy_new ();
  g_autofree char *path = dw_store_dup_default_path (self->name);
  g_autoptr (DwStore) store = dw_store_new (path);
  g_autoptr (DwStore) history = dw_retention_is_none (self->settings) ? dw_store_new (NULL) : g_object_ref (store);

  self->chats = dw_chat_list_new (store, history, policy, g_network_monitor_get_default ());
  self->retention = dw_retention_new (self->chats, self->settings);
}

/**
 * dw_profile_close:
 * @self: a profile
 *
 * Disconnects its stages, and deletes history that its settings say not to keep.
 */
void
dw_profile_close (DwProfile *self)
{
  g_clear_object (&self->retention);
  if (self->chats != NULL)
    dw_chat_list_close (self->chats, !dw_retention_is_none (self->settings));
}

/**
 * dw_profile_get_settings:
 * @self: a profile
 *
 * Returns: (transfer none) (nullable): its settings, or %NULL where their schema is not installed
 */
GSettings *
dw_profile_get_settings (DwProfile *self)
{
  return self->settings;
}

/**
 * dw_profile_get_today:
 * @self: a profile
 *
 * Returns: (transfer none): what tells all its windows that another day or zone has begun
 */
DwToday *
dw_profile_get_today (DwProfile *self)
{
  if (self->today == NULL)
    self->today = dw_today_new (DW_TODAY_ZONE_FILE);
  return self->today;
}

/**
 * dw_profile_get_chats:
 * @self: a profile
 *
 * Returns: (transfer none): its stages with their conversations, or %NULL before dw_profile_open()
 */
DwChatList *
dw_profile_get_chats (DwProfile *self)
{
  return self->chats;
}

/**
 * dw_profile_remember_chat:
 * @self: a profile
 * @chat: the chat a window now shows
 *
 * Remembers it for the next start.
 */
void
dw_profile_remember_chat (DwProfile *self, DwChat *chat)
{
  if (self->settings != NULL)
    g_settings_set_string (self->settings, "last-stage", dw_stage_get_uuid (dw_chat_get_stage (chat)));
}

/**
 * dw_profile_recall_chat:
 * @self: a profile
 *
 * Returns: (transfer none) (nullable): the chat a window showed last, or the first one
 */
DwChat *
dw_profile_recall_chat (DwProfile *self)
{
  g_autofree char *uuid = self->settings != NULL ? g_settings_get_string (self->settings, "last-stage") : NULL;
  DwChat *chat = uuid != NULL ? dw_chat_list_find (self->chats, uuid) : NULL;
  g_autoptr (DwChat) first = g_list_model_get_item (G_LIST_MODEL (self->chats), 0);

  /* Owned by the list. */
  return chat != NULL ? chat : first;
}

/**
 * dw_profile_get_own_name:
 * @self: a profile
 *
 * Returns: (nullable): what the person is called on new stages
 */
const char *
dw_profile_get_own_name (DwProfile *self)
{
  return self->own_name;
}

static DwStageUrl *
parse_address (const char *address, GError **error)
{
  g_autofree char *linked = dw_stage_link_is (address) ? dw_stage_link_dup_address (address) : NULL;

  return dw_stage_url_parse (linked != NULL ? linked : address, error);
}

static void
remember_own_name (DwProfile *self, const char *own_name)
{
  if (own_name == NULL || *own_name == '\0' || g_strcmp0 (own_name, self->own_name) == 0)
    return;
  g_free (self->own_name);
  self->own_name = g_strdup (own_name);
  if (self->settings != NULL)
    g_settings_set_string (self->settings, "own-name", own_name);
}

/**
 * dw_profile_open_address:
 * @self: a profile
 * @address: what the person typed
 * @own_name: (nullable): what the person wants to be called there
 * @error: %DW_WIRE_ERROR_URL, or what dw_chat_list_open() says, with a sentence that says what to change
 *
 * Returns: (transfer none): the chat on that stage, connecting; the existing one if it is already open
 */
DwChat *
dw_profile_open_address (DwProfile *self, const char *address, const char *own_name, GError **error)
{
  g_autoptr (DwStageUrl) url = parse_address (address, error);
  g_autoptr (DwStage) stage = NULL;

  if (url == NULL)
    return NULL;
  remember_own_name (self, own_name);
  stage = dw_stage_new (url);
  dw_stage_set_own_name (stage, own_name);
  return dw_chat_list_open (self->chats, stage, error);
}

/**
 * dw_profile_change_stage:
 * @self: a profile
 * @chat: (nullable): one of its chats, or %NULL for a new one
 * @wanted: the stage as it is to be
 * @error: as dw_chat_list_change(), with a sentence that says what to change
 *
 * The conversation and queued messages are kept.
 *
 * Returns: (transfer none): the chat
 */
DwChat *
dw_profile_change_stage (DwProfile *self, DwChat *chat, DwStage *wanted, GError **error)
{
  DwChat *changed = dw_chat_list_change (self->chats, chat, wanted, error);

  if (changed != NULL)
    remember_own_name (self, dw_stage_get_own_name (wanted));
  return changed;
}

static void
on_local_stage (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  DwChat *chat = dw_chat_list_open_local_finish (DW_CHAT_LIST (source), result, &error);

  if (chat == NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_pointer (task, chat, NULL);
}

/**
 * dw_profile_open_local_async:
 * @self: a profile
 * @own_name: (nullable): what the person wants to be called there
 * @callback: called when the chat is there, or cannot be
 * @data: for @callback
 *
 * Starts a local stage, which ends with the program.
 */
void
dw_profile_open_local_async (DwProfile *self, const char *own_name, GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (self, NULL, callback, data);

  g_task_set_source_tag (task, dw_profile_open_local_async);
  remember_own_name (self, own_name);
  dw_chat_list_open_local_async (self->chats, own_name, on_local_stage, task);
}

/**
 * dw_profile_open_local_finish:
 * @self: a profile
 * @result: what the callback was given
 * @error: %DW_CLIENT_ERROR_LOCAL_STAGE, with a sentence for people
 *
 * Returns: (transfer none): the chat, connecting
 */
DwChat *
dw_profile_open_local_finish (DwProfile *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
