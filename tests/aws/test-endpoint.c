/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "backend/aws/dw-credentials.h"
#include "backend/aws/dw-dynamodb.h"
#include "backend/aws/dw-endpoint.h"
#include "backend/dw-backend-error.h"

#include <string.h>

static const char *const variables[] = {
  "AWS_ENDPOINT_URL",  "AWS_ENDPOINT_URL_SQS",  "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI",
  "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"
};

static void
clear_environment (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (variables); i++)
    g_unsetenv (variables[i]);
}

static void
test_services (void)
{
  g_autofree char *far = NULL, *china = NULL, *every = NULL, *own = NULL, *empty = NULL;

  clear_environment ();
  far = dw_endpoint_new ("sqs", "eu-west-1");
  china = dw_endpoint_new ("sqs", "cn-north-1");
  g_assert_cmpstr (far, ==, "https://sqs.eu-west-1.amazonaws.com");
  g_assert_cmpstr (china, ==, "https://sqs.cn-north-1.amazonaws.com.cn");
  g_setenv ("AWS_ENDPOINT_URL", "http://127.0.0.1:1", TRUE);
  every = dw_endpoint_new ("sqs", "eu-west-1");
  g_assert_cmpstr (every, ==, "http://127.0.0.1:1");
  g_setenv ("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:2", TRUE);
  own = dw_endpoint_new ("sqs", "eu-west-1");
  g_assert_cmpstr (own, ==, "http://127.0.0.1:2");
  g_setenv ("AWS_ENDPOINT_URL_SQS", "", TRUE);
  g_setenv ("AWS_ENDPOINT_URL", "", TRUE);
  empty = dw_endpoint_new ("sqs", "eu-west-1");
  g_assert_cmpstr (empty, ==, "https://sqs.eu-west-1.amazonaws.com");
}

static void
test_stages (void)
{
  g_autofree char *far = NULL, *china = NULL, *near = NULL;

  clear_environment ();
  far = dw_endpoint_new_for_stage ("a/b", "eu-west-1", "pr od");
  china = dw_endpoint_new_for_stage ("a", "cn-north-1", "prod");
  g_assert_cmpstr (far, ==, "https://a%2Fb.execute-api.eu-west-1.amazonaws.com/pr%20od");
  g_assert_cmpstr (china, ==, "https://a.execute-api.cn-north-1.amazonaws.com.cn/prod");
  g_setenv ("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI", "http://127.0.0.1:3", TRUE);
  near = dw_endpoint_new_for_stage ("a", "eu-west-1", "prod");
  g_assert_cmpstr (near, ==, "http://127.0.0.1:3");
}

/* A row of the table says where a connection lives; a signed request must not follow it to just anywhere. */
static void
test_trust (void)
{
#define FAR "https://abc.execute-api.eu-west-1.amazonaws.com/prod"
#define NEAR "http://127.0.0.1:8080/prod"
  static const struct
  {
    const char *endpoint, *own, *region;
    gboolean trusted;
  } rows[] = {
    { FAR, FAR, "eu-west-1", TRUE },
    { "https://x-1.execute-api.us-gov-east-12.amazonaws.com/a_-9", FAR, "us-gov-east-12", TRUE },
    { "https://x.execute-api.cn-north-1.amazonaws.com.cn/prod", FAR, "cn-north-1", TRUE },
    { "https://x.execute-api.eu-west-1.amazonaws.com", FAR, "eu-west-1", FALSE },
    { "https://x.execute-api.eu-west-1.amazonaws.com/", FAR, "eu-west-1", FALSE },
    { "https://x.execute-api.eu-west-1.amazonaws.com/a/b", FAR, "eu-west-1", FALSE },
    { "https://x.execute-api.eu-west-1.amazonaws.com/a?b", FAR, "eu-west-1", FALSE },
    { "https://x.execute-api.eu-west-1.amazonaws.com.evil/prod", FAR, NULL, FALSE },
    { "https://x.execute-api.eu-west-1.amazonaws.com:444/prod", FAR, NULL, FALSE },
    { "http://x.execute-api.eu-west-1.amazonaws.com/prod", FAR, NULL, FALSE },
    { "https://x.y.execute-api.eu-west-1.amazonaws.com/prod", FAR, NULL, FALSE },
    { " " FAR, FAR, NULL, FALSE },
    { NEAR, FAR, NULL, FALSE },
    { NEAR, NEAR, NULL, TRUE },
    { "http://127.0.0.1:9090/other", NEAR, NULL, TRUE },
    { "http://127.0.0.1:9090/a/b", NEAR, NULL, FALSE },
    { "http://127.0.0.1:/a", NEAR, NULL, FALSE },
    { "http://127.0.0.2:9090/a", NEAR, NULL, FALSE },
    { "http://127.0.0.1.evil:9090/a", NEAR, NULL, FALSE },
    { "https://127.0.0.1:9090/a", NEAR, NULL, FALSE },
    { "http://evil.example/x", "http://evil.example/x", NULL, TRUE },
    { NEAR, "https://127.0.0.1:8080/prod", NULL, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *region = dw_endpoint_dup_region (rows[i].endpoint);

      g_test_message ("%s", rows[i].endpoint);
      g_assert_cmpint (dw_endpoint_is_trusted (rows[i].endpoint, rows[i].own), ==, rows[i].trusted);
      g_assert_cmpstr (region, ==, rows[i].region);
    }
}

/* A row can hold anything: what is not there, or of another type, is no string and no number. */
static void
test_items (void)
{
  static const struct
  {
    const char *item, *string;
    gboolean is_number;
    gint64 number;
  } rows[] = {
    { "{\"a\":{\"S\":\"x\"}}", "x", FALSE, 0 },
    { "{\"a\":{\"N\":\"-7\"}}", NULL, TRUE, -7 },
    { "{\"a\":{\"N\":\"9223372036854775807\"}}", NULL, TRUE, G_MAXINT64 },
    { "{\"a\":{\"N\":\"9223372036854775808\"}}", NULL, FALSE, 0 },
    { "{\"a\":{\"N\":\"1.5\"}}", NULL, FALSE, 0 },
    { "{\"a\":{\"N\":7}}", NULL, FALSE, 0 },
    { "{\"a\":{\"S\":7}}", NULL, FALSE, 0 },
    { "{\"a\":{\"S\":null}}", NULL, FALSE, 0 },
    { "{\"a\":{}}", NULL, FALSE, 0 },
    { "{\"a\":\"S\"}", NULL, FALSE, 0 },
    { "{\"a\":null}", NULL, FALSE, 0 },
    { "{\"b\":{\"S\":\"x\"}}", NULL, FALSE, 0 },
    { "{}", NULL, FALSE, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (JsonNode) node = json_from_string (rows[i].item, NULL);
      JsonObject *item = json_node_get_object (node);
      gint64 number = 0;

      g_test_message ("%s", rows[i].item);
      g_assert_cmpstr (dw_dynamodb_get_string (item, "a"), ==, rows[i].string);
      g_assert_cmpint (dw_dynamodb_get_number (item, "a", &number), ==, rows[i].is_number);
      g_assert_cmpint (number, ==, rows[i].number);
    }
  /* The check value of CRC-32. */
  g_assert_cmpuint (dw_dynamodb_crc32 ((const guint8 *) "123456789", 9), ==, 0xcbf43926);
  g_assert_cmpuint (dw_dynamodb_crc32 ((const guint8 *) "", 0), ==, 0);
}

static void
test_credentials (void)
{
  g_autoptr (DwCredentials) plain = dw_credentials_new ("k", "s", NULL);
  g_autoptr (DwCredentials) empty = dw_credentials_new ("k", "s", "");
  static const char *const bad[][2] = { { NULL, NULL }, { "k", NULL }, { NULL, "s" }, { "", "s" }, { "k", "" } };
  g_autoptr (DwCredentials) read = NULL;
  DwCredentials *shared;

  g_assert_null (plain->token);
  g_assert_null (empty->token);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      clear_environment ();
      if (bad[i][0] != NULL)
        g_setenv ("AWS_ACCESS_KEY_ID", bad[i][0], TRUE);
      if (bad[i][1] != NULL)
        g_setenv ("AWS_SECRET_ACCESS_KEY", bad[i][1], TRUE);
      g_assert_null (dw_credentials_new_from_environment (&error));
      g_assert_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_CONFIG);
    }
  g_setenv ("AWS_ACCESS_KEY_ID", "k", TRUE);
  g_setenv ("AWS_SECRET_ACCESS_KEY", "s", TRUE);
  g_setenv ("AWS_SESSION_TOKEN", "t", TRUE);
  read = dw_credentials_new_from_environment (NULL);
  shared = dw_credentials_ref (read);
  g_assert_cmpstr (shared->key_id, ==, "k");
  g_assert_cmpstr (shared->secret, ==, "s");
  g_assert_cmpstr (shared->token, ==, "t");
  dw_credentials_unref (shared);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/aws/endpoint/services", test_services);
  g_test_add_func ("/aws/endpoint/stages", test_stages);
  g_test_add_func ("/aws/endpoint/trust", test_trust);
  g_test_add_func ("/aws/endpoint/items", test_items);
  g_test_add_func ("/aws/endpoint/credentials", test_credentials);
  return g_test_run ();
}
