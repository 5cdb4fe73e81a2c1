/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-dynamo-registry.h"

#include "backend/dw-backend-error.h"

#include "wire/dw-backoff.h"
#include "wire/dw-limits.h"

#include <string.h>

/* ConnectionsTable has `ConnectionID`, `Timestamp`, `ExpiresAt` (TTL) and `Endpoint`. Message ids have a table of
 * their own, so that a broadcast's scan does not read them: `MessageID`, `Claim`, `ExpiresAt`, and `Done` once the
 * message was sent. Until then the claim is a lease, which expires if the function that holds it dies. */
struct _DwDynamoRegistry
{
  GObject parent_instance;

  DwDynamodb *dynamodb;
  char *table;
  char *claims;
  char *endpoint;  /* of the stage we run for, or NULL */
  guint page;      /* rows a page, or 0 for as many as a megabyte holds */
  guint lease;     /* of a claim, in seconds */
  GPtrArray *held; /* of Held: what this process claimed and has not confirmed */
  GQueue loose;    /* of “Operation body”: deletions without a caller; as many as a broadcast found gone */
  guint deleting;  /* how many of them are running; at most LOOSE_ENDS */
  GQueue settling; /* of GTask */
};

static void dw_dynamo_registry_iface_init (DwRegistryInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DwDynamoRegistry,
                               dw_dynamo_registry,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DW_TYPE_REGISTRY, dw_dynamo_registry_iface_init))

/* DynamoDB keys are 1 to 2,048 bytes long, and a client's message id may be longer. */
#define MESSAGE_ID_BYTES 256

/* Time between two checks of somebody else's claim, in milliseconds. */
#define CLAIM_PAUSE_MS 200

/* How many rows are deleted at once, beside the posts. */
#define LOOSE_ENDS 32

/* A claim, while its message is being sent. */
typedef struct
{
  char *key;
  char *own;
  gint64 now;     /* in seconds since 1970 UTC, at @begun */
  gint64 begun;   /* monotonic, in microseconds */
  gboolean taken; /* somebody else holds it */
} Held;

static void
held_free (Held *held)
{
  g_free (held->key);
  g_free (held->own);
  g_free (held);
}

static void
dw_dynamo_registry_finalize (GObject *object)
{
  DwDynamoRegistry *self = DW_DYNAMO_REGISTRY (object);

  g_queue_clear_full (&self->loose, g_free);
  g_ptr_array_unref (self->held);
  g_clear_object (&self->dynamodb);
  g_free (self->table);
  g_free (self->claims);
  g_free (self->endpoint);
  G_OBJECT_CLASS (dw_dynamo_registry_parent_class)->finalize (object);
}

static void
dw_dynamo_registry_class_init (DwDynamoRegistryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dw_dynamo_registry_finalize;
}

static void
dw_dynamo_registry_init (DwDynamoRegistry *self)
{
  self->lease = DW_REGISTRY_CLAIM_SECONDS;
  self->held = g_ptr_array_new_with_free_func ((GDestroyNotify) held_free);
  g_queue_init (&self->loose);
  g_queue_init (&self->settling);
}

static JsonBuilder *
begin (const char *table)
{
  JsonBuilder *builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "TableName");
  json_builder_add_string_value (builder, table);
  return builder;
}

static void
begin_member (JsonBuilder *builder, const char *name)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_object (builder);
}

static void
add_typed (JsonBuilder *builder, const char *name, const char *type, const char *value)
{
  begin_member (builder, name);
  json_builder_set_member_name (builder, type);
  json_builder_add_string_value (builder, value);
  json_builder_end_object (builder);
}

static void
add_number (JsonBuilder *builder, const char *name, gint64 value)
{
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, value);

  add_typed (builder, name, "N", text);
}

static void
add_string (JsonBuilder *builder, const char *name, const char *value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

static char *
end (JsonBuilder *builder)
{
  g_autoptr (JsonBuilder) own = builder;
  g_autoptr (JsonNode) root = NULL;

  json_builder_end_object (own);
  root = json_builder_get_root (own);
  return json_to_string (root, FALSE);
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) answer = dw_dynamodb_call_finish (DW_DYNAMODB (source), result, &error);

  if (answer != NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
dw_dynamo_registry_put_async (DwRegistry *registry,
                              const char *connection_id,
                              gint64 timestamp,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer data)
{
  DwDynamoRegistry *self = DW_DYNAMO_REGISTRY (registry);
  GTask *task = g_task_new (self, cancellable, callback, data);
  JsonBuilder *builder = begin (self->table);
  g_autofree char *body = NULL;

  g_task_set_source_tag (task, dw_dynamo_registry_put_async);
  begin_member (builder, "Item");
  add_typed (builder, "ConnectionID", "S", connection_id);
  add_number (builder, "Timestamp", timestamp);
  /* $disconnect may never come, so rows go by themselves. */
  add_number (builder, "ExpiresAt", timestamp + DW_LIMIT_CONNECTION_SECONDS + DW_DYNAMO_REGISTRY_SLACK_SECONDS);
  if (self->endpoint != NULL)
    add_typed (builder, "Endpoint", "S", self->endpoint);
  json_builder_end_object (builder);
  body = end (builder);
  dw_dynamodb_call_async (self->dynamodb, "PutItem", body, cancellable, on_written, task);
}

static void
settle (DwDynamoRegistry *self)
{
  GTask *task;

  while (self->deleting == 0 && (task = g_queue_pop_head (&self->settling)) != NULL)
    {
      g_task_return_boolean (task, TRUE);
      g_object_unref (task);
    }
}

static void delete_next (DwDynamoRegistry *self);

static void
on_loose_end (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (DwDynamoRegistry) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) answer = dw_dynamodb_call_finish (DW_DYNAMODB (source), result, &error);

  if (answer == NULL)
    g_message ("A row stays as it is until its time: %s", error->message);
  self->deleting--;
  delete_next (self);
  settle (self);
}

static void
delete_next (DwDynamoRegistry *self)
{
  while (self->deleting < LOOSE_ENDS && !g_queue_is_empty (&self->loose))
    {
      g_autofree char *text = g_queue_pop_head (&self->loose);
      char *body = strchr (text, ' ');

      *body++ = '\0';
      self->deleting++;
      dw_dynamodb_call_async (self->dynamodb, text, body, NULL, on_loose_end, g_object_ref (self));
    }
}

static void
write_later (DwDynamoRegistry *self, const char *operation, const char *body)
{
  g_queue_push_tail (&self->loose, g_strconcat (operation, " ", body, NULL));
  delete_next (self);
}

/* Deletes a row. A caller without a callback does not wait, but settle_async() does, before the process is frozen. */
static void
delete_row (DwDynamoRegistry *self, const char *table, const char *name, const char *key, GTask *task)
{
  JsonBuilder *builder = begin (table);
  g_autofree char *body = NULL;

  begin_member (builder, "Key");
  add_typed (builder, name, "S", key);
  json_builder_end_object (builder);
  body = end (builder);
  if (task != NULL)
    {
      dw_dynamodb_call_async (self->dynamodb, "DeleteItem", body, g_task_get_cancellable (task), on_written, task);
      return;
    }
  write_later (self, "DeleteItem", body);
}

static void
dw_dynamo_registry_remove_async (DwRegistry *registry,
                                 const char *connection_id,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer data)
{
  DwDynamoRegistry *self = DW_DYNAMO_REGISTRY (registry);
  GTask *task = callback != NULL ? g_task_new (self, cancellable, callback, data) : NULL;

  if (task != NULL)
    g_task_set_source_tag (task, dw_dynamo_registry_remove_async);
  delete_row (self, self->table, "ConnectionID", connection_id, task);
}

static GError *
unreadable (const char *words)
{
  return g_error_new (DW_BACKEND_ERROR, DW_BACKEND_ERROR_TABLE, "the page of a scan %s", words);
}

/* Skip rows without an id, which are not ours, and expired ones, which DynamoDB deletes only within days. */
static void
read_row (DwRegistryPage *page, JsonNode *node, const char *own, gint64 now)
{
  JsonObject *item = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  const char *id = item != NULL ? dw_dynamodb_get_string (item, "ConnectionID") : NULL;
  const char *endpoint = item != NULL ? dw_dynamodb_get_string (item, "Endpoint") : NULL;
  gint64 timestamp = 0, expires_at;

  if (id == NULL || *id == '\0')
    return;
  if (dw_dynamodb_get_number (item, "ExpiresAt", &expires_at) && expires_at <= now)
    return;
  dw_dynamodb_get_number (item, "Timestamp", &timestamp);
  g_ptr_array_add (page->connection_ids, g_strdup (id));
  g_array_append_val (page->timestamps, timestamp);
  g_ptr_array_add (page->endpoints, g_strcmp0 (endpoint, own) != 0 ? g_strdup (endpoint) : NULL);
}

/**
 * dw_dynamo_registry_read_page:
 * @answer: an object: what a Scan answered
 * @own: (nullable): the endpoint of the stage we run for
 * @now: the time, in seconds since 1970 UTC
 * @error: %DW_BACKEND_ERROR_TABLE if it cannot be read
 *
 * Returns: (transfer full) (nullable): the page
 */
DwRegistryPage *
dw_dynamo_registry_read_page (JsonNode *answer, const char *own, gint64 now, GError **error)
{
  JsonObject *object = json_node_get_object (answer);
  JsonNode *items = json_object_get_member (object, "Items");
  JsonNode *last = json_object_get_member (object, "LastEvaluatedKey");
  g_autoptr (DwRegistryPage) page = dw_registry_page_new ();
  JsonArray *array;

  if (items == NULL || !JSON_NODE_HOLDS_ARRAY (items))
    {
      g_propagate_error (error, unreadable ("has no items"));
      return NULL;
    }
  array = json_node_get_array (items);
  page->endpoints = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < json_array_get_length (array); i++)
    read_row (page, json_array_get_element (array, i), own, now);
  if (last == NULL || JSON_NODE_HOLDS_NULL (last))
    return g_steal_pointer (&page);
  if (JSON_NODE_HOLDS_OBJECT (last))
    page->last_key = g_strdup (dw_dynamodb_get_string (json_node_get_object (last), "ConnectionID"));
  if (page->last_key == NULL || *page->last_key == '\0')
    {
      g_propagate_error (error, unreadable ("says not where the next one starts"));
      return NULL;
    }
  return g_steal_pointer (&page);
}

static void
on_scanned (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  DwDynamoRegistry *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) answer = dw_dynamodb_call_finish (DW_DYNAMODB (source), result, &error);
  DwRegistryPage *page = answer != NULL ? dw_dynamo_registry_read_page (answer, self->endpoint,
                                                                        g_get_real_time () / G_USEC_PER_SEC, &error)
                                        : NULL;

  if (page != NULL)
    g_task_return_pointer (task, page, (GDestroyNotify) dw_registry_page_free);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/* Timestamp is a reserved word of DynamoDB's expressions. */
static void
dw_dynamo_registry_scan_async (DwRegistry *registry,
                               const char *start_key,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer data)
{
  DwDynamoRegistry *self = DW_DYNAMO_REGISTRY (registry);
  GTask *task = g_task_new (self, cancellable, callback, data);
  JsonBuilder *builder = begin (self->table);
  g_autofree char *body = NULL;

  g_task_set_source_tag (task, dw_dynamo_registry_scan_async);
  add_string (builder, "ProjectionExpression", "ConnectionID, #t, Endpoint, ExpiresAt");
  begin_member (builder, "ExpressionAttributeNames");
  add_string (builder, "#t", "Timestamp");
  json_builder_end_object (builder);
  if (self->page > 0)
    {
      json_builder_set_member_name (builder, "Limit");
      json_builder_add_int_value (builder, self->page);
    }
  if (start_key != NULL)
    {
      begin_member (builder, "ExclusiveStartKey");
      add_typed (builder, "ConnectionID", "S", start_key);
      json_builder_end_object (builder);
    }
  body = end (builder);
  dw_dynamodb_call_async (self->dynamodb, "Scan", body, cancellable, on_scanned, task);
}

static char *
message_key (const char *id)
{
  g_autofree char *hash = NULL;

  if (*id != '\0' && strlen (id) <= MESSAGE_ID_BYTES && !g_str_has_prefix (id, "sha256:"))
    return g_strdup (id);
  hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, id, -1);
  return g_strconcat ("sha256:", hash, NULL);
}

static void put_claim (GTask *task);
static void read_claim (GTask *task);

/* If the time runs out while somebody else holds the claim, report that, whichever wait was interrupted. */
static void
return_claim_error (GTask *task, GError *error)
{
  const Held *claiming = g_task_get_task_data (task);

  if (claiming->taken && g_error_matches (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_DEADLINE))
    {
      g_clear_error (&error);
      error = g_error_new_literal (DW_BACKEND_ERROR, DW_BACKEND_ERROR_CLAIMED, "the message is being sent already");
    }
  g_task_return_error (task, error);
}

static gboolean
on_claim_pause (gpointer data)
{
  read_claim (data);
  return G_SOURCE_REMOVE;
}

/* Whoever holds the claim is either sending the message or dead. Nobody may be told that it was sent before it was,
 * so wait until the claim is done or expires. */
static void
wait_for_claim (GTask *task, JsonObject *item)
{
  DwDynamoRegistry *self = g_task_get_source_object (task);
  Held *claiming = g_task_get_task_data (task);
  gint64 now = claiming->now + (g_get_monotonic_time () - claiming->begun) / G_USEC_PER_SEC;
  gint64 deadline = dw_service_get_deadline (dw_dynamodb_get_service (self->dynamodb));
  guint delay = CLAIM_PAUSE_MS / 2 + dw_backoff_delay (CLAIM_PAUSE_MS, CLAIM_PAUSE_MS, 0, dw_backoff_random, NULL);
  gint64 expires_at = 0;

  if (item == NULL || (dw_dynamodb_get_number (item, "ExpiresAt", &expires_at) && expires_at <= now))
    {
      claiming->now = now;
      claiming->begun = g_get_monotonic_time ();
      put_claim (task);
    }
  else if (g_get_monotonic_time () + (gint64) delay * 1000 >= deadline)
    return_claim_error (task,
                        g_error_new_literal (DW_BACKEND_ERROR, DW_BACKEND_ERROR_DEADLINE, "the time was over"));
  else
    g_timeout_add_full (G_PRIORITY_DEFAULT, delay, on_claim_pause, g_object_ref (task), g_object_unref);
}

static void
on_claim_read (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) answer = dw_dynamodb_call_finish (DW_DYNAMODB (source), result, &error);
  JsonObject *object = answer != NULL ? json_node_get_object (answer) : NULL;
  JsonNode *node = object != NULL ? json_object_get_member (object, "Item") : NULL;
  JsonObject *item = node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  gint64 done;

  if (answer == NULL)
    return_claim_error (task, g_steal_pointer (&error));
  else if (item != NULL && dw_dynamodb_get_number (item, "Done", &done))
    g_task_return_int (task, 0);
  else
    wait_for_claim (task, item);
}

static void
read_claim (GTask *task)
{
  DwDynamoRegistry *self = g_task_get_source_object (task);
  Held *claiming = g_task_get_task_data (task);
  JsonBuilder *builder = begin (self->claims);
  g_autofree char *body = NULL;

  begin_member (builder, "Key");
  add_typed (builder, "MessageID", "S", claiming->key);
  json_builder_end_object (builder);
  json_builder_set_member_name (builder, "ConsistentRead");
  json_builder_add_boolean_value (builder, TRUE);
  body = end (builder);
  dw_dynamodb_call_async (self->dynamodb, "GetItem", body, g_task_get_cancellable (task), on_claim_read,
                          g_object_ref (task));
}

static void
on_claimed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  DwDynamoRegistry *self = g_task_get_source_object (task);
  Held *claiming = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) answer = dw_dynamodb_call_finish (DW_DYNAMODB (source), result, &error);

  if (answer != NULL)
    {
      Held *held = g_new0 (Held, 1);

      held->key = g_strdup (claiming->key);
      held->own = g_strdup (claiming->own);
      held->now = claiming->now;
      g_ptr_array_add (self->held, held);
      g_task_return_int (task, 1);
    }
  else if (g_error_matches (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_CONDITION))
    {
      claiming->taken = TRUE;
      read_claim (task);
    }
  else
    return_claim_error (task, g_steal_pointer (&error));
}

static JsonBuilder *
begin_claim (DwDynamoRegistry *self, const char *key, const char *own, gint64 expires_at, gboolean done)
{
  JsonBuilder *builder = begin (self->claims);

  begin_member (builder, "Item");
  add_typed (builder, "MessageID", "S", key);
  add_typed (builder, "Claim", "S", own);
  add_number (builder, "ExpiresAt", expires_at);
  if (done)
    add_number (builder, "Done", 1);
  json_builder_end_object (builder);
  return builder;
}

/* An expired row may still be there. And a write whose answer was lost is retried and finds its own claim, which must
 * not be mistaken for somebody else's. */
static void
put_claim (GTask *task)
{
  DwDynamoRegistry *self = g_task_get_source_object (task);
  const Held *claiming = g_task_get_task_data (task);
  JsonBuilder *builder = begin_claim (self, claiming->key, claiming->own, claiming->now + self->lease, FALSE);
  g_autofree char *body = NULL;

  add_string (builder, "ConditionExpression",
              "attribute_not_exists(MessageID) OR ExpiresAt <= :now OR Claim = :own");
  begin_member (builder, "ExpressionAttributeValues");
  add_number (builder, ":now", claiming->now);
  add_typed (builder, ":own", "S", claiming->own);
  json_builder_end_object (builder);
  body = end (builder);
  dw_dynamodb_call_async (self->dynamodb, "PutItem", body, g_task_get_cancellable (task), on_claimed,
                          g_object_ref (task));
}

static void
dw_dynamo_registry_claim_async (DwRegistry *registry,
                                const char *id,
                                gint64 now,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer data)
{
  DwDynamoRegistry *self = DW_DYNAMO_REGISTRY (registry);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, data);
  Held *claiming = g_new0 (Held, 1);

  claiming->key = message_key (id);
  claiming->own = g_uuid_string_random ();
  claiming->now = now;
  claiming->begun = g_get_monotonic_time ();
  g_task_set_source_tag (task, dw_dynamo_registry_claim_async);
  g_task_set_task_data (task, claiming, (GDestroyNotify) held_free);
  put_claim (task);
}

static void
dw_dynamo_registry_release (DwRegistry *registry, const char *id)
{
  DwDynamoRegistry *self = DW_DYNAMO_REGISTRY (registry);
  g_autofree char *key = message_key (id);

  for (guint i = self->held->len; i > 0; i--)
    if (strcmp (((Held *) g_ptr_array_index (self->held, i - 1))->key, key) == 0)
      g_ptr_array_remove_index (self->held, i - 1);
  delete_row (self, self->claims, "MessageID", key, NULL);
}

/**
 * dw_dynamo_registry_set_lease:
 * @self: a registry
 * @seconds: how long an unconfirmed claim lasts: as long as the claiming function can live
 */
void
dw_dynamo_registry_set_lease (DwDynamoRegistry *self, guint seconds)
{
  self->lease = seconds;
}

/**
 * dw_dynamo_registry_confirm:
 * @self: a registry
 *
 * Marks the claimed messages as sent, so that they are remembered for %DW_REGISTRY_CLAIM_SECONDS.
 * dw_dynamo_registry_settle_async() waits for that.
 */
void
dw_dynamo_registry_confirm (DwDynamoRegistry *self)
{
  for (guint i = 0; i < self->held->len; i++)
    {
      const Held *held = g_ptr_array_index (self->held, i);
      g_autofree char *body =
          end (begin_claim (self, held->key, held->own, held->now + DW_REGISTRY_CLAIM_SECONDS, TRUE));

      write_later (self, "PutItem", body);
    }
  g_ptr_array_set_size (self->held, 0);
}

/**
 * dw_dynamo_registry_abandon:
 * @self: a registry
 *
 * The claimed messages may not have been sent: their claims are left to expire.
 */
void
dw_dynamo_registry_abandon (DwDynamoRegistry *self)
{
  g_ptr_array_set_size (self->held, 0);
}

static void
dw_dynamo_registry_iface_init (DwRegistryInterface *iface)
{
  iface->put_async = dw_dynamo_registry_put_async;
  iface->remove_async = dw_dynamo_registry_remove_async;
  iface->scan_async = dw_dynamo_registry_scan_async;
  iface->claim_async = dw_dynamo_registry_claim_async;
  iface->release = dw_dynamo_registry_release;
}

/**
 * dw_dynamo_registry_new:
 * @dynamodb: a client
 * @table: the table of connections
 * @claims: the table of message ids
 *
 * Returns: (transfer full): a registry
 */
DwDynamoRegistry *
dw_dynamo_registry_new (DwDynamodb *dynamodb, const char *table, const char *claims)
{
  DwDynamoRegistry *self = g_object_new (DW_TYPE_DYNAMO_REGISTRY, NULL);

  self->dynamodb = g_object_ref (dynamodb);
  self->table = g_strdup (table);
  self->claims = g_strdup (claims);
  return self;
}

/**
 * dw_dynamo_registry_set_endpoint:
 * @self: a registry
 * @endpoint: where the stage we run for answers `@connections`; stored in each row, since a connection can only be
 *   reached in its own region
 */
void
dw_dynamo_registry_set_endpoint (DwDynamoRegistry *self, const char *endpoint)
{
  char *copy = g_strdup (endpoint);

  g_free (self->endpoint);
  self->endpoint = copy;
}

/**
 * dw_dynamo_registry_set_page:
 * @self: a registry
 * @rows: how many rows a page has at most; 0 for as many as a megabyte holds
 */
void
dw_dynamo_registry_set_page (DwDynamoRegistry *self, guint rows)
{
  self->page = rows;
}

/**
 * dw_dynamo_registry_settle_async:
 * @self: a registry
 * @callback: called when all is done
 * @data: for @callback
 *
 * Waits for deletions and confirmations that nobody else waits for, since a function is frozen between two events.
 */
void
dw_dynamo_registry_settle_async (DwDynamoRegistry *self, GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (self, NULL, callback, data);

  g_task_set_source_tag (task, dw_dynamo_registry_settle_async);
  g_queue_push_tail (&self->settling, task);
  settle (self);
}

/**
 * dw_dynamo_registry_settle_finish:
 * @self: a registry
 * @result: what the callback was given
 * @error: unused
 *
 * Returns: %TRUE
 */
gboolean
dw_dynamo_registry_settle_finish (DwDynamoRegistry *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
