/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-frame.h"

#include "dw-flat-object.h"
#include "dw-json.h"
#include "dw-limits.h"
#include "dw-message-id.h"
#include "dw-time.h"
#include "dw-wire-error.h"

#include <glib/gi18n-lib.h>
#include <string.h>

G_DEFINE_BOXED_TYPE (DwFrame, dw_frame, dw_frame_copy, dw_frame_free)

/* What the documented DefaultHandler writes: "Use the sendmessage route to send a message. Your info:{…}". */
#define PROSE_START "Use the "
#define PROSE_INFO " route to send a message. Your info:"

static DwFrame *
frame_new (DwFrameKind kind, char *text)
{
  DwFrame *frame = g_new0 (DwFrame, 1);

  frame->kind = kind;
  frame->text = text;
  return frame;
}

/* The value of a member if it is a string, else NULL. Case is ignored, since deployed handlers differ in it. */
static const char *
string_member (JsonObject *object, const char *first, const char *second)
{
  JsonNode *node = json_object_get_member (object, first);

  if (node == NULL && second != NULL)
    node = json_object_get_member (object, second);
  if (node == NULL || json_node_get_value_type (node) != G_TYPE_STRING)
    return NULL;
  return json_node_get_string (node);
}

/* The same, if the text has at most @most bytes. */
static const char *
short_member (JsonObject *object, const char *first, const char *second, gsize most)
{
  const char *text = string_member (object, first, second);

  return text != NULL && strlen (text) <= most ? text : NULL;
}

static const char *
connection_id_member (JsonObject *object)
{
  return short_member (object, "connectionId", "connectionID", DW_LIMIT_CONNECTION_ID_CHARS);
}

/* The latest time that is still before the year 10000 in every time zone. */
#define LAST_SECOND G_GINT64_CONSTANT (253402214400)

static gint64
showable (gint64 milliseconds)
{
  return milliseconds > 0 && milliseconds <= LAST_SECOND * 1000 ? milliseconds * 1000 : 0;
}

/* ISO 8601 as the SDK writes it, or milliseconds since 1970 as the gateway's own events have it. */
static gint64
time_member (JsonObject *object, const char *first, const char *second)
{
  const char *text = string_member (object, first, second);
  JsonNode *node = json_object_get_member (object, first);
  gint64 milliseconds = 0;

  if (text != NULL)
    milliseconds = dw_time_parse (text) / 1000;
  else if (node != NULL && json_node_get_value_type (node) == G_TYPE_INT64)
    milliseconds = json_node_get_int (node);
  return showable (milliseconds);
}

static DwFeatures
features_member (JsonObject *object)
{
  JsonNode *node = json_object_get_member (object, "features");
  DwFeatures features = DW_FEATURE_NONE;
  JsonArray *array;

  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node))
    return features;
  array = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *element = json_array_get_element (array, i);
      const char *name = json_node_get_value_type (element) == G_TYPE_STRING ? json_node_get_string (element) : "";

      if (strcmp (name, "sender") == 0)
        features |= DW_FEATURE_SENDER;
      else if (strcmp (name, "id") == 0)
        features |= DW_FEATURE_ID;
      else if (strcmp (name, "sentAt") == 0)
        features |= DW_FEATURE_SENT_AT;
    }
  return features;
}

static void
read_connection (DwFrame *frame, JsonObject *object)
{
  frame->connection_id = g_strdup (connection_id_member (object));
  frame->connected_at = time_member (object, "connectedAt", "ConnectedAt");
  frame->stage = g_strdup (short_member (object, "stage", NULL, DW_LIMIT_STAGE_CHARS));
  frame->features = features_member (object);
}

static DwFrame *
classify_prose (JsonParser *parser, const char *text)
{
  const char *info;
  DwFrame *frame;
  JsonNode *root;

  if (!g_str_has_prefix (text, PROSE_START))
    return NULL;
  info = strstr (text, PROSE_INFO);
  if (info == NULL)
    return NULL;

  root = dw_json_parse (parser, info + strlen (PROSE_INFO), -1, NULL);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    return NULL;
  frame = frame_new (DW_FRAME_NOTIFICATION, g_strdup (text));
  read_connection (frame, json_node_get_object (root));
  return frame;
}

static DwGatewayError
gateway_error_from_text (const char *text)
{
  if (strcmp (text, "Forbidden") == 0)
    return DW_GATEWAY_FORBIDDEN;
  if (strcmp (text, "Internal server error") == 0)
    return DW_GATEWAY_INTERNAL;
  if (strcmp (text, "Endpoint request timed out") == 0)
    return DW_GATEWAY_TIMEOUT;
  if (strcmp (text, "Too Many Requests") == 0)
    return DW_GATEWAY_THROTTLED;
  if (strcmp (text, "Bad request body") == 0)
    return DW_GATEWAY_BAD_BODY;
  return DW_GATEWAY_OTHER;
}

/* The gateway's own frames have exactly these three keys. Anybody can send that shape, so this does not prove who
 * sent it. After a failed model check the third key is messageId instead of requestId. */
static DwFrame *
classify_gateway_error (JsonObject *object)
{
  const char *text;
  const char *connection_id;
  DwFrame *frame;

  if (json_object_get_size (object) != 3)
    return NULL;
  text = string_member (object, "message", NULL);
  connection_id = short_member (object, "connectionId", NULL, DW_LIMIT_CONNECTION_ID_CHARS);
  if (text == NULL || connection_id == NULL || string_member (object, "requestId", "messageId") == NULL)
    return NULL;

  frame = frame_new (DW_FRAME_GATEWAY_ERROR, g_strdup (text));
  frame->connection_id = g_strdup (connection_id);
  frame->gateway_error = gateway_error_from_text (text);
  return frame;
}

/* What our own default handler writes, or any other handler that reports the same two facts. */
static DwFrame *
classify_notification (JsonObject *object)
{
  const char *text;
  DwFrame *frame;

  if (connection_id_member (object) == NULL
      || (!json_object_has_member (object, "connectedAt") && !json_object_has_member (object, "ConnectedAt")))
    return NULL;
  text = string_member (object, "message", NULL);
  frame = frame_new (DW_FRAME_NOTIFICATION, g_strdup (text != NULL ? text : "Connected"));
  read_connection (frame, object);
  return frame;
}

static DwFrame *
classify_broadcast (const DwDialect *dialect, JsonObject *object)
{
  JsonNode *body = json_object_get_member (object, dw_dialect_get_body_key (dialect));
  DwFrame *frame;

  if (body == NULL || json_node_is_null (body))
    return NULL;
  frame = frame_new (DW_FRAME_BROADCAST, json_node_get_value_type (body) == G_TYPE_STRING
                                             ? g_strdup (json_node_get_string (body))
                                             : json_to_string (body, FALSE));
  if (json_object_get_size (object) > 1)
    {
      const char *id = string_member (object, dw_dialect_get_id_key (dialect), NULL);

      frame->sender = g_strdup (string_member (object, dw_dialect_get_sender_key (dialect), NULL));
      frame->id = dw_message_id_is_valid (id) ? g_strdup (id) : NULL;
      frame->sent_at = time_member (object, dw_dialect_get_time_key (dialect), NULL);
    }
  return frame;
}

static DwFrame *
classify_object (const DwDialect *dialect, JsonObject *object, const char *data, gsize length)
{
  DwFrame *frame = NULL;

  if (json_object_get_size (object) > 1)
    {
      frame = classify_gateway_error (object);
      if (frame == NULL)
        frame = classify_notification (object);
    }
  if (frame == NULL)
    frame = classify_broadcast (dialect, object);
  if (frame == NULL)
    {
      g_autofree char *text = g_strndup (data, length);

      frame = dw_frame_new_unreadable (text, _ ("Received JSON that contains no message."));
    }
  return frame;
}

static DwFrame *
classify_text (JsonParser *parser, const char *data, gsize length, const GError *error)
{
  g_autofree char *text = NULL;
  DwFrame *frame;

  /* A text that nests too deeply was not read to its end, and a raw NUL would hide whatever follows it. */
  text = g_utf8_make_valid (data, (gssize) length);
  if (g_error_matches (error, DW_WIRE_ERROR, DW_WIRE_ERROR_TEXT))
    return dw_frame_new_unreadable (text, _ ("Received bytes that are not text."));
  if (g_error_matches (error, DW_WIRE_ERROR, DW_WIRE_ERROR_TOO_DEEP))
    return dw_frame_new_unreadable (text, _ ("Received JSON that is nested too deeply to read."));

  frame = classify_prose (parser, text);
  if (frame == NULL)
    frame = frame_new (DW_FRAME_BROADCAST, g_steal_pointer (&text));
  return frame;
}

static DwFrame *
classify (const DwDialect *dialect, JsonParser *parser, const char *data, gsize length)
{
  g_autoptr (GError) error = NULL;
  JsonNode *root = dw_json_parse (parser, data, (gssize) length, &error);

  if (root == NULL)
    return classify_text (parser, data, length, error);
  if (JSON_NODE_HOLDS_OBJECT (root))
    return classify_object (dialect, json_node_get_object (root), data, length);
  if (json_node_get_value_type (root) == G_TYPE_STRING)
    return frame_new (DW_FRAME_ROUTE_RESPONSE, g_strdup (json_node_get_string (root)));
  return frame_new (DW_FRAME_BROADCAST, g_strndup (data, length));
}

/* Above this many bytes the parser's tree is freed at once, instead of with the next frame. */
#define KEPT_TREE 4096

/* The fast path for nearly every frame: a broadcast whose values are all strings. NULL for anything else. */
static DwFrame *
classify_flat (const DwDialect *dialect, const char *data, gsize length)
{
  DwFlatObject object;
  const DwFlatString *body;
  DwFrame *frame;

  if (!dw_flat_object_read (&object, data, length))
    return NULL;
  body = dw_flat_object_get (&object, dw_dialect_get_body_key (dialect));
  /* With one of these keys it may be a gateway error or a notification. */
  if (body == NULL || dw_flat_object_get (&object, "connectionId") != NULL
      || dw_flat_object_get (&object, "connectionID") != NULL)
    return NULL;

  frame = frame_new (DW_FRAME_BROADCAST, dw_flat_string_dup (body));
  if (dw_flat_object_get_size (&object) > 1)
    {
      g_autofree char *time = dw_flat_string_dup (dw_flat_object_get (&object, dw_dialect_get_time_key (dialect)));

      frame->sender = dw_flat_string_dup (dw_flat_object_get (&object, dw_dialect_get_sender_key (dialect)));
      frame->id = dw_flat_string_dup (dw_flat_object_get (&object, dw_dialect_get_id_key (dialect)));
      if (!dw_message_id_is_valid (frame->id))
        g_clear_pointer (&frame->id, g_free);
      frame->sent_at = time != NULL ? showable (dw_time_parse (time) / 1000) : 0;
    }
  return frame;
}

/**
 * dw_frame_classify:
 * @dialect: how the stage names things
 * @parser: a parser to use; one for many frames is faster
 * @data: the frame's bytes, of any quality
 * @length: how many
 *
 * Says what an incoming text frame is. What is no JSON object is somebody's raw text, since one deployed variant
 * broadcasts that; a JSON string is the answer of a two-way route. The gateway's error frames have a `message` key
 * and are recognised by their whole shape. Sources: the documented handlers, "Working with routes for WebSocket
 * APIs" and "Gateway responses" in AWS's documentation, and public captures.
 *
 * Returns: (transfer full): the frame; there is always one
 */
DwFrame *
dw_frame_classify (const DwDialect *dialect, JsonParser *parser, const char *data, gsize length)
{
  DwFrame *frame = classify_flat (dialect, data, length);

  return frame != NULL ? frame : dw_frame_classify_parsed (dialect, parser, data, length);
}

/**
 * dw_frame_classify_parsed:
 * @dialect: how the stage names things
 * @parser: a parser to use
 * @data: the frame's bytes, of any quality
 * @length: how many
 *
 * Says the same as dw_frame_classify(), always by way of json-glib. Tests hold the two together.
 *
 * Returns: (transfer full): the frame; there is always one
 */
DwFrame *
dw_frame_classify_parsed (const DwDialect *dialect, JsonParser *parser, const char *data, gsize length)
{
  DwFrame *frame = classify (dialect, parser, data, length);

  if (length > KEPT_TREE)
    dw_json_forget (parser);
  return frame;
}

/**
 * dw_frame_new_text:
 * @text: what arrived, as UTF-8
 *
 * Returns: (transfer full): a broadcast of raw text, whatever its shape
 */
DwFrame *
dw_frame_new_text (const char *text)
{
  return frame_new (DW_FRAME_BROADCAST, g_strdup (text));
}

/**
 * dw_frame_new_unreadable:
 * @text: what arrived, as UTF-8
 * @reason: a translated sentence that says why it cannot be read
 *
 * Returns: (transfer full): a frame of the kind %DW_FRAME_UNREADABLE
 */
DwFrame *
dw_frame_new_unreadable (const char *text, const char *reason)
{
  DwFrame *frame = frame_new (DW_FRAME_UNREADABLE, g_strdup (text));

  frame->reason = g_strdup (reason);
  return frame;
}

/**
 * dw_frame_copy:
 * @frame: a frame
 *
 * Returns: (transfer full): a copy
 */
DwFrame *
dw_frame_copy (const DwFrame *frame)
{
  DwFrame *copy = g_memdup2 (frame, sizeof *frame);

  copy->text = g_strdup (frame->text);
  copy->sender = g_strdup (frame->sender);
  copy->id = g_strdup (frame->id);
  copy->connection_id = g_strdup (frame->connection_id);
  copy->stage = g_strdup (frame->stage);
  copy->reason = g_strdup (frame->reason);
  return copy;
}

/**
 * dw_frame_free:
 * @frame: (transfer full): a frame
 */
void
dw_frame_free (DwFrame *frame)
{
  g_free (frame->text);
  g_free (frame->sender);
  g_free (frame->id);
  g_free (frame->connection_id);
  g_free (frame->stage);
  g_free (frame->reason);
  g_free (frame);
}
