/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-dynamodb.h"

#include "backend/dw-backend-error.h"

#include "wire/dw-json.h"

#include <string.h>

/* DynamoDB's low-level API: JSON 1.0 over POST, with the operation in a header. */
struct _DwDynamodb
{
  GObject parent_instance;

  DwService *service;
};

G_DEFINE_FINAL_TYPE (DwDynamodb, dw_dynamodb, G_TYPE_OBJECT)

static void
dw_dynamodb_finalize (GObject *object)
{
  g_clear_object (&DW_DYNAMODB (object)->service);
  G_OBJECT_CLASS (dw_dynamodb_parent_class)->finalize (object);
}

static void
dw_dynamodb_class_init (DwDynamodbClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dw_dynamodb_finalize;
}

static void
dw_dynamodb_init (DwDynamodb *self)
{
}

/**
 * dw_dynamodb_crc32:
 * @data: bytes
 * @length: how many
 *
 * Returns: their CRC-32 (ISO 3309), as in `x-amz-crc32`
 */
guint32
dw_dynamodb_crc32 (const guint8 *data, gsize length)
{
  /* Table for four bits at a time. */
  static const guint32 table[16] = { 0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
                                     0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                     0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c };
  guint32 crc = 0xffffffff;

  for (gsize i = 0; i < length; i++)
    {
      crc = table[(crc ^ data[i]) & 15] ^ (crc >> 4);
      crc = table[(crc ^ (data[i] >> 4)) & 15] ^ (crc >> 4);
    }
  return ~crc;
}

/* Answers carry a checksum; like botocore we retry when it does not match. */
static gboolean
is_whole (const DwHttpResponse *response)
{
  const char *wanted = g_hash_table_lookup (response->headers, "x-amz-crc32");

  return wanted == NULL
         || g_ascii_strtoull (wanted, NULL, 10) == dw_dynamodb_crc32 (response->body->data, response->body->len);
}

/**
 * dw_dynamodb_new:
 * @service: the service `dynamodb` at its endpoint
 *
 * Returns: (transfer full): a client
 */
DwDynamodb *
dw_dynamodb_new (DwService *service)
{
  DwDynamodb *self = g_object_new (DW_TYPE_DYNAMODB, NULL);

  self->service = g_object_ref (service);
  dw_service_set_check (service, is_whole);
  return self;
}

/**
 * dw_dynamodb_get_service:
 * @self: a client
 *
 * Returns: (transfer none): its service
 */
DwService *
dw_dynamodb_get_service (DwDynamodb *self)
{
  return self->service;
}

static void
on_called (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (DwHttpResponse) response = dw_service_call_finish (DW_SERVICE (source), result, &error);
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonNode *root;

  if (response == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  root = dw_json_parse (parser, (const char *) response->body->data, response->body->len, NULL);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    g_task_return_new_error (task, DW_BACKEND_ERROR, DW_BACKEND_ERROR_TABLE, "DynamoDB’s answer is no object");
  else
    g_task_return_pointer (task, json_parser_steal_root (parser), (GDestroyNotify) json_node_unref);
}

/**
 * dw_dynamodb_call_async:
 * @self: a client
 * @operation: such as `PutItem`
 * @body: its parameters, JSON
 * @cancellable: (nullable): to stop it
 * @callback: called when it is done
 * @data: for @callback
 *
 * Calls an operation and retries where that may help. A write whose answer was lost is repeated, so it must be
 * idempotent.
 */
void
dw_dynamodb_call_async (DwDynamodb *self,
                        const char *operation,
                        const char *body,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer data)
{
  GTask *task = g_task_new (self, cancellable, callback, data);
  g_autofree char *target = g_strconcat ("DynamoDB_20120810.", operation, NULL);
  g_autoptr (GBytes) bytes = g_bytes_new (body, strlen (body));
  DwServiceCall call = {
    .method = "POST", .path = "/", .content_type = "application/x-amz-json-1.0", .target = target, .body = bytes
  };

  g_task_set_source_tag (task, dw_dynamodb_call_async);
  dw_service_call_async (self->service, &call, cancellable, on_called, task);
}

/**
 * dw_dynamodb_call_finish:
 * @self: a client
 * @result: what the callback was given
 * @error: as of dw_service_call_finish(), or %DW_BACKEND_ERROR_TABLE for an answer that cannot be read
 *
 * Returns: (transfer full) (nullable): an object: the operation's answer
 */
JsonNode *
dw_dynamodb_call_finish (DwDynamodb *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static const char *
value_of (JsonObject *item, const char *name, const char *type)
{
  JsonNode *attribute = json_object_get_member (item, name);
  JsonObject *object =
      attribute != NULL && JSON_NODE_HOLDS_OBJECT (attribute) ? json_node_get_object (attribute) : NULL;
  JsonNode *value = object != NULL ? json_object_get_member (object, type) : NULL;

  return value != NULL && json_node_get_value_type (value) == G_TYPE_STRING ? json_node_get_string (value) : NULL;
}

/**
 * dw_dynamodb_get_string:
 * @item: an item
 * @name: an attribute
 *
 * Returns: (nullable): its value, or %NULL if it is not a string
 */
const char *
dw_dynamodb_get_string (JsonObject *item, const char *name)
{
  return value_of (item, name, "S");
}

/**
 * dw_dynamodb_get_number:
 * @item: an item
 * @name: an attribute
 * @number: (out): its value
 *
 * Returns: whether it is a whole number; DynamoDB writes numbers as strings
 */
gboolean
dw_dynamodb_get_number (JsonObject *item, const char *name, gint64 *number)
{
  const char *text = value_of (item, name, "N");

  return text != NULL && g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, number, NULL);
}
