/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-conversation.h"

struct _DwConversation
{
  GObject parent_instance;

  GPtrArray *messages; /* of DwMessage, in the order of arrival; at most DW_CONVERSATION_MESSAGES */
  GPtrArray *arrived;  /* of DwMessage, not in the model yet; at most DW_CONVERSATION_MESSAGES */
  guint tick;
};

static void dw_conversation_iface_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DwConversation,
                               dw_conversation,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, dw_conversation_iface_init))

static GType
dw_conversation_get_item_type (GListModel *model)
{
  return DW_TYPE_MESSAGE;
}

static guint
dw_conversation_get_n_items (GListModel *model)
{
  return DW_CONVERSATION (model)->messages->len;
}

static gpointer
dw_conversation_get_item (GListModel *model, guint position)
{
  DwConversation *self = DW_CONVERSATION (model);

  return position < self->messages->len ? g_object_ref (g_ptr_array_index (self->messages, position)) : NULL;
}

static void
dw_conversation_dispose (GObject *object)
{
  DwConversation *self = DW_CONVERSATION (object);

  g_clear_handle_id (&self->tick, g_source_remove);
  g_clear_pointer (&self->messages, g_ptr_array_unref);
  g_clear_pointer (&self->arrived, g_ptr_array_unref);
  G_OBJECT_CLASS (dw_conversation_parent_class)->dispose (object);
}

static void
dw_conversation_class_init (DwConversationClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_conversation_dispose;
}

static void
dw_conversation_init (DwConversation *self)
{
  self->messages = g_ptr_array_new_with_free_func (g_object_unref);
  self->arrived = g_ptr_array_new_with_free_func (g_object_unref);
}

static void
dw_conversation_iface_init (GListModelInterface *iface)
{
  iface->get_item_type = dw_conversation_get_item_type;
  iface->get_n_items = dw_conversation_get_n_items;
  iface->get_item = dw_conversation_get_item;
}

/**
 * dw_conversation_new:
 *
 * Returns: (transfer full): an empty conversation
 */
DwConversation *
dw_conversation_new (void)
{
  return g_object_new (DW_TYPE_CONVERSATION, NULL);
}

static void
group_with (DwMessage *before, DwMessage *message)
{
  gboolean together = before != NULL && dw_message_is_grouped_with (before, message);

  dw_message_set_group (message, !together, TRUE);
  if (together)
    dw_message_set_group (before, dw_message_starts_group (before), FALSE);
}

static void
drop_oldest (DwConversation *self)
{
  guint excess = DW_CONVERSATION_MESSAGES / 10;

  if (self->messages->len <= DW_CONVERSATION_MESSAGES)
    return;
  excess = MAX (excess, self->messages->len - DW_CONVERSATION_MESSAGES);
  g_ptr_array_remove_range (self->messages, 0, excess);
  g_list_model_items_changed (G_LIST_MODEL (self), 0, excess, 0);
}

/**
 * dw_conversation_flush:
 * @self: a conversation
 *
 * Puts what has arrived into the model now, in one splice.
 */
void
dw_conversation_flush (DwConversation *self)
{
  guint position = self->messages->len;
  guint added = self->arrived->len;

  g_clear_handle_id (&self->tick, g_source_remove);
  if (added == 0)
    return;
  for (guint i = 0; i < added; i++)
    {
      DwMessage *message = g_ptr_array_index (self->arrived, i);
      guint length = self->messages->len;

      group_with (length > 0 ? g_ptr_array_index (self->messages, length - 1) : NULL, message);
      g_ptr_array_add (self->messages, g_object_ref (message));
    }
  g_ptr_array_set_size (self->arrived, 0);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 0, added);
  drop_oldest (self);
}

static gboolean
on_tick (gpointer data)
{
  DwConversation *self = data;

  self->tick = 0;
  dw_conversation_flush (self);
  return G_SOURCE_REMOVE;
}

/**
 * dw_conversation_find:
 * @self: a conversation
 * @id: a message's id
 *
 * Returns: (transfer none) (nullable): one's own message of that id, looked for from the newest
 */
DwMessage *
dw_conversation_find (DwConversation *self, const char *id)
{
  for (guint i = self->messages->len; i > 0; i--)
    {
      DwMessage *message = g_ptr_array_index (self->messages, i - 1);

      if (dw_message_get_kind (message) == DW_MESSAGE_OWN && g_strcmp0 (dw_message_get_id (message), id) == 0)
        return message;
    }
  return NULL;
}

/**
 * dw_conversation_append:
 * @self: a conversation
 * @message: what arrived or was written
 *
 * Adds a message at the end. A list view takes 34 s for 100,000 rows added one at a time and 45 ms for one splice
 * (measured), so the model changes once a tick.
 */
void
dw_conversation_append (DwConversation *self, DwMessage *message)
{
  g_ptr_array_add (self->arrived, g_object_ref (message));
  if (self->arrived->len >= DW_CONVERSATION_MESSAGES)
    dw_conversation_flush (self);
  else if (self->tick == 0)
    self->tick = g_timeout_add (DW_CONVERSATION_TICK_MS, on_tick, self);
}
