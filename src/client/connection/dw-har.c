/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-har.h"

#include "wire/dw-json.h"
#include "wire/dw-time.h"

#include <json-glib/json-glib.h>
#include <string.h>

/**
 * SECTION:dw-har
 *
 * HTTP Archive 1.2 (http://www.softwareishard.com/blog/har-12-spec/): an entry for each handshake, and in it its frames as
 * `_webSocketMessages`, as Chromium writes and reads them: `type` is `send` or `receive`, `time` in seconds since 1970,
 * `opcode` 1 for text and 2 for bytes in base64, and `data`.
 */

/* One connection of the trace, by serials; 0: not remembered. */
typedef struct
{
  guint number;
  guint64 begun;  /* when it connected */
  guint64 opened; /* or failed */
  guint64 closed;
  GArray *frames;
} Connection;

typedef enum
{
  PART_HEAD,
  PART_ENTRY,
  PART_FRAMES,
  PART_END,
  PART_NOTHING,
} Part;

struct _DwHar
{
  DwTrace *trace;
  char *version;
  GPtrArray *connections; /* of Connection */
  Part part;
  guint connection;
  guint frame;
  gboolean follows; /* a frame was written in this entry */
};

static void
connection_free (Connection *connection)
{
  g_array_unref (connection->frames);
  g_free (connection);
}

static Connection *
connection_new (guint number)
{
  Connection *connection = g_new0 (Connection, 1);

  connection->number = number;
  connection->frames = g_array_new (FALSE, FALSE, sizeof (guint64));
  return connection;
}

static void
collect_entry (Connection *connection, const DwTraceEntry *entry)
{
  switch (entry->kind)
    {
    case DW_TRACE_IN:
    case DW_TRACE_OUT:
      g_array_append_val (connection->frames, entry->serial);
      break;
    case DW_TRACE_CONNECTING:
      connection->begun = entry->serial;
      break;
    case DW_TRACE_OPEN:
    case DW_TRACE_FAILED:
      connection->opened = entry->serial;
      break;
    case DW_TRACE_CLOSED:
      connection->closed = entry->serial;
      break;
    case DW_TRACE_PING:
    case DW_TRACE_PONG:
    default:
      break;
    }
}

/**
 * dw_har_new:
 * @trace: a trace
 * @version: the version of this program
 *
 * What is added to the trace from here on is not written, and neither is what it forgets before its turn comes.
 *
 * Returns: (transfer full): the archive
 */
DwHar *
dw_har_new (DwTrace *trace, const char *version)
{
  DwHar *self = g_new0 (DwHar, 1);
  g_autoptr (GHashTable) by_number = g_hash_table_new (NULL, NULL);

  self->trace = g_object_ref (trace);
  self->version = g_strdup (version);
  self->connections = g_ptr_array_new_with_free_func ((GDestroyNotify) connection_free);
  for (guint64 serial = dw_trace_get_first (trace); serial <= dw_trace_get_last (trace); serial++)
    {
      const DwTraceEntry *entry = dw_trace_get_entry (trace, serial);
      Connection *connection = g_hash_table_lookup (by_number, GUINT_TO_POINTER (entry->connection));

      if (connection == NULL)
        {
          connection = connection_new (entry->connection);
          g_ptr_array_add (self->connections, connection);
          g_hash_table_insert (by_number, GUINT_TO_POINTER (entry->connection), connection);
        }
      collect_entry (connection, entry);
    }
  return self;
}

/**
 * dw_har_free:
 * @self: (transfer full): an archive
 */
void
dw_har_free (DwHar *self)
{
  g_object_unref (self->trace);
  g_free (self->version);
  g_ptr_array_unref (self->connections);
  g_free (self);
}

static void
set_text (JsonObject *object, const char *name, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  json_object_set_string_member (object, name, valid);
}

/* Takes the object. */
static void
append_object (GString *text, JsonObject *object)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  g_autofree char *json = NULL;

  json_node_take_object (node, object);
  json = dw_json_write (node);
  g_string_append (text, json);
}

static JsonArray *
make_headers (char **lines)
{
  JsonArray *headers = json_array_new ();

  for (guint i = 1; lines[0] != NULL && lines[i] != NULL; i++)
    {
      char *colon = strchr (lines[i], ':');
      JsonObject *header;

      if (colon == NULL)
        continue;
      *colon = '\0';
      header = json_object_new ();
      set_text (header, "name", lines[i]);
      set_text (header, "value", g_strstrip (colon + 1));
      json_array_add_object_element (headers, header);
    }
  return headers;
}

static char **
split_head (const char *head)
{
  g_auto (GStrv) lines = g_strsplit (head != NULL ? head : "", "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    g_strchomp (lines[i]);
  return g_steal_pointer (&lines);
}

static void
set_sizes (JsonObject *object)
{
  json_object_set_array_member (object, "cookies", json_array_new ());
  json_object_set_int_member (object, "headersSize", -1);
  json_object_set_int_member (object, "bodySize", 0);
}

static JsonObject *
make_request (const DwTraceEntry *begun, const DwTraceEntry *opened)
{
  g_auto (GStrv) lines = split_head (opened != NULL ? opened->request : NULL);
  JsonObject *request = json_object_new ();

  json_object_set_string_member (request, "method", "GET");
  set_text (request, "url", begun != NULL && begun->note != NULL ? begun->note : "");
  json_object_set_string_member (request, "httpVersion", "HTTP/1.1");
  json_object_set_array_member (request, "headers", make_headers (lines));
  json_object_set_array_member (request, "queryString", json_array_new ());
  set_sizes (request);
  return request;
}

/* What comes after “HTTP/1.1 101 ”. */
static const char *
get_status_text (char **lines)
{
  const char *space = lines[0] != NULL ? strchr (lines[0], ' ') : NULL;

  space = space != NULL ? strchr (space + 1, ' ') : NULL;
  return space != NULL ? space + 1 : "";
}

static JsonObject *
make_response (const DwTraceEntry *opened)
{
  g_auto (GStrv) lines = split_head (opened != NULL ? opened->response : NULL);
  JsonObject *response = json_object_new ();
  JsonObject *content = json_object_new ();

  json_object_set_int_member (content, "size", 0);
  json_object_set_string_member (content, "mimeType", "x-unknown");
  json_object_set_int_member (response, "status", opened != NULL ? opened->code : 0);
  set_text (response, "statusText", get_status_text (lines));
  json_object_set_string_member (response, "httpVersion", "HTTP/1.1");
  json_object_set_array_member (response, "headers", make_headers (lines));
  json_object_set_object_member (response, "content", content);
  json_object_set_string_member (response, "redirectURL", "");
  set_sizes (response);
  return response;
}

/* The archive has durations and we have marks; -1 is what does not apply. TLS is a part of connecting. */
static JsonObject *
make_timings (const DwTraceEntry *opened)
{
  const guint none[DW_TRACE_STEPS] = { 0 };
  const guint *steps = opened != NULL ? opened->steps_ms : none;
  guint connected = MAX (steps[1], steps[0]);
  guint secured = MAX (steps[2], connected);
  guint took = MAX (opened != NULL ? opened->took_ms : 0, secured);
  JsonObject *timings = json_object_new ();

  json_object_set_int_member (timings, "blocked", -1);
  json_object_set_int_member (timings, "dns", steps[0]);
  json_object_set_int_member (timings, "connect", secured - steps[0]);
  json_object_set_int_member (timings, "ssl", steps[2] != 0 ? (gint64) (secured - connected) : -1);
  json_object_set_int_member (timings, "send", 0);
  json_object_set_int_member (timings, "wait", took - secured);
  json_object_set_int_member (timings, "receive", 0);
  return timings;
}

static const DwTraceEntry *
get_any (DwHar *self, const Connection *connection)
{
  const guint64 serials[] = { connection->begun, connection->opened,
                              connection->frames->len > 0 ? g_array_index (connection->frames, guint64, 0) : 0,
                              connection->closed };

  for (guint i = 0; i < G_N_ELEMENTS (serials); i++)
    if (dw_trace_get_entry (self->trace, serials[i]) != NULL)
      return dw_trace_get_entry (self->trace, serials[i]);
  return NULL;
}

/* All of a connection but its frames; the object stays open. */
static void
append_entry (DwHar *self, const Connection *connection, GString *text)
{
  const DwTraceEntry *begun = dw_trace_get_entry (self->trace, connection->begun);
  const DwTraceEntry *opened = dw_trace_get_entry (self->trace, connection->opened);
  const DwTraceEntry *closed = dw_trace_get_entry (self->trace, connection->closed);
  const DwTraceEntry *any = get_any (self, connection);
  g_autofree char *started = dw_time_format (any != NULL ? any->time : 0);
  JsonObject *entry = json_object_new ();

  json_object_set_string_member (entry, "startedDateTime", started);
  json_object_set_int_member (entry, "time", opened != NULL ? opened->took_ms : 0);
  json_object_set_object_member (entry, "request", make_request (begun, opened));
  json_object_set_object_member (entry, "response", make_response (opened));
  json_object_set_object_member (entry, "cache", json_object_new ());
  json_object_set_object_member (entry, "timings", make_timings (opened));
  if (closed != NULL)
    {
      g_autofree char *comment =
          g_strdup_printf ("Closed: %u %s", closed->code, closed->note != NULL ? closed->note : "");

      set_text (entry, "comment", g_strchomp (comment));
    }
  json_object_set_string_member (entry, "_resourceType", "websocket");

  append_object (text, entry);
  g_string_truncate (text, text->len - 1);
  g_string_append (text, ",\"_webSocketMessages\":[");
}

static void
append_frame (const DwTraceEntry *entry, GString *text)
{
  JsonObject *frame = json_object_new ();
  gsize size;
  const char *data = g_bytes_get_data (entry->bytes, &size);
  gboolean is_text = size == 0 || g_utf8_validate (data, (gssize) size, NULL);
  g_autofree char *shown = size == 0 ? g_strdup ("")
                           : is_text ? g_strndup (data, size)
                                     : g_base64_encode ((const guchar *) data, size);

  json_object_set_string_member (frame, "type", entry->kind == DW_TRACE_OUT ? "send" : "receive");
  json_object_set_double_member (frame, "time", (double) entry->time / G_USEC_PER_SEC);
  json_object_set_int_member (frame, "opcode", is_text ? 1 : 2);
  json_object_set_string_member (frame, "data", shown);
  append_object (text, frame);
}

static void
append_head (DwHar *self, GString *text)
{
  JsonObject *creator = json_object_new ();

  json_object_set_string_member (creator, "name", "DynamoWave Chat");
  json_object_set_string_member (creator, "version", self->version);
  g_string_append (text, "{\"log\":{\"version\":\"1.2\",\"creator\":");
  append_object (text, creator);
  g_string_append (text, ",\"pages\":[],\"entries\":[");
}

/* A frame that the trace has forgotten meanwhile is left out. */
static void
append_next_frame (DwHar *self, const Connection *connection, GString *text)
{
  const DwTraceEntry *entry = NULL;

  if (self->frame < connection->frames->len)
    entry = dw_trace_get_entry (self->trace, g_array_index (connection->frames, guint64, self->frame));
  if (entry != NULL)
    {
      if (self->follows)
        g_string_append_c (text, ',');
      append_frame (entry, text);
      self->follows = TRUE;
    }
  self->frame++;
}

/**
 * dw_har_next:
 * @self: an archive
 * @text: where the next piece is appended
 *
 * Returns: whether there is more
 */
gboolean
dw_har_next (DwHar *self, GString *text)
{
  const Connection *connection =
      self->connection < self->connections->len ? g_ptr_array_index (self->connections, self->connection) : NULL;

  switch (self->part)
    {
    case PART_HEAD:
      append_head (self, text);
      self->part = connection != NULL ? PART_ENTRY : PART_END;
      return TRUE;
    case PART_ENTRY:
      if (self->connection > 0)
        g_string_append_c (text, ',');
      append_entry (self, connection, text);
      self->frame = 0;
      self->follows = FALSE;
      self->part = PART_FRAMES;
      return TRUE;
    case PART_FRAMES:
      append_next_frame (self, connection, text);
      if (self->frame < connection->frames->len)
        return TRUE;
      g_string_append (text, "]}");
      self->connection++;
      self->part = self->connection < self->connections->len ? PART_ENTRY : PART_END;
      return TRUE;
    case PART_END:
      g_string_append (text, "]}}\n");
      self->part = PART_NOTHING;
      return FALSE;
    case PART_NOTHING:
    default:
      return FALSE;
    }
}
