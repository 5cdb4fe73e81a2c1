/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-chat-list.h"

#include "dw-client-error.h"

#include "client/stages/dw-local-stage.h"
#include "client/stages/dw-stage-name.h"
#include "client/store/dw-store-words.h"

#include <glib/gi18n-lib.h>

/**
 * SECTION:dw-chat-list
 *
 * A chat for each saved stage, in their order. All stay connected at once, whatever a window shows.
 */
struct _DwChatList
{
  GObject parent_instance;

  DwStore *store;   /* the stages and their drafts */
  DwStore *history; /* what was said; the same store, or one in memory where nothing is to be kept */
  DwStageList *stages;
  DwSecrets *secrets;
  GPtrArray *chats;    /* of DwChat, as the stages */
  GHashTable *removed; /* of DwStage: they may still be put back */
  DwSessionPolicy *policy;
  GNetworkMonitor *monitor;
  DwLocalStage *local_stage;
  gboolean loaded;
};

static void dw_chat_list_iface_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DwChatList,
                               dw_chat_list,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, dw_chat_list_iface_init))

enum
{
  SIGNAL_LOADED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

enum
{
  PROP_UNREAD = 1,
  N_PROPERTIES,
};

static GParamSpec *properties[N_PROPERTIES];

static GType
dw_chat_list_get_item_type (GListModel *model)
{
  return DW_TYPE_CHAT;
}

static guint
dw_chat_list_get_n_items (GListModel *model)
{
  return DW_CHAT_LIST (model)->chats->len;
}

static gpointer
dw_chat_list_get_item (GListModel *model, guint position)
{
  DwChatList *self = DW_CHAT_LIST (model);

  return position < self->chats->len ? g_object_ref (g_ptr_array_index (self->chats, position)) : NULL;
}

static DwChat *
find_by_stage (DwChatList *self, DwStage *stage)
{
  for (guint i = 0; i < self->chats->len; i++)
    if (dw_chat_get_stage (g_ptr_array_index (self->chats, i)) == stage)
      return g_ptr_array_index (self->chats, i);
  return NULL;
}

static DwChat *
find_local (DwChatList *self)
{
  for (guint i = 0; i < self->chats->len; i++)
    if (dw_stage_is_local (dw_chat_get_stage (g_ptr_array_index (self->chats, i))))
      return g_ptr_array_index (self->chats, i);
  return NULL;
}

static void
on_unread_changed (DwChatList *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_UNREAD]);
}

/* Another process has the stages, and their secrets with them. */
static gboolean
is_held (DwChatList *self)
{
  return dw_store_get_trouble (self->store) == DW_STORE_HELD;
}

static gboolean
check_held (DwChatList *self, GError **error)
{
  if (is_held (self))
    g_set_error_literal (
        error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_HELD,
        _ ("Another instance of DynamoWave Chat is using this history. Nothing can be changed here."));
  return !is_held (self);
}

static DwChat *
make_chat (DwChatList *self, DwStage *stage)
{
  DwChat *chat = dw_chat_new (stage, self->history, self->policy, self->monitor);

  if (dw_stage_get_secret (stage) == DW_STAGE_SECRET_ASKED)
    dw_secrets_ask (self->secrets, stage);
  g_signal_connect_object (chat, "notify::unread", G_CALLBACK (on_unread_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (stage, "notify::muted", G_CALLBACK (on_unread_changed), self, G_CONNECT_SWAPPED);
  return chat;
}

/* The chats follow the stages; a stage that only moved keeps its chat. */
static void
on_stages_changed (DwChatList *self, guint position, guint removed, guint added)
{
  g_autoptr (GPtrArray) gone = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < removed; i++)
    g_ptr_array_add (gone, g_ptr_array_steal_index (self->chats, position));
  for (guint i = 0; i < added; i++)
    {
      g_autoptr (DwStage) stage = g_list_model_get_item (G_LIST_MODEL (self->stages), position + i);
      DwChat *chat = NULL;

      for (guint j = 0; j < gone->len; j++)
        if (dw_chat_get_stage (g_ptr_array_index (gone, j)) == stage)
          chat = g_object_ref (g_ptr_array_index (gone, j));
      g_ptr_array_insert (self->chats, (int) (position + i), chat != NULL ? chat : make_chat (self, stage));
    }
  g_list_model_items_changed (G_LIST_MODEL (self), position, removed, added);
  on_unread_changed (self);
}

static void
dw_chat_list_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_UNREAD)
    g_value_set_uint (value, dw_chat_list_get_unread (DW_CHAT_LIST (object)));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
dw_chat_list_dispose (GObject *object)
{
  DwChatList *self = DW_CHAT_LIST (object);

  g_clear_pointer (&self->chats, g_ptr_array_unref);
  g_clear_pointer (&self->removed, g_hash_table_unref);
  g_clear_object (&self->stages);
  g_clear_object (&self->secrets);
  g_clear_object (&self->store);
  g_clear_object (&self->history);
  g_clear_object (&self->monitor);
  g_clear_pointer (&self->policy, dw_session_policy_unref);
  g_clear_object (&self->local_stage);
  G_OBJECT_CLASS (dw_chat_list_parent_class)->dispose (object);
}

static void
dw_chat_list_class_init (DwChatListClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_chat_list_dispose;
  G_OBJECT_CLASS (klass)->get_property = dw_chat_list_get_property;

  /**
   * DwChatList:unread:
   *
   * As dw_chat_list_get_unread().
   */
  properties[PROP_UNREAD] =
      g_param_spec_uint ("unread", NULL, NULL, 0, G_MAXUINT, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPERTIES, properties);

  /**
   * DwChatList::loaded:
   *
   * The saved stages are there, and connect.
   */
  signals[SIGNAL_LOADED] =
      g_signal_new ("loaded", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
dw_chat_list_init (DwChatList *self)
{
  self->chats = g_ptr_array_new_with_free_func (g_object_unref);
  self->removed = g_hash_table_new_full (g_direct_hash, g_direct_equal, g_object_unref, NULL);
  self->local_stage = dw_local_stage_new ();
  self->secrets = dw_secrets_new ();
}

static void
dw_chat_list_iface_init (GListModelInterface *iface)
{
  iface->get_item_type = dw_chat_list_get_item_type;
  iface->get_n_items = dw_chat_list_get_n_items;
  iface->get_item = dw_chat_list_get_item;
}

/* The stage on this computer has another address each time. Where it did not start the connection fails, and says so. */
static void
connect_local (DwChat *chat, DwStageUrl *url)
{
  if (url != NULL)
    dw_stage_set_url (dw_chat_get_stage (chat), 0, url);
  dw_chat_connect (chat);
}

static void
on_local_started (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (DwChatList) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (DwStageUrl) url = dw_local_stage_start_finish (DW_LOCAL_STAGE (source), result, &error);
  DwChat *chat = self->chats != NULL ? find_local (self) : NULL;

  /* The call that started it connects it. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PENDING))
    return;

  if (url == NULL)
    g_warning ("The stage on this computer did not start: %s", error->message);
  /* The person may have disconnected meanwhile. */
  if (chat != NULL && dw_stage_is_online (dw_chat_get_stage (chat)))
    connect_local (chat, url);
}

/**
 * dw_chat_list_connect:
 * @self: a list
 * @chat: a chat of it
 *
 * The one way to connect a stage. It happens now, or as soon as the stage on this computer runs, where it is that; and
 * the session waits for what the keyring has of it. Where another process has the history nothing happens: both would
 * send what waits in it.
 */
void
dw_chat_list_connect (DwChatList *self, DwChat *chat)
{
  DwStage *stage = dw_chat_get_stage (chat);

  if (dw_store_get_trouble (self->history) == DW_STORE_HELD)
    return;

  dw_stage_set_online (stage, TRUE);
  if (dw_stage_is_local (stage))
    dw_local_stage_start_async (self->local_stage, NULL, on_local_started, g_object_ref (self));
  else
    dw_chat_connect (chat);
}

static void
on_loaded (DwChatList *self)
{
  gboolean first = !self->loaded;

  self->loaded = TRUE;
  for (guint i = 0; i < self->chats->len; i++)
    {
      DwChat *chat = g_ptr_array_index (self->chats, i);

      if (dw_stage_is_online (dw_chat_get_stage (chat))
          && dw_session_get_status (dw_chat_get_session (chat))->state == DW_SESSION_OFFLINE)
        dw_chat_list_connect (self, chat);
    }
  if (!first)
    return;
  g_signal_emit (self, signals[SIGNAL_LOADED], 0);
  /* Behind what the conversations have asked for. */
  dw_store_words_catch_up_async (self->store, NULL, NULL);
}

/**
 * dw_chat_list_new:
 * @store: where the stages are
 * @history: where their conversations are; @store, or a store in memory where nothing is to be kept
 * @policy: the durations of their sessions
 * @monitor: (nullable): what knows about the network
 *
 * Returns: (transfer full): a list, empty until it has emitted “loaded”
 */
DwChatList *
dw_chat_list_new (DwStore *store, DwStore *history, DwSessionPolicy *policy, GNetworkMonitor *monitor)
{
  DwChatList *self = g_object_new (DW_TYPE_CHAT_LIST, NULL);

  self->store = g_object_ref (store);
  self->history = g_object_ref (history);
  self->policy = dw_session_policy_ref (policy);
  g_set_object (&self->monitor, monitor);
  self->stages = dw_stage_list_new (store);
  /* A draft counts as something said: where history is not kept it is not either. */
  dw_stage_list_set_keeps_drafts (self->stages, history == store);
  g_signal_connect_object (self->stages, "items-changed", G_CALLBACK (on_stages_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->stages, "loaded", G_CALLBACK (on_loaded), self, G_CONNECT_SWAPPED);
  return self;
}

/**
 * dw_chat_list_load:
 * @self: a list
 *
 * Reads the saved stages and connects them.
 */
void
dw_chat_list_load (DwChatList *self)
{
  dw_stage_list_load (self->stages);
}

/**
 * dw_chat_list_is_loaded:
 * @self: a list
 *
 * Returns: whether the saved stages are there
 */
gboolean
dw_chat_list_is_loaded (DwChatList *self)
{
  return self->loaded;
}

/**
 * dw_chat_list_get_unread:
 * @self: a list
 *
 * Returns: how many messages of other people nobody has looked at, on all stages that are not muted
 */
guint
dw_chat_list_get_unread (DwChatList *self)
{
  guint unread = 0;

  for (guint i = 0; self->chats != NULL && i < self->chats->len; i++)
    {
      DwChat *chat = g_ptr_array_index (self->chats, i);

      if (!dw_stage_is_muted (dw_chat_get_stage (chat)))
        unread += dw_chat_get_unread (chat);
    }
  return unread;
}

/**
 * dw_chat_list_expire:
 * @self: a list
 * @expiry: what is old
 *
 * Deletes what is old, and was delivered.
 */
void
dw_chat_list_expire (DwChatList *self, const DwStoreExpiry *expiry)
{
  dw_store_expire_async (self->store, expiry, NULL, NULL);
}

/* The program ends, and with it the time in which they could be put back. */
static void
forget_removed (DwChatList *self)
{
  GHashTableIter iter;
  gpointer stage;

  g_hash_table_iter_init (&iter, self->removed);
  while (g_hash_table_iter_next (&iter, &stage, NULL))
    {
      dw_store_lines_clear_async (self->history, dw_stage_get_number (stage), NULL, NULL);
      dw_secrets_forget_sync (self->secrets, stage);
    }
}

/**
 * dw_chat_list_close:
 * @self: a list
 * @keeps: whether what was said is kept, or only what still has to be said
 *
 * Disconnects all and saves what there is to save.
 */
void
dw_chat_list_close (DwChatList *self, gboolean keeps)
{
  for (guint i = 0; i < self->chats->len; i++)
    dw_session_disconnect (dw_chat_get_session (g_ptr_array_index (self->chats, i)));
  for (guint i = 0; i < self->chats->len; i++)
    dw_conversation_flush (dw_chat_get_conversation (g_ptr_array_index (self->chats, i)));
  dw_stage_list_flush (self->stages);
  forget_removed (self);
  dw_secrets_close (self->secrets);
  if (!keeps)
    dw_store_expire_all (self->store);
  dw_store_close (self->history);
  dw_store_close (self->store);
  dw_local_stage_stop (self->local_stage);
}

/**
 * dw_chat_list_get_history:
 * @self: a list
 *
 * Returns: (transfer none): where the conversations are
 */
DwStore *
dw_chat_list_get_history (DwChatList *self)
{
  return self->history;
}

/**
 * dw_chat_list_get_stages:
 * @self: a list
 *
 * Returns: (transfer none): the saved stages
 */
DwStageList *
dw_chat_list_get_stages (DwChatList *self)
{
  return self->stages;
}

/**
 * dw_chat_list_get_secrets:
 * @self: a list
 *
 * Returns: (transfer none): what is secret of its stages
 */
DwSecrets *
dw_chat_list_get_secrets (DwChatList *self)
{
  return self->secrets;
}

/**
 * dw_chat_list_find_by_url:
 * @self: a list
 * @url: an address
 *
 * The stage on this computer is not found again by its address: that is another one at each start.
 *
 * Returns: (transfer none) (nullable): the chat on the stage of that primary address
 */
DwChat *
dw_chat_list_find_by_url (DwChatList *self, const DwStageUrl *url)
{
  for (guint i = 0; i < self->chats->len; i++)
    {
      DwChat *chat = g_ptr_array_index (self->chats, i);

      if (dw_stage_url_equal (dw_stage_get_url (dw_chat_get_stage (chat), 0), url))
        return chat;
    }
  return NULL;
}

/**
 * dw_chat_list_find:
 * @self: a list
 * @uuid: what names a stage
 *
 * Returns: (transfer none) (nullable): its chat
 */
DwChat *
dw_chat_list_find (DwChatList *self, const char *uuid)
{
  for (guint i = 0; i < self->chats->len; i++)
    if (g_strcmp0 (dw_stage_get_uuid (dw_chat_get_stage (g_ptr_array_index (self->chats, i))), uuid) == 0)
      return g_ptr_array_index (self->chats, i);
  return NULL;
}

static DwChat *
add_stage (DwChatList *self, DwStage *stage, GError **error)
{
  if (!check_held (self, error))
    return NULL;
  if (!self->loaded)
    g_set_error_literal (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_LATE,
                         _ ("Your stages are still loading. Try again in a moment."));
  else if (dw_stage_list_is_full (self->stages))
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, _ ("You have too many stages. Remove one first."));
  else
    {
      /* First, so that the stage is never saved as one without a secret. */
      dw_secrets_keep (self->secrets, stage);
      dw_stage_list_add (self->stages, stage);
      return find_by_stage (self, stage);
    }
  return NULL;
}

/**
 * dw_chat_list_open:
 * @self: a list
 * @stage: a new stage
 * @error: %DW_CLIENT_ERROR_STORE_LATE before the list is loaded, %DW_CLIENT_ERROR_STORE_HELD where another process has
 * it, %G_IO_ERROR_NO_SPACE where there are too many; with a sentence for people
 *
 * Saves a new stage and connects it, or connects the one that has its address.
 *
 * Returns: (transfer none): the chat
 */
DwChat *
dw_chat_list_open (DwChatList *self, DwStage *stage, GError **error)
{
  DwChat *chat = dw_chat_list_find_by_url (self, dw_stage_get_url (stage, 0));

  if (chat == NULL)
    chat = add_stage (self, stage, error);

  if (chat != NULL)
    dw_chat_list_connect (self, chat);
  return chat;
}

/* A name that was made from the address goes with it, unless the person has changed it at the same time. */
static gboolean
take_over (DwChatList *self, DwStage *stage, DwStage *wanted)
{
  g_autoptr (DwStageUrl) before = dw_stage_url_ref (dw_stage_get_url (stage, 0));
  gboolean made = dw_stage_name_is_made (dw_stage_get_name (stage), before, dw_stage_is_local (stage))
                  && g_strcmp0 (dw_stage_get_name (stage), dw_stage_get_name (wanted)) == 0;
  gboolean differs = dw_stage_take_over (stage, wanted);

  if (made && !dw_stage_url_equal (before, dw_stage_get_url (stage, 0)))
    dw_stage_set_name (stage, NULL);
  dw_stage_list_name (self->stages, stage);
  return differs;
}

/**
 * dw_chat_list_change:
 * @self: a list
 * @chat: (nullable): a chat of it, or %NULL for a new one
 * @wanted: the stage as it is to be: its name, addresses, dialect, own name and access
 * @error: %G_IO_ERROR_EXISTS where another stage has its address, or as dw_chat_list_open()
 *
 * Keeps the conversation and what is queued; where the way to the stage changes, the very next request goes the new
 * one.
 *
 * Returns: (transfer none): the chat
 */
DwChat *
dw_chat_list_change (DwChatList *self, DwChat *chat, DwStage *wanted, GError **error)
{
  DwChat *other = dw_chat_list_find_by_url (self, dw_stage_get_url (wanted, 0));

  if (other != NULL && other != chat)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
                           _ ("You already have this stage. Select it in the list of stages."));
      return NULL;
    }
  if (chat == NULL)
    return dw_chat_list_open (self, wanted, error);
  if (!check_held (self, error))
    return NULL;

  if (!take_over (self, dw_chat_get_stage (chat), wanted))
    return chat;

  dw_session_disconnect (dw_chat_get_session (chat));
  dw_secrets_keep (self->secrets, dw_chat_get_stage (chat));
  dw_session_set_stage (dw_chat_get_session (chat), dw_chat_get_stage (chat));
  dw_chat_list_connect (self, chat);
  return chat;
}

/**
 * dw_chat_list_remove:
 * @self: a list
 * @chat: a chat of it
 *
 * Disconnects a stage and takes it out of the list. Everything of it stays, until dw_chat_list_forget() or
 * dw_chat_list_restore(). Where another process has the list nothing happens.
 */
void
dw_chat_list_remove (DwChatList *self, DwChat *chat)
{
  g_autoptr (DwChat) keep G_GNUC_UNUSED = g_object_ref (chat);
  DwStage *stage = dw_chat_get_stage (chat);

  if (is_held (self))
    return;

  dw_session_disconnect (dw_chat_get_session (chat));
  g_hash_table_add (self->removed, g_object_ref (stage));
  dw_stage_list_remove (self->stages, stage);
}

/**
 * dw_chat_list_restore:
 * @self: a list
 * @stage: a stage that was removed
 * @position: where it stood
 *
 * Puts a stage back, with what was said there.
 */
void
dw_chat_list_restore (DwChatList *self, DwStage *stage, guint position)
{
  g_autoptr (DwStage) keep G_GNUC_UNUSED = g_object_ref (stage);
  DwChat *chat;

  if (!g_hash_table_remove (self->removed, stage))
    return;
  dw_stage_list_restore (self->stages, stage, position);
  chat = find_by_stage (self, stage);
  if (dw_stage_is_online (stage))
    dw_chat_list_connect (self, chat);
}

/**
 * dw_chat_list_forget:
 * @self: a list
 * @stage: a stage that was removed
 *
 * Deletes what was said there, and has the keyring forget its secret.
 */
void
dw_chat_list_forget (DwChatList *self, DwStage *stage)
{
  g_autoptr (DwStage) keep G_GNUC_UNUSED = g_object_ref (stage);

  if (!g_hash_table_remove (self->removed, stage))
    return;
  dw_store_lines_clear_async (self->history, dw_stage_get_number (stage), NULL, NULL);
  dw_secrets_forget (self->secrets, stage);
}

/**
 * dw_chat_list_get_position:
 * @self: a list
 * @chat: a chat
 * @position: (out): where it stands
 *
 * Returns: whether it is in the list
 */
gboolean
dw_chat_list_get_position (DwChatList *self, DwChat *chat, guint *position)
{
  return g_ptr_array_find (self->chats, chat, position);
}

static void
on_new_local_started (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (DwStageUrl) url = dw_local_stage_start_finish (DW_LOCAL_STAGE (source), result, &error);
  DwChatList *self = g_task_get_source_object (task);
  DwChat *chat = url != NULL ? find_local (self) : NULL;

  if (chat == NULL && url != NULL)
    {
      g_autoptr (DwStage) stage = dw_stage_new (url);

      dw_stage_set_own_name (stage, g_task_get_task_data (task));
      dw_stage_set_local (stage, TRUE);
      chat = add_stage (self, stage, &error);
    }
  if (chat == NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    {
      connect_local (chat, url);
      g_task_return_pointer (task, chat, NULL);
    }
}

/**
 * dw_chat_list_open_local_async:
 * @self: a list
 * @own_name: (nullable): what the person wants to be called there
 * @callback: called when the chat is there, or cannot be
 * @data: for @callback
 *
 * Starts a stage on this computer, which ends with the program. Its history is kept like any other stage's.
 */
void
dw_chat_list_open_local_async (DwChatList *self, const char *own_name, GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (self, NULL, callback, data);

  g_task_set_source_tag (task, dw_chat_list_open_local_async);
  g_task_set_task_data (task, g_strdup (own_name), g_free);
  dw_local_stage_start_async (self->local_stage, NULL, on_new_local_started, task);
}

/**
 * dw_chat_list_open_local_finish:
 * @self: a list
 * @result: what the callback was given
 * @error: %DW_CLIENT_ERROR_LOCAL_STAGE, or as dw_chat_list_open(), with a sentence for people
 *
 * Returns: (transfer none): the chat, connecting
 */
DwChat *
dw_chat_list_open_local_finish (DwChatList *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
