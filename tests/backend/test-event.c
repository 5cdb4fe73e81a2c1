/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "backend/dw-backend-error.h"
#include "backend/handlers/dw-event-json.h"

#include <json-glib/json-glib.h>
#include <string.h>

static DwCaller *
make_caller (void)
{
  static const char *const headers[] = {
    "Host", "abc.execute-api.eu-west-1.amazonaws.com", "X-Twice", "1", "X-Twice", "2", NULL
  };
  static const char *const query[] = { "a", "b", NULL };
  DwCaller *caller = dw_caller_new ("TXzPWdnOjoECGjA=", 1708326702789);

  caller->source_ip = g_strdup ("1.2.3.4");
  caller->user_agent = g_strdup ("tester/1");
  caller->domain_name = g_strdup ("abc.execute-api.eu-west-1.amazonaws.com");
  caller->headers = g_strdupv ((char **) headers);
  caller->query = g_strdupv ((char **) query);
  return caller;
}

static DwEvent *
make_event (const char *route_key, const char *body)
{
  g_autoptr (DwCaller) caller = make_caller ();
  DwEvent *event = dw_event_new (route_key, caller, "develop", 1708326702790, body);

  event->api_id = g_strdup ("nn27okk1we");
  event->request_id = g_strdup ("TXzPWFkkjoEF92g=");
  if (body != NULL)
    event->message_id = g_strdup ("R1knPc2ntjMCFIA=");
  return event;
}

/* Key for key as captured from AWS. Handlers written for AWS rely on these. */
static void
test_connect (void)
{
  g_autoptr (DwEvent) event = make_event ("$connect", NULL);
  g_autofree char *json = dw_event_to_json (event);

  g_assert_cmpstr (
      json, ==,
      "{\"headers\":{\"Host\":\"abc.execute-api.eu-west-1.amazonaws.com\",\"X-Twice\":\"2\"},"
      "\"multiValueHeaders\":{\"Host\":[\"abc.execute-api.eu-west-1.amazonaws.com\"],\"X-Twice\":[\"1\",\"2\"]},"
      "\"queryStringParameters\":{\"a\":\"b\"},\"multiValueQueryStringParameters\":{\"a\":[\"b\"]},"
      "\"requestContext\":{\"routeKey\":\"$connect\",\"eventType\":\"CONNECT\","
      "\"extendedRequestId\":\"TXzPWFkkjoEF92g=\",\"requestTime\":\"19/Feb/2024:07:11:42 +0000\","
      "\"messageDirection\":\"IN\",\"stage\":\"develop\",\"connectedAt\":1708326702789,"
      "\"requestTimeEpoch\":1708326702790,\"identity\":{\"userAgent\":\"tester/1\",\"sourceIp\":\"1.2.3.4\"},"
      "\"requestId\":\"TXzPWFkkjoEF92g=\",\"domainName\":\"abc.execute-api.eu-west-1.amazonaws.com\","
      "\"connectionId\":\"TXzPWdnOjoECGjA=\",\"apiId\":\"nn27okk1we\"},\"isBase64Encoded\":false}");
}

static void
test_message (void)
{
  g_autoptr (DwEvent) event = make_event ("$default", "{\"a\":1}");
  g_autofree char *json = dw_event_to_json (event);

  g_assert_true (g_str_has_prefix (json, "{\"requestContext\":{\"routeKey\":\"$default\",\"messageId\":"
                                         "\"R1knPc2ntjMCFIA=\",\"eventType\":\"MESSAGE\""));
  g_assert_true (g_str_has_suffix (json, "},\"body\":\"{\\\"a\\\":1}\",\"isBase64Encoded\":false}"));
  g_assert_null (strstr (json, "headers"));
}

static void
test_disconnect (void)
{
  g_autoptr (DwEvent) event = make_event ("$disconnect", NULL);
  g_autofree char *json = NULL;

  event->close_code = 1001;
  event->close_reason = g_strdup ("Going away");
  json = dw_event_to_json (event);
  g_assert_nonnull (strstr (json, "\"disconnectStatusCode\":1001,\"disconnectReason\":\"Going away\""));
  g_assert_nonnull (strstr (json, "\"x-api-key\":\"\",\"X-Forwarded-For\":\"\",\"x-restapi\":\"\"}"));
  g_assert_null (strstr (json, "queryString"));
}

/* A text is not cut at a NUL, or a handler would act on a part of it. */
static void
test_nul (void)
{
  g_autoptr (DwEvent) event = make_event ("$default", NULL);
  g_autoptr (DwEvent) again = NULL;
  g_autofree char *json = NULL;

  dw_event_set_body (event, "{}\0more", 7);
  json = dw_event_to_json (event);
  g_assert_nonnull (strstr (json, "\"body\":\"{}\357\277\275more\""));
  again = dw_event_from_json (json, -1, NULL);
  g_assert_cmpuint (again->body_length, ==, 9);
}

/* Reading back what was written gives the same event. */
static void
test_round (void)
{
  static const char *const routes[] = { "$connect", "sendMessage", "$disconnect" };

  for (guint i = 0; i < G_N_ELEMENTS (routes); i++)
    {
      g_autoptr (DwEvent) event = make_event (routes[i], i == 1 ? "hé\"\\\n" : NULL);
      g_autoptr (GError) error = NULL;
      g_autofree char *json = dw_event_to_json (event);
      g_autoptr (DwEvent) again = dw_event_from_json (json, -1, &error);
      g_autofree char *json_again = NULL;

      g_assert_no_error (error);
      json_again = dw_event_to_json (again);
      g_assert_cmpstr (json, ==, json_again);
    }
}

static void
test_refused (void)
{
  static const char *const bad[] = {
    "",
    "null",
    "[]",
    "{}",
    "{\"requestContext\":[]}",
    "{\"requestContext\":{}}",
    "{\"requestContext\":{\"connectionId\":1,\"routeKey\":\"a\",\"stage\":\"b\"}}"
  };
  g_autofree char *deep = g_strnfill (100000, '[');
  g_autofree char *large = g_strnfill (DW_EVENT_JSON_BYTES + 1, ' ');

  for (guint i = 0; i < G_N_ELEMENTS (bad) + 2; i++)
    {
      g_autoptr (GError) error = NULL;
      const char *json = i < G_N_ELEMENTS (bad) ? bad[i] : i == G_N_ELEMENTS (bad) ? deep : large;

      g_assert_null (dw_event_from_json (json, -1, &error));
      g_assert_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_EVENT);
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/event/connect", test_connect);
  g_test_add_func ("/backend/event/message", test_message);
  g_test_add_func ("/backend/event/disconnect", test_disconnect);
  g_test_add_func ("/backend/event/nul", test_nul);
  g_test_add_func ("/backend/event/round-trip", test_round);
  g_test_add_func ("/backend/event/refused", test_refused);
  return g_test_run ();
}
