/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-cloud.h"
#include "dw-test.h"

#include "backend/aws/dw-dead-letter-queue.h"
#include "backend/dw-backend-error.h"
#include "backend/lambda/dw-function.h"

#include <string.h>

#define TOKEN "let me in"

typedef struct
{
  DwCloud cloud;
  DwFunctionConfig config;
  DwFunction *function;
  guint seconds; /* of the deadline */
} InvokedFunction;

static void
invoked_init (InvokedFunction *invoked, const char *handler)
{
  g_autoptr (DwHttp) http = dw_http_new (NULL);
  g_autoptr (DwCredentials) credentials = dw_credentials_new (DW_CLOUD_KEY_ID, DW_CLOUD_SECRET, DW_CLOUD_TOKEN);
  g_autofree char *endpoint = NULL;

  dw_cloud_init (&invoked->cloud);
  endpoint = g_strconcat (invoked->cloud.origin, "/prod", NULL);
  g_setenv ("AWS_ENDPOINT_URL", invoked->cloud.origin, TRUE);
  g_setenv ("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI", endpoint, TRUE);
  invoked->seconds = 20;
  invoked->config = (DwFunctionConfig){ .handler = (char *) handler,
                                        .region = (char *) "eu-west-1",
                                        .function_name = (char *) "me",
                                        .send_function = (char *) "sender",
                                        .table = (char *) "Connections",
                                        .claims = (char *) "Claims",
                                        .dead_letters = (char *) "https://sqs.eu-west-1.amazonaws.com/1/dead",
                                        .posts = 500 };
  invoked->function = dw_function_new (&invoked->config, http, credentials);
}

static void
invoked_clear (InvokedFunction *invoked)
{
  dw_test_finalize (g_steal_pointer (&invoked->function));
  dw_cloud_clear (&invoked->cloud);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (InvokedFunction, invoked_clear)

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

static char *
run (InvokedFunction *invoked, const char *json, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GBytes) payload = g_bytes_new (json, strlen (json));
  g_autoptr (DwInvocation) invocation =
      dw_invocation_new ("8476", g_get_monotonic_time () + invoked->seconds * G_USEC_PER_SEC, payload);

  dw_function_run_async (invoked->function, invocation, on_done, &result);
  dw_test_until ("a response", is_there, &result);
  return dw_function_run_finish (invoked->function, result, error);
}

#define EVENT(route, extra, more)                                                                                  \
  "{\"requestContext\":{\"routeKey\":\"" route "\",\"stage\":\"prod\",\"connectedAt\":1700000000000,"              \
  "\"requestTimeEpoch\":1700000001000,\"requestId\":\"R1knPH17NjMFftw=\",\"domainName\":\"custom.example\","       \
  "\"connectionId\":\"connection-00000=\",\"apiId\":\"abc\"" extra "}" more ",\"isBase64Encoded\":false}"

#define MESSAGE(body) EVENT ("sendMessage", "", ",\"body\":\"" body "\"")

/* $connect adds a row and $disconnect removes it. */
static void
test_rows (void)
{
  g_auto (InvokedFunction) invoked = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *connected = NULL, *disconnected = NULL;

  invoked_init (&invoked, "connect");
  connected = run (&invoked, EVENT ("$connect", "", ""), &error);
  g_assert_no_error (error);
  g_assert_cmpstr (connected, ==, "{\"statusCode\":200}");
  g_assert_cmpuint (dw_cloud_count (&invoked.cloud, "Connections"), ==, 1);
  invoked.config.handler = (char *) "disconnect";
  disconnected = run (&invoked, EVENT ("$disconnect", ",\"disconnectStatusCode\":1001", ""), &error);
  g_assert_no_error (error);
  g_assert_cmpstr (disconnected, ==, "{\"statusCode\":200}");
  g_assert_cmpuint (dw_cloud_count (&invoked.cloud, "Connections"), ==, 0);
}

/* Without a token, or with a wrong one, no row is added. */
static void
test_token (void)
{
  static const char *const rows[][2] = {
    { EVENT ("$connect", "", ""), "{\"statusCode\":401}" },
    { EVENT ("$connect", "", ",\"multiValueQueryStringParameters\":{\"token\":[\"wrong\"]}"),
      "{\"statusCode\":403}" },
    { EVENT ("$connect", "", ",\"multiValueQueryStringParameters\":{\"token\":[\"" TOKEN "\"]}"),
      "{\"statusCode\":200}" },
    { EVENT ("$connect", "", ",\"multiValueHeaders\":{\"authorization\":[\"Bearer " TOKEN "\"]}"),
      "{\"statusCode\":200}" },
  };
  g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, TOKEN, -1);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (InvokedFunction) invoked = { 0 };
      g_autofree char *answer = NULL;

      invoked_init (&invoked, "connect");
      invoked.config.token_sha256 = hash;
      answer = run (&invoked, rows[i][0], NULL);
      g_assert_cmpstr (answer, ==, rows[i][1]);
      g_assert_cmpuint (dw_cloud_count (&invoked.cloud, "Connections"), ==, i >= 2);
    }
}

static guint
posts_of (InvokedFunction *invoked, guint number)
{
  g_autofree char *id = g_strdup_printf ("connection-%05u=", number);

  return ((DwCloudConnection *) g_hash_table_lookup (invoked->cloud.connections, id))->posts;
}

/* Everybody gets it, across pages. The rows of closed connections are gone before the function answers, since it may be
 * frozen then. */
static void
test_broadcast (void)
{
  const guint crowd = DW_CLOUD_CROWD * 5 / 2, gone = crowd / 25;
  g_auto (InvokedFunction) invoked = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *answer = NULL;

  invoked_init (&invoked, "send-message");
  dw_cloud_fill (&invoked.cloud, "Connections", crowd, NULL);
  for (guint i = gone; i < 2 * gone; i++)
    {
      g_autofree char *id = g_strdup_printf ("connection-%05u=", i);

      g_hash_table_remove (invoked.cloud.connections, id);
    }
  answer = run (&invoked, MESSAGE ("{\\\"action\\\":\\\"sendMessage\\\",\\\"message\\\":\\\"hello\\\"}"), &error);
  g_assert_no_error (error);
  g_assert_cmpstr (answer, ==, "{\"statusCode\":200,\"body\":\"Message sent\"}");
  g_assert_cmpuint (dw_cloud_count (&invoked.cloud, "Connections"), ==, crowd - gone);
  g_assert_cmpuint (dw_function_get_tally (invoked.function)->deliveries, ==, crowd - gone);
  g_assert_cmpuint (dw_function_get_tally (invoked.function)->gone, ==, gone);
  for (guint i = 2 * gone; i < crowd; i++)
    g_assert_cmpuint (posts_of (&invoked, i), ==, 1);
  g_assert_cmpstr (invoked.cloud.last_text, ==, "{\"message\":\"hello\"}");
}

/* A repeat, by a user or by a retrying caller, goes to its sender alone. */
static void
test_once (void)
{
  g_auto (InvokedFunction) invoked = { 0 };

  invoked_init (&invoked, "send-message");
  dw_cloud_fill (&invoked.cloud, "Connections", 10, NULL);
  for (guint i = 1; i <= 5; i++)
    {
      g_autofree char *answer =
          run (&invoked, MESSAGE ("{\\\"message\\\":\\\"hello\\\",\\\"id\\\":\\\"1\\\"}"), NULL);

      g_assert_nonnull (answer);
      g_assert_cmpuint (posts_of (&invoked, 0), ==, i);
      g_assert_cmpuint (posts_of (&invoked, 1), ==, 1);
    }
}

static void
test_default (void)
{
  g_auto (InvokedFunction) invoked = { 0 };
  g_autofree char *answer = NULL;

  invoked_init (&invoked, "default");
  dw_cloud_connect (&invoked.cloud, "connection-00000=");
  answer = run (&invoked, EVENT ("$default", "", ",\"body\":\"?\""), NULL);
  g_assert_cmpstr (answer, ==, "{\"statusCode\":200}");
  g_assert_true (g_str_has_prefix (invoked.cloud.last_text,
                                   "{\"message\":\"Connected\",\"connectionId\":\"connection-00000=\","
                                   "\"connectedAt\":\"2020-04-30T20:10:33.236Z\",\"stage\":\"prod\","));
}

/* An unknown event is refused with a message, and causes no request. */
static void
test_refused (void)
{
  g_autofree char *deep = g_strnfill (100000, '[');
  const char *const bad[] = { "",
                              "null",
                              "[]",
                              "{}",
                              deep,
                              "{\"Records\":[]}",
                              "{\"requestContext\":{\"http\":{\"method\":\"GET\"}}}",
                              EVENT ("$connect", "", ""),
                              EVENT ("$disconnect", "", ""),
                              MESSAGE ("no JSON"),
                              MESSAGE ("{\\\"action\\\":1}"),
                              "{\"requestContext\":{\"routeKey\":\"sendMessage\",\"stage\":\"prod\","
                              "\"connectionId\":\"x\"},\"body\":\"{}\"}" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_auto (InvokedFunction) invoked = { 0 };
      g_autoptr (GError) error = NULL;

      invoked_init (&invoked, "send-message");
      g_assert_null (run (&invoked, bad[i], &error));
      g_assert_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_EVENT);
      g_assert_cmpuint (invoked.cloud.requests, ==, 0);
    }
}

/* A failure after the claim releases the claim before the function is frozen, so that the message can be sent again. */
static void
test_failure (void)
{
  g_auto (InvokedFunction) invoked = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *answer = NULL;
  const char *message = MESSAGE ("{\\\"message\\\":\\\"hello\\\",\\\"id\\\":\\\"1\\\"}");

  invoked_init (&invoked, "send-message");
  dw_cloud_fill (&invoked.cloud, "Connections", 2, NULL);
  dw_cloud_fail (&invoked.cloud, DW_FAULT_NONE, 0, NULL);
  dw_cloud_fail (&invoked.cloud, DW_FAULT_STATUS, 400, "ResourceNotFoundException");
  g_assert_null (run (&invoked, message, &error));
  g_assert_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_TABLE);
  g_assert_cmpuint (dw_cloud_count (&invoked.cloud, "Claims"), ==, 0);
  answer = run (&invoked, message, NULL);
  g_assert_nonnull (answer);
  g_assert_cmpuint (posts_of (&invoked, 1), ==, 1);
}

/* A broadcast that takes longer than a function may run: each run hands over the rest, everybody gets it once, and a
 * run that Lambda delivers twice does nothing the second time. */
static void
test_handed_on (void)
{
  g_auto (InvokedFunction) invoked = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *first = NULL;
  guint runs = 1;

  invoked_init (&invoked, "send-message");
  invoked.config.posts = 20;
  g_clear_object (&invoked.function);
  {
    g_autoptr (DwHttp) http = dw_http_new (NULL);
    g_autoptr (DwCredentials) credentials = dw_credentials_new (DW_CLOUD_KEY_ID, DW_CLOUD_SECRET, DW_CLOUD_TOKEN);

    invoked.function = dw_function_new (&invoked.config, http, credentials);
  }
  invoked.seconds = 3;
  invoked.cloud.delay_ms = 50000 / DW_CLOUD_CROWD;
  invoked.cloud.page = 90;
  dw_cloud_fill (&invoked.cloud, "Connections", DW_CLOUD_CROWD, NULL);
  first = run (&invoked, MESSAGE ("{\\\"message\\\":\\\"hello\\\",\\\"id\\\":\\\"1\\\"}"), &error);
  g_assert_no_error (error);
  while (invoked.cloud.invocations->len > 0)
    {
      g_autofree char *event = g_ptr_array_steal_index (invoked.cloud.invocations, 0);
      g_autofree char *answer = run (&invoked, event, &error);
      g_autofree char *again = NULL;
      guint deliveries;

      g_assert_no_error (error);
      g_assert_cmpuint (++runs, <, 20);
      deliveries = invoked.cloud.requests;
      again = run (&invoked, event, &error);
      g_assert_no_error (error);
      /* The claim itself, and a look at who holds it. */
      g_assert_cmpuint (invoked.cloud.requests, ==, deliveries + 2);
    }
  g_assert_cmpuint (runs, >, 1);
  for (guint i = 0; i < DW_CLOUD_CROWD; i++)
    g_assert_cmpuint (posts_of (&invoked, i), ==, 1);
}

/* The time runs out in a continuation before its first post: it fails, and can be retried. */
static void
test_hop_fails (void)
{
  g_auto (InvokedFunction) invoked = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *answer = NULL;
  const char *event = EVENT ("sendMessage", "",
                             ",\"body\":\"{\\\"message\\\":\\\"hello\\\"}\","
                             "\"dynamowave\":{\"startKey\":\"connection-00004=\",\"hop\":1}");

  invoked_init (&invoked, "send-message");
  dw_cloud_fill (&invoked.cloud, "Connections", 10, NULL);
  dw_cloud_fail (&invoked.cloud, DW_FAULT_NONE, 0, NULL);
  dw_cloud_fail (&invoked.cloud, DW_FAULT_STATUS, 400, "ValidationException");
  g_assert_null (run (&invoked, event, &error));
  answer = run (&invoked, event, NULL);
  g_assert_nonnull (answer);
  for (guint i = 0; i < 10; i++)
    g_assert_cmpuint (posts_of (&invoked, i), ==, i > 4);
}

/* A warming event ends at once, whatever the function's role. */
static void
test_warmer (void)
{
  static const char *const handlers[] = { "connect", "disconnect", "send-message", "default", "redrive" };

  for (guint i = 0; i < G_N_ELEMENTS (handlers); i++)
    {
      g_auto (InvokedFunction) invoked = { 0 };
      gint64 begun;
      g_autofree char *answer = NULL;

      invoked_init (&invoked, handlers[i]);
      begun = g_get_monotonic_time ();
      answer = run (&invoked, "{\"warmer\":true}", NULL);
      g_assert_cmpstr (answer, ==, "{\"warm\":true}");
      g_assert_cmpint (g_get_monotonic_time () - begun, <, 2 * G_USEC_PER_SEC);
      /* Unsigned on purpose: it needs no permission. */
      g_assert_cmpuint (invoked.cloud.unsigned_requests, ==, 1);
      invoked.cloud.unsigned_requests = 0;
    }
}

static char *
batch (const char *const *bodies, guint n)
{
  g_autoptr (GString) text = g_string_new ("{\"Records\":[");

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (JsonNode) node = json_node_init_string (json_node_alloc (), bodies[i]);
      g_autofree char *quoted = json_to_string (node, FALSE);

      g_string_append_printf (text, "%s{\"messageId\":\"m%u\",\"body\":%s}", i > 0 ? "," : "", i, quoted);
    }
  g_string_append (text, "]}");
  return g_strdup (text->str);
}

/* A queue gives ten of them at a time, and a hundred at most; what is no batch is an error of its own. */
static void
test_batches (void)
{
  static const char *const nonsense[] = { "{}", "{\"Records\":7}", "{\"Records\":{}}" };

  for (guint n = 99; n <= 101; n++)
    {
      g_auto (InvokedFunction) invoked = { 0 };
      g_autofree const char **bodies = g_new (const char *, n);
      g_autofree char *json = NULL, *answer = NULL;
      g_autoptr (GError) error = NULL;

      for (guint i = 0; i < n; i++)
        bodies[i] = "nonsense";
      invoked_init (&invoked, "redrive");
      json = batch (bodies, n);
      answer = run (&invoked, json, &error);
      g_assert_cmpint (answer != NULL, ==, n <= 100);
      g_assert_cmpint (error == NULL, ==, n <= 100);
      if (answer != NULL)
        {
          g_autofree char *last = g_strdup_printf ("{\"itemIdentifier\":\"m%u\"}]}", n - 1);

          g_assert_true (g_str_has_suffix (answer, last));
        }
    }
  for (guint i = 0; i < G_N_ELEMENTS (nonsense); i++)
    {
      g_auto (InvokedFunction) invoked = { 0 };
      g_autofree char *answer = NULL;
      g_autoptr (GError) error = NULL;

      invoked_init (&invoked, "redrive");
      answer = run (&invoked, nonsense[i], &error);
      g_assert_null (answer);
      g_assert_nonnull (error);
    }
}

/* Dead letters are sent again; those that fail again become new letters for the connections they missed; what is not a
 * letter stays in the queue. */
static void
test_redrive (void)
{
  g_auto (InvokedFunction) invoked = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *endpoint = NULL, *letter = NULL, *stranger = NULL, *json = NULL, *answer = NULL;
  g_autofree char *rest = g_strconcat (
      "{\"version\":\"1.0\",\"requestPayload\":",
      EVENT ("sendMessage", "",
             ",\"body\":\"{\\\"message\\\":\\\"x\\\"}\",\"dynamowave\":{\"startKey\":\"k\",\"hop\":3}"),
      "}", NULL);

  invoked_init (&invoked, "redrive");
  dw_cloud_fill (&invoked.cloud, "Connections", 3, NULL);
  g_hash_table_remove (invoked.cloud.connections, "connection-00001=");
  ((DwCloudConnection *) g_hash_table_lookup (invoked.cloud.connections, "connection-00002="))->status = 403;
  endpoint = g_strconcat (invoked.cloud.origin, "/prod", NULL);
  letter = g_strdup_printf ("{\"reason\":\"429\",\"endpoint\":\"%s\",\"text\":\"hello\",\"connectionIds\":"
                            "[\"connection-00000=\",\"connection-00001=\",\"connection-00002=\"]}",
                            endpoint);
  stranger = g_strdup ("{\"endpoint\":\"https://evil.example/prod\",\"text\":\"hello\",\"connectionIds\":[\"a\"]}");
  json = batch ((const char *const[]){ letter, "nonsense", stranger, rest }, 4);
  answer = run (&invoked, json, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (answer, ==, "{\"batchItemFailures\":[{\"itemIdentifier\":\"m1\"},{\"itemIdentifier\":\"m2\"}]}");
  g_assert_cmpuint (posts_of (&invoked, 0), ==, 1);
  g_assert_cmpuint (invoked.cloud.letters->len, ==, 1);
  g_assert_nonnull (strstr (g_ptr_array_index (invoked.cloud.letters, 0), "connection-00002="));
  g_assert_null (strstr (g_ptr_array_index (invoked.cloud.letters, 0), "connection-00000="));
  g_assert_cmpuint (dw_cloud_count (&invoked.cloud, "Connections"), ==, 2);
  g_assert_cmpuint (invoked.cloud.invocations->len, ==, 1);
  g_assert_nonnull (strstr (g_ptr_array_index (invoked.cloud.invocations, 0), "\"startKey\":\"k\",\"hop\":4"));
}

static gboolean
config_is_good (const char *handler, const char *name, const char *value)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DwFunctionConfig) config = NULL;

  g_setenv ("_HANDLER", handler, TRUE);
  g_setenv ("AWS_REGION", "eu-west-1", TRUE);
  g_setenv ("DYNAMOWAVE_TABLE", "T", TRUE);
  g_setenv ("DYNAMOWAVE_CLAIMS", "C", TRUE);
  g_unsetenv ("DYNAMOWAVE_TOKEN_SHA256");
  g_unsetenv ("DYNAMOWAVE_POSTS");
  if (name != NULL)
    g_setenv (name, value, TRUE);
  config = dw_function_config_new_from_environment (&error);
  g_assert_true ((config != NULL) == (error == NULL));
  return config != NULL;
}

static void
test_config (void)
{
  static const char *const handlers[] = { "connect", "disconnect", "send-message", "default", "redrive" };

  g_assert_true (config_is_good ("send-message", NULL, NULL));
  g_assert_true (config_is_good ("connect", "DYNAMOWAVE_TOKEN_SHA256",
                                 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
  g_assert_false (config_is_good ("connect", "DYNAMOWAVE_TOKEN_SHA256", "e3b0c442"));
  g_assert_false (config_is_good ("index.handler", NULL, NULL));
  g_assert_false (config_is_good ("", NULL, NULL));
  g_assert_false (config_is_good ("connect", "AWS_REGION", ""));
  g_assert_false (config_is_good ("connect", "DYNAMOWAVE_TABLE", ""));
  g_assert_false (config_is_good ("send-message", "DYNAMOWAVE_CLAIMS", ""));
  g_assert_false (config_is_good ("send-message", "DYNAMOWAVE_POSTS", "many"));
  g_assert_false (config_is_good ("send-message", "DYNAMOWAVE_POSTS", "501"));
  g_assert_true (config_is_good ("send-message", "DYNAMOWAVE_POSTS", "500"));
  g_assert_true (config_is_good ("send-message", "DYNAMOWAVE_POSTS", "0"));
  g_assert_true (config_is_good ("send-message", "DYNAMOWAVE_PAGE", "100000"));
  g_assert_false (config_is_good ("send-message", "DYNAMOWAVE_PAGE", "100001"));
  g_assert_false (config_is_good ("send-message", "DYNAMOWAVE_PAGE", "-1"));
  g_unsetenv ("DYNAMOWAVE_PAGE");
  for (guint i = 0; i < G_N_ELEMENTS (handlers); i++)
    g_assert_true (config_is_good (handlers[i], NULL, NULL));
  /* What a handler does not use it can do without. */
  g_assert_true (config_is_good ("default", "DYNAMOWAVE_TABLE", ""));
  g_assert_true (config_is_good ("connect", "DYNAMOWAVE_CLAIMS", ""));
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_log_set_always_fatal (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
  g_test_add_func ("/aws/function/rows", test_rows);
  g_test_add_func ("/aws/function/token", test_token);
  g_test_add_func ("/aws/function/broadcast", test_broadcast);
  g_test_add_func ("/aws/function/once", test_once);
  g_test_add_func ("/aws/function/default", test_default);
  g_test_add_func ("/aws/function/refused", test_refused);
  g_test_add_func ("/aws/function/failure", test_failure);
  g_test_add_func ("/aws/function/handed-on", test_handed_on);
  g_test_add_func ("/aws/function/hop-fails", test_hop_fails);
  g_test_add_func ("/aws/function/warmer", test_warmer);
  g_test_add_func ("/aws/function/redrive", test_redrive);
  g_test_add_func ("/aws/function/batches", test_batches);
  g_test_add_func ("/aws/function/config", test_config);
  return g_test_run ();
}
