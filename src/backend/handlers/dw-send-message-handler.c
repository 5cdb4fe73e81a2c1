/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-handler.h"

#include "backend/dw-backend-error.h"

#include "wire/dw-json.h"
#include "wire/dw-limits.h"
#include "wire/dw-message-id.h"
#include "wire/dw-time.h"

#include <string.h>

typedef struct
{
  DwRegistry *registry;
  DwGateway *gateway;
  char *broadcast;
  char *id;             /* the message's own, or NULL */
  char *sender;         /* the connection it came from */
  gint64 accepted;      /* in seconds since 1970 UTC */
  DwRegistryPage *page; /* the one being posted */
} Sending;

/* A post to a connection whose $connect has run but whose handshake is not answered yet gets a 410 as well, and an
 * integration may take 29 s. An id younger than this, in seconds, is not taken out of the table. */
#define PRUNE_AGE 60

static void
sending_free (Sending *sending)
{
  g_clear_object (&sending->registry);
  g_clear_object (&sending->gateway);
  g_free (sending->broadcast);
  g_free (sending->id);
  g_free (sending->sender);
  g_clear_pointer (&sending->page, dw_registry_page_free);
  g_free (sending);
}

static const char *
string_member (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && json_node_get_value_type (node) == G_TYPE_STRING ? json_node_get_string (node) : NULL;
}

/* What is too long to be remembered is no id. */
static const char *
id_member (JsonObject *object)
{
  const char *id = string_member (object, "id");

  return dw_message_id_is_valid (id) ? id : NULL;
}

static void
add_string (JsonBuilder *builder, const char *name, const char *value)
{
  if (value == NULL)
    return;
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

/* A client that sends the documented frame gets the documented broadcast, byte for byte; the time is added where a
 * client sent a name or an id, since it was told of the feature then. */
static char *
write_broadcast (JsonObject *frame, gint64 accepted)
{
  const char *sender = string_member (frame, "sender");
  const char *id = id_member (frame);
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "message");
  json_builder_add_value (builder, json_node_copy (json_object_get_member (frame, "message")));
  add_string (builder, "sender", sender);
  add_string (builder, "id", id);
  if (sender != NULL || id != NULL)
    {
      g_autofree char *time = dw_time_format (accepted * 1000);

      add_string (builder, "sentAt", time);
    }
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  return json_to_string (root, FALSE);
}

static void scan_next (GTask *task, const char *start_key);

static gboolean
is_young (Sending *sending, const char *connection_id)
{
  guint index;

  if (!g_ptr_array_find_with_equal_func (sending->page->connection_ids, connection_id, g_str_equal, &index))
    return FALSE;
  return sending->accepted - g_array_index (sending->page->timestamps, gint64, index) < PRUNE_AGE;
}

static void
prune (Sending *sending, GPtrArray *gone)
{
  for (guint i = 0; i < gone->len; i++)
    if (!is_young (sending, g_ptr_array_index (gone, i)))
      dw_registry_remove_async (sending->registry, g_ptr_array_index (gone, i), NULL, NULL, NULL);
}

/* It can be sent once more then, under its id. */
static void
fail (GTask *task, GError *error)
{
  Sending *sending = g_task_get_task_data (task);

  if (sending->id != NULL)
    dw_registry_release (sending->registry, sending->id);
  g_task_return_error (task, error);
}

static void
on_posted (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  Sending *sending = g_task_get_task_data (task);
  g_autoptr (GPtrArray) gone = dw_gateway_post_finish (DW_GATEWAY (source), result, &error);
  g_autofree char *next_page = NULL;

  if (gone == NULL)
    {
      fail (task, g_steal_pointer (&error));
      return;
    }
  prune (sending, gone);
  next_page = g_steal_pointer (&sending->page->last_key);
  g_clear_pointer (&sending->page, dw_registry_page_free);
  if (next_page != NULL)
    scan_next (g_steal_pointer (&task), next_page);
  else
    g_task_return_pointer (task, dw_response_new (200, "Message sent"), (GDestroyNotify) dw_response_free);
}

static void
on_scanned (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  Sending *sending = g_task_get_task_data (task);
  GCancellable *cancellable = g_task_get_cancellable (task);

  sending->page = dw_registry_scan_finish (DW_REGISTRY (source), result, &error);
  if (sending->page == NULL)
    {
      fail (task, g_steal_pointer (&error));
      return;
    }
  dw_gateway_post_async (sending->gateway, sending->page->connection_ids, sending->broadcast, cancellable,
                         on_posted, g_steal_pointer (&task));
}

/* Takes the task. */
static void
scan_next (GTask *task, const char *start_key)
{
  Sending *sending = g_task_get_task_data (task);

  dw_registry_scan_async (sending->registry, start_key, g_task_get_cancellable (task), on_scanned, task);
}

static void
on_echoed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GPtrArray) gone G_GNUC_UNUSED = dw_gateway_post_finish (DW_GATEWAY (source), result, NULL);

  g_task_return_pointer (task, dw_response_new (200, "Message sent"), (GDestroyNotify) dw_response_free);
}

/* A client that lost the echo sends the message again. Everybody has it already, but the sender waits for it. */
static void
echo (GTask *task)
{
  Sending *sending = g_task_get_task_data (task);
  g_autoptr (GPtrArray) to = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (to, g_strdup (sending->sender));
  dw_gateway_post_async (sending->gateway, to, sending->broadcast, g_task_get_cancellable (task), on_echoed, task);
}

static void
on_claimed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  gboolean fresh;

  if (!dw_registry_claim_finish (DW_REGISTRY (source), result, &fresh, &error))
    g_task_return_error (task, g_steal_pointer (&error));
  else if (fresh)
    scan_next (g_steal_pointer (&task), NULL);
  else
    echo (g_steal_pointer (&task));
}

/**
 * dw_send_message_handler:
 * @registry: where connection IDs live
 * @gateway: how to reach connections
 * @event: a message whose body is `{"action":…,"message":…}`, perhaps with `sender` and `id`
 * @cancellable: (nullable): to stop it
 * @callback: called with a result for dw_handler_finish()
 * @data: for @callback
 *
 * Broadcasts the message to every connection, the sender's included, and removes from the table what is gone. A
 * message whose `id` came within the last ten minutes goes to its sender alone; what dw_message_id_is_valid()
 * refuses is no id. A body without a message fails the handler, which the client sees as "Internal server error".
 */
void
dw_send_message_handler (DwRegistry *registry,
                         DwGateway *gateway,
                         const DwEvent *event,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer data)
{
  g_autoptr (GTask) task = g_task_new (registry, cancellable, callback, data);
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonNode *root =
      event->body != NULL ? dw_json_parse (parser, event->body, (gssize) event->body_length, NULL) : NULL;
  JsonObject *frame = root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
  Sending *sending;

  g_task_set_source_tag (task, dw_send_message_handler);
  if (frame == NULL || !json_object_has_member (frame, "message"))
    {
      g_task_return_new_error (task, DW_BACKEND_ERROR, DW_BACKEND_ERROR_EVENT, "the frame has no “message”");
      return;
    }
  sending = g_new0 (Sending, 1);
  sending->registry = g_object_ref (registry);
  sending->gateway = g_object_ref (gateway);
  sending->broadcast = write_broadcast (frame, event->request_time);
  g_task_set_task_data (task, sending, (GDestroyNotify) sending_free);
  /* json-glib writes some characters longer than they came. What no client may receive is not sent to any. */
  if (strlen (sending->broadcast) > DW_LIMIT_MESSAGE_BYTES)
    {
      g_task_return_new_error (task, DW_BACKEND_ERROR, DW_BACKEND_ERROR_EVENT, "the broadcast would be too large");
      return;
    }
  sending->accepted = event->request_time / 1000;
  sending->sender = g_strdup (event->caller->connection_id);
  sending->id = g_strdup (id_member (frame));
  if (sending->id != NULL)
    dw_registry_claim_async (registry, sending->id, sending->accepted, cancellable, on_claimed,
                             g_steal_pointer (&task));
  else
    scan_next (g_steal_pointer (&task), NULL);
}
