/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-dead-letter-queue.h"

#include "backend/dw-backend-error.h"

#include "wire/dw-json.h"

#include <string.h>

/* SQS, over its JSON protocol. */
struct _DwDeadLetterQueue
{
  GObject parent_instance;

  DwService *service;
  char *queue_url;
};

G_DEFINE_FINAL_TYPE (DwDeadLetterQueue, dw_dead_letter_queue, G_TYPE_OBJECT)

/**
 * dw_dead_letter_new:
 * @endpoint: where its connections are reached
 * @text: what was to be posted
 * @reason: why it was given up
 *
 * Returns: (transfer full): a letter without connections
 */
DwDeadLetter *
dw_dead_letter_new (const char *endpoint, const char *text, const char *reason)
{
  DwDeadLetter *letter = g_new0 (DwDeadLetter, 1);

  letter->connection_ids = g_ptr_array_new_with_free_func (g_free);
  letter->endpoint = g_strdup (endpoint);
  letter->text = g_strdup (text);
  letter->reason = g_strdup (reason);
  return letter;
}

/**
 * dw_dead_letter_free:
 * @letter: (transfer full): a letter
 */
void
dw_dead_letter_free (DwDeadLetter *letter)
{
  g_ptr_array_unref (letter->connection_ids);
  g_free (letter->endpoint);
  g_free (letter->text);
  g_free (letter->reason);
  g_free (letter);
}

static void
add (JsonBuilder *builder, const char *name, const char *value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

/**
 * dw_dead_letter_to_json:
 * @letter: a letter
 *
 * Returns: (transfer full): what is put in the queue
 */
char *
dw_dead_letter_to_json (const DwDeadLetter *letter)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;

  json_builder_begin_object (builder);
  add (builder, "reason", letter->reason);
  add (builder, "endpoint", letter->endpoint);
  add (builder, "text", letter->text);
  json_builder_set_member_name (builder, "connectionIds");
  json_builder_begin_array (builder);
  for (guint i = 0; i < letter->connection_ids->len; i++)
    json_builder_add_string_value (builder, g_ptr_array_index (letter->connection_ids, i));
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  return json_to_string (root, FALSE);
}

static const char *
string_of (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && json_node_get_value_type (node) == G_TYPE_STRING ? json_node_get_string (node) : NULL;
}

/**
 * dw_dead_letter_from_json:
 * @json: what was in the queue
 * @error: %DW_BACKEND_ERROR_EVENT if it is not a letter
 *
 * Returns: (transfer full) (nullable): the letter
 */
DwDeadLetter *
dw_dead_letter_from_json (const char *json, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonNode *root = dw_json_parse (parser, json, -1, NULL);
  JsonObject *object = root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
  JsonNode *ids = object != NULL ? json_object_get_member (object, "connectionIds") : NULL;
  const char *text = object != NULL ? string_of (object, "text") : NULL;
  const char *endpoint = object != NULL ? string_of (object, "endpoint") : NULL;
  DwDeadLetter *letter;

  if (text == NULL || endpoint == NULL || ids == NULL || !JSON_NODE_HOLDS_ARRAY (ids))
    {
      g_set_error_literal (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_EVENT,
                           "it is not a dead letter of this stage");
      return NULL;
    }
  letter = dw_dead_letter_new (endpoint, text, string_of (object, "reason"));
  for (guint i = 0; i < MIN (json_array_get_length (json_node_get_array (ids)), DW_DEAD_LETTER_IDS); i++)
    {
      JsonNode *id = json_array_get_element (json_node_get_array (ids), i);

      if (json_node_get_value_type (id) == G_TYPE_STRING && *json_node_get_string (id) != '\0')
        g_ptr_array_add (letter->connection_ids, g_strdup (json_node_get_string (id)));
    }
  return letter;
}

static void
dw_dead_letter_queue_finalize (GObject *object)
{
  DwDeadLetterQueue *self = DW_DEAD_LETTER_QUEUE (object);

  g_clear_object (&self->service);
  g_free (self->queue_url);
  G_OBJECT_CLASS (dw_dead_letter_queue_parent_class)->finalize (object);
}

static void
dw_dead_letter_queue_class_init (DwDeadLetterQueueClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dw_dead_letter_queue_finalize;
}

static void
dw_dead_letter_queue_init (DwDeadLetterQueue *self)
{
}

/**
 * dw_dead_letter_queue_new:
 * @service: the service `sqs` at its endpoint
 * @queue_url: the queue
 *
 * Returns: (transfer full): a queue
 */
DwDeadLetterQueue *
dw_dead_letter_queue_new (DwService *service, const char *queue_url)
{
  DwDeadLetterQueue *self = g_object_new (DW_TYPE_DEAD_LETTER_QUEUE, NULL);

  self->service = g_object_ref (service);
  self->queue_url = g_strdup (queue_url);
  return self;
}

static void
on_sent (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (DwHttpResponse) response = dw_service_call_finish (DW_SERVICE (source), result, &error);

  if (response != NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/**
 * dw_dead_letter_queue_send_async:
 * @self: a queue
 * @letter: a letter
 * @callback: called when it is in the queue, or has failed
 * @data: for @callback
 */
void
dw_dead_letter_queue_send_async (DwDeadLetterQueue *self,
                                 const DwDeadLetter *letter,
                                 GAsyncReadyCallback callback,
                                 gpointer data)
{
  GTask *task = g_task_new (self, NULL, callback, data);
  g_autofree char *text = dw_dead_letter_to_json (letter);
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (GBytes) bytes = NULL;
  char *body;
  DwServiceCall call = {
    .method = "POST", .path = "/", .content_type = "application/x-amz-json-1.0", .target = "AmazonSQS.SendMessage"
  };

  g_task_set_source_tag (task, dw_dead_letter_queue_send_async);
  json_builder_begin_object (builder);
  add (builder, "QueueUrl", self->queue_url);
  add (builder, "MessageBody", text);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  body = json_to_string (root, FALSE);
  bytes = g_bytes_new_take (body, strlen (body));
  call.body = bytes;
  dw_service_call_async (self->service, &call, NULL, on_sent, task);
}

/**
 * dw_dead_letter_queue_send_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: as of dw_service_call_finish()
 *
 * Returns: whether the letter is in the queue
 */
gboolean
dw_dead_letter_queue_send_finish (DwDeadLetterQueue *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
