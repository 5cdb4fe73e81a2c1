/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-exchange.h"

#include "dw-identity.h"

#include "wire/dw-json.h"
#include "wire/dw-message-id.h"

#include <string.h>

/**
 * SECTION:dw-exchange
 *
 * Nothing in the protocol says what answers what. Entries of a trace are added in their order, and this is the rule:
 *
 * | what arrives | what it answers |
 * |---|---|
 * | a broadcast with an id | the frame that was sent with that id, the same body and the same name, on any connection |
 * | any other object with an id | on its connection the frame that was sent with that id, if not for the send route |
 * | a broadcast without one, or raw text | on its connection, the oldest frame with that body that was sent without an id; with one only as long as no id ever came back |
 * | the very bytes that were sent | the oldest frame of these on its connection |
 * | the default route's notification | on its connection, the oldest frame that was not for the send route; where there is none and nothing ever came back, the oldest frame: its route has another name |
 * | “Forbidden”, “Bad request body”, another error of the gateway | on its connection the oldest frame, as dw-outbox has it: on a stage that was never seen to echo, the newest, since those before it have probably been handled |
 * | “Too Many Requests” | on its connection the newest frame |
 *
 * A frame is answered once, and by nothing that comes more than %DW_EXCHANGE_WAIT_US later. Anybody can write what looks
 * like a notification or an error of the gateway on a stage that broadcasts raw text; dw-identity says whose it is by our
 * connection ID, which nobody else knows. Where that was never told, an error is believed only if the stage was not seen to
 * broadcast raw text.
 */

#define DIGEST_BYTES 16

typedef struct
{
  guint8 bytes[DIGEST_BYTES];
} Digest;

/* A frame that waits for its answer. */
typedef struct
{
  guint64 serial;
  gint64 time;
  guint connection;
  gboolean is_send; /* for the send route, by the dialect */
  gboolean has_id, has_sender;
  Digest payload, body, id, sender;
} Request;

/* Where the other frame of a pair is; the request has it too, so that it is taken out of the latencies with it. */
typedef struct
{
  gint32 distance; /* from this serial to the other; 0: there is none */
  guint32 latency_us : 31;
  guint32 refusal : 1; /* the answer is an error of the gateway */
} Pair;

typedef struct
{
  guint number;
  gint64 began; /* when the first frame was sent on it */
  gint64 used;
  DwIdentity identity;
} Connection;

struct _DwExchange
{
  DwDialect *dialect;
  JsonParser *parser;
  GArray *waiting; /* of Request, in the order of sending */
  Pair *pairs;     /* of DW_TRACE_ENTRIES, at their serials modulo that */
  guint64 first;   /* what comes before is forgotten */
  guint64 next;    /* what comes from here on was not added yet */
  Connection connections[DW_EXCHANGE_CONNECTIONS];
  guint n_connections;
  gboolean echoes;          /* a frame of ours came back */
  gboolean ids_come_back;   /* with its id */
  gboolean broadcasts_text; /* raw text arrived */
  DwHistogram latencies;
};

/**
 * dw_exchange_new:
 * @dialect: how the stage names things
 *
 * Returns: (transfer full): an exchange of nothing yet
 */
DwExchange *
dw_exchange_new (DwDialect *dialect)
{
  DwExchange *self = g_new0 (DwExchange, 1);

  self->dialect = dw_dialect_ref (dialect);
  self->parser = json_parser_new_immutable ();
  self->waiting = g_array_new (FALSE, FALSE, sizeof (Request));
  self->pairs = g_new0 (Pair, DW_TRACE_ENTRIES);
  return self;
}

/**
 * dw_exchange_free:
 * @self: (transfer full): an exchange
 */
void
dw_exchange_free (DwExchange *self)
{
  for (guint i = 0; i < self->n_connections; i++)
    dw_identity_clear (&self->connections[i].identity);
  g_clear_pointer (&self->dialect, dw_dialect_unref);
  g_clear_object (&self->parser);
  g_clear_pointer (&self->waiting, g_array_unref);
  g_free (self->pairs);
  g_free (self);
}

static Digest
digest (const char *data, gsize length)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  guint8 whole[32];
  gsize size = sizeof whole;
  Digest result;

  g_checksum_update (checksum, (const guchar *) data, (gssize) length);
  g_checksum_get_digest (checksum, whole, &size);
  memcpy (result.bytes, whole, sizeof result.bytes);
  return result;
}

static Digest
digest_text (const char *text)
{
  return digest (text, strlen (text));
}

static gboolean
is_same (const Digest *one, const Digest *other)
{
  return memcmp (one, other, sizeof *one) == 0;
}

static void
drop_connection (DwExchange *self, guint index)
{
  dw_identity_clear (&self->connections[index].identity);
  self->connections[index] = self->connections[--self->n_connections];
}

static Connection *
connection_of (DwExchange *self, const DwTraceEntry *entry)
{
  Connection *connection;
  guint oldest = 0;

  for (guint i = 0; i < self->n_connections; i++)
    {
      if (self->connections[i].number == entry->connection)
        {
          self->connections[i].used = entry->time;
          return &self->connections[i];
        }
      if (self->connections[i].used < self->connections[oldest].used)
        oldest = i;
    }

  if (self->n_connections == DW_EXCHANGE_CONNECTIONS)
    drop_connection (self, oldest);
  connection = &self->connections[self->n_connections++];
  *connection = (Connection){ .number = entry->connection, .began = entry->time, .used = entry->time };
  return connection;
}

static void
drop_late (DwExchange *self, gint64 now)
{
  guint late = 0;

  while (late < self->waiting->len && now - g_array_index (self->waiting, Request, late).time > DW_EXCHANGE_WAIT_US)
    late++;
  g_array_remove_range (self->waiting, 0, late);
}

/* A member of a frame, if that is an object in which it is a string. */
static const char *
get_member (DwExchange *self, const char *data, gsize length, const char *name)
{
  JsonNode *root = dw_json_parse (self->parser, data, (gssize) length, NULL);
  JsonNode *node = NULL;

  if (root != NULL && JSON_NODE_HOLDS_OBJECT (root))
    node = json_object_get_member (json_node_get_object (root), name);
  return node != NULL && json_node_get_value_type (node) == G_TYPE_STRING ? json_node_get_string (node) : NULL;
}

static gboolean
is_for_send_route (DwExchange *self, const char *data, gsize length)
{
  const char *route = get_member (self, data, length, dw_dialect_get_route_key (self->dialect));

  return g_strcmp0 (route, dw_dialect_get_send_route (self->dialect)) == 0;
}

static gboolean
read_id (DwExchange *self, const char *data, gsize length, Digest *id)
{
  const char *text = get_member (self, data, length, dw_dialect_get_id_key (self->dialect));

  if (!dw_message_id_is_valid (text))
    return FALSE;
  *id = digest_text (text);
  return TRUE;
}

static void
add_request (DwExchange *self, const DwTraceEntry *entry)
{
  gsize length;
  const char *data = g_bytes_get_data (entry->bytes, &length);
  Request request = { .serial = entry->serial, .time = entry->time, .connection = entry->connection };
  g_autoptr (DwFrame) frame = NULL;

  connection_of (self, entry);
  data = data != NULL ? data : "";
  frame = dw_frame_classify (self->dialect, self->parser, data, length);
  request.payload = digest (data, length);
  request.body = digest_text (frame->text);
  request.has_sender = frame->sender != NULL;
  request.sender = digest_text (frame->sender != NULL ? frame->sender : "");
  request.is_send = is_for_send_route (self, data, length);
  request.has_id = read_id (self, data, length, &request.id);
  dw_json_forget (self->parser);

  if (self->waiting->len >= DW_EXCHANGE_WAITING)
    g_array_remove_index (self->waiting, 0);
  g_array_append_val (self->waiting, request);
}

static gboolean
is_echo (DwExchange *self,
         const Request *request,
         const DwTraceEntry *entry,
         const DwFrame *frame,
         const Digest *body)
{
  Digest id, sender;

  if (!is_same (body, &request->body))
    return FALSE;
  if (frame->id == NULL)
    return request->connection == entry->connection && !(request->has_id && self->ids_come_back);

  id = digest_text (frame->id);
  sender = digest_text (frame->sender != NULL ? frame->sender : "");
  return request->has_id && is_same (&id, &request->id)
         && (frame->sender == NULL || !request->has_sender || is_same (&sender, &request->sender));
}

static gboolean
asks_by_id (DwExchange *self)
{
  for (guint i = 0; i < self->waiting->len; i++)
    if (g_array_index (self->waiting, Request, i).has_id && !g_array_index (self->waiting, Request, i).is_send)
      return TRUE;
  return FALSE;
}

/* Which request an object with an id answers, or -1. */
static int
find_by_id (DwExchange *self, const DwTraceEntry *entry, const char *data, gsize length)
{
  Digest id;

  if (!asks_by_id (self) || !read_id (self, data, length, &id))
    return -1;
  for (guint i = 0; i < self->waiting->len; i++)
    {
      const Request *request = &g_array_index (self->waiting, Request, i);

      if (request->connection == entry->connection && !request->is_send && request->has_id
          && is_same (&id, &request->id))
        return (int) i;
    }
  return -1;
}

/* Which request a broadcast or any other frame of a handler answers, or -1. */
static int
find_echo (DwExchange *self, const DwTraceEntry *entry, const DwFrame *frame, const char *data, gsize length)
{
  Digest payload = digest (data, length);
  Digest body = digest_text (frame->text);

  for (guint i = 0; i < self->waiting->len; i++)
    {
      const Request *request = &g_array_index (self->waiting, Request, i);
      gboolean same = request->connection == entry->connection && is_same (&payload, &request->payload);

      if (same || (frame->kind == DW_FRAME_BROADCAST && is_echo (self, request, entry, frame, &body)))
        {
          self->echoes = TRUE;
          self->ids_come_back |= frame->id != NULL && request->has_id;
          return (int) i;
        }
    }
  return find_by_id (self, entry, data, length);
}

static int
find_oldest (DwExchange *self, guint connection, gboolean with_send)
{
  for (guint i = 0; i < self->waiting->len; i++)
    {
      const Request *request = &g_array_index (self->waiting, Request, i);

      if (request->connection == connection && (with_send || !request->is_send))
        return (int) i;
    }
  return -1;
}

static int
find_newest (DwExchange *self, guint connection)
{
  for (guint i = self->waiting->len; i > 0; i--)
    if (g_array_index (self->waiting, Request, i - 1).connection == connection)
      return (int) i - 1;
  return -1;
}

static int
find_unrouted (DwExchange *self, guint connection)
{
  int found = find_oldest (self, connection, FALSE);

  return found >= 0 || self->echoes ? found : find_oldest (self, connection, TRUE);
}

static int
find_refused (DwExchange *self, guint connection, DwGatewayError error)
{
  switch (error)
    {
    case DW_GATEWAY_THROTTLED:
      return find_newest (self, connection);
    case DW_GATEWAY_FORBIDDEN:
      {
        int unrouted = find_unrouted (self, connection);

        return unrouted >= 0 ? unrouted : find_oldest (self, connection, TRUE);
      }
    case DW_GATEWAY_TIMEOUT:
      return find_oldest (self, connection, TRUE);
    case DW_GATEWAY_INTERNAL:
    case DW_GATEWAY_BAD_BODY:
    case DW_GATEWAY_OTHER:
    default:
      return self->echoes ? find_oldest (self, connection, TRUE) : find_newest (self, connection);
    }
}

/* The same for what has the gateway's shape. */
static int
find_addressed (DwExchange *self, const DwTraceEntry *entry, const DwFrame *frame)
{
  Connection *connection = connection_of (self, entry);
  gboolean probed = find_oldest (self, entry->connection, FALSE) >= 0;
  gboolean young = entry->time - connection->began < DW_EXCHANGE_SILENCE_US;

  switch (dw_identity_judge (&connection->identity, frame, probed, young))
    {
    case DW_IDENTITY_LEARNS:
    case DW_IDENTITY_CONFIRMS:
    case DW_IDENTITY_REPEATS:
    case DW_IDENTITY_OURS:
      break;
    case DW_IDENTITY_UNSURE:
      if (self->broadcasts_text || connection->identity.disputed)
        return -1;
      break;
    case DW_IDENTITY_FOREIGN:
      /* What is known of nobody is somebody's word alone where anybody can say it. */
      if (self->broadcasts_text || connection->identity.answered)
        return -1;
      break;
    case DW_IDENTITY_DISPUTES:
    default:
      return -1;
    }
  return frame->kind == DW_FRAME_NOTIFICATION ? find_unrouted (self, entry->connection)
                                              : find_refused (self, entry->connection, frame->gateway_error);
}

static gboolean
is_remembered (DwExchange *self, guint64 serial)
{
  return serial >= self->first && serial < self->next && self->next - serial <= DW_TRACE_ENTRIES;
}

static guint64
pair_up (DwExchange *self, guint index, const DwTraceEntry *answer, gboolean refusal)
{
  Request request = g_array_index (self->waiting, Request, index);
  gint64 latency = CLAMP (answer->time - request.time, 0, DW_EXCHANGE_WAIT_US);
  gint32 distance = (gint32) (answer->serial - request.serial);
  Pair pair = { .distance = distance, .latency_us = (guint32) latency, .refusal = refusal ? 1 : 0 };

  g_array_remove_index (self->waiting, index);
  if (!is_remembered (self, request.serial))
    return 0;

  self->pairs[request.serial % DW_TRACE_ENTRIES] = pair;
  pair.distance = -distance;
  self->pairs[answer->serial % DW_TRACE_ENTRIES] = pair;
  dw_histogram_add (&self->latencies, pair.latency_us);
  return request.serial;
}

/* The prose of the default route is no broadcast. */
static gboolean
is_raw_text (const char *data, gsize length)
{
  static const char prose[] = "Use the ";

  return length > 0 && *data != '{' && *data != '"'
         && (length < strlen (prose) || memcmp (data, prose, strlen (prose)) != 0);
}

static guint64
add_answer (DwExchange *self, const DwTraceEntry *entry)
{
  gsize length;
  const char *data = g_bytes_get_data (entry->bytes, &length);
  g_autoptr (DwFrame) frame = NULL;
  gboolean is_gateways;
  int found;

  data = data != NULL ? data : "";
  self->broadcasts_text |= is_raw_text (data, length);
  if (self->waiting->len == 0)
    return 0;

  frame = dw_frame_classify (self->dialect, self->parser, data, length);
  is_gateways = frame->kind == DW_FRAME_NOTIFICATION || frame->kind == DW_FRAME_GATEWAY_ERROR;
  found = is_gateways ? find_addressed (self, entry, frame) : find_echo (self, entry, frame, data, length);
  return found >= 0 ? pair_up (self, (guint) found, entry, frame->kind == DW_FRAME_GATEWAY_ERROR) : 0;
}

/**
 * dw_exchange_add:
 * @self: an exchange
 * @entry: what comes next in the trace
 *
 * Returns: the serial of the frame that this one answers, or 0
 */
guint64
dw_exchange_add (DwExchange *self, const DwTraceEntry *entry)
{
  g_return_val_if_fail (entry->serial >= self->next, 0);

  if (self->first == 0)
    self->first = entry->serial;
  /* Its place in the ring is free then. */
  if (entry->serial >= DW_TRACE_ENTRIES)
    dw_exchange_forget (self, entry->serial + 1 - DW_TRACE_ENTRIES);
  self->next = entry->serial + 1;

  drop_late (self, entry->time);
  if (entry->bytes == NULL)
    return 0;
  if (entry->kind == DW_TRACE_OUT)
    add_request (self, entry);
  else if (entry->kind == DW_TRACE_IN)
    return add_answer (self, entry);
  return 0;
}

/**
 * dw_exchange_forget:
 * @self: an exchange
 * @before: a serial
 *
 * Forgets the pairs of all that came before it. The other frame of such a pair has none then.
 */
void
dw_exchange_forget (DwExchange *self, guint64 before)
{
  for (guint64 serial = self->first; serial < MIN (before, self->next); serial++)
    {
      Pair *pair = &self->pairs[serial % DW_TRACE_ENTRIES];

      if (pair->distance != 0)
        {
          dw_histogram_remove (&self->latencies, pair->latency_us);
          self->pairs[(serial + (guint64) pair->distance) % DW_TRACE_ENTRIES] = (Pair){ 0 };
          *pair = (Pair){ 0 };
        }
    }
  self->first = MAX (self->first, before);
}

/**
 * dw_exchange_get_other:
 * @self: an exchange
 * @serial: a frame
 * @latency_us: (out): how long the answer took, in microseconds
 * @refusal: (out): whether the answer is an error of the gateway
 *
 * Returns: the serial of its answer, or of the frame that it answers, or 0 where there is none
 */
guint64
dw_exchange_get_other (DwExchange *self, guint64 serial, gint64 *latency_us, gboolean *refusal)
{
  const Pair *pair = &self->pairs[serial % DW_TRACE_ENTRIES];

  if (!is_remembered (self, serial) || pair->distance == 0)
    return 0;
  *latency_us = pair->latency_us;
  *refusal = pair->refusal;
  return (guint64) ((gint64) serial + pair->distance);
}

/**
 * dw_exchange_get_latencies:
 * @self: an exchange
 *
 * Returns: (transfer none): how long the answers took that are remembered
 */
const DwHistogram *
dw_exchange_get_latencies (DwExchange *self)
{
  return &self->latencies;
}
