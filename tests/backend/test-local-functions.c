/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Functions of a stage as processes of their own. This program is also the function: an event says what it does. */
#include "dw-test.h"

#include "backend/dw-backend-error.h"
#include "backend/gateway/dw-functions.h"

#include <dlfcn.h>
#include <libsoup/soup.h>
#include <string.h>
#include <unistd.h>

/* The function */

static guint
post (SoupSession *session, const char *path, const char *name, const char *value, const char *text)
{
  g_autofree char *url = g_strdup_printf ("http://%s%s", g_getenv ("AWS_LAMBDA_RUNTIME_API"), path);
  g_autoptr (SoupMessage) message = soup_message_new ("POST", url);
  g_autoptr (GBytes) body = g_bytes_new (text, strlen (text));
  g_autoptr (GBytes) answer = NULL;

  if (name != NULL)
    soup_message_headers_replace (soup_message_get_request_headers (message), name, value);
  soup_message_set_request_body_from_bytes (message, "application/json", body);
  answer = soup_session_send_and_read (session, message, NULL, NULL);
  return answer != NULL ? soup_message_get_status (message) : 0;
}

#define ROOT "/2018-06-01/runtime/invocation/"

static guint
answer (SoupSession *session, const char *id, const char *text)
{
  g_autofree char *path = g_strdup_printf (ROOT "%s/response", id);
  g_autofree char *body = g_strdup_printf ("{\"statusCode\":200,\"body\":\"%s\"}", text);

  return post (session, path, NULL, NULL, body);
}

static void
invoke_another (SoupSession *session, const char *id)
{
  static const struct
  {
    const char *path, *type;
  } rows[] = {
    { "/2015-03-31/functions/dynamowave-say/invocations", "Event" },
    { "/2015-03-31/functions/dynamowave-say/invocations", "RequestResponse" },
    { "/2015-03-31/functions/dynamowave-nobody/invocations", "Event" },
    { "/2015-03-31/functions/dynamowave-say/elsewhere", "Event" },
  };
  g_autoptr (GString) statuses = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    g_string_append_printf (statuses, "%u ",
                            post (session, rows[i].path, "X-Amz-Invocation-Type", rows[i].type, "fail"));
  answer (session, id, statuses->str);
}

/* What the runtime's API says to a function that errs. */
static void
answer_wrongly (SoupSession *session, const char *id)
{
  g_autofree char *longer = g_strconcat (id, "x", NULL);
  g_autofree char *nowhere = g_strdup_printf (ROOT "%s/nowhere", id);
  g_autofree char *alone = g_strconcat (ROOT, id, NULL);
  guint wrong = answer (session, "wrong", "x");
  guint wrong_longer = answer (session, longer, "x");
  guint at_nowhere = post (session, nowhere, NULL, NULL, "{}");
  guint at_alone = post (session, alone, NULL, NULL, "{}");
  g_autofree char *text = g_strdup_printf ("%u %u %u %u", wrong, wrong_longer, at_nowhere, at_alone);

  answer (session, id, text);
}

static int
be_function (void)
{
  g_autoptr (SoupSession) session = soup_session_new ();
  g_autofree char *url = g_strdup_printf ("http://%s" ROOT "next", g_getenv ("AWS_LAMBDA_RUNTIME_API"));
  guint again = 0;

  /* Nothing of it outlives a test that fails. */
  alarm (60);
  for (;;)
    {
      g_autoptr (SoupMessage) message = soup_message_new ("GET", url);
      g_autoptr (GBytes) bytes = soup_session_send_and_read (session, message, NULL, NULL);
      const char *id = soup_message_headers_get_one (soup_message_get_response_headers (message),
                                                     "Lambda-Runtime-Aws-Request-Id");
      g_autofree char *event = NULL;
      gsize size;
      const char *data;

      if (bytes == NULL || id == NULL)
        return 1;
      data = g_bytes_get_data (bytes, &size);
      event = g_strndup (data, size);
      if (strcmp (event, "say") == 0)
        {
          g_autofree char *text = g_strdup_printf ("%d %s %s %s %u", (int) getpid (), g_getenv ("_HANDLER"),
                                                   g_getenv ("AWS_LAMBDA_FUNCTION_NAME"), g_getenv ("NOTE"), again);

          answer (session, id, text);
          again = answer (session, id, "twice");
        }
      else if (strcmp (event, "linger") == 0)
        {
          answer (session, id, "soon");
          g_usleep (G_USEC_PER_SEC / 2);
        }
      else if (strcmp (event, "fail") == 0)
        {
          g_autofree char *path = g_strdup_printf (ROOT "%s/error", id);

          post (session, path, "Lambda-Runtime-Function-Error-Type", "Custom.Kind", "{}");
        }
      else if (strcmp (event, "another") == 0)
        invoke_another (session, id);
      else if (strcmp (event, "wrongly") == 0)
        answer_wrongly (session, id);
      else if (strcmp (event, "exit") == 0)
        _exit (3);
      else
        pause ();
    }
}

/* The tests */

static gboolean reaped;

/* In the place of GLib's own, which has no identifier for a process that its thread has reaped already. */
const char *
g_subprocess_get_identifier (GSubprocess *process)
{
  const char *(*identifier) (GSubprocess *) = NULL;

  *(void **) &identifier = dlsym (RTLD_NEXT, "g_subprocess_get_identifier");
  return reaped ? NULL : identifier (process);
}

static DwFunctions *
functions_new (gint64 timeout_ms, guint most)
{
  DwFunctions *functions = dw_functions_new (timeout_ms, most);
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  static const char *const routes[] = { "say", "$connect", "sendMessage" };

  for (guint i = 0; i < G_N_ELEMENTS (routes); i++)
    {
      g_autofree char *text = g_strdup_printf ("%s='%s' --function", routes[i], program);

      g_assert_true (dw_functions_add (functions, text, NULL));
    }
  dw_functions_set_variable (functions, "OTHER", "1");
  dw_functions_set_variable (functions, "NOTE", "first");
  dw_functions_set_variable (functions, "NOTE", "last");
  return functions;
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

/* What it said; or what went wrong, in angle brackets. */
static char *
dup_said (GAsyncResult *result)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DwResponse) response = dw_handler_finish (result, &error);

  if (response == NULL)
    return g_strdup_printf ("<%s>", error->message);
  g_assert_cmpuint (response->status, ==, 200);
  return g_strdup (response->body);
}

static char *
invoke (DwFunctions *functions, const char *route, const char *event)
{
  g_autoptr (GAsyncResult) result = NULL;

  dw_functions_invoke_async (functions, route, event, on_done, &result);
  DW_TEST_WAIT ("a function", result != NULL);
  return dup_said (result);
}

/* Until the process waits for the next event it is not taken for one that does. It says then that a second answer to the
 * first event was refused. */
static void
until_same (DwFunctions *functions, const char *pid)
{
  for (gint64 began = g_get_monotonic_time ();; dw_test_turn ("the same process", began))
    {
      g_autofree char *said = invoke (functions, "say", "say");

      if (g_str_has_prefix (said, pid) && g_str_has_suffix (said, " 403"))
        return;
    }
}

/* A process knows what it is, is used again, and is never ended for what it did in time. */
static void
test_warm (void)
{
  DwFunctions *functions = functions_new (2500, 10);
  g_autofree char *first = invoke (functions, "say", "say");
  g_auto (GStrv) words = g_strsplit (first, " ", -1);
  g_autofree char *connect = invoke (functions, "$connect", "say");
  g_autofree char *send = invoke (functions, "sendMessage", "say");

  g_assert_cmpuint (g_strv_length (words), ==, 5);
  g_assert_cmpstr (words[1], ==, "say");
  g_assert_cmpstr (words[2], ==, "dynamowave-say");
  g_assert_cmpstr (words[3], ==, "last");
  g_assert_nonnull (strstr (connect, " connect dynamowave-connect "));
  g_assert_nonnull (strstr (send, " send-message dynamowave-send-message "));

  dw_test_run_for (2700);
  until_same (functions, words[0]);
  g_assert_cmpuint (dw_functions_get_running (functions), ==, 0);
  dw_functions_stop (functions);
  dw_test_finalize (functions);
}

/* Whatever becomes of a process, who waits for it is told, and the next event has a process. */
static void
test_ends (void)
{
  static const char *const rows[][2] = {
    { "hang", "<Task timed out after 2.00 seconds>" },
    { "exit", "<it exited with status 3 (Runtime.ExitError)>" },
    { "fail", "<it failed: Custom.Kind>" },
    { "wrongly", "400 400 404 404" },
  };
  DwFunctions *functions = functions_new (2000, 4);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *said = invoke (functions, "say", rows[i][0]);
      g_autofree char *next = NULL;

      g_assert_cmpstr (said, ==, rows[i][1]);
      g_assert_cmpuint (dw_functions_get_running (functions), ==, 0);
      next = invoke (functions, "say", "say");
      g_assert_nonnull (strstr (next, " say dynamowave-say "));
    }
  dw_functions_stop (functions);
  dw_test_finalize (functions);
}

/* What is still under way when the stage ends fails, and nothing of it is left to happen later. */
static void
test_stop (void)
{
  DwFunctions *functions = functions_new (1500, 10);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) cold = NULL;
  g_autofree char *warm = invoke (functions, "say", "say");
  g_autofree char *said = NULL;
  g_autofree char *said_cold = NULL;

  dw_functions_invoke_async (functions, "say", "hang", on_done, &result);
  dw_functions_invoke_async (functions, "$connect", "say", on_done, &cold);
  g_assert_cmpuint (dw_functions_get_running (functions), ==, 2);
  dw_functions_stop (functions);
  g_assert_cmpuint (dw_functions_get_running (functions), ==, 0);
  DW_TEST_WAIT ("both to fail", result != NULL && cold != NULL);
  said = dup_said (result);
  said_cold = dup_said (cold);
  g_assert_cmpstr (said, ==, "<the stage ends>");
  g_assert_cmpstr (said_cold, ==, "<the stage ends>");
  dw_test_run_for (1700);
  /* They hold it. */
  g_clear_object (&result);
  g_clear_object (&cold);
  dw_test_finalize (functions);
}

/* No more run at once than may, all together and of one function. */
static void
test_throttled (void)
{
  for (guint i = 0; i < 3; i++)
    {
      DwFunctions *functions = functions_new (5000, i == 0 ? 2 : 10);
      GAsyncResult *running[2] = { NULL, NULL };
      g_autofree char *said = NULL;
      g_autofree char *other = NULL;

      if (i > 0)
        g_assert_true (dw_functions_reserve (functions, i == 1 ? "say=2" : "say=0", NULL));
      for (guint j = 0; j < 2; j++)
        dw_functions_invoke_async (functions, "say", "hang", on_done, &running[j]);
      g_assert_cmpuint (dw_functions_get_running (functions), ==, i == 2 ? 0 : 2);
      said = invoke (functions, "say", "say");
      g_assert_cmpstr (said, ==, "<TooManyRequestsException>");
      other = invoke (functions, "$connect", "say");
      g_assert_cmpint (g_str_has_prefix (other, "<"), ==, i == 0);
      dw_functions_stop (functions);
      DW_TEST_WAIT ("all to end", running[0] != NULL && running[1] != NULL);
      for (guint j = 0; j < 2; j++)
        g_object_unref (running[j]);
      dw_test_finalize (functions);
    }
}

/* As many processes as there may be, but none of them busy: the next event is theirs. */
static void
test_full (void)
{
  DwFunctions *functions = functions_new (5000, 1);

  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *said = invoke (functions, "say", "linger");

      g_assert_cmpstr (said, ==, "soon");
    }
  for (gint64 began = g_get_monotonic_time ();; dw_test_turn ("a process that waits", began))
    {
      g_autofree char *said = invoke (functions, "say", "say");

      if (strcmp (said, "<TooManyRequestsException>") != 0)
        {
          g_assert_nonnull (strstr (said, " say dynamowave-say "));
          break;
        }
    }
  dw_functions_stop (functions);
  dw_test_finalize (functions);
}

/* A process that ended before the stage knew its number: neither the stage nor a neighbor gets its signals. */
static void
test_gone_at_once (void)
{
  DwFunctions *functions = dw_functions_new (5000, 1);
  g_autofree char *said = NULL;

  g_assert_true (dw_functions_add (functions, "say=true", NULL));
  reaped = TRUE;
  said = invoke (functions, "say", "say");
  g_assert_cmpstr (said, ==, "<it exited with status 0 (Runtime.ExitError)>");
  dw_functions_stop (functions);
  dw_test_finalize (functions);
  reaped = FALSE;
}

static void
count_lost (const char *domain, GLogLevelFlags level, const char *words, gpointer data)
{
  *(guint *) data += strstr (words, "An invocation of say is lost: it failed: Custom.Kind") != NULL;
}

/* A function that invokes another does not wait for it; one that fails is tried three times. */
static void
test_invokes (void)
{
  DwFunctions *functions = functions_new (5000, 10);
  guint lost = 0;
  guint handler = g_log_set_handler ("dw-backend", G_LOG_LEVEL_WARNING | G_LOG_FLAG_FATAL, count_lost, &lost);
  g_autofree char *said = NULL;

  g_log_set_always_fatal (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
  said = invoke (functions, "sendMessage", "another");
  g_assert_cmpstr (said, ==, "202 400 404 400 ");
  DW_TEST_WAIT ("the other to be given up", lost > 0);
  dw_test_run_for (50);
  g_assert_cmpuint (lost, ==, 1);
  g_log_remove_handler ("dw-backend", handler);
  dw_functions_stop (functions);
  dw_test_finalize (functions);
}

/* What a person types of functions. */
static void
test_words (void)
{
  static const char *const no_functions[] = { "", "say", "=x", "say=", "say='open" };
  static const char *const no_reserves[] = { "", "say", "say=", "=1", "say=-1", "say=x", "say=1x", "other=1" };
  g_autoptr (DwFunctions) functions = dw_functions_new (1000, 1);
  g_autofree char **routes = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (no_functions); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", no_functions[i]);
      g_assert_false (dw_functions_add (functions, no_functions[i], &error));
      g_assert_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_CONFIG);
    }
  g_assert_false (dw_functions_has (functions, "say"));
  g_assert_true (dw_functions_add (functions, "say=true 'a b' c=d", NULL));
  g_assert_true (dw_functions_add (functions, "say=false", NULL));
  g_assert_true (dw_functions_has (functions, "say"));
  for (guint i = 0; i < G_N_ELEMENTS (no_reserves); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", no_reserves[i]);
      g_assert_false (dw_functions_reserve (functions, no_reserves[i], &error));
      g_assert_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_CONFIG);
    }
  g_assert_true (dw_functions_reserve (functions, "say=0", NULL));
  routes = dw_functions_get_routes (functions);
  g_assert_cmpstr (routes[0], ==, "say");
  g_assert_cmpstr (routes[1], ==, NULL);
}

/* What a function returned, as the gateway reads it. */
static void
test_responses (void)
{
  static const struct
  {
    const char *json;
    guint status; /* or 0 for none */
    const char *body, *subprotocol;
  } rows[] = {
    { "", 0, NULL, NULL },
    { "null", 0, NULL, NULL },
    { "[]", 0, NULL, NULL },
    { "{}", 0, NULL, NULL },
    { "{\"statusCode\":\"200\"}", 0, NULL, NULL },
    { "{\"statusCode\":200.5}", 0, NULL, NULL },
    { "{\"statusCode\":{}}", 0, NULL, NULL },
    { "{\"statusCode\":99}", 0, NULL, NULL },
    { "{\"statusCode\":100}", 100, NULL, NULL },
    { "{\"statusCode\":599}", 599, NULL, NULL },
    { "{\"statusCode\":600}", 0, NULL, NULL },
    { "{\"statusCode\":200,\"body\":\"x\"}", 200, "x", NULL },
    { "{\"statusCode\":200,\"body\":7,\"headers\":7}", 200, NULL, NULL },
    { "{\"statusCode\":200,\"body\":null,\"headers\":[\"a\"]}", 200, NULL, NULL },
    { "{\"statusCode\":200,\"headers\":{\"a\":\"b\",\"sec-websocket-PROTOCOL\":\"chat\"}}", 200, NULL, "chat" },
    { "{\"statusCode\":200,\"headers\":{\"Sec-WebSocket-Protocol\":[]}}", 200, NULL, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (DwResponse) response = dw_functions_read_response (rows[i].json, strlen (rows[i].json), &error);

      g_test_message ("%s", rows[i].json);
      if (rows[i].status == 0)
        {
          g_assert_null (response);
          g_assert_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_SERVICE);
          continue;
        }
      g_assert_no_error (error);
      g_assert_cmpuint (response->status, ==, rows[i].status);
      g_assert_cmpstr (response->body, ==, rows[i].body);
      g_assert_cmpstr (response->subprotocol, ==, rows[i].subprotocol);
    }
}

int
main (int argc, char *argv[])
{
  if (argc == 2 && strcmp (argv[1], "--function") == 0)
    return be_function ();
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/local-functions/words", test_words);
  g_test_add_func ("/backend/local-functions/responses", test_responses);
  g_test_add_func ("/backend/local-functions/warm", test_warm);
  g_test_add_func ("/backend/local-functions/ends", test_ends);
  g_test_add_func ("/backend/local-functions/stop", test_stop);
  g_test_add_func ("/backend/local-functions/throttled", test_throttled);
  g_test_add_func ("/backend/local-functions/full", test_full);
  g_test_add_func ("/backend/local-functions/gone-at-once", test_gone_at_once);
  g_test_add_func ("/backend/local-functions/invokes", test_invokes);
  return g_test_run ();
}
