/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-cloud.h"
#include "dw-test.h"

#include "backend/dw-backend-error.h"
#include "backend/lambda/dw-journal.h"
#include "backend/lambda/dw-runtime.h"

#include <string.h>

#define CUT 1000

/* A runtime API that hands out events and answers as the test says. */
typedef struct
{
  SoupServer *server;
  DwHttp *http;
  DwRuntime *runtime;
  GAsyncResult *result;
  const char *deadline;  /* the header's value, or NULL for a valid one */
  const char *traces[2]; /* the header of each event, or NULL for none */
  guint events;          /* how many to hand out; after them “next” waits */
  guint next_status;
  guint answer_status;
  guint cuts; /* how many of the next “next” requests are cut off */
  guint asked;
  guint given;
  guint handled;
  GPtrArray *posts; /* “path type body” */
  char *response;   /* what the function answers */
  char *traced;     /* the trace in the environment of the last event */
  gboolean stop;    /* stops the runtime while it handles an event */
} RuntimeApi;

static void
cut (SoupServerMessage *message)
{
  g_autoptr (GIOStream) stream = soup_server_message_steal_connection (message);

  g_io_stream_close (stream, NULL, NULL);
}

static void
give_out (RuntimeApi *api, SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);
  g_autofree char *deadline = g_strdup_printf ("%" G_GINT64_FORMAT, g_get_real_time () / 1000 + 3000);
  g_autofree char *id = g_strdup_printf ("8476a536-e9f4-11e8-9739-%u", api->asked);

  api->asked++;
  if (api->cuts > 0)
    {
      api->cuts--;
      cut (message);
      return;
    }
  if (api->events == 0)
    {
      soup_server_message_pause (message);
      return;
    }
  api->events--;
  soup_message_headers_replace (headers, "Lambda-Runtime-Aws-Request-Id", id);
  soup_message_headers_replace (headers, "Lambda-Runtime-Deadline-Ms",
                                api->deadline != NULL ? api->deadline : deadline);
  if (api->traces[api->given] != NULL)
    soup_message_headers_replace (headers, "Lambda-Runtime-Trace-Id", api->traces[api->given]);
  api->given = MIN (api->given + 1, 1);
  soup_server_message_set_status (message, api->next_status, NULL);
  if (api->next_status == 200)
    soup_server_message_set_response (message, "application/json", SOUP_MEMORY_STATIC, "{\"a\":1}", 7);
}

static void
on_request (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer data)
{
  RuntimeApi *api = data;
  g_autoptr (GBytes) bytes = soup_message_body_flatten (soup_server_message_get_request_body (message));
  const char *type = soup_message_headers_get_one (soup_server_message_get_request_headers (message),
                                                   "Lambda-Runtime-Function-Error-Type");

  if (g_str_has_suffix (path, "/next"))
    {
      give_out (api, message);
      return;
    }
  g_ptr_array_add (api->posts, g_strdup_printf ("%s %s %.*s", path, type != NULL ? type : "-",
                                                (int) MIN (g_bytes_get_size (bytes), 200),
                                                (const char *) g_bytes_get_data (bytes, NULL)));
  if (api->answer_status == CUT)
    cut (message);
  else
    soup_server_message_set_status (message, api->answer_status, NULL);
}

static void
api_init (RuntimeApi *api)
{
  g_autoptr (GSList) uris = NULL;
  g_autofree char *address = NULL;

  api->server = soup_server_new (NULL, NULL);
  soup_server_add_handler (api->server, NULL, on_request, api, NULL);
  dw_cloud_listen (api->server);
  uris = soup_server_get_uris (api->server);
  address = g_strdup_printf ("127.0.0.1:%d", g_uri_get_port (uris->data));
  g_slist_foreach (uris, (GFunc) (GCallback) g_uri_unref, NULL);
  api->http = dw_http_new (NULL);
  api->runtime = dw_runtime_new (api->http, address);
  api->posts = g_ptr_array_new_with_free_func (g_free);
  api->next_status = 200;
  api->answer_status = 202;
  api->events = 1;
  api->traces[0] = api->traces[1] = "Root=1-x";
  api->response = g_strdup ("{}");
}

static void
api_clear (RuntimeApi *api)
{
  g_clear_object (&api->result);
  g_clear_object (&api->http);
  dw_test_finalize (g_steal_pointer (&api->runtime));
  soup_server_disconnect (api->server);
  g_object_unref (api->server);
  g_ptr_array_unref (api->posts);
  g_free (api->response);
  g_free (api->traced);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RuntimeApi, api_clear)

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static gboolean
is_there (gpointer data)
{
  return *(gpointer *) data != NULL;
}

static void
on_invocation (DwRuntime *runtime, DwInvocation *invocation, gpointer data)
{
  RuntimeApi *api = data;
  gint64 left = invocation->deadline - g_get_monotonic_time ();

  g_assert_cmpint (left, >, 0);
  g_assert_cmpint (left, <, 3100 * 1000);
  g_assert_cmpstr (invocation->trace_id, ==, api->traces[MIN (api->handled, 1)]);
  g_free (api->traced);
  api->traced = g_strdup (g_getenv ("_X_AMZN_TRACE_ID"));
  g_assert_cmpmem (g_bytes_get_data (invocation->payload, NULL), g_bytes_get_size (invocation->payload),
                   "{\"a\":1}", 7);
  api->handled++;
  if (api->stop)
    dw_runtime_stop (runtime);
  dw_runtime_respond (runtime, api->response);
}

static void
run (RuntimeApi *api)
{
  dw_runtime_run_async (api->runtime, on_invocation, api, on_done, &api->result);
}

static gboolean
has_asked_again (gpointer data)
{
  RuntimeApi *api = data;

  return api->result != NULL || (api->events == 0 && api->asked > api->posts->len && api->posts->len > 0);
}

/* It stops without an error, which happens only if it was still waiting for the next event. */
static void
expect_going_on (RuntimeApi *api)
{
  g_autoptr (GError) error = NULL;

  dw_test_until ("the next event to be asked for", has_asked_again, api);
  g_assert_null (api->result);
  dw_runtime_stop (api->runtime);
  dw_test_until ("the end", is_there, &api->result);
  g_assert_true (dw_runtime_run_finish (api->runtime, api->result, &error));
  g_assert_no_error (error);
}

static void
expect_end (RuntimeApi *api)
{
  g_autoptr (GError) error = NULL;

  dw_test_until ("the end", is_there, &api->result);
  g_assert_false (dw_runtime_run_finish (api->runtime, api->result, &error));
  g_assert_nonnull (error);
}

/* Every status for “next”: only a 200 is an event. */
static void
test_next (void)
{
  for (guint status = 200; status < 600; status++)
    {
      g_auto (RuntimeApi) api = { 0 };

      api_init (&api);
      api.next_status = status;
      run (&api);
      if (status == 200)
        expect_going_on (&api);
      else
        expect_end (&api);
      g_assert_cmpuint (api.handled, ==, status == 200);
    }
}

/* Every status for a response: only a 202 accepts it; after a 413 the next event still comes. */
static void
test_answer (void)
{
  for (guint status = 200; status < 600; status++)
    {
      g_auto (RuntimeApi) api = { 0 };

      api_init (&api);
      api.answer_status = status;
      run (&api);
      if (status == 202 || status == 413)
        expect_going_on (&api);
      else
        expect_end (&api);
      g_assert_cmpuint (api.posts->len, ==, 1);
      g_assert_true (g_str_has_suffix (g_ptr_array_index (api.posts, 0), "/response - {}"));
    }
}

/* Cut connections: “next” is tried three times, a response only once, since it may have arrived. */
static void
test_cuts (void)
{
  for (guint cuts = 1; cuts <= 4; cuts++)
    {
      g_auto (RuntimeApi) api = { 0 };

      api_init (&api);
      if (cuts < 4)
        api.cuts = cuts;
      else
        api.answer_status = CUT;
      run (&api);
      if (cuts < 3)
        expect_going_on (&api);
      else
        expect_end (&api);
      g_assert_cmpuint (api.handled, ==, cuts != 3);
    }
}

/* An unreadable deadline fails that event only. */
static void
test_deadline (void)
{
  static const char *const bad[] = { "", "soon", "-1", "0", "99999999999999999999", "1e12" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_auto (RuntimeApi) api = { 0 };

      api_init (&api);
      api.deadline = bad[i];
      run (&api);
      expect_going_on (&api);
      g_assert_cmpuint (api.handled, ==, 0);
      g_assert_nonnull (strstr (g_ptr_array_index (api.posts, 0), "/error Runtime.BadDeadline {\"errorMessage\":"));
    }
}

/* A response larger than Lambda accepts is not sent. */
static void
test_too_large (void)
{
  g_auto (RuntimeApi) api = { 0 };

  api_init (&api);
  g_free (api.response);
  api.response = g_strnfill (DW_RUNTIME_RESPONSE_BYTES + 1, ' ');
  run (&api);
  expect_going_on (&api);
  g_assert_nonnull (strstr (g_ptr_array_index (api.posts, 0), "/error Function.ResponseSizeTooLarge "));
}

/* When stopped in the middle of an event, it finishes that one first. */
static void
test_stop (void)
{
  g_auto (RuntimeApi) api = { 0 };

  api_init (&api);
  api.events = 5;
  api.stop = TRUE;
  run (&api);
  dw_test_until ("the end", is_there, &api.result);
  g_assert_true (dw_runtime_run_finish (api.runtime, api.result, NULL));
  g_assert_cmpuint (api.handled, ==, 1);
  g_assert_cmpuint (api.posts->len, ==, 1);
}

static gboolean
has_handled_two (gpointer data)
{
  return ((RuntimeApi *) data)->handled == 2;
}

/* The trace of each event is in the environment, and not the one of an event before. */
static void
test_trace (void)
{
  g_autofree char *long_one = g_strnfill (2000, 'x');
  const char *const traces[] = { "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1", NULL, "Root=1-x", long_one };

  for (guint i = 0; i < G_N_ELEMENTS (traces); i++)
    {
      g_auto (RuntimeApi) api = { 0 };

      api_init (&api);
      api.events = 2;
      api.traces[1] = traces[i];
      run (&api);
      dw_test_until ("both events", has_handled_two, &api);
      expect_going_on (&api);
      g_assert_cmpstr (api.traced, ==, traces[i] != NULL && traces[i] != long_one ? traces[i] : "");
    }
  g_assert_null (g_getenv ("_X_AMZN_TRACE_ID"));
}

static void
test_init (void)
{
  g_auto (RuntimeApi) api = { 0 };

  api_init (&api);
  dw_runtime_fail_init_async (api.runtime, "Runtime.Config", "no \"table\"", on_done, &api.result);
  dw_test_until ("the end", is_there, &api.result);
  g_assert_true (dw_runtime_fail_init_finish (api.runtime, api.result, NULL));
  g_assert_cmpstr (g_ptr_array_index (api.posts, 0), ==,
                   "/2018-06-01/runtime/init/error Runtime.Config {\"errorMessage\":\"no \\\"table\\\"\","
                   "\"errorType\":\"Runtime.Config\",\"stackTrace\":[]}");
}

/* The format that CloudWatch reads, key for key. */
static void
test_journal (void)
{
  DwJournal journal = { "send", "8476", NULL };
  DwTally tally = { .deliveries = 3, .gone = 1, .throttled = 2, .retries = 4, .dead = 5 };
  g_autofree char *line = dw_journal_line (&journal, "INFO", "a \"word\"\nand \xff", 1700000000000000);
  g_autofree char *metrics = dw_journal_metrics (&journal, &tally, 12.5, TRUE, 1700000000000000);
  g_autoptr (JsonNode) node = json_from_string (metrics, NULL);
  JsonObject *object = json_node_get_object (node);
  JsonArray *directives =
      json_object_get_array_member (json_object_get_object_member (object, "_aws"), "CloudWatchMetrics");
  JsonArray *declared = json_object_get_array_member (json_array_get_object_element (directives, 0), "Metrics");
  static const struct
  {
    const char *name, *unit;
    double value;
  } values[] = {
    { "Deliveries", "Count", 3 }, { "Gone", "Count", 1 }, { "Throttled", "Count", 2 },
    { "Retries", "Count", 4 },    { "Dead", "Count", 5 }, { "HandlerDuration", "Milliseconds", 12.5 },
    { "ColdStart", "Count", 1 },
  };
  g_autofree char *warm = dw_journal_metrics (&journal, &tally, 12.5, FALSE, 1700000000000000);
  g_autoptr (JsonNode) warm_node = json_from_string (warm, NULL);

  g_assert_cmpstr (line, ==,
                   "{\"time\":\"2023-11-14T22:13:20.000Z\",\"level\":\"INFO\",\"requestId\":\"8476\","
                   "\"message\":\"a \\\"word\\\"\\nand \xef\xbf\xbd\"}");
  g_assert_null (strchr (line, '\n'));
  g_assert_cmpint (json_object_get_int_member (json_object_get_object_member (object, "_aws"), "Timestamp"), ==,
                   1700000000000);
  g_assert_cmpuint (json_array_get_length (declared), ==, 7);
  for (guint i = 0; i < json_array_get_length (declared); i++)
    g_assert_true (json_object_has_member (
        object, json_object_get_string_member (json_array_get_object_element (declared, i), "Name")));
  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      JsonObject *declaration = json_array_get_object_element (declared, i);

      g_assert_cmpstr (json_object_get_string_member (declaration, "Name"), ==, values[i].name);
      g_assert_cmpstr (json_object_get_string_member (declaration, "Unit"), ==, values[i].unit);
      g_assert_cmpfloat (json_object_get_double_member (object, values[i].name), ==, values[i].value);
    }
  g_assert_cmpfloat (json_object_get_double_member (json_node_get_object (warm_node), "ColdStart"), ==, 0);
  g_assert_cmpstr (json_object_get_string_member (object, "FunctionName"), ==, "send");
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_log_set_always_fatal (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
  g_test_add_func ("/aws/runtime/next", test_next);
  g_test_add_func ("/aws/runtime/answer", test_answer);
  g_test_add_func ("/aws/runtime/cuts", test_cuts);
  g_test_add_func ("/aws/runtime/deadline", test_deadline);
  g_test_add_func ("/aws/runtime/too-large", test_too_large);
  g_test_add_func ("/aws/runtime/stop", test_stop);
  g_test_add_func ("/aws/runtime/trace", test_trace);
  g_test_add_func ("/aws/runtime/init", test_init);
  g_test_add_func ("/aws/runtime/journal", test_journal);
  return g_test_run ();
}
