/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-functions.h"

#include "dw-function-process.h"

#include "backend/dw-backend-error.h"
#include "wire/dw-json.h"

#include <string.h>

/* Functions in any language behind the routes, run as Lambda does: each event has a process to itself, cold or warm;
 * a process that takes too long is killed; and events above the concurrency limit are throttled, not queued. */
struct _DwFunctions
{
  GObject parent_instance;

  GHashTable *by_route; /* Function, by route key */
  GPtrArray *variables; /* name, value, …, for every process */
  gint64 timeout_ms;
  guint most;    /* events at once, over all functions */
  guint running; /* how many are running */
  guint later;   /* asynchronous invocations that are not done; at most DW_FUNCTIONS_LATER */
};

G_DEFINE_FINAL_TYPE (DwFunctions, dw_functions, G_TYPE_OBJECT)

/* Pause between attempts of an asynchronous invocation, in milliseconds. Lambda retries twice too, but later. */
#define LATER_MS 1000
#define LATER_ATTEMPTS 3

typedef struct
{
  DwFunctions *functions;
  char *route_key;
  char *name;    /* for `AWS_LAMBDA_FUNCTION_NAME` */
  char *handler; /* for `_HANDLER` */
  char **argv;
  GHashTable *environments; /* Environment, by its process; at most twice @most of the functions */
  int reserve;              /* events at once; -1 for no limit of its own */
  guint running;
} Function;

typedef struct _Invocation Invocation;

/* A process and the event it is handling. */
typedef struct
{
  Function *function;
  DwFunctionProcess *process;
  Invocation *invocation; /* or NULL */
  gint64 begun;           /* monotonic, in microseconds */
  guint timer;            /* kills it */
  gboolean warm;
} Environment;

struct _Invocation
{
  GTask *task;
  GBytes *event;
  char *request_id;
  gint64 begun; /* monotonic, in microseconds */
};

static void
environment_free (Environment *environment)
{
  g_clear_handle_id (&environment->timer, g_source_remove);
  g_object_unref (environment->process);
  g_free (environment);
}

static void
function_free (Function *function)
{
  g_hash_table_unref (function->environments);
  g_free (function->route_key);
  g_free (function->name);
  g_free (function->handler);
  g_strfreev (function->argv);
  g_free (function);
}

static void
invocation_free (Invocation *invocation)
{
  g_object_unref (invocation->task);
  g_bytes_unref (invocation->event);
  g_free (invocation->request_id);
  g_free (invocation);
}

static void
dw_functions_finalize (GObject *object)
{
  DwFunctions *self = DW_FUNCTIONS (object);

  g_hash_table_unref (self->by_route);
  g_ptr_array_unref (self->variables);
  G_OBJECT_CLASS (dw_functions_parent_class)->finalize (object);
}

static void
dw_functions_class_init (DwFunctionsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dw_functions_finalize;
}

static void
dw_functions_init (DwFunctions *self)
{
  self->by_route = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) function_free);
  self->variables = g_ptr_array_new_with_free_func (g_free);
}

/**
 * dw_functions_new:
 * @timeout_ms: how long an event may take, in milliseconds
 * @most: how many events may be handled at once, by all functions
 *
 * Returns: (transfer full): a set with no functions yet
 */
DwFunctions *
dw_functions_new (gint64 timeout_ms, guint most)
{
  DwFunctions *self = g_object_new (DW_TYPE_FUNCTIONS, NULL);

  self->timeout_ms = timeout_ms;
  self->most = most;
  return self;
}

/**
 * dw_functions_set_variable:
 * @self: functions
 * @name: the name of an environment variable
 * @value: its value in every process started from now on
 */
void
dw_functions_set_variable (DwFunctions *self, const char *name, const char *value)
{
  for (guint i = 0; i < self->variables->len; i += 2)
    if (strcmp (g_ptr_array_index (self->variables, i), name) == 0)
      {
        g_free (self->variables->pdata[i + 1]);
        self->variables->pdata[i + 1] = g_strdup (value);
        return;
      }
  g_ptr_array_add (self->variables, g_strdup (name));
  g_ptr_array_add (self->variables, g_strdup (value));
}

/* “$connect” is handled by “connect”, and “sendMessage” by “send-message”. */
static char *
handler_of (const char *route_key)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (const char *at = *route_key == '$' ? route_key + 1 : route_key; *at != '\0'; at++)
    {
      if (g_ascii_isupper (*at) && text->len > 0)
        g_string_append_c (text, '-');
      g_string_append_c (text, g_ascii_isalnum (*at) ? g_ascii_tolower (*at) : '-');
    }
  return g_strdup (text->str);
}

static gboolean
split (const char *text, char **name, const char **value, GError **error)
{
  const char *equals = strchr (text, '=');

  if (equals == NULL || equals == text || equals[1] == '\0')
    {
      g_set_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_CONFIG, "“%s” is not of the form ROUTE=…", text);
      return FALSE;
    }
  *name = g_strndup (text, (gsize) (equals - text));
  *value = equals + 1;
  return TRUE;
}

/**
 * dw_functions_add:
 * @self: functions
 * @text: `ROUTE=COMMAND`, the command split as a shell would
 * @error: %DW_BACKEND_ERROR_CONFIG: @text is invalid
 *
 * Returns: whether the route has this function now
 */
gboolean
dw_functions_add (DwFunctions *self, const char *text, GError **error)
{
  g_autofree char *route_key = NULL;
  const char *command;
  g_auto (GStrv) argv = NULL;
  Function *function;

  if (!split (text, &route_key, &command, error))
    return FALSE;
  if (!g_shell_parse_argv (command, NULL, &argv, NULL))
    {
      g_set_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_CONFIG, "“%s” is not a command", command);
      return FALSE;
    }

  function = g_new0 (Function, 1);
  function->functions = self;
  function->handler = handler_of (route_key);
  function->name = g_strconcat ("dynamowave-", function->handler, NULL);
  function->route_key = g_steal_pointer (&route_key);
  function->argv = g_steal_pointer (&argv);
  function->reserve = -1;
  function->environments = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) environment_free);
  g_hash_table_replace (self->by_route, function->route_key, function);
  return TRUE;
}

/**
 * dw_functions_reserve:
 * @self: functions
 * @text: `ROUTE=NUMBER`: how many events that route's function may handle at once
 * @error: %DW_BACKEND_ERROR_CONFIG: @text is invalid, or the route has no function
 *
 * Returns: whether the limit is set
 */
gboolean
dw_functions_reserve (DwFunctions *self, const char *text, GError **error)
{
  g_autofree char *route_key = NULL;
  const char *value;
  Function *function;
  guint64 number;

  if (!split (text, &route_key, &value, error))
    return FALSE;

  function = g_hash_table_lookup (self->by_route, route_key);
  if (function == NULL || !g_ascii_string_to_unsigned (value, 10, 0, G_MAXINT, &number, NULL))
    {
      g_set_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_CONFIG,
                   "“%s” names no route with a function, or no number", text);
      return FALSE;
    }

  function->reserve = (int) number;
  return TRUE;
}

/**
 * dw_functions_has:
 * @self: functions
 * @route_key: a route
 *
 * Returns: whether a function handles it
 */
gboolean
dw_functions_has (DwFunctions *self, const char *route_key)
{
  return g_hash_table_contains (self->by_route, route_key);
}

/**
 * dw_functions_get_routes:
 * @self: functions
 *
 * Returns: (transfer container): the routes that have a function, %NULL-terminated
 */
char **
dw_functions_get_routes (DwFunctions *self)
{
  return (char **) g_hash_table_get_keys_as_array (self->by_route, NULL);
}

/**
 * dw_functions_get_running:
 * @self: functions
 *
 * Returns: how many events are being handled
 */
guint
dw_functions_get_running (DwFunctions *self)
{
  return self->running;
}

static const char *
string_of (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && json_node_get_value_type (node) == G_TYPE_STRING ? json_node_get_string (node) : NULL;
}

static char *
dup_subprotocol (JsonObject *object)
{
  JsonNode *node = json_object_get_member (object, "headers");
  JsonObject *headers = node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  g_autoptr (GList) names = headers != NULL ? json_object_get_members (headers) : NULL;

  for (GList *at = names; at != NULL; at = at->next)
    if (g_ascii_strcasecmp (at->data, "Sec-WebSocket-Protocol") == 0)
      return g_strdup (string_of (headers, at->data));
  return NULL;
}

/**
 * dw_functions_read_response:
 * @json: what a function returned
 * @length: its length in bytes
 * @error: %DW_BACKEND_ERROR_SERVICE: it is malformed, which the gateway answers with 502
 *
 * Returns: (transfer full) (nullable): the response
 */
DwResponse *
dw_functions_read_response (const char *json, gsize length, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonNode *root = length > 0 ? dw_json_parse (parser, json, (gssize) length, NULL) : NULL;
  JsonObject *object = root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
  JsonNode *status = object != NULL ? json_object_get_member (object, "statusCode") : NULL;
  DwResponse *response;

  if (status == NULL || json_node_get_value_type (status) != G_TYPE_INT64 || json_node_get_int (status) < 100
      || json_node_get_int (status) > 599)
    {
      g_set_error_literal (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_SERVICE,
                           "what the function returned has no statusCode");
      return NULL;
    }

  response = dw_response_new ((guint) json_node_get_int (status), string_of (object, "body"));
  response->subprotocol = dup_subprotocol (object);
  return response;
}

/* Answers the caller that waits for the event. The process is busy until it asks for the next one. */
static void
finish (Environment *environment, DwResponse *response, GError *error)
{
  Function *function = environment->function;
  g_autoptr (DwFunctions) self = g_object_ref (function->functions);
  Invocation *invocation = g_steal_pointer (&environment->invocation);

  if (invocation == NULL)
    {
      g_clear_pointer (&response, dw_response_free);
      g_clear_error (&error);
      return;
    }

  self->running--;
  function->running--;
  g_message ("Function %s, %s start: %.1f ms%s%s", function->name, environment->warm ? "warm" : "cold",
             (double) (g_get_monotonic_time () - invocation->begun) / 1000, error != NULL ? ": " : "",
             error != NULL ? error->message : "");
  environment->warm = TRUE;
  if (response != NULL)
    g_task_return_pointer (invocation->task, response, (GDestroyNotify) dw_response_free);
  else
    g_task_return_error (invocation->task, error);
  invocation_free (invocation);
}

static void
fail (Environment *environment, const char *why)
{
  finish (environment, NULL, g_error_new_literal (DW_BACKEND_ERROR, DW_BACKEND_ERROR_SERVICE, why));
}

static void
give_up (Environment *environment, const char *why)
{
  Function *function = environment->function;
  g_autoptr (DwFunctions) self G_GNUC_UNUSED = g_object_ref (function->functions);

  dw_function_process_kill (environment->process);
  g_hash_table_steal (function->environments, environment->process);
  fail (environment, why);
  environment_free (environment);
}

/**
 * dw_functions_stop:
 * @self: functions
 *
 * Kills every process; the events they were handling fail.
 */
void
dw_functions_stop (DwFunctions *self)
{
  GHashTableIter functions, environments;
  gpointer function, environment;
  g_autoptr (GPtrArray) all = g_ptr_array_new ();

  g_hash_table_iter_init (&functions, self->by_route);
  while (g_hash_table_iter_next (&functions, NULL, &function))
    {
      g_hash_table_iter_init (&environments, ((Function *) function)->environments);
      while (g_hash_table_iter_next (&environments, NULL, &environment))
        g_ptr_array_add (all, environment);
    }
  for (guint i = 0; i < all->len; i++)
    give_up (g_ptr_array_index (all, i), "the stage ends");
}

static gboolean
on_timeout (gpointer data)
{
  Environment *environment = data;
  g_autofree char *why = g_strdup_printf ("Task timed out after %.2f seconds",
                                          (double) environment->function->functions->timeout_ms / 1000);

  environment->timer = 0;
  give_up (environment, why);
  return G_SOURCE_REMOVE;
}

static gboolean
on_init_timeout (gpointer data)
{
  Environment *environment = data;

  environment->timer = 0;
  give_up (environment, "it did not ask for an event in 10 seconds (Runtime.InitTimeout)");
  return G_SOURCE_REMOVE;
}

static const char *
variable_of (DwFunctions *self, const char *name)
{
  for (guint i = 0; i < self->variables->len; i += 2)
    if (strcmp (g_ptr_array_index (self->variables, i), name) == 0)
      return g_ptr_array_index (self->variables, i + 1);
  return NULL;
}

static void
give (Environment *environment)
{
  DwFunctions *self = environment->function->functions;
  gint64 timeout = self->timeout_ms;
  const char *region = variable_of (self, "AWS_REGION");
  g_autofree char *arn = g_strdup_printf ("arn:aws:lambda:%s:000000000000:function:%s",
                                          region != NULL ? region : "us-east-1", environment->function->name);

  environment->timer = g_timeout_add ((guint) timeout, on_timeout, environment);
  dw_function_process_give (environment->process, environment->invocation->request_id, arn,
                            environment->invocation->event, g_get_real_time () / 1000 + timeout);
}

static void
on_ready (DwFunctionProcess *process, gpointer data)
{
  Environment *environment = data;

  g_clear_handle_id (&environment->timer, g_source_remove);
  if (environment->invocation == NULL)
    return;
  if (!environment->warm)
    g_message ("Function %s began in %.1f ms", environment->function->name,
               (double) (g_get_monotonic_time () - environment->begun) / 1000);
  give (environment);
}

static void
on_answered (DwFunctionProcess *process, const char *error_type, GBytes *body, gpointer data)
{
  Environment *environment = data;
  g_autoptr (GError) error = NULL;
  gsize size = 0;
  const char *json = body != NULL ? g_bytes_get_data (body, &size) : NULL;
  DwResponse *response;

  if (error_type != NULL)
    {
      g_autofree char *why = g_strdup_printf ("it failed: %.64s", error_type);

      fail (environment, why);
      return;
    }
  response = dw_functions_read_response (json, size, &error);
  finish (environment, response, response == NULL ? g_steal_pointer (&error) : NULL);
}

static void
on_ended (DwFunctionProcess *process, const char *why, gpointer data)
{
  Environment *environment = data;

  if (environment->invocation == NULL)
    g_message ("Function %s: %s", environment->function->name, why);
  give_up (environment, why);
}

/* An asynchronous invocation, whose result is not waited for. */
typedef struct
{
  DwFunctions *functions;
  char *route_key;
  char *event;
  guint attempt;
} Later;

static gboolean try_later (gpointer data);

static void
on_later (GObject *source, GAsyncResult *result, gpointer data)
{
  Later *later = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (DwResponse) response = dw_handler_finish (result, &error);

  if (response == NULL && ++later->attempt < LATER_ATTEMPTS)
    {
      g_timeout_add (LATER_MS, try_later, later);
      return;
    }

  if (response == NULL)
    g_warning ("An invocation of %s is lost: %s", later->route_key, error->message);
  later->functions->later--;
  g_object_unref (later->functions);
  g_free (later->route_key);
  g_free (later->event);
  g_free (later);
}

static gboolean
try_later (gpointer data)
{
  Later *later = data;

  dw_functions_invoke_async (later->functions, later->route_key, later->event, on_later, later);
  return G_SOURCE_REMOVE;
}

static gboolean
on_invoke (DwFunctionProcess *process, const char *name, GBytes *payload, gpointer data)
{
  DwFunctions *self = ((Environment *) data)->function->functions;
  GHashTableIter iter;
  gpointer value;

  if (self->later >= DW_FUNCTIONS_LATER)
    return FALSE;

  g_hash_table_iter_init (&iter, self->by_route);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Function *function = value;
      gsize size;
      const char *event = g_bytes_get_data (payload, &size);
      Later *later;

      if (strcmp (function->name, name) != 0)
        continue;
      later = g_new0 (Later, 1);
      later->functions = g_object_ref (self);
      later->route_key = g_strdup (function->route_key);
      later->event = g_strndup (event, size);
      self->later++;
      g_idle_add (try_later, later);
      return TRUE;
    }
  return FALSE;
}

static const DwFunctionProcessOwner owner = { on_ready, on_answered, on_ended, on_invoke };

static Environment *
find_ready (Function *function)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, function->environments);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Environment *environment = value;

      if (environment->invocation == NULL && dw_function_process_is_ready (environment->process))
        return environment;
    }
  return NULL;
}

static Environment *
begin (Function *function, GError **error)
{
  g_autoptr (GPtrArray) variables = g_ptr_array_new ();
  g_autofree char *group = g_strconcat ("/aws/lambda/", function->name, NULL);
  g_autofree char *folder = g_get_current_dir ();
  const char *const own[] = { "_HANDLER",
                              function->handler,
                              "AWS_LAMBDA_FUNCTION_NAME",
                              function->name,
                              "AWS_LAMBDA_FUNCTION_VERSION",
                              "$LATEST",
                              "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
                              "512",
                              "AWS_LAMBDA_INITIALIZATION_TYPE",
                              "on-demand",
                              "AWS_LAMBDA_LOG_GROUP_NAME",
                              group,
                              "AWS_LAMBDA_LOG_STREAM_NAME",
                              "local",
                              "LAMBDA_TASK_ROOT",
                              folder,
                              "LAMBDA_RUNTIME_DIR",
                              folder,
                              "TZ",
                              ":UTC" };
  Environment *environment = g_new0 (Environment, 1);

  for (guint i = 0; i < G_N_ELEMENTS (own); i++)
    g_ptr_array_add (variables, (gpointer) own[i]);
  for (guint i = 0; i < function->functions->variables->len; i++)
    g_ptr_array_add (variables, g_ptr_array_index (function->functions->variables, i));
  g_ptr_array_add (variables, NULL);
  environment->function = function;
  environment->begun = g_get_monotonic_time ();
  environment->process = dw_function_process_new (
      (const char *const *) function->argv, (const char *const *) variables->pdata, &owner, environment, error);
  if (environment->process == NULL)
    {
      g_free (environment);
      return NULL;
    }

  environment->timer = g_timeout_add (DW_FUNCTIONS_INIT_MS, on_init_timeout, environment);
  g_hash_table_insert (function->environments, environment->process, environment);
  return environment;
}

/* Twice as many processes as events, as some have answered but not asked for the next event yet. */
static gboolean
is_full (DwFunctions *self, const Function *function)
{
  return g_hash_table_size (function->environments) >= 2 * self->most;
}

static gboolean
is_throttled (DwFunctions *self, const Function *function)
{
  return self->running >= self->most || (function->reserve >= 0 && function->running >= (guint) function->reserve);
}

/**
 * dw_functions_invoke_async:
 * @self: functions
 * @route_key: a route that has a function
 * @event: the event, JSON
 * @callback: called with a result for dw_handler_finish(); %DW_BACKEND_ERROR_THROTTLED if too many are running
 * @data: for @callback
 */
void
dw_functions_invoke_async (DwFunctions *self,
                           const char *route_key,
                           const char *event,
                           GAsyncReadyCallback callback,
                           gpointer data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, data);
  Function *function = g_hash_table_lookup (self->by_route, route_key);
  Environment *environment = find_ready (function);
  g_autoptr (GError) error = NULL;

  g_task_set_source_tag (task, dw_functions_invoke_async);
  if (is_throttled (self, function) || (environment == NULL && is_full (self, function)))
    {
      g_message ("Function %s is throttled: %u run", function->name, function->running);
      g_task_return_new_error (task, DW_BACKEND_ERROR, DW_BACKEND_ERROR_THROTTLED, "TooManyRequestsException");
      return;
    }

  if (environment == NULL)
    environment = begin (function, &error);
  if (environment == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  environment->invocation = g_new0 (Invocation, 1);
  environment->invocation->task = g_steal_pointer (&task);
  environment->invocation->event = g_bytes_new (event, strlen (event));
  environment->invocation->request_id = g_uuid_string_random ();
  environment->invocation->begun = g_get_monotonic_time ();
  self->running++;
  function->running++;
  if (dw_function_process_is_ready (environment->process))
    give (environment);
}
