/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-runtime.h"

#include "backend/dw-backend-error.h"

#include <json-glib/json-glib.h>
#include <stdlib.h>
#include <string.h>

/* The Lambda runtime API ("Using the Lambda runtime API for custom runtimes"), as the official runtimes use it:
 * `next` must return 200, `response` and `error` 202. On anything else the process ends, and Lambda starts a new one.
 * */
struct _DwRuntime
{
  GObject parent_instance;

  DwHttp *http;
  char *base;
  char *trace; /* “_X_AMZN_TRACE_ID=…”, part of the environment; TRACE_BYTES long */
  GTask *task; /* while it runs */
  DwRuntimeFunc function;
  gpointer function_data;
  DwInvocation *invocation; /* the current one, or NULL */
  GCancellable *waiting;    /* stops the wait for the next one */
  guint attempts;
  gboolean stopping;
};

G_DEFINE_FINAL_TYPE (DwRuntime, dw_runtime, G_TYPE_OBJECT)

/* How long Lambda may take to accept an answer, in milliseconds. */
#define ANSWER_MS 10000

/* Pauses between attempts to get the next event, in milliseconds. */
#define PAUSE_MS 100

/* Lambda's own runtimes set this for each event. A custom runtime has to do it itself ("Lambda runtime environment
 * variables"). */
#define TRACE_VARIABLE "_X_AMZN_TRACE_ID"

/* Room for the variable with its name. X-Ray's header has about 100 bytes; a longer one is left out. */
#define TRACE_BYTES 1024

static void
dw_runtime_finalize (GObject *object)
{
  DwRuntime *self = DW_RUNTIME (object);

  g_clear_object (&self->http);
  g_clear_object (&self->waiting);
  g_clear_pointer (&self->invocation, dw_invocation_free);
  g_free (self->base);
  unsetenv (TRACE_VARIABLE);
  g_free (self->trace);
  G_OBJECT_CLASS (dw_runtime_parent_class)->finalize (object);
}

static void
dw_runtime_class_init (DwRuntimeClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dw_runtime_finalize;
}

static void
dw_runtime_init (DwRuntime *self)
{
  self->waiting = g_cancellable_new ();
  /* setenv() for each event would keep every value, and would move the environment under the threads that resolve
   * names. This puts it there once, and its value is written in place. */
  self->trace = g_malloc0 (TRACE_BYTES);
  g_strlcpy (self->trace, TRACE_VARIABLE "=", TRACE_BYTES);
  putenv (self->trace);
}

static void
set_trace (DwRuntime *self, const char *id)
{
  char *value = self->trace + strlen (TRACE_VARIABLE "=");
  gsize room = TRACE_BYTES - (gsize) (value - self->trace);

  g_strlcpy (value, id != NULL && strlen (id) < room ? id : "", room);
}

/**
 * dw_runtime_new:
 * @http: what carries the requests
 * @api: the host and port in `AWS_LAMBDA_RUNTIME_API`
 *
 * While it lives, `_X_AMZN_TRACE_ID` is the trace of the current event, or empty. Only one may live at a time, and it
 * is made before the process has threads.
 *
 * Returns: (transfer full): a runtime
 */
DwRuntime *
dw_runtime_new (DwHttp *http, const char *api)
{
  DwRuntime *self = g_object_new (DW_TYPE_RUNTIME, NULL);

  self->http = g_object_ref (http);
  self->base = g_strdup_printf ("http://%s/2018-06-01/runtime", api);
  return self;
}

/* Ends the run with an error or without, if it has not ended already. */
static void
end (DwRuntime *self, GError *error)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->task);

  if (task == NULL)
    g_clear_error (&error);
  else if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static void
end_with (DwRuntime *self, const char *what, const DwHttpResponse *response)
{
  end (self, g_error_new (DW_BACKEND_ERROR, DW_BACKEND_ERROR_SERVICE, "the runtime API answered %s with %u", what,
                          response->status));
}

static void ask (DwRuntime *self);

static void
on_answer_taken (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (DwRuntime) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (DwHttpResponse) response = dw_http_send_finish (DW_HTTP (source), result, &error);

  if (response == NULL)
    end (self, g_steal_pointer (&error));
  else if (response->status == 413)
    {
      g_warning ("The response was too large for Lambda");
      ask (self);
    }
  else if (response->status == 202)
    ask (self);
  else
    end_with (self, "a response", response);
}

static char *
describe (const char *type, const char *message)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "errorMessage");
  json_builder_add_string_value (builder, message);
  json_builder_set_member_name (builder, "errorType");
  json_builder_add_string_value (builder, type);
  json_builder_set_member_name (builder, "stackTrace");
  json_builder_begin_array (builder);
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  return json_to_string (root, FALSE);
}

static void
post (DwRuntime *self,
      const char *path,
      const char *error_type,
      const char *json,
      GAsyncReadyCallback callback,
      gpointer data)
{
  g_autofree char *url = g_strconcat (self->base, path, NULL);
  g_autofree char *type = g_strdup_printf ("Lambda-Runtime-Function-Error-Type: %s", error_type);
  const char *const headers[] = { "Content-Type: application/json", error_type != NULL ? type : NULL, NULL };
  g_autoptr (GBytes) body = g_bytes_new (json, strlen (json));
  DwHttpRequest request = { "POST", url, headers, body, g_get_monotonic_time () + ANSWER_MS * 1000 };

  dw_http_send_async (self->http, &request, NULL, callback, data);
}

static void
answer (DwRuntime *self, const char *what, const char *error_type, const char *json)
{
  g_autofree char *path = NULL;

  g_return_if_fail (self->invocation != NULL);
  path = g_strconcat ("/invocation/", self->invocation->request_id, what, NULL);
  post (self, path, error_type, json, on_answer_taken, g_object_ref (self));
  g_clear_pointer (&self->invocation, dw_invocation_free);
}

/**
 * dw_runtime_respond:
 * @self: a runtime with an invocation
 * @json: the response
 *
 * Ends the invocation with a response. The process may be frozen from now on.
 */
void
dw_runtime_respond (DwRuntime *self, const char *json)
{
  if (strlen (json) > DW_RUNTIME_RESPONSE_BYTES)
    dw_runtime_fail (self, "Function.ResponseSizeTooLarge", "the response is larger than Lambda takes");
  else
    answer (self, "/response", NULL, json);
}

/**
 * dw_runtime_fail:
 * @self: a runtime with an invocation
 * @type: “Category.Reason”
 * @message: what went wrong; must not contain what a person wrote
 *
 * Ends the invocation as failed.
 */
void
dw_runtime_fail (DwRuntime *self, const char *type, const char *message)
{
  g_autofree char *json = describe (type, message);

  answer (self, "/error", type, json);
}

static const char *
header (const DwHttpResponse *response, const char *name)
{
  return g_hash_table_lookup (response->headers, name);
}

/* Converts from milliseconds of the wall clock. */
static gboolean
read_deadline (const char *text, gint64 *deadline)
{
  guint64 milliseconds;

  if (text == NULL || !g_ascii_string_to_unsigned (text, 10, 1, G_MAXINT64 / 1000, &milliseconds, NULL))
    return FALSE;
  *deadline = g_get_monotonic_time () + ((gint64) milliseconds * 1000 - g_get_real_time ());
  return TRUE;
}

static void
take (DwRuntime *self, const DwHttpResponse *response)
{
  const char *id = header (response, "lambda-runtime-aws-request-id");
  g_autoptr (GBytes) payload = g_bytes_new (response->body->data, response->body->len);
  gint64 deadline;

  if (id == NULL || !g_regex_match_simple ("^[A-Za-z0-9-]{1,128}\\z", id, 0, 0))
    {
      end (self, g_error_new_literal (DW_BACKEND_ERROR, DW_BACKEND_ERROR_SERVICE, "an event came without its id"));
      return;
    }
  self->invocation = dw_invocation_new (id, 0, payload);
  self->invocation->trace_id = g_strdup (header (response, "lambda-runtime-trace-id"));
  set_trace (self, self->invocation->trace_id);
  if (!read_deadline (header (response, "lambda-runtime-deadline-ms"), &deadline))
    {
      dw_runtime_fail (self, "Runtime.BadDeadline", "the event has no deadline that can be read");
      return;
    }
  self->invocation->deadline = deadline;
  self->function (self, self->invocation, self->function_data);
}

static gboolean
on_pause (gpointer data)
{
  ask (data);
  return G_SOURCE_REMOVE;
}

static void
on_next (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (DwRuntime) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (DwHttpResponse) response = dw_http_send_finish (DW_HTTP (source), result, &error);

  if (self->stopping)
    end (self, NULL);
  else if (response == NULL && ++self->attempts < DW_RUNTIME_NEXT_ATTEMPTS)
    g_timeout_add_full (G_PRIORITY_DEFAULT, PAUSE_MS, on_pause, g_object_ref (self), g_object_unref);
  else if (response == NULL)
    end (self, g_steal_pointer (&error));
  else if (response->status != 200)
    end_with (self, "“next”", response);
  else
    {
      self->attempts = 0;
      take (self, response);
    }
}

/* No deadline: the process is frozen while there is nothing to do. */
static void
ask (DwRuntime *self)
{
  g_autofree char *url = g_strconcat (self->base, "/invocation/next", NULL);
  DwHttpRequest request = { .method = "GET", .url = url };

  if (self->stopping)
    end (self, NULL);
  else
    dw_http_send_async (self->http, &request, self->waiting, on_next, g_object_ref (self));
}

/**
 * dw_runtime_run_async:
 * @self: a runtime
 * @function: what handles an event
 * @function_data: for @function
 * @callback: called when there will be no more events
 * @data: for @callback
 *
 * Handles events, one after another.
 */
void
dw_runtime_run_async (DwRuntime *self,
                      DwRuntimeFunc function,
                      gpointer function_data,
                      GAsyncReadyCallback callback,
                      gpointer data)
{
  g_return_if_fail (self->task == NULL);
  self->task = g_task_new (self, NULL, callback, data);
  g_task_set_source_tag (self->task, dw_runtime_run_async);
  self->function = function;
  self->function_data = function_data;
  ask (self);
}

/**
 * dw_runtime_run_finish:
 * @self: a runtime
 * @result: what the callback was given
 * @error: why the process has to end
 *
 * Returns: whether it was stopped by dw_runtime_stop()
 */
gboolean
dw_runtime_run_finish (DwRuntime *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * dw_runtime_stop:
 * @self: a runtime
 *
 * Ends at once if idle, otherwise after the current event.
 */
void
dw_runtime_stop (DwRuntime *self)
{
  self->stopping = TRUE;
  g_cancellable_cancel (self->waiting);
}

static void
on_init_failure_taken (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (DwHttpResponse) response = dw_http_send_finish (DW_HTTP (source), result, &error);

  if (response != NULL)
    g_task_return_boolean (task, response->status == 202);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/**
 * dw_runtime_fail_init_async:
 * @self: a runtime that does not run
 * @type: “Category.Reason”
 * @message: why the process cannot begin
 * @callback: called when Lambda was told
 * @data: for @callback
 */
void
dw_runtime_fail_init_async (DwRuntime *self,
                            const char *type,
                            const char *message,
                            GAsyncReadyCallback callback,
                            gpointer data)
{
  GTask *task = g_task_new (self, NULL, callback, data);
  g_autofree char *json = describe (type, message);

  g_task_set_source_tag (task, dw_runtime_fail_init_async);
  post (self, "/init/error", type, json, on_init_failure_taken, task);
}

/**
 * dw_runtime_fail_init_finish:
 * @self: a runtime
 * @result: what the callback was given
 * @error: why Lambda may not have been told
 *
 * Returns: whether Lambda accepted it
 */
gboolean
dw_runtime_fail_init_finish (DwRuntime *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
