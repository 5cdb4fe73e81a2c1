/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-cloud.h"

#include "backend/aws/dw-dynamodb.h"
#include "wire/dw-json.h"
#include "wire/dw-sigv4.h"

#include <string.h>

static void
connection_free (DwCloudConnection *connection)
{
  g_free (connection->id);
  g_free (connection);
}

static GTree *
table_of (DwCloud *cloud, const char *name)
{
  GTree *table = g_hash_table_lookup (cloud->tables, name);

  if (table == NULL)
    {
      table =
          g_tree_new_full ((GCompareDataFunc) (GCallback) strcmp, NULL, g_free, (GDestroyNotify) json_object_unref);
      g_hash_table_insert (cloud->tables, g_strdup (name), table);
    }
  return table;
}

static GHashTable *
headers_of (SoupServerMessage *message)
{
  GHashTable *headers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  SoupMessageHeadersIter iter;
  const char *name, *value;

  soup_message_headers_iter_init (&iter, soup_server_message_get_request_headers (message));
  while (soup_message_headers_iter_next (&iter, &name, &value))
    g_hash_table_replace (headers, g_ascii_strdown (name, -1), g_strdup (value));
  return headers;
}

static const char *
header (SoupServerMessage *message, const char *name)
{
  return soup_message_headers_get_one (soup_server_message_get_request_headers (message), name);
}

/* The path as our client sends it. */
static char *
wire_path (const char *path)
{
  const char *id = strstr (path, "/@connections/");
  g_autofree char *plain = NULL, *escaped = NULL, *prefix = NULL;

  if (id == NULL)
    return g_strdup (path);
  id += strlen ("/@connections/");
  prefix = g_strndup (path, (gsize) (id - path));
  plain = g_uri_unescape_string (id, NULL);
  escaped = g_uri_escape_string (plain, NULL, FALSE);
  return g_strconcat (prefix, escaped, NULL);
}

static gint64
time_of (DwCloud *cloud)
{
  return g_get_real_time () / G_USEC_PER_SEC + cloud->clock;
}

static void
say_time (DwCloud *cloud, SoupServerMessage *message)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (time_of (cloud));
  g_autofree char *text = soup_date_time_to_string (time, SOUP_DATE_HTTP);

  soup_message_headers_replace (soup_server_message_get_response_headers (message), "Date", text);
}

static gboolean
is_signed (DwCloud *cloud, SoupServerMessage *message, const char *service)
{
  g_autoptr (GHashTable) headers = headers_of (message);
  SoupMessageBody *body = soup_server_message_get_request_body (message);
  g_autoptr (GBytes) bytes = soup_message_body_flatten (body);
  g_autofree char *path = wire_path (g_uri_get_path (soup_server_message_get_uri (message)));
  DwSigv4Request request = { soup_server_message_get_method (message), path, NULL, headers, bytes };
  const char *authorization = header (message, "Authorization");
  g_autoptr (GError) error = NULL;

  if (dw_sigv4_verify (&request, service, DW_CLOUD_KEY_ID, DW_CLOUD_SECRET, time_of (cloud), &error)
      && g_strcmp0 (header (message, "X-Amz-Security-Token"), DW_CLOUD_TOKEN) == 0
      && strstr (authorization, "x-amz-security-token") != NULL)
    return TRUE;
  g_test_message ("%s %s: %s", soup_server_message_get_method (message), path,
                  error != NULL ? error->message : "the session token is not signed");
  if (cloud->clock != 0 && error != NULL && strstr (error->message, "not yet current") != NULL)
    {
      cloud->skewed_requests++;
      cloud->clock += cloud->drift;
      return FALSE;
    }
  cloud->unsigned_requests++;
  return FALSE;
}

static void
respond (SoupServerMessage *message, guint status, const char *name, const char *body)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);

  soup_server_message_set_status (message, status, NULL);
  if (name != NULL)
    {
      g_autofree char *text =
          g_strdup_printf ("{\"__type\":\"com.amazonaws.dynamodb.v20120810#%s\",\"message\":\"x\"}", name);

      soup_server_message_set_response (message, "application/x-amz-json-1.0", SOUP_MEMORY_COPY, text,
                                        strlen (text));
    }
  else if (body != NULL)
    {
      g_autofree char *crc = g_strdup_printf ("%u", dw_dynamodb_crc32 ((const guint8 *) body, strlen (body)));

      soup_message_headers_replace (headers, "x-amz-crc32", crc);
      soup_server_message_set_response (message, "application/x-amz-json-1.0", SOUP_MEMORY_COPY, body,
                                        strlen (body));
    }
}

static const char *
typed (JsonObject *item, const char *name, const char *type)
{
  JsonObject *value =
      item != NULL && json_object_has_member (item, name) ? json_object_get_object_member (item, name) : NULL;

  return value != NULL ? json_object_get_string_member_with_default (value, type, NULL) : NULL;
}

static const char *
key_name (JsonObject *item)
{
  return json_object_has_member (item, "MessageID") ? "MessageID" : "ConnectionID";
}

/* The only condition that our registry uses. */
static gboolean
condition_holds (JsonObject *request, JsonObject *old)
{
  JsonObject *values;

  if (!json_object_has_member (request, "ConditionExpression") || old == NULL)
    return TRUE;
  g_assert_cmpstr (json_object_get_string_member (request, "ConditionExpression"), ==,
                   "attribute_not_exists(MessageID) OR ExpiresAt <= :now OR Claim = :own");
  values = json_object_get_object_member (request, "ExpressionAttributeValues");
  return g_ascii_strtoll (typed (old, "ExpiresAt", "N"), NULL, 10)
             <= g_ascii_strtoll (typed (values, ":now", "N"), NULL, 10)
         || strcmp (typed (old, "Claim", "S"), typed (values, ":own", "S")) == 0;
}

static void
put_item (SoupServerMessage *message, GTree *table, JsonObject *request)
{
  JsonObject *item = json_object_get_object_member (request, "Item");
  const char *key = typed (item, key_name (item), "S");

  if (!condition_holds (request, g_tree_lookup (table, key)))
    {
      respond (message, 400, "ConditionalCheckFailedException", NULL);
      return;
    }
  g_tree_replace (table, g_strdup (key), json_object_ref (item));
  respond (message, 200, NULL, "{}");
}

typedef struct
{
  const char *start;
  const char *last;
  guint left;
  JsonBuilder *builder;
  gboolean more;
} Scan;

static gboolean
scan_row (gpointer key, gpointer value, gpointer data)
{
  Scan *scan = data;

  if (scan->start != NULL && strcmp (key, scan->start) <= 0)
    return FALSE;
  if (scan->left == 0)
    {
      scan->more = TRUE;
      return TRUE;
    }
  scan->left--;
  scan->last = key;
  json_builder_add_value (scan->builder, json_node_init_object (json_node_alloc (), value));
  return FALSE;
}

static void
scan_table (DwCloud *cloud, SoupServerMessage *message, GTree *table, JsonObject *request)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *text = NULL;
  guint limit = (guint) json_object_get_int_member_with_default (request, "Limit", cloud->page);
  Scan scan = { .left = MIN (limit, cloud->page), .builder = builder };

  if (json_object_has_member (request, "ExclusiveStartKey"))
    scan.start = typed (json_object_get_object_member (request, "ExclusiveStartKey"), "ConnectionID", "S");
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "Items");
  json_builder_begin_array (builder);
  g_tree_foreach (table, scan_row, &scan);
  json_builder_end_array (builder);
  if (scan.more)
    {
      json_builder_set_member_name (builder, "LastEvaluatedKey");
      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, "ConnectionID");
      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, "S");
      json_builder_add_string_value (builder, scan.last);
      json_builder_end_object (builder);
      json_builder_end_object (builder);
    }
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  text = json_to_string (root, FALSE);
  respond (message, 200, NULL, text);
}

static void
run_table (DwCloud *cloud, SoupServerMessage *message, const char *operation, const char *body)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *request = json_node_get_object (dw_json_parse (parser, body, -1, NULL));
  GTree *table = table_of (cloud, json_object_get_string_member (request, "TableName"));

  if (strcmp (operation, "PutItem") == 0)
    put_item (message, table, request);
  else if (strcmp (operation, "DeleteItem") == 0)
    {
      JsonObject *key = json_object_get_object_member (request, "Key");

      g_tree_remove (table, typed (key, key_name (key), "S"));
      respond (message, 200, NULL, "{}");
    }
  else if (strcmp (operation, "GetItem") == 0)
    {
      JsonObject *key = json_object_get_object_member (request, "Key");
      JsonObject *item = g_tree_lookup (table, typed (key, key_name (key), "S"));
      g_autoptr (JsonNode) node = item != NULL ? json_node_init_object (json_node_alloc (), item) : NULL;
      g_autofree char *text = item != NULL ? json_to_string (node, FALSE) : NULL;
      g_autofree char *answer =
          g_strconcat ("{", text != NULL ? "\"Item\":" : "", text != NULL ? text : "", "}", NULL);

      respond (message, 200, NULL, answer);
    }
  else if (strcmp (operation, "Scan") == 0)
    scan_table (cloud, message, table, request);
  else
    respond (message, 400, "UnknownOperationException", NULL);
}

typedef struct
{
  DwCloud *cloud;
  gboolean post;
  guint timer;
  SoupServerMessage *message;
  gulong finished;
  gboolean gone; /* the client no longer waits */
} Pause;

static void
on_finished (SoupServerMessage *message, Pause *pause)
{
  pause->gone = TRUE;
}

static void
pause_free (Pause *pause)
{
  g_clear_handle_id (&pause->timer, g_source_remove);
  g_signal_handler_disconnect (pause->message, pause->finished);
  g_object_unref (pause->message);
  g_free (pause);
}

static gboolean
on_pause (gpointer data)
{
  Pause *pause = data;

  pause->timer = 0;
  if (pause->post)
    pause->cloud->in_flight--;
  if (!pause->gone)
    soup_server_message_unpause (pause->message);
  g_hash_table_remove (pause->cloud->pauses, pause);
  return G_SOURCE_REMOVE;
}

static void
answer_later (DwCloud *cloud, SoupServerMessage *message, guint milliseconds, gboolean post)
{
  Pause *pause = g_new0 (Pause, 1);

  pause->cloud = cloud;
  pause->post = post;
  pause->message = g_object_ref (message);
  pause->finished = g_signal_connect (message, "finished", G_CALLBACK (on_finished), pause);
  soup_server_message_pause (message);
  pause->timer = g_timeout_add (milliseconds, on_pause, pause);
  g_hash_table_add (cloud->pauses, pause);
}

static guint
judge_post (DwCloud *cloud, DwCloudConnection *connection)
{
  if (connection == NULL)
    return 410;
  if (connection->status != 0)
    return connection->status;
  if (connection->throttles > 0)
    {
      connection->throttles--;
      return 429;
    }
  return cloud->counts_rate && cloud->in_flight >= cloud->rate_most ? 429 : 200;
}

static void
post (DwCloud *cloud, SoupServerMessage *message, const char *escaped, const char *body)
{
  g_autofree char *id = g_uri_unescape_string (escaped, NULL);
  DwCloudConnection *connection = g_hash_table_lookup (cloud->connections, id);
  guint status = judge_post (cloud, connection);

  cloud->in_flight++;
  cloud->most_in_flight = MAX (cloud->most_in_flight, cloud->in_flight);
  soup_server_message_set_status (message, status, NULL);
  if (status == 200)
    {
      connection->posts++;
      g_free (cloud->last_text);
      cloud->last_text = g_strdup (body);
      if (cloud->texts != NULL)
        g_ptr_array_add (cloud->texts, g_strconcat (id, " ", body, NULL));
    }
  else if (status == 410)
    soup_message_headers_replace (soup_server_message_get_response_headers (message), "x-amzn-ErrorType",
                                  "GoneException");
  answer_later (cloud, message,
                connection != NULL && connection->slow_ms > 0 ? connection->slow_ms : cloud->delay_ms, TRUE);
}

static void
look_up (DwCloud *cloud, SoupServerMessage *message, const char *escaped)
{
  g_autofree char *id = g_uri_unescape_string (escaped, NULL);

  if (!g_hash_table_contains (cloud->connections, id))
    soup_server_message_set_status (message, 410, NULL);
  else if (strcmp (soup_server_message_get_method (message), "DELETE") == 0)
    {
      g_hash_table_remove (cloud->connections, id);
      soup_server_message_set_status (message, 204, NULL);
    }
  else
    respond (message, 200, NULL,
             "{\"connectedAt\":\"2020-04-30T20:10:33.236Z\",\"identity\":{\"sourceIp\":\"192.0.2.1\"},"
             "\"lastActiveAt\":\"2020-04-30T20:10:34.000Z\"}");
}

static void
cut (SoupServerMessage *message)
{
  g_autoptr (GIOStream) stream = soup_server_message_steal_connection (message);

  g_io_stream_close (stream, NULL, NULL);
}

static void
act (DwCloud *cloud, SoupServerMessage *message, const char *path, const char *body)
{
  const char *target = header (message, "X-Amz-Target");
  const char *id = strstr (path, "/@connections/");

  if (target != NULL && g_str_has_prefix (target, "DynamoDB_20120810."))
    run_table (cloud, message, target + strlen ("DynamoDB_20120810."), body);
  else if (g_strcmp0 (target, "AmazonSQS.SendMessage") == 0)
    {
      g_ptr_array_add (cloud->letters, g_strdup (body));
      respond (message, 200, NULL, "{\"MessageId\":\"1\"}");
    }
  else if (id != NULL && strcmp (soup_server_message_get_method (message), "POST") == 0)
    post (cloud, message, id + strlen ("/@connections/"), body);
  else if (id != NULL)
    look_up (cloud, message, id + strlen ("/@connections/"));
  else if (g_str_has_prefix (path, "/2015-03-31/functions/"))
    {
      g_assert_cmpstr (header (message, "X-Amz-Invocation-Type"), ==, "Event");
      g_ptr_array_add (cloud->invocations, g_strdup (body));
      soup_server_message_set_status (message, 202, NULL);
    }
  else
    soup_server_message_set_status (message, 404, NULL);
}

static const char *
service_of (SoupServerMessage *message, const char *path)
{
  const char *target = header (message, "X-Amz-Target");

  if (target != NULL)
    return g_str_has_prefix (target, "DynamoDB") ? "dynamodb" : "sqs";
  return strstr (path, "/@connections/") != NULL ? "execute-api" : "lambda";
}

static void
spoil (DwCloud *cloud, SoupServerMessage *message, const DwFault *fault)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);

  switch (fault->kind)
    {
    case DW_FAULT_LOST:
      cut (message);
      break;
    case DW_FAULT_TORN:
      soup_message_headers_replace (headers, "x-amz-crc32", "1");
      break;
    case DW_FAULT_SLOW:
      answer_later (cloud, message, 10000, FALSE);
      break;
    case DW_FAULT_GARBAGE:
      soup_message_headers_remove (headers, "x-amz-crc32");
      soup_server_message_set_response (message, "text/html", SOUP_MEMORY_STATIC, "<html>", 6);
      break;
    case DW_FAULT_NONE:
    case DW_FAULT_STATUS:
    case DW_FAULT_RESET:
    default:
      break;
    }
}

static void
on_request (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer data)
{
  DwCloud *cloud = data;
  g_autofree DwFault *fault = g_queue_pop_head (&cloud->faults);
  g_autoptr (GBytes) bytes = soup_message_body_flatten (soup_server_message_get_request_body (message));
  g_autofree char *body = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));

  cloud->requests++;
  say_time (cloud, message);
  if (!is_signed (cloud, message, service_of (message, path)))
    respond (message, 403, "InvalidSignatureException", NULL);
  else if (fault != NULL && fault->kind == DW_FAULT_STATUS)
    respond (message, fault->status, fault->name, fault->name == NULL ? "" : NULL);
  else if (fault != NULL && fault->kind == DW_FAULT_RESET)
    cut (message);
  else
    {
      act (cloud, message, path, body);
      if (fault != NULL)
        spoil (cloud, message, fault);
    }
}

/**
 * dw_cloud_listen:
 * @server: a server
 *
 * Listens on loopback. libsoup's own backlog of 10 makes the eleventh connection of a burst wait a second.
 */
void
dw_cloud_listen (SoupServer *server)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, 0, &error);
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, 0);

  g_socket_set_listen_backlog (socket, 1024);
  g_assert_true (g_socket_bind (socket, address, TRUE, &error) && g_socket_listen (socket, &error));
  g_assert_true (soup_server_listen_socket (server, socket, 0, &error));
}

/**
 * dw_cloud_init:
 * @cloud: filled in
 *
 * Listens on loopback.
 */
void
dw_cloud_init (DwCloud *cloud)
{
  g_autoptr (GSList) uris = NULL;

  *cloud = (DwCloud){ .page = 1000 };
  cloud->server = soup_server_new (NULL, NULL);
  cloud->tables = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_tree_unref);
  cloud->connections = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) connection_free);
  cloud->letters = g_ptr_array_new_with_free_func (g_free);
  cloud->invocations = g_ptr_array_new_with_free_func (g_free);
  cloud->pauses = g_hash_table_new_full (NULL, NULL, (GDestroyNotify) pause_free, NULL);
  g_queue_init (&cloud->faults);
  soup_server_add_handler (cloud->server, NULL, on_request, cloud, NULL);
  dw_cloud_listen (cloud->server);
  uris = soup_server_get_uris (cloud->server);
  cloud->origin = g_strdup_printf ("http://127.0.0.1:%d", g_uri_get_port (uris->data));
  g_slist_foreach (uris, (GFunc) (GCallback) g_uri_unref, NULL);
}

/**
 * dw_cloud_clear:
 * @cloud: a cloud
 */
void
dw_cloud_clear (DwCloud *cloud)
{
  g_assert_cmpuint (cloud->unsigned_requests, ==, 0);
  g_hash_table_unref (cloud->pauses);
  soup_server_disconnect (cloud->server);
  g_clear_object (&cloud->server);
  g_hash_table_unref (cloud->tables);
  g_hash_table_unref (cloud->connections);
  g_ptr_array_unref (cloud->letters);
  g_ptr_array_unref (cloud->invocations);
  g_clear_pointer (&cloud->texts, g_ptr_array_unref);
  g_queue_clear_full (&cloud->faults, g_free);
  g_free (cloud->origin);
  g_free (cloud->last_text);
}

/**
 * dw_cloud_fail:
 * @cloud: a cloud
 * @kind: what goes wrong with the next request that has no fault yet
 * @status: for a status: which
 * @name: (nullable): for a status: the error's name
 */
void
dw_cloud_fail (DwCloud *cloud, DwFaultKind kind, guint status, const char *name)
{
  DwFault *fault = g_new0 (DwFault, 1);

  *fault = (DwFault){ kind, status, name };
  g_queue_push_tail (&cloud->faults, fault);
}

/**
 * dw_cloud_connect:
 * @cloud: a cloud
 * @id: a connection's id
 *
 * Returns: (transfer none): a connection that takes posts
 */
DwCloudConnection *
dw_cloud_connect (DwCloud *cloud, const char *id)
{
  DwCloudConnection *connection = g_new0 (DwCloudConnection, 1);

  connection->id = g_strdup (id);
  g_hash_table_replace (cloud->connections, connection->id, connection);
  return connection;
}

/**
 * dw_cloud_fill:
 * @cloud: a cloud
 * @table: a table
 * @n: how many connections to make, with a row each
 * @endpoint: (nullable): where the rows say they are reached
 */
void
dw_cloud_fill (DwCloud *cloud, const char *table, guint n, const char *endpoint)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *id = g_strdup_printf ("connection-%05u=", i);
      g_autofree char *json =
          g_strdup_printf ("{\"ConnectionID\":{\"S\":\"%s\"},\"Timestamp\":{\"N\":\"7\"}%s%s%s}", id,
                           endpoint != NULL ? ",\"Endpoint\":{\"S\":\"" : "", endpoint != NULL ? endpoint : "",
                           endpoint != NULL ? "\"}" : "");
      g_autoptr (JsonNode) node = json_from_string (json, NULL);

      dw_cloud_connect (cloud, id);
      g_tree_replace (table_of (cloud, table), g_strdup (id), json_object_ref (json_node_get_object (node)));
    }
}

/**
 * dw_cloud_count:
 * @cloud: a cloud
 * @table: a table
 *
 * Returns: how many rows it has
 */
guint
dw_cloud_count (DwCloud *cloud, const char *table)
{
  return (guint) g_tree_nnodes (table_of (cloud, table));
}
