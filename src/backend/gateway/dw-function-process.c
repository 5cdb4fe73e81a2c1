/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-function-process.h"

#include "wire/dw-json.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* An execution environment: a process, and the Lambda runtime API that it asks for events. It is stopped between
 * events, as Lambda freezes it, so that a function that leaves work unfinished misbehaves here too. */
struct _DwFunctionProcess
{
  GObject parent_instance;

  SoupServer *api;
  GSubprocess *process;
  pid_t group;                         /* 0: it ended before it was known */
  const DwFunctionProcessOwner *owner; /* NULL once it is to report nothing more */
  gpointer owner_data;
  SoupServerMessage *next; /* the pending request for the next event, or NULL */
  char *request_id;        /* id of the event being handled, or NULL */
  GCancellable *waiting;
  gboolean dead;
};

G_DEFINE_FINAL_TYPE (DwFunctionProcess, dw_function_process, G_TYPE_OBJECT)

#define ROOT "/2018-06-01/runtime/"
#define INVOCATIONS "/2015-03-31/functions/"

static void
dw_function_process_dispose (GObject *object)
{
  DwFunctionProcess *self = DW_FUNCTION_PROCESS (object);

  self->owner = NULL;
  dw_function_process_kill (self);
  g_cancellable_cancel (self->waiting);
  g_clear_object (&self->next);
  if (self->api != NULL)
    {
      soup_server_remove_handler (self->api, NULL);
      soup_server_disconnect (self->api);
    }
  g_clear_object (&self->api);
  g_clear_object (&self->process);
  G_OBJECT_CLASS (dw_function_process_parent_class)->dispose (object);
}

static void
dw_function_process_finalize (GObject *object)
{
  DwFunctionProcess *self = DW_FUNCTION_PROCESS (object);

  g_object_unref (self->waiting);
  g_free (self->request_id);
  G_OBJECT_CLASS (dw_function_process_parent_class)->finalize (object);
}

static void
dw_function_process_class_init (DwFunctionProcessClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = dw_function_process_dispose;
  object_class->finalize = dw_function_process_finalize;
}

static void
dw_function_process_init (DwFunctionProcess *self)
{
  self->waiting = g_cancellable_new ();
}

static void
say (SoupServerMessage *message, guint status, const char *text)
{
  soup_server_message_set_status (message, status, NULL);
  soup_server_message_set_response (message, "application/json", SOUP_MEMORY_COPY, text, strlen (text));
}

static void
refuse (SoupServerMessage *message, guint status, const char *type)
{
  g_autofree char *text = g_strdup_printf ("{\"errorMessage\":\"%s\",\"errorType\":\"%s\"}", type, type);

  say (message, status, text);
}

/* Group 0 would be the stage's own. */
static void
signal_group (DwFunctionProcess *self, int number)
{
  if (self->group > 0)
    kill (-self->group, number);
}

static void
ask (DwFunctionProcess *self, SoupServerMessage *message)
{
  if (self->next != NULL)
    {
      refuse (message, 403, "InvalidStateTransition");
      return;
    }
  self->next = g_object_ref (message);
  soup_server_message_pause (message);
  signal_group (self, SIGSTOP);
  if (self->owner != NULL)
    self->owner->ready (self, self->owner_data);
}

/* @what is “ID/response” or “ID/error”. */
static void
take_answer (DwFunctionProcess *self, SoupServerMessage *message, const char *what, GBytes *body)
{
  const char *slash = strchr (what, '/');
  const char *type = soup_message_headers_get_one (soup_server_message_get_request_headers (message),
                                                   "Lambda-Runtime-Function-Error-Type");
  gboolean failed = slash != NULL && strcmp (slash, "/error") == 0;

  if (slash == NULL || (!failed && strcmp (slash, "/response") != 0))
    soup_server_message_set_status (message, 404, NULL);
  else if (self->request_id == NULL)
    refuse (message, 403, "InvalidStateTransition");
  else if (strlen (self->request_id) != (gsize) (slash - what)
           || strncmp (what, self->request_id, (gsize) (slash - what)) != 0)
    refuse (message, 400, "InvalidRequestID");
  else
    {
      gboolean large = g_bytes_get_size (body) > DW_FUNCTION_PAYLOAD_BYTES;

      g_clear_pointer (&self->request_id, g_free);
      if (large)
        refuse (message, 413, "RequestEntityTooLarge");
      else
        say (message, 202, "{\"status\":\"OK\"}");
      if (self->owner == NULL)
        return;
      if (large)
        self->owner->answered (self, "Function.ResponseSizeTooLarge", NULL, self->owner_data);
      else
        self->owner->answered (self, failed ? (type != NULL ? type : "Unhandled") : NULL, body, self->owner_data);
    }
}

static void
end (DwFunctionProcess *self, const char *why)
{
  if (self->dead)
    return;
  self->dead = TRUE;
  if (self->owner != NULL)
    self->owner->ended (self, why, self->owner_data);
}

/* Lambda's Invoke, for a function that continues its work in another invocation. */
static void
invoke (DwFunctionProcess *self, SoupServerMessage *message, const char *rest, GBytes *body)
{
  const char *slash = strchr (rest, '/');
  g_autofree char *name = slash != NULL ? g_strndup (rest, (gsize) (slash - rest)) : NULL;
  const char *type =
      soup_message_headers_get_one (soup_server_message_get_request_headers (message), "X-Amz-Invocation-Type");

  if (name == NULL || strcmp (slash, "/invocations") != 0 || g_strcmp0 (type, "Event") != 0)
    soup_server_message_set_status (message, 400, NULL);
  else if (self->owner != NULL && self->owner->invoke (self, name, body, self->owner_data))
    soup_server_message_set_status (message, 202, NULL);
  else
    soup_server_message_set_status (message, 404, NULL);
}

static void
on_request (SoupServer *api, SoupServerMessage *message, const char *path, GHashTable *query, gpointer data)
{
  g_autoptr (DwFunctionProcess) self = g_object_ref (data);
  g_autoptr (GBytes) body = soup_message_body_flatten (soup_server_message_get_request_body (message));
  gboolean post = strcmp (soup_server_message_get_method (message), "POST") == 0;

  if (!post && strcmp (path, ROOT "invocation/next") == 0)
    ask (self, message);
  else if (post && g_str_has_prefix (path, ROOT "invocation/"))
    take_answer (self, message, path + strlen (ROOT "invocation/"), body);
  else if (post && strcmp (path, ROOT "init/error") == 0)
    {
      say (message, 202, "{\"status\":\"OK\"}");
      end (self, "it could not begin (Runtime.InitError)");
    }
  else if (post && g_str_has_prefix (path, INVOCATIONS))
    invoke (self, message, path + strlen (INVOCATIONS), body);
  else
    soup_server_message_set_status (message, 404, NULL);
}

static void
on_exited (GObject *source, GAsyncResult *result, gpointer data)
{
  GSubprocess *process = G_SUBPROCESS (source);
  g_autoptr (DwFunctionProcess) self = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *why = NULL;

  /* If the wait was cancelled the object is gone, and data must not be used. */
  if (!g_subprocess_wait_finish (process, result, &error))
    return;

  self = g_object_ref (data);
  /* Its child processes end with it. */
  signal_group (self, SIGKILL);
  if (g_subprocess_get_if_exited (process))
    why = g_strdup_printf ("it exited with status %d (Runtime.ExitError)", g_subprocess_get_exit_status (process));
  else
    why = g_strdup_printf ("it was ended by signal %d (Runtime.ExitError)", g_subprocess_get_term_sig (process));
  end (self, why);
}

/* Runs in the child. Its own process group lets the stage stop and kill it along with what it starts. */
static void
be_alone (gpointer data)
{
  setpgid (0, 0);
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

static gboolean
listen_for (DwFunctionProcess *self, char **address, GError **error)
{
  GSList *uris;

  self->api = soup_server_new (NULL, NULL);
  soup_server_add_handler (self->api, NULL, on_request, self, NULL);
  if (!soup_server_listen_local (self->api, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, error))
    return FALSE;
  uris = soup_server_get_uris (self->api);
  *address = g_strdup_printf ("127.0.0.1:%d", g_uri_get_port (uris->data));
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);
  return TRUE;
}

/**
 * dw_function_process_new:
 * @argv: the command
 * @environment: name, value, name, value …, %NULL-terminated: environment variables added to the stage's own
 * @owner: its callbacks
 * @data: for @owner
 * @error: why it cannot be started
 *
 * Returns: (transfer full) (nullable): a process that is starting
 */
DwFunctionProcess *
dw_function_process_new (const char *const *argv,
                         const char *const *environment,
                         const DwFunctionProcessOwner *owner,
                         gpointer data,
                         GError **error)
{
  g_autoptr (DwFunctionProcess) self = g_object_new (DW_TYPE_FUNCTION_PROCESS, NULL);
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_autofree char *address = NULL, *lambda = NULL;
  const char *identifier;

  if (!listen_for (self, &address, error))
    return NULL;

  lambda = g_strconcat ("http://", address, NULL);
  for (guint i = 0; environment[i] != NULL; i += 2)
    g_subprocess_launcher_setenv (launcher, environment[i], environment[i + 1], TRUE);
  g_subprocess_launcher_setenv (launcher, "AWS_LAMBDA_RUNTIME_API", address, TRUE);
  g_subprocess_launcher_setenv (launcher, "AWS_ENDPOINT_URL_LAMBDA", lambda, TRUE);
  /* The stage's standard output carries only its address. */
  g_subprocess_launcher_take_stdout_fd (launcher, dup (STDERR_FILENO));
  g_subprocess_launcher_set_child_setup (launcher, be_alone, NULL, NULL);
  self->process = g_subprocess_launcher_spawnv (launcher, argv, error);
  if (self->process == NULL)
    return NULL;

  /* GLib reaps it in a thread of its own, maybe before this line. */
  identifier = g_subprocess_get_identifier (self->process);
  if (identifier != NULL)
    self->group = (pid_t) g_ascii_strtoll (identifier, NULL, 10);
  self->owner = owner;
  self->owner_data = data;
  g_subprocess_wait_async (self->process, self->waiting, on_exited, self);
  return g_steal_pointer (&self);
}

/**
 * dw_function_process_is_ready:
 * @self: a process
 *
 * Returns: whether it waits for an event
 */
gboolean
dw_function_process_is_ready (DwFunctionProcess *self)
{
  return self->next != NULL && !self->dead;
}

/* As X-Ray writes it: the time, who began it, and that nobody samples it. */
static char *
trace_id (gint64 seconds)
{
  return g_strdup_printf ("Root=1-%08x-%08x%08x%08x;Parent=%08x%08x;Sampled=0", (guint) seconds, g_random_int (),
                          g_random_int (), g_random_int (), g_random_int (), g_random_int ());
}

/**
 * dw_function_process_give:
 * @self: a process that is ready
 * @request_id: the event's id
 * @arn: the function's name in full
 * @event: the event, JSON
 * @deadline_ms: when it has to be done, in milliseconds since 1970 UTC
 *
 * Hands an event to the process.
 */
void
dw_function_process_give (DwFunctionProcess *self,
                          const char *request_id,
                          const char *arn,
                          GBytes *event,
                          gint64 deadline_ms)
{
  g_autoptr (SoupServerMessage) message = g_steal_pointer (&self->next);
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);
  g_autofree char *deadline = g_strdup_printf ("%" G_GINT64_FORMAT, deadline_ms);
  g_autofree char *trace = trace_id (g_get_real_time () / G_USEC_PER_SEC);
  gsize size;
  const char *data = g_bytes_get_data (event, &size);

  self->request_id = g_strdup (request_id);
  soup_message_headers_replace (headers, "Lambda-Runtime-Aws-Request-Id", request_id);
  soup_message_headers_replace (headers, "Lambda-Runtime-Deadline-Ms", deadline);
  soup_message_headers_replace (headers, "Lambda-Runtime-Trace-Id", trace);
  soup_message_headers_replace (headers, "Lambda-Runtime-Invoked-Function-Arn", arn);
  soup_server_message_set_status (message, 200, NULL);
  soup_server_message_set_response (message, "application/json", SOUP_MEMORY_COPY, data, size);
  signal_group (self, SIGCONT);
  soup_server_message_unpause (message);
}

/**
 * dw_function_process_kill:
 * @self: a process
 *
 * Kills it and the processes it started.
 */
void
dw_function_process_kill (DwFunctionProcess *self)
{
  /* Once it has been reaped, its process ID may belong to another process. */
  if (self->process != NULL && g_subprocess_get_identifier (self->process) != NULL)
    signal_group (self, SIGKILL);
}
