/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-event-json.h"

#include "backend/dw-backend-error.h"

#include "wire/dw-json.h"

#include <string.h>

/* The event as a Lambda function receives it. The shapes follow the fixtures of aws-lambda-rust-runtime and
 * aws-lambda-go, which were captured at AWS: a message has no headers at all, a disconnect has four. */

static const char *
type_of (const DwEvent *event)
{
  if (strcmp (event->route_key, "$connect") == 0)
    return "CONNECT";
  return strcmp (event->route_key, "$disconnect") == 0 ? "DISCONNECT" : "MESSAGE";
}

static void
add (JsonBuilder *builder, const char *name, const char *value)
{
  if (value == NULL)
    return;
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

static void
add_number (JsonBuilder *builder, const char *name, gint64 value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, value);
}

static gboolean
came_before (char **pairs, char **at)
{
  for (char **earlier = pairs; earlier < at; earlier += 2)
    if (g_ascii_strcasecmp (earlier[0], at[0]) == 0)
      return TRUE;
  return FALSE;
}

/* One object has the last value of each name, the other has all of them. */
static void
add_pairs (JsonBuilder *builder, const char *name, const char *multi_name, char **pairs)
{
  if (pairs == NULL || pairs[0] == NULL)
    return;
  json_builder_set_member_name (builder, name);
  json_builder_begin_object (builder);
  for (char **at = pairs; at[0] != NULL; at += 2)
    add (builder, at[0], at[1]);
  json_builder_end_object (builder);
  json_builder_set_member_name (builder, multi_name);
  json_builder_begin_object (builder);
  for (char **at = pairs; at[0] != NULL; at += 2)
    {
      if (came_before (pairs, at))
        continue;
      json_builder_set_member_name (builder, at[0]);
      json_builder_begin_array (builder);
      for (char **same = at; same[0] != NULL; same += 2)
        if (g_ascii_strcasecmp (same[0], at[0]) == 0)
          json_builder_add_string_value (builder, same[1]);
      json_builder_end_array (builder);
    }
  json_builder_end_object (builder);
}

static void
add_headers (JsonBuilder *builder, const DwEvent *event)
{
  const char *type = type_of (event);
  char *const pairs[] = { (char *) "Host",
                          event->caller->domain_name != NULL ? event->caller->domain_name : (char *) "",
                          (char *) "x-api-key",
                          (char *) "",
                          (char *) "X-Forwarded-For",
                          (char *) "",
                          (char *) "x-restapi",
                          (char *) "",
                          NULL };

  if (strcmp (type, "CONNECT") == 0)
    {
      add_pairs (builder, "headers", "multiValueHeaders", event->caller->headers);
      add_pairs (builder, "queryStringParameters", "multiValueQueryStringParameters", event->caller->query);
    }
  else if (strcmp (type, "DISCONNECT") == 0)
    add_pairs (builder, "headers", "multiValueHeaders", (char **) pairs);
}

/* “19/Feb/2024:07:11:42 +0000”: the log format of web servers, in English whatever the locale. */
static char *
format_request_time (gint64 milliseconds)
{
  static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (milliseconds / 1000);

  if (time == NULL)
    return NULL;
  return g_strdup_printf ("%02d/%s/%d:%02d:%02d:%02d +0000", g_date_time_get_day_of_month (time),
                          months[g_date_time_get_month (time) - 1], g_date_time_get_year (time),
                          g_date_time_get_hour (time), g_date_time_get_minute (time),
                          g_date_time_get_second (time));
}

static void
add_identity (JsonBuilder *builder, const DwCaller *caller)
{
  json_builder_set_member_name (builder, "identity");
  json_builder_begin_object (builder);
  add (builder, "userAgent", caller->user_agent);
  add (builder, "sourceIp", caller->source_ip);
  json_builder_end_object (builder);
}

static void
add_context (JsonBuilder *builder, const DwEvent *event)
{
  g_autofree char *time = format_request_time (event->request_time);

  json_builder_set_member_name (builder, "requestContext");
  json_builder_begin_object (builder);
  add (builder, "routeKey", event->route_key);
  if (strcmp (type_of (event), "DISCONNECT") == 0)
    {
      add_number (builder, "disconnectStatusCode", event->close_code);
      add (builder, "disconnectReason", event->close_reason != NULL ? event->close_reason : "");
    }
  add (builder, "messageId", event->message_id);
  add (builder, "eventType", type_of (event));
  add (builder, "extendedRequestId", event->request_id);
  add (builder, "requestTime", time);
  add (builder, "messageDirection", "IN");
  add (builder, "stage", event->stage);
  add_number (builder, "connectedAt", event->caller->connected_at);
  add_number (builder, "requestTimeEpoch", event->request_time);
  add_identity (builder, event->caller);
  add (builder, "requestId", event->request_id);
  add (builder, "domainName", event->caller->domain_name);
  add (builder, "connectionId", event->caller->connection_id);
  add (builder, "apiId", event->api_id);
  json_builder_end_object (builder);
}

/* Our own addition: where a broadcast continues in another run. The gateway never sends it. */
static void
add_progress (JsonBuilder *builder, const DwEvent *event)
{
  if (event->start_key == NULL)
    return;
  json_builder_set_member_name (builder, "dynamowave");
  json_builder_begin_object (builder);
  add (builder, "startKey", event->start_key);
  add_number (builder, "hop", event->hop);
  json_builder_end_object (builder);
}

/**
 * dw_event_to_json:
 * @event: an event
 *
 * Returns: (transfer full): what API Gateway hands to a Lambda function for it
 */
char *
dw_event_to_json (const DwEvent *event)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *body = NULL;

  /* json-glib cannot hold a NUL, so it becomes U+FFFD, just as in dw_json_parse(). */
  if (event->body != NULL)
    body = g_utf8_make_valid (event->body, (gssize) event->body_length);
  json_builder_begin_object (builder);
  add_headers (builder, event);
  add_context (builder, event);
  add (builder, "body", body);
  add_progress (builder, event);
  json_builder_set_member_name (builder, "isBase64Encoded");
  json_builder_add_boolean_value (builder, FALSE);
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

static gint64
number_of (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && json_node_get_value_type (node) == G_TYPE_INT64 ? json_node_get_int (node) : 0;
}

static JsonObject *
object_of (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

/* Reads the object that has all values of each name. */
static char **
pairs_of (JsonObject *object, const char *name)
{
  JsonObject *all = object_of (object, name);
  g_autoptr (GStrvBuilder) pairs = g_strv_builder_new ();
  g_autoptr (GList) names = all != NULL ? json_object_get_members (all) : NULL;

  for (GList *at = names; at != NULL; at = at->next)
    {
      JsonNode *node = json_object_get_member (all, at->data);
      JsonArray *values = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

      for (guint i = 0; values != NULL && i < json_array_get_length (values); i++)
        {
          JsonNode *value = json_array_get_element (values, i);

          if (json_node_get_value_type (value) == G_TYPE_STRING)
            g_strv_builder_add_many (pairs, (const char *) at->data, json_node_get_string (value), NULL);
        }
    }
  return g_strv_builder_end (pairs);
}

static DwEvent *
refuse (GError **error, const char *words)
{
  g_set_error_literal (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_EVENT, words);
  return NULL;
}

static DwEvent *
read_event (JsonObject *object, JsonObject *context)
{
  JsonObject *identity = object_of (context, "identity");
  JsonObject *progress = object_of (object, "dynamowave");
  g_autoptr (DwCaller) caller =
      dw_caller_new (string_of (context, "connectionId"), number_of (context, "connectedAt"));
  DwEvent *event;

  caller->domain_name = g_strdup (string_of (context, "domainName"));
  if (identity != NULL)
    {
      caller->source_ip = g_strdup (string_of (identity, "sourceIp"));
      caller->user_agent = g_strdup (string_of (identity, "userAgent"));
    }
  caller->headers = pairs_of (object, "multiValueHeaders");
  caller->query = pairs_of (object, "multiValueQueryStringParameters");
  event = dw_event_new (string_of (context, "routeKey"), caller, string_of (context, "stage"),
                        number_of (context, "requestTimeEpoch"), string_of (object, "body"));
  event->api_id = g_strdup (string_of (context, "apiId"));
  event->request_id = g_strdup (string_of (context, "requestId"));
  event->message_id = g_strdup (string_of (context, "messageId"));
  event->close_code = (guint) CLAMP (number_of (context, "disconnectStatusCode"), 0, 65535);
  event->close_reason = g_strdup (string_of (context, "disconnectReason"));
  if (progress != NULL)
    {
      event->start_key = g_strdup (string_of (progress, "startKey"));
      event->hop = (guint) CLAMP (number_of (progress, "hop"), 0, G_MAXUINT16);
    }
  return event;
}

/**
 * dw_event_from_json:
 * @json: an event as API Gateway writes it
 * @length: its length in bytes, or -1
 * @error: %DW_BACKEND_ERROR_EVENT if it is not an event
 *
 * Returns: (transfer full) (nullable): the event
 */
DwEvent *
dw_event_from_json (const char *json, gssize length, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  gsize size = length < 0 ? strlen (json) : (gsize) length;
  JsonNode *root = size <= DW_EVENT_JSON_BYTES ? dw_json_parse (parser, json, (gssize) size, NULL) : NULL;
  JsonObject *object = root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
  JsonObject *context = object != NULL ? object_of (object, "requestContext") : NULL;

  if (context == NULL)
    return refuse (error, "it is no object with a “requestContext”");
  if (string_of (context, "connectionId") == NULL || string_of (context, "routeKey") == NULL
      || string_of (context, "stage") == NULL)
    return refuse (error, "the context has no connection, route or stage");
  return read_event (object, context);
}
