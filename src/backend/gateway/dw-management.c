/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-management.h"

#include "dw-connection-id.h"
#include "dw-connections-path.h"

#include "backend/dw-backend-error.h"

#include "wire/dw-limits.h"
#include "wire/dw-secret.h"
#include "wire/dw-sigv4.h"
#include "wire/dw-time.h"

#include <json-glib/json-glib.h>
#include <string.h>

/* The HTTP side of a stage: `@connections`, as API Gateway has it, and the metrics. */
struct _DwManagement
{
  GObject parent_instance;

  const DwServerConfig *config; /* the server's, which lives longer */
  DwSocketGateway *gateway;
  GHashTable *bodies; /* GByteArray by message, while its request comes in; each at most one byte over the limit */
  gsize held;         /* bytes in all of them; DW_MANAGEMENT_BODIES at most */
};

G_DEFINE_FINAL_TYPE (DwManagement, dw_management, G_TYPE_OBJECT)

static void
dw_management_finalize (GObject *object)
{
  DwManagement *self = DW_MANAGEMENT (object);

  g_clear_object (&self->gateway);
  g_clear_pointer (&self->bodies, g_hash_table_unref);
  G_OBJECT_CLASS (dw_management_parent_class)->finalize (object);
}

static void
dw_management_class_init (DwManagementClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dw_management_finalize;
}

static void
free_body (gpointer body)
{
  if (body != NULL)
    g_byte_array_unref (body);
}

static void
dw_management_init (DwManagement *self)
{
  self->bodies = g_hash_table_new_full (NULL, NULL, NULL, free_body);
}

/**
 * dw_management_new:
 * @config: the stage's configuration, which has to live as long
 * @gateway: its connections
 *
 * Returns: (transfer full): what answers `@connections`
 */
DwManagement *
dw_management_new (const DwServerConfig *config, DwSocketGateway *gateway)
{
  DwManagement *self = g_object_new (DW_TYPE_MANAGEMENT, NULL);

  self->config = config;
  self->gateway = g_object_ref (gateway);
  return self;
}

static void
respond (SoupServerMessage *message, guint status, const char *error_type, const char *body)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);
  g_autofree char *id = dw_connection_id_new ();

  soup_server_message_set_status (message, status, NULL);
  soup_message_headers_replace (headers, "x-amzn-RequestId", id);
  if (error_type != NULL)
    soup_message_headers_replace (headers, "x-amzn-ErrorType", error_type);
  if (body != NULL)
    soup_server_message_set_response (message, "application/json", SOUP_MEMORY_COPY, body, strlen (body));
}

/* Quotes the words as JSON, since they may contain what the client sent. */
static void
refuse (SoupServerMessage *message, guint status, const char *error_type, const char *words)
{
  g_autoptr (JsonNode) node = json_node_init_string (json_node_alloc (), words);
  g_autofree char *quoted = json_to_string (node, FALSE);
  g_autofree char *body = g_strdup_printf ("{\"message\":%s}", quoted);

  respond (message, status, error_type, body);
}

static void
refuse_gone (SoupServerMessage *message)
{
  /* Without a body: the error type is in the header alone, and SDKs trip over that (measured). */
  respond (message, SOUP_STATUS_GONE, "GoneException", NULL);
}

static void
refuse_too_large (SoupServerMessage *message)
{
  refuse (message, 413, "PayloadTooLargeException", "Payload too large");
}

/* As it is on the wire; it is decoded once, where it is parsed. */
static const char *
path_of (SoupServerMessage *message)
{
  return g_uri_get_path (soup_server_message_get_uri (message));
}

/**
 * dw_management_wants:
 * @self: a management side
 * @message: a request whose head has arrived
 *
 * Returns: whether it is for the management side rather than a handshake
 */
gboolean
dw_management_wants (DwManagement *self, SoupServerMessage *message)
{
  g_autofree char *path = g_uri_unescape_string (path_of (message), NULL);
  g_autofree char *id = NULL;

  if (self->config->metrics && g_strcmp0 (path, DW_MANAGEMENT_METRICS) == 0)
    return TRUE;
  return dw_connections_path_parse (path_of (message), self->config->stage, &id) != DW_CONNECTIONS_PATH_OTHER;
}

/* When all bodies together are too large this one is dropped, and the request gets its answer when it ends. */
static void
on_chunk (SoupServerMessage *message, GBytes *chunk, DwManagement *self)
{
  GByteArray *body = g_hash_table_lookup (self->bodies, message);
  gsize size;
  const guint8 *data = g_bytes_get_data (chunk, &size);

  if (body == NULL || data == NULL)
    return;

  size = MIN (size, DW_LIMIT_MESSAGE_BYTES + 1 - body->len);
  if (self->held + size > DW_MANAGEMENT_BODIES)
    {
      self->held -= body->len;
      g_hash_table_insert (self->bodies, message, NULL);
      return;
    }

  g_byte_array_append (body, data, (guint) size);
  self->held += size;
}

static void
on_finished (SoupServerMessage *message, DwManagement *self)
{
  GByteArray *body = g_hash_table_lookup (self->bodies, message);

  if (body != NULL)
    self->held -= body->len;
  g_hash_table_remove (self->bodies, message);
}

static const char *
shown_by (SoupServerMessage *message)
{
  return soup_message_headers_get_one (soup_server_message_get_request_headers (message), "Authorization");
}

static gboolean
is_bearer (const char *shown)
{
  return shown != NULL && g_ascii_strncasecmp (shown, "Bearer ", 7) == 0;
}

static gboolean
has_token (DwManagement *self, const char *shown)
{
  return self->config->management_token != NULL && dw_secret_equal (self->config->management_token, shown + 7);
}

/* Whether the head shows credentials that could be right. If not, the body is not kept. */
static gboolean
may_send_body (DwManagement *self, SoupServerMessage *message)
{
  const char *shown = shown_by (message);

  if (is_bearer (shown))
    return has_token (self, shown);
  return self->config->key_id != NULL && shown != NULL && strstr (shown, self->config->key_id) != NULL;
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

static gboolean
is_signed (DwManagement *self, SoupServerMessage *message, GByteArray *body, GError **error)
{
  g_autoptr (GHashTable) headers = headers_of (message);
  g_autoptr (GBytes) bytes = g_bytes_new (body->data, body->len);
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  DwSigv4Request request = { soup_server_message_get_method (message), path_of (message),
                             g_uri_get_query (soup_server_message_get_uri (message)), headers, bytes };

  return dw_sigv4_verify (&request, "execute-api", self->config->key_id, self->config->secret, now, error);
}

static gboolean
authorize (DwManagement *self, SoupServerMessage *message, GByteArray *body)
{
  const char *shown = shown_by (message);
  g_autoptr (GError) error = NULL;

  if (is_bearer (shown))
    {
      if (has_token (self, shown))
        return TRUE;
      refuse (message, SOUP_STATUS_FORBIDDEN, "ForbiddenException", "Forbidden");
      return FALSE;
    }

  if (self->config->key_id == NULL)
    {
      refuse (message, SOUP_STATUS_FORBIDDEN, "ForbiddenException", "Forbidden");
      return FALSE;
    }

  if (is_signed (self, message, body, &error))
    return TRUE;

  refuse (message, SOUP_STATUS_FORBIDDEN,
          shown != NULL ? "InvalidSignatureException" : "MissingAuthenticationTokenException", error->message);
  return FALSE;
}

static gboolean
announces_too_much (DwManagement *self, SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  g_autofree char *id = NULL;

  return soup_message_headers_get_content_length (headers) > DW_LIMIT_MESSAGE_BYTES
         && dw_connections_path_parse (path_of (message), self->config->stage, &id)
                != DW_CONNECTIONS_PATH_FORBIDDEN;
}

/**
 * dw_management_begin:
 * @self: a management side
 * @message: a request it wants
 *
 * Starts to collect the body, but no more of it than may be posted. Refuses the request at once if its head shows no
 * credentials that could be right, or a body that is too large.
 */
void
dw_management_begin (DwManagement *self, SoupServerMessage *message)
{
  soup_message_body_set_accumulate (soup_server_message_get_request_body (message), FALSE);
  if (announces_too_much (self, message))
    refuse_too_large (message);
  else if (!may_send_body (self, message))
    {
      g_autoptr (GByteArray) nothing = g_byte_array_new ();

      authorize (self, message, nothing);
    }
  else
    {
      g_hash_table_replace (self->bodies, message, g_byte_array_new ());
      g_signal_connect_object (message, "got-chunk", G_CALLBACK (on_chunk), self, 0);
      g_signal_connect_object (message, "finished", G_CALLBACK (on_finished), self, 0);
    }
}

static void
post (DwManagement *self, SoupServerMessage *message, const char *id, GByteArray *body)
{
  g_autoptr (DwServerFrame) frame = NULL;
  g_autofree char *text = NULL;

  if (body->len == 0)
    refuse (message, SOUP_STATUS_BAD_REQUEST, "BadRequestException", "The data is empty");
  /* It is sent as a text frame. */
  else if (!g_utf8_validate ((const char *) body->data, (gssize) body->len, NULL))
    refuse (message, SOUP_STATUS_BAD_REQUEST, "BadRequestException", "The data is not UTF-8 text");
  else if (!dw_socket_gateway_may_post (self->gateway))
    refuse (message, 429, "LimitExceededException", "Too many requests per unit of time");
  else
    {
      text = g_strndup ((const char *) body->data, body->len);
      frame = dw_server_frame_new (text);
      if (dw_socket_gateway_post (self->gateway, id, frame))
        respond (message, SOUP_STATUS_OK, NULL, NULL);
      else
        refuse_gone (message);
    }
}

static void
add (JsonBuilder *builder, const char *name, const char *value)
{
  if (value == NULL)
    return;
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

static char *
describe (const DwConnectionInfo *info)
{
  g_autofree char *connected = dw_time_format (info->caller->connected_at * 1000);
  g_autofree char *active = dw_time_format (info->last_active_at * 1000);
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;

  json_builder_begin_object (builder);
  add (builder, "connectedAt", connected);
  json_builder_set_member_name (builder, "identity");
  json_builder_begin_object (builder);
  add (builder, "sourceIp", info->caller->source_ip);
  add (builder, "userAgent", info->caller->user_agent);
  json_builder_end_object (builder);
  add (builder, "lastActiveAt", active);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  return json_to_string (root, FALSE);
}

static void
on_looked_up (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SoupServerMessage) message = data;
  g_autoptr (DwConnectionInfo) info = dw_gateway_get_finish (DW_GATEWAY (source), result, NULL);
  g_autofree char *body = info != NULL ? describe (info) : NULL;

  if (body != NULL)
    respond (message, SOUP_STATUS_OK, NULL, body);
  else
    refuse_gone (message);
  soup_server_message_unpause (message);
}

static void
on_deleted (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SoupServerMessage) message = data;

  if (dw_gateway_delete_finish (DW_GATEWAY (source), result, NULL))
    respond (message, SOUP_STATUS_NO_CONTENT, NULL, NULL);
  else
    refuse_gone (message);
  soup_server_message_unpause (message);
}

static void
act (DwManagement *self, SoupServerMessage *message, const char *id, GByteArray *body)
{
  const char *method = soup_server_message_get_method (message);

  if (method == SOUP_METHOD_POST)
    post (self, message, id, body);
  else if (method == SOUP_METHOD_GET || method == SOUP_METHOD_DELETE)
    {
      soup_server_message_pause (message);
      if (method == SOUP_METHOD_GET)
        dw_gateway_get_async (DW_GATEWAY (self->gateway), id, NULL, on_looked_up, g_object_ref (message));
      else
        dw_gateway_delete_async (DW_GATEWAY (self->gateway), id, NULL, on_deleted, g_object_ref (message));
    }
  else
    refuse (message, SOUP_STATUS_FORBIDDEN, "ForbiddenException", "Forbidden");
}

static void
answer_metrics (DwManagement *self, SoupServerMessage *message)
{
  g_autofree char *text = dw_metrics_to_text (dw_socket_gateway_get_metrics (self->gateway), self->config->stage);

  soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
  soup_server_message_set_response (message, "text/plain; version=0.0.4; charset=utf-8", SOUP_MEMORY_COPY, text,
                                    strlen (text));
}

/**
 * dw_management_answer:
 * @self: a management side
 * @message: a request that was passed to dw_management_begin() and is complete
 *
 * Answers it. The answers come from the API's service model and captures. The checks are in the gateway's order: the
 * stage, the size, the signature, the id, and then the connection.
 */
void
dw_management_answer (DwManagement *self, SoupServerMessage *message)
{
  g_autofree char *id = NULL;
  DwConnectionsPath path = dw_connections_path_parse (path_of (message), self->config->stage, &id);
  GByteArray *body = NULL;

  if (!g_hash_table_lookup_extended (self->bodies, message, NULL, (gpointer *) &body)
      || path == DW_CONNECTIONS_PATH_FORBIDDEN)
    refuse (message, SOUP_STATUS_FORBIDDEN, "ForbiddenException", "Forbidden");
  else if (body == NULL)
    refuse (message, 429, "LimitExceededException", "Too many requests at once");
  /* Before the signature, which covers the whole body: this one was not kept whole. */
  else if (body->len > DW_LIMIT_MESSAGE_BYTES)
    refuse_too_large (message);
  else if (!authorize (self, message, body))
    return;
  else if (path == DW_CONNECTIONS_PATH_OTHER)
    answer_metrics (self, message);
  else if (path == DW_CONNECTIONS_PATH_BAD_ID)
    {
      g_autofree char *words = g_strdup_printf ("Invalid connectionId: %s", id);

      refuse (message, SOUP_STATUS_BAD_REQUEST, "BadRequestException", words);
    }
  else
    act (self, message, id, body);
}
