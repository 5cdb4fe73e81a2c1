/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-service.h"

#include "backend/dw-backend-error.h"

#include "wire/dw-backoff.h"
#include "wire/dw-json.h"
#include "wire/dw-sigv4.h"

#include <string.h>

/* One AWS service at one endpoint: signs requests, and retries them where that can help. */
struct _DwService
{
  GObject parent_instance;

  DwHttp *http;
  DwCredentials *credentials;
  char *region;
  char *name;
  char *endpoint; /* without a path or a trailing slash */
  char *host;
  gint64 deadline; /* monotonic, in microseconds; 0 for none */
  DwTally *tally;  /* or NULL; owned by whoever set it */
  DwServiceCheck check;

  gint64 offset; /* the service's clock minus ours, in seconds, once they proved too far apart */
  gint64 second; /* the second that @date stands for, since 1970 UTC, by the service's clock */
  char date[17]; /* yyyymmddThhmmssZ */
  char day[9];   /* the day @key is for */
  guint8 key[DW_SIGV4_KEY_BYTES];
  GBytes *body; /* the last body, since all posts of a broadcast share one */
  char *hash;   /* its hash */
};

G_DEFINE_FINAL_TYPE (DwService, dw_service, G_TYPE_OBJECT)

static void
dw_service_finalize (GObject *object)
{
  DwService *self = DW_SERVICE (object);

  g_clear_object (&self->http);
  g_clear_pointer (&self->credentials, dw_credentials_unref);
  g_free (self->region);
  g_free (self->name);
  g_free (self->endpoint);
  g_free (self->host);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_free (self->hash);
  G_OBJECT_CLASS (dw_service_parent_class)->finalize (object);
}

static void
dw_service_class_init (DwServiceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dw_service_finalize;
}

static void
dw_service_init (DwService *self)
{
}

/**
 * dw_service_new:
 * @http: what carries the requests
 * @credentials: who asks
 * @region: such as `us-east-1`
 * @name: the service's name in a signature, such as `dynamodb`
 * @endpoint: where it is, such as `https://dynamodb.us-east-1.amazonaws.com`
 *
 * Returns: (transfer full): a service
 */
DwService *
dw_service_new (DwHttp *http,
                DwCredentials *credentials,
                const char *region,
                const char *name,
                const char *endpoint)
{
  DwService *self = g_object_new (DW_TYPE_SERVICE, NULL);
  const char *authority = strstr (endpoint, "://");

  self->http = g_object_ref (http);
  self->credentials = dw_credentials_ref (credentials);
  self->region = g_strdup (region);
  self->name = g_strdup (name);
  self->endpoint = g_strdup (endpoint);
  while (g_str_has_suffix (self->endpoint, "/"))
    self->endpoint[strlen (self->endpoint) - 1] = '\0';
  authority = authority != NULL ? authority + 3 : endpoint;
  self->host = g_strndup (authority, strcspn (authority, "/?#"));
  return self;
}

/**
 * dw_service_set_deadline:
 * @self: a service
 * @deadline: when calls started from now on must be done: monotonic, in microseconds; 0 for %DW_SERVICE_PATIENCE_MS
 *   each
 */
void
dw_service_set_deadline (DwService *self, gint64 deadline)
{
  self->deadline = deadline;
}

/**
 * dw_service_get_deadline:
 * @self: a service
 *
 * Returns: its deadline, or 0
 */
gint64
dw_service_get_deadline (DwService *self)
{
  return self->deadline;
}

/**
 * dw_service_set_tally:
 * @self: a service
 * @tally: (nullable): where to count retries; must live until another is set
 */
void
dw_service_set_tally (DwService *self, DwTally *tally)
{
  self->tally = tally;
}

/**
 * dw_service_set_check:
 * @self: a service
 * @check: (nullable): checks whether an answer arrived intact
 */
void
dw_service_set_check (DwService *self, DwServiceCheck check)
{
  self->check = check;
}

/**
 * dw_service_get_endpoint:
 * @self: a service
 *
 * Returns: (transfer none): where it is
 */
const char *
dw_service_get_endpoint (DwService *self)
{
  return self->endpoint;
}

typedef struct
{
  const char *name;
  const char *value;
} Header;

/* Values shared by many requests are computed once: the date per second, the key per day, the hash per body. */
static void
prepare (DwService *self, GBytes *body)
{
  gint64 second = g_get_real_time () / G_USEC_PER_SEC + self->offset;

  if (second != self->second)
    {
      g_autoptr (GDateTime) now = g_date_time_new_from_unix_utc (second);
      g_autofree char *date = g_date_time_format (now, "%Y%m%dT%H%M%SZ");
      const DwSigv4Scope scope = { date, self->region, self->name };

      self->second = second;
      g_strlcpy (self->date, date, sizeof self->date);
      if (strncmp (self->day, date, 8) != 0)
        {
          g_strlcpy (self->day, date, sizeof self->day);
          dw_sigv4_derive_key (&scope, self->credentials->secret, self->key);
        }
    }
  if (self->hash == NULL || body != self->body)
    {
      g_clear_pointer (&self->body, g_bytes_unref);
      g_free (self->hash);
      self->body = body != NULL ? g_bytes_ref (body) : NULL;
      self->hash = body != NULL ? g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, body)
                                : g_compute_checksum_for_string (G_CHECKSUM_SHA256, "", 0);
    }
}

/* The signature needs these names sorted, and they are. */
static char **
sign (DwService *self, const DwServiceCall *call)
{
  const char *date = self->date;
  const Header all[] = { { "content-type", call->content_type },
                         { "host", self->host },
                         { "x-amz-date", date },
                         { "x-amz-invocation-type", call->invocation_type },
                         { "x-amz-security-token", self->credentials->token },
                         { "x-amz-target", call->target } };
  const DwSigv4Scope scope = { date, self->region, self->name };
  g_autoptr (GHashTable) headers = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GStrvBuilder) lines = g_strv_builder_new ();
  g_autoptr (GString) names = g_string_new (NULL);
  g_autofree char *signature = NULL, *authorization = NULL;
  DwSigv4Request request = { call->method, call->path, NULL, headers, call->body, self->hash };

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    {
      g_autofree char *line = NULL;

      if (all[i].value == NULL)
        continue;
      g_hash_table_insert (headers, (gpointer) all[i].name, (gpointer) all[i].value);
      if (names->len > 0)
        g_string_append_c (names, ';');
      g_string_append (names, all[i].name);
      line = g_strconcat (all[i].name, ": ", all[i].value, NULL);
      g_strv_builder_add (lines, line);
    }
  signature = dw_sigv4_sign_with_key (&request, names->str, &scope, self->key);
  authorization =
      g_strdup_printf ("Authorization: AWS4-HMAC-SHA256 Credential=%s/%.8s/%s/%s/aws4_request, "
                       "SignedHeaders=%s, Signature=%s",
                       self->credentials->key_id, date, self->region, self->name, names->str, signature);
  g_strv_builder_add (lines, authorization);
  /* Otherwise curl would guess a content type. */
  if (call->content_type == NULL)
    g_strv_builder_add (lines, "Content-Type:");
  return g_strv_builder_end (lines);
}

static gint64
deadline_of (DwService *self)
{
  return self->deadline > 0 ? self->deadline : g_get_monotonic_time () + DW_SERVICE_PATIENCE_MS * 1000;
}

/**
 * dw_service_dup_error_name:
 * @response: an answer that is no 2xx
 *
 * The name is in the header `x-amzn-ErrorType`, sometimes followed by a colon and a URL, or in the body's `__type`,
 * after a namespace and “#”.
 *
 * Returns: (transfer full): the error's name, of letters and digits alone; perhaps empty
 */
char *
dw_service_dup_error_name (const DwHttpResponse *response)
{
  const char *name = g_hash_table_lookup (response->headers, "x-amzn-errortype");
  g_autoptr (JsonParser) parser = json_parser_new ();
  const char *hash;

  if (name == NULL && response->body->len > 0)
    {
      JsonNode *root = dw_json_parse (parser, (const char *) response->body->data, response->body->len, NULL);
      JsonObject *object = root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
      JsonNode *type = object != NULL ? json_object_get_member (object, "__type") : NULL;

      if (type != NULL && json_node_get_value_type (type) == G_TYPE_STRING)
        name = json_node_get_string (type);
    }
  if (name == NULL)
    return g_strdup ("");
  hash = strchr (name, '#');
  name = hash != NULL ? hash + 1 : name;
  return g_strndup (name, MIN (strspn (name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS), 64));
}

/* The error names that the AWS SDK for JavaScript and botocore retry. */
static const char *const throttles[] = {
  "ProvisionedThroughputExceededException",
  "ThrottlingException",
  "Throttling",
  "ThrottledException",
  "RequestThrottled",
  "RequestThrottledException",
  "TooManyRequestsException",
  "RequestLimitExceeded",
  "LimitExceededException",
  "BandwidthLimitExceeded",
  "SlowDown",
  "PriorRequestNotComplete",
  "EC2ThrottledException",
  NULL,
};

static const char *const passing[] = {
  "InternalServerError",
  "InternalFailure",
  "InternalError",
  "ServiceUnavailable",
  "ServiceUnavailableException",
  "ItemCollectionSizeLimitExceededException",
  "ReplicatedWriteConflictException",
  "TransactionInProgressException",
  "RequestTimeout",
  "RequestTimeoutException",
  NULL,
};

/* What a request may be refused with whose date is wrong; the AWS SDK for JavaScript has the same list. */
static const char *const skewed[] = {
  "AuthFailure",
  "InvalidSignatureException",
  "RequestExpired",
  "RequestInTheFuture",
  "RequestTimeTooSkewed",
  "SignatureDoesNotMatch",
  NULL,
};

/**
 * dw_service_is_throttle:
 * @response: an answer that is no 2xx
 * @name: the error's name
 *
 * Returns: whether it says that there was too much at once
 */
gboolean
dw_service_is_throttle (const DwHttpResponse *response, const char *name)
{
  return response->status == 429 || g_strv_contains (throttles, name);
}

/**
 * dw_service_is_worth_retrying:
 * @response: an answer that is no 2xx
 * @name: the error's name
 *
 * Returns: whether the same request may succeed later
 */
gboolean
dw_service_is_worth_retrying (const DwHttpResponse *response, const char *name)
{
  return dw_service_is_throttle (response, name) || response->status >= 500 || response->status == 408
         || g_strv_contains (passing, name);
}

/* A call with its attempts. */
typedef struct
{
  DwServiceCall call; /* owns its strings */
  gboolean once;      /* an answer of any status ends it, and so does a failure */
  gint64 deadline;
  guint attempt;
  gint64 offset;      /* of the clock it was signed by */
  gboolean corrected; /* it was signed again by the service's clock */
} Calling;

static void
calling_free (Calling *calling)
{
  g_free ((char *) calling->call.method);
  g_free ((char *) calling->call.path);
  g_free ((char *) calling->call.content_type);
  g_free ((char *) calling->call.target);
  g_free ((char *) calling->call.invocation_type);
  g_clear_pointer (&calling->call.body, g_bytes_unref);
  g_free (calling);
}

static void
send (GTask *task, GAsyncReadyCallback callback)
{
  DwService *self = g_task_get_source_object (task);
  Calling *calling = g_task_get_task_data (task);
  const DwServiceCall *call = &calling->call;
  g_autofree char *url = g_strconcat (self->endpoint, call->path, NULL);
  g_auto (GStrv) headers = NULL;
  gint64 attempt = g_get_monotonic_time () + DW_SERVICE_ATTEMPT_MS * 1000;
  DwHttpRequest request = { call->method, url, NULL, call->body, MIN (calling->deadline, attempt) };

  prepare (self, call->body);
  calling->offset = self->offset;
  headers = sign (self, call);
  request.headers = (const char *const *) headers;
  dw_http_send_async (self->http, &request, g_task_get_cancellable (task), callback, task);
}

static void attempt (GTask *task);

static gboolean
on_pause (gpointer data)
{
  attempt (g_object_ref (data));
  return G_SOURCE_REMOVE;
}

/* Takes ownership of the error. */
static void
try_again (GTask *task, GError *error)
{
  DwService *self = g_task_get_source_object (task);
  Calling *calling = g_task_get_task_data (task);
  guint delay =
      dw_backoff_delay (DW_SERVICE_BASE_MS, DW_SERVICE_CAP_MS, calling->attempt++, dw_backoff_random, NULL);

  if (g_get_monotonic_time () + (gint64) delay * 1000 >= calling->deadline)
    {
      g_task_return_new_error (task, DW_BACKEND_ERROR, DW_BACKEND_ERROR_DEADLINE, "%s: the time was over: %s",
                               self->name, error->message);
      g_error_free (error);
      return;
    }
  g_error_free (error);
  if (self->tally != NULL)
    self->tally->retries++;
  g_timeout_add_full (G_PRIORITY_DEFAULT, delay, on_pause, g_object_ref (task), g_object_unref);
}

static void
learn_clock (DwService *self, const DwHttpResponse *response)
{
  gint64 time = dw_http_response_get_time (response);
  gint64 offset = time - g_get_real_time () / G_USEC_PER_SEC;

  if (time <= 0 || ABS (offset - self->offset) < DW_SERVICE_SKEW_SECONDS)
    return;
  g_message ("The clock of %s differs from ours by %" G_GINT64_FORMAT " s: signing by it from now on", self->name,
             offset);
  self->offset = offset;
}

/* A request that was refused for its date is signed once more by the service's clock. Others that were sent before that
 * clock was known learn it from the first one. */
static gboolean
is_skewed (DwService *self, Calling *calling, const DwHttpResponse *response, const char *name)
{
  if (calling->corrected || !g_strv_contains (skewed, name))
    return FALSE;
  learn_clock (self, response);
  calling->corrected = calling->offset != self->offset;
  return calling->corrected;
}

static GError *
describe (DwService *self, const DwHttpResponse *response, const char *name)
{
  DwBackendError code = DW_BACKEND_ERROR_SERVICE;

  if (dw_service_is_throttle (response, name))
    code = DW_BACKEND_ERROR_THROTTLED;
  else if (strcmp (name, "ConditionalCheckFailedException") == 0)
    code = DW_BACKEND_ERROR_CONDITION;
  else if (response->status == 410)
    code = DW_BACKEND_ERROR_GONE;
  else if (strcmp (name, "ResourceNotFoundException") == 0)
    code = DW_BACKEND_ERROR_TABLE;
  return g_error_new (DW_BACKEND_ERROR, code, "%s answered %u %s", self->name, response->status, name);
}

static void
on_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  DwService *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (DwHttpResponse) response = dw_http_send_finish (DW_HTTP (source), result, &error);
  Calling *calling = g_task_get_task_data (task);
  g_autofree char *name = NULL;

  if (response == NULL)
    {
      if (calling->once)
        g_task_return_error (task, g_steal_pointer (&error));
      else if (g_error_matches (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_NETWORK)
               || g_error_matches (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_DEADLINE))
        try_again (task, g_steal_pointer (&error));
      else
        g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  if (response->status / 100 == 2)
    {
      if (calling->once || self->check == NULL || self->check (response))
        g_task_return_pointer (task, g_steal_pointer (&response), (GDestroyNotify) dw_http_response_free);
      else
        try_again (task, g_error_new_literal (DW_BACKEND_ERROR, DW_BACKEND_ERROR_NETWORK, "the answer is torn"));
      return;
    }
  name = dw_service_dup_error_name (response);
  if (is_skewed (self, calling, response, name))
    {
      attempt (g_steal_pointer (&task));
      return;
    }
  if (calling->once)
    {
      g_task_return_pointer (task, g_steal_pointer (&response), (GDestroyNotify) dw_http_response_free);
      return;
    }
  error = describe (self, response, name);
  if (self->tally != NULL && dw_service_is_throttle (response, name))
    self->tally->throttled++;
  if (dw_service_is_worth_retrying (response, name))
    try_again (task, g_steal_pointer (&error));
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/* Takes ownership of the task. */
static void
attempt (GTask *task)
{
  if (g_task_return_error_if_cancelled (task))
    g_object_unref (task);
  else
    send (task, on_answered);
}

static void
begin (GTask *task, const DwServiceCall *call, gboolean once)
{
  Calling *calling = g_new0 (Calling, 1);

  calling->call.method = g_strdup (call->method);
  calling->call.path = g_strdup (call->path);
  calling->call.content_type = g_strdup (call->content_type);
  calling->call.target = g_strdup (call->target);
  calling->call.invocation_type = g_strdup (call->invocation_type);
  calling->call.body = call->body != NULL ? g_bytes_ref (call->body) : NULL;
  calling->once = once;
  calling->deadline = deadline_of (g_task_get_source_object (task));
  g_task_set_task_data (task, calling, (GDestroyNotify) calling_free);
  attempt (task);
}

/**
 * dw_service_send_async:
 * @self: a service
 * @call: what to ask; it is copied
 * @cancellable: (nullable): to stop it
 * @callback: called when it is done
 * @data: for @callback
 *
 * Signs one request and sends it once, within %DW_SERVICE_ATTEMPT_MS and the deadline; twice only if it was refused for
 * its date.
 */
void
dw_service_send_async (DwService *self,
                       const DwServiceCall *call,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer data)
{
  GTask *task = g_task_new (self, cancellable, callback, data);

  g_task_set_source_tag (task, dw_service_send_async);
  begin (task, call, TRUE);
}

/**
 * dw_service_send_finish:
 * @self: a service
 * @result: what the callback was given
 * @error: as of dw_http_send_finish()
 *
 * Returns: (transfer full) (nullable): the answer, of any status
 */
DwHttpResponse *
dw_service_send_finish (DwService *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * dw_service_call_async:
 * @self: a service
 * @call: what to ask; it is copied
 * @cancellable: (nullable): to stop it
 * @callback: called when it is done
 * @data: for @callback
 *
 * Signs and sends a request. If it is refused for its date, it is signed once more by the service's clock, which all
 * later requests are signed by too, as AWS's SDKs do. Transient failures of the network or the service are retried with
 * full jitter until the deadline. A failed attempt may have taken effect, so the call must be idempotent.
 */
void
dw_service_call_async (DwService *self,
                       const DwServiceCall *call,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer data)
{
  GTask *task = g_task_new (self, cancellable, callback, data);

  g_task_set_source_tag (task, dw_service_call_async);
  begin (task, call, FALSE);
}

/**
 * dw_service_call_finish:
 * @self: a service
 * @result: what the callback was given
 * @error: %DW_BACKEND_ERROR_DEADLINE if it was retried until the time ran out, %DW_BACKEND_ERROR_CONDITION,
 *   %DW_BACKEND_ERROR_TABLE for a table that is not there, %DW_BACKEND_ERROR_SERVICE for a refusal
 *
 * Returns: (transfer full) (nullable): an answer with a 2xx
 */
DwHttpResponse *
dw_service_call_finish (DwService *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
