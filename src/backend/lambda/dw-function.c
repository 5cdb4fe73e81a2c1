/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-function.h"

#include "backend/aws/dw-connections-gateway.h"
#include "backend/aws/dw-dynamo-registry.h"
#include "backend/aws/dw-endpoint.h"
#include "backend/aws/dw-invoker.h"
#include "backend/dw-backend-error.h"
#include "backend/handlers/dw-event-json.h"
#include "backend/handlers/dw-handler.h"
#include "wire/dw-json.h"

#include <string.h>

/* One of the four handlers as a Lambda function: from the event's JSON to the response's. It also answers warm-up
 * events, hands a broadcast that ran out of time to another run, and redrives dead letters. */
struct _DwFunction
{
  GObject parent_instance;

  const DwFunctionConfig *config; /* borrowed; the caller's lives longer */
  DwHttp *http;
  DwService *table;
  DwService *queue;
  DwService *lambda;
  DwDynamoRegistry *registry;
  DwConnectionsGateway *gateway;
  DwInvoker *invoker;
  DwTally tally;  /* of the invocation under way */
  char *endpoint; /* of the last event, to keep its connection warm */
};

G_DEFINE_FINAL_TYPE (DwFunction, dw_function, G_TYPE_OBJECT)

/* How long before the deadline, in milliseconds, the table must have answered the handler, and then deletions and
 * handing on must be done. */
#define TABLE_RESERVE_MS 1500
#define LAST_RESERVE_MS 250

/* The most records in one batch from SQS. */
#define RECORDS 100

static void
dw_function_finalize (GObject *object)
{
  DwFunction *self = DW_FUNCTION (object);

  g_clear_object (&self->registry);
  g_clear_object (&self->gateway);
  g_clear_object (&self->invoker);
  g_clear_object (&self->table);
  g_clear_object (&self->queue);
  g_clear_object (&self->lambda);
  g_clear_object (&self->http);
  g_free (self->endpoint);
  G_OBJECT_CLASS (dw_function_parent_class)->finalize (object);
}

static void
dw_function_class_init (DwFunctionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dw_function_finalize;
}

static void
dw_function_init (DwFunction *self)
{
}

static DwService *
service_new (DwFunction *self, DwCredentials *credentials, const char *name)
{
  g_autofree char *endpoint = dw_endpoint_new (name, self->config->region);
  DwService *service = dw_service_new (self->http, credentials, self->config->region, name, endpoint);

  dw_service_set_tally (service, &self->tally);
  return service;
}

/**
 * dw_function_new:
 * @config: its configuration; must outlive the function
 * @http: what carries the requests
 * @credentials: those of the function's role
 *
 * Returns: (transfer full): a function
 */
DwFunction *
dw_function_new (const DwFunctionConfig *config, DwHttp *http, DwCredentials *credentials)
{
  DwFunction *self = g_object_new (DW_TYPE_FUNCTION, NULL);
  g_autoptr (DwDynamodb) dynamodb = NULL;

  self->config = config;
  self->http = g_object_ref (http);
  self->table = service_new (self, credentials, "dynamodb");
  self->queue = service_new (self, credentials, "sqs");
  self->lambda = service_new (self, credentials, "lambda");
  dynamodb = dw_dynamodb_new (self->table);
  self->registry = dw_dynamo_registry_new (dynamodb, config->table != NULL ? config->table : "",
                                           config->claims != NULL ? config->claims : "");
  dw_dynamo_registry_set_page (self->registry, config->page);
  self->gateway = dw_connections_gateway_new (http, credentials, config->region, &self->tally);
  dw_connections_gateway_set_most (self->gateway, config->posts);
  self->invoker = dw_invoker_new (self->lambda, config->send_function);
  if (config->dead_letters != NULL)
    {
      g_autoptr (DwDeadLetterQueue) letters = dw_dead_letter_queue_new (self->queue, config->dead_letters);

      dw_connections_gateway_set_letters (self->gateway, letters);
    }
  return self;
}

/**
 * dw_function_get_tally:
 * @self: a function
 *
 * Returns: (transfer none): what the last invocation did
 */
const DwTally *
dw_function_get_tally (DwFunction *self)
{
  return &self->tally;
}

/* A running invocation. */
typedef struct
{
  gint64 deadline;
  DwEvent *event;     /* or NULL */
  char *answer;       /* what to return when all work is done, */
  GError *error;      /* or the error to return */
  GPtrArray *records; /* of Record, for a batch of dead letters */
  guint record;
  GString *failures;
  guint warming;
} Run;

typedef struct
{
  char *id;
  char *body;
} Record;

static void
record_free (Record *record)
{
  g_free (record->id);
  g_free (record->body);
  g_free (record);
}

static void
run_free (Run *run)
{
  g_clear_pointer (&run->event, dw_event_free);
  g_clear_pointer (&run->records, g_ptr_array_unref);
  if (run->failures != NULL)
    g_string_free (run->failures, TRUE);
  g_clear_error (&run->error);
  g_free (run->answer);
  g_free (run);
}

static void
set_deadlines (DwFunction *self, gint64 deadline, gint64 table_reserve)
{
  dw_connections_gateway_set_deadline (self->gateway, deadline);
  dw_service_set_deadline (self->table, deadline - table_reserve * 1000);
  dw_service_set_deadline (self->queue, deadline - LAST_RESERVE_MS * 1000);
  dw_service_set_deadline (self->lambda, deadline - LAST_RESERVE_MS * 1000);
}

static void
set_endpoint (DwFunction *self, const char *endpoint)
{
  dw_connections_gateway_set_endpoint (self->gateway, endpoint);
  dw_dynamo_registry_set_endpoint (self->registry, endpoint);
  if (g_strcmp0 (endpoint, self->endpoint) != 0)
    {
      g_free (self->endpoint);
      self->endpoint = g_strdup (endpoint);
    }
}

static void
on_settled (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Run *run = g_task_get_task_data (task);

  dw_dynamo_registry_settle_finish (DW_DYNAMO_REGISTRY (source), result, NULL);
  if (run->error != NULL)
    g_task_return_error (task, g_steal_pointer (&run->error));
  else
    g_task_return_pointer (task, g_steal_pointer (&run->answer), g_free);
}

/* The process is frozen between two events, so finish everything first. */
static void
finish (GTask *task)
{
  DwFunction *self = g_task_get_source_object (task);

  dw_dynamo_registry_settle_async (self->registry, on_settled, g_object_ref (task));
}

static void
add (JsonBuilder *builder, const char *name, const char *value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

/* The response format of API Gateway ("Lambda proxy integrations for WebSocket APIs"). */
static char *
write_response (const DwResponse *response)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "statusCode");
  json_builder_add_int_value (builder, response->status);
  if (response->subprotocol != NULL)
    {
      json_builder_set_member_name (builder, "headers");
      json_builder_begin_object (builder);
      add (builder, "Sec-WebSocket-Protocol", response->subprotocol);
      json_builder_end_object (builder);
    }
  if (response->body != NULL)
    add (builder, "body", response->body);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  return json_to_string (root, FALSE);
}

static void
give_up (GTask *task, char *words)
{
  Run *run = g_task_get_task_data (task);

  run->error = g_error_new_literal (DW_BACKEND_ERROR, DW_BACKEND_ERROR_DEADLINE, words);
  dw_dynamo_registry_abandon (((DwFunction *) g_task_get_source_object (task))->registry);
  g_free (words);
  finish (task);
}

static void
on_handed_on (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;

  if (dw_invoker_invoke_finish (DW_INVOKER (source), result, &error))
    {
      dw_dynamo_registry_confirm (((DwFunction *) g_task_get_source_object (task))->registry);
      finish (task);
    }
  else
    give_up (task, g_strdup_printf ("the rest of a broadcast could not be handed on: %s", error->message));
}

static void
hand_on (GTask *task, const char *rest)
{
  DwFunction *self = g_task_get_source_object (task);
  Run *run = g_task_get_task_data (task);
  g_autofree char *payload = NULL;

  if (run->event->hop >= DW_FUNCTION_HOPS)
    {
      give_up (task, g_strdup_printf ("a broadcast was handed on %u times and is given up", run->event->hop));
      return;
    }
  g_free (run->event->start_key);
  run->event->start_key = g_strdup (rest);
  run->event->hop++;
  payload = dw_event_to_json (run->event);
  g_message ("The time is over after %" G_GUINT64_FORMAT " posts: the rest is handed on", self->tally.deliveries);
  dw_invoker_invoke_async (self->invoker, payload, on_handed_on, g_object_ref (task));
}

static char *
hop_id (const DwEvent *event)
{
  return g_strdup_printf ("hop %s %u", event->request_id, event->hop);
}

/* Then the message can be sent again. */
static void
release_hop (DwFunction *self, const Run *run)
{
  g_autofree char *id = hop_id (run->event);

  if (run->event->start_key != NULL)
    dw_registry_release (DW_REGISTRY (self->registry), id);
}

static void
on_handled (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  DwFunction *self = g_task_get_source_object (task);
  Run *run = g_task_get_task_data (task);
  g_autoptr (DwResponse) response = dw_handler_finish (result, &error);

  set_deadlines (self, run->deadline, LAST_RESERVE_MS);
  if (response == NULL)
    {
      run->error = g_steal_pointer (&error);
      release_hop (self, run);
      dw_dynamo_registry_abandon (self->registry);
      finish (task);
      return;
    }
  run->answer = write_response (response);
  if (response->rest == NULL)
    dw_dynamo_registry_confirm (self->registry);
  if (response->rest != NULL)
    hand_on (task, response->rest);
  else
    finish (task);
}

static gboolean
refuse (GTask *task, const char *words)
{
  g_task_return_new_error (task, DW_BACKEND_ERROR, DW_BACKEND_ERROR_EVENT, "%s", words);
  return FALSE;
}

/* An event of another kind of route means that the API is wired to the wrong function. */
static gboolean
is_ours (GTask *task, const char *handler, const DwEvent *event)
{
  gboolean connect = strcmp (event->route_key, "$connect") == 0;
  gboolean disconnect = strcmp (event->route_key, "$disconnect") == 0;

  if (connect != (strcmp (handler, "connect") == 0) || disconnect != (strcmp (handler, "disconnect") == 0))
    return refuse (task, "the event is of another route than this function is for");
  if (event->api_id == NULL)
    return refuse (task, "the event says not which API it is of");
  return TRUE;
}

/* Like an authorizer of the gateway: 401 without a token, 403 with a wrong one. Comparing hashes leaks nothing useful
 * about the token through timing. */
static guint
authorize (const DwFunction *self, const DwEvent *event)
{
  const char *shown = dw_caller_get_token (event->caller);
  g_autofree char *hash = NULL;

  if (self->config->token_sha256 == NULL)
    return 200;
  if (shown == NULL || *shown == '\0')
    return 401;
  hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, shown, -1);
  return strcmp (hash, self->config->token_sha256) == 0 ? 200 : 403;
}

static DwHandlerFunc
handler_of (const DwFunction *self)
{
  if (strcmp (self->config->handler, "connect") == 0)
    return dw_connect_handler;
  if (strcmp (self->config->handler, "disconnect") == 0)
    return dw_disconnect_handler;
  return strcmp (self->config->handler, "default") == 0 ? dw_default_handler : dw_send_message_handler;
}

static void
handle (GTask *task)
{
  DwFunction *self = g_task_get_source_object (task);
  Run *run = g_task_get_task_data (task);

  handler_of (self) (DW_REGISTRY (self->registry), DW_GATEWAY (self->gateway), run->event, NULL, on_handled,
                     g_object_ref (task));
}

static void
on_hop_claimed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  Run *run = g_task_get_task_data (task);
  gboolean fresh;

  if (!dw_registry_claim_finish (DW_REGISTRY (source), result, &fresh, &error)
      && !g_error_matches (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_CLAIMED))
    g_task_return_error (task, g_steal_pointer (&error));
  else if (fresh)
    handle (task);
  else
    {
      g_message ("This part of a broadcast is done already");
      run->answer = g_strdup ("{\"statusCode\":200}");
      finish (task);
    }
}

/* Lambda may deliver an asynchronous event twice, and retries one that failed. */
static void
claim_hop (GTask *task)
{
  DwFunction *self = g_task_get_source_object (task);
  Run *run = g_task_get_task_data (task);
  g_autofree char *id = hop_id (run->event);

  dw_registry_claim_async (DW_REGISTRY (self->registry), id, g_get_real_time () / G_USEC_PER_SEC, NULL,
                           on_hop_claimed, g_object_ref (task));
}

static void
run_event (GTask *task)
{
  DwFunction *self = g_task_get_source_object (task);
  Run *run = g_task_get_task_data (task);
  g_autofree char *endpoint = NULL;
  guint status;

  if (!is_ours (task, self->config->handler, run->event))
    return;
  endpoint = dw_endpoint_new_for_stage (run->event->api_id, self->config->region, run->event->stage);
  set_endpoint (self, endpoint);
  if (strcmp (self->config->handler, "connect") == 0 && (status = authorize (self, run->event)) != 200)
    {
      g_autoptr (DwResponse) refusal = dw_response_new (status, NULL);

      run->answer = write_response (refusal);
      finish (task);
    }
  else if (run->event->start_key != NULL && strcmp (self->config->handler, "send-message") != 0)
    refuse (task, "only a broadcast goes on");
  else if (run->event->start_key != NULL)
    claim_hop (task);
  else
    handle (task);
}

/* A warm-up event keeps the process and its connections alive. Any answer will do, since the TLS handshake is done by
 * then. */
static void
on_warm (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Run *run = g_task_get_task_data (task);
  g_autoptr (DwHttpResponse) response G_GNUC_UNUSED = dw_http_send_finish (DW_HTTP (source), result, NULL);

  if (--run->warming > 0)
    return;
  run->answer = g_strdup ("{\"warm\":true}");
  finish (task);
}

static void
warm_one (GTask *task, const char *endpoint)
{
  DwFunction *self = g_task_get_source_object (task);
  Run *run = g_task_get_task_data (task);
  const char *host = strstr (endpoint, "://");
  g_autofree char *url = NULL;
  DwHttpRequest request = { .method = "GET",
                            .deadline = MIN (run->deadline - LAST_RESERVE_MS * 1000,
                                             g_get_monotonic_time () + DW_FUNCTION_WARM_MS * 1000) };

  url = g_strdup_printf ("%.*s/ping", (int) (host != NULL ? (host + 3 - endpoint) + strcspn (host + 3, "/") : 0),
                         endpoint);
  request.url = url;
  run->warming++;
  dw_http_send_async (self->http, &request, NULL, on_warm, g_object_ref (task));
}

static void
warm (GTask *task)
{
  DwFunction *self = g_task_get_source_object (task);
  g_autofree char *endpoint = g_strdup (self->endpoint);

  warm_one (task, dw_service_get_endpoint (self->table));
  if (endpoint != NULL)
    warm_one (task, endpoint);
}

static void next_record (GTask *task);

static void
fail_record (Run *run, const char *why)
{
  const Record *record = g_ptr_array_index (run->records, run->record);
  g_autoptr (JsonNode) node = json_node_init_string (json_node_alloc (), record->id);
  g_autofree char *id = json_to_string (node, FALSE);

  g_warning ("A dead letter stays in the queue: %s", why);
  g_string_append_printf (run->failures, "%s{\"itemIdentifier\":%s}", run->failures->len > 0 ? "," : "", id);
}

static void
on_redriven (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  DwFunction *self = g_task_get_source_object (task);
  Run *run = g_task_get_task_data (task);
  g_autoptr (DwPosted) posted = dw_gateway_post_finish (DW_GATEWAY (source), result, &error);
  const Record *record = g_ptr_array_index (run->records, run->record);
  g_autoptr (DwDeadLetter) letter = dw_dead_letter_from_json (record->body, NULL);

  if (posted == NULL)
    fail_record (run, error->message);
  else if (posted->done < letter->connection_ids->len)
    fail_record (run, "the time was over");
  else
    for (guint i = 0; i < posted->gone->len; i++)
      dw_registry_remove_async (DW_REGISTRY (self->registry), g_ptr_array_index (posted->gone, i), NULL, NULL,
                                NULL);
  run->record++;
  next_record (task);
}

static void
on_reinvoked (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  Run *run = g_task_get_task_data (task);

  if (!dw_invoker_invoke_finish (DW_INVOKER (source), result, &error))
    fail_record (run, error->message);
  run->record++;
  next_record (task);
}

/* What Lambda puts into the queue when an asynchronous invocation failed for good. */
static DwEvent *
event_of_failure (const char *body)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonNode *root = dw_json_parse (parser, body, -1, NULL);
  JsonObject *object = root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
  JsonNode *payload = object != NULL ? json_object_get_member (object, "requestPayload") : NULL;
  g_autofree char *json = payload != NULL ? json_to_string (payload, FALSE) : NULL;

  return json != NULL ? dw_event_from_json (json, -1, NULL) : NULL;
}

/* The next run makes its own claim. */
static void
invoke_again (GTask *task, DwEvent *event)
{
  DwFunction *self = g_task_get_source_object (task);
  g_autofree char *payload = NULL;

  event->hop++;
  payload = dw_event_to_json (event);
  dw_invoker_invoke_async (self->invoker, payload, on_reinvoked, g_object_ref (task));
}

static void
post_again (GTask *task, const DwDeadLetter *letter)
{
  DwFunction *self = g_task_get_source_object (task);
  g_autoptr (GPtrArray) endpoints = g_ptr_array_new ();

  for (guint i = 0; i < letter->connection_ids->len; i++)
    g_ptr_array_add (endpoints, NULL);
  set_endpoint (self, letter->endpoint);
  dw_gateway_post_async (DW_GATEWAY (self->gateway), letter->connection_ids, endpoints, letter->text, NULL,
                         on_redriven, g_object_ref (task));
}

/* If it fails again, a new letter is made for only those it did not reach, so that nobody gets it twice. */
static void
next_record (GTask *task)
{
  DwFunction *self = g_task_get_source_object (task);
  Run *run = g_task_get_task_data (task);
  g_autofree char *own = dw_endpoint_new_for_stage ("none", self->config->region, "none");

  for (; run->record < run->records->len; run->record++)
    {
      const Record *record = g_ptr_array_index (run->records, run->record);
      g_autoptr (DwEvent) event = event_of_failure (record->body);
      g_autoptr (GError) error = NULL;
      g_autoptr (DwDeadLetter) letter = event == NULL ? dw_dead_letter_from_json (record->body, &error) : NULL;
      if (event != NULL && event->start_key != NULL)
        {
          invoke_again (task, event);
          return;
        }
      if (letter != NULL && dw_endpoint_is_trusted (letter->endpoint, own))
        {
          post_again (task, letter);
          return;
        }
      fail_record (run, error != NULL ? error->message : "it is neither a letter nor the rest of a broadcast");
    }
  run->answer = g_strdup_printf ("{\"batchItemFailures\":[%s]}", run->failures->str);
  finish (task);
}

static const char *
string_of (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && json_node_get_value_type (node) == G_TYPE_STRING ? json_node_get_string (node) : NULL;
}

static void
redrive (GTask *task, JsonObject *object)
{
  JsonNode *node = json_object_get_member (object, "Records");
  Run *run = g_task_get_task_data (task);
  JsonArray *array = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  if (array == NULL || json_array_get_length (array) > RECORDS)
    {
      refuse (task, "it is no batch of a queue");
      return;
    }
  run->records = g_ptr_array_new_with_free_func ((GDestroyNotify) record_free);
  run->failures = g_string_new (NULL);
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *element = json_array_get_element (array, i);
      JsonObject *item = JSON_NODE_HOLDS_OBJECT (element) ? json_node_get_object (element) : NULL;
      const char *id = item != NULL ? string_of (item, "messageId") : NULL;
      const char *body = item != NULL ? string_of (item, "body") : NULL;
      Record *record = g_new0 (Record, 1);

      record->id = g_strdup (id != NULL ? id : "");
      record->body = g_strdup (body != NULL ? body : "");
      g_ptr_array_add (run->records, record);
    }
  next_record (task);
}

static gboolean
is_warmer (JsonObject *object)
{
  JsonNode *node = json_object_get_member (object, "warmer");

  return node != NULL && json_node_get_value_type (node) == G_TYPE_BOOLEAN && json_node_get_boolean (node);
}

/**
 * dw_function_run_async:
 * @self: a function
 * @invocation: an event
 * @callback: called when it is handled and no work is left
 * @data: for @callback
 */
void
dw_function_run_async (DwFunction *self,
                       const DwInvocation *invocation,
                       GAsyncReadyCallback callback,
                       gpointer data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, data);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  Run *run = g_new0 (Run, 1);
  gsize size;
  const char *payload = g_bytes_get_data (invocation->payload, &size);
  JsonNode *root = payload != NULL ? dw_json_parse (parser, payload, (gssize) size, NULL) : NULL;
  JsonObject *object = root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;

  g_task_set_source_tag (task, dw_function_run_async);
  g_task_set_task_data (task, run, (GDestroyNotify) run_free);
  run->deadline = invocation->deadline;
  self->tally = (DwTally){ 0 };
  set_deadlines (self, run->deadline, TABLE_RESERVE_MS);
  /* One second more, so that a claim outlives the function that holds it. */
  dw_dynamo_registry_set_lease (self->registry,
                                (guint) (MAX (run->deadline - g_get_monotonic_time (), 0) / G_USEC_PER_SEC + 1));
  if (object == NULL)
    refuse (task, "the event is no JSON object");
  else if (is_warmer (object))
    warm (task);
  else if (strcmp (self->config->handler, "redrive") == 0)
    redrive (task, object);
  else if ((run->event = dw_event_from_json (payload, (gssize) size, &error)) != NULL)
    run_event (task);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/**
 * dw_function_run_finish:
 * @self: a function
 * @result: what the callback was given
 * @error: %DW_BACKEND_ERROR_EVENT if the event is not one of ours, or the handler's error
 *
 * Returns: (transfer full) (nullable): the response, JSON
 */
char *
dw_function_run_finish (DwFunction *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
