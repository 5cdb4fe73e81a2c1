/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "backend/dw-backend-error.h"
#include "backend/gateway/dw-connections-path.h"
#include "backend/gateway/dw-metrics.h"
#include "backend/gateway/dw-selection.h"
#include "backend/gateway/dw-server-frame.h"
#include "backend/gateway/dw-sigv4.h"
#include "backend/gateway/dw-throttle.h"

#include <string.h>

#define KEY_ID "AKIDEXAMPLE"
#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

/* 2026-01-02T03:04:05Z */
#define SIGNED_AT 1767323045

/* The signatures two independent implementations agree on. A wrong one would let nobody in, or everybody. */
static void
test_vectors (void)
{
  static const struct
  {
    const char *path;
    const char *signature;
  } vectors[] = {
    { "/prod/@connections/L0SM9cOFvHcCIhw%3D", "2543d92cd2aa1dbce5070af973add9517cf2643289a4db6b6fa20b926b104bc8" },
    { "/prod/%40connections/L0SM9cOFvHcCIhw%3D",
      "1a168fcae8648521703e7a11760754afe4052fcd6256ea4f7f11d6796dbef0b6" },
    { "/prod/@connections/L0SM9cOFvHcCIhw=", "c4139526298e7f785821328440b23362ab94083d6f7d0033ec48b5b8ce28f375" },
  };
  const DwSigv4Scope scope = { "20260102T030405Z", "us-east-1", "execute-api" };
  g_autoptr (GBytes) body = g_bytes_new_static ("hello", 5);
  g_autoptr (GHashTable) headers = g_hash_table_new (g_str_hash, g_str_equal);

  g_hash_table_insert (headers, (gpointer) "host", (gpointer) "aabbccddee.execute-api.us-east-1.amazonaws.com");
  g_hash_table_insert (headers, (gpointer) "x-amz-date", (gpointer) scope.date);
  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      DwSigv4Request request = { "POST", vectors[i].path, NULL, headers, body };
      g_autofree char *signature = dw_sigv4_sign (&request, "host;x-amz-date", &scope, SECRET);

      g_assert_cmpstr (signature, ==, vectors[i].signature);
    }
}

static void
test_dynamodb_vector (void)
{
  const DwSigv4Scope scope = { "20260102T030405Z", "us-east-1", "dynamodb" };
  const char *text = "{\"TableName\":\"Connections\"}";
  g_autoptr (GBytes) body = g_bytes_new_static (text, strlen (text));
  g_autoptr (GHashTable) headers = g_hash_table_new (g_str_hash, g_str_equal);
  DwSigv4Request request = { "POST", "/", NULL, headers, body };
  g_autofree char *signature = NULL;

  g_hash_table_insert (headers, (gpointer) "host", (gpointer) "dynamodb.us-east-1.amazonaws.com");
  g_hash_table_insert (headers, (gpointer) "content-type", (gpointer) "application/x-amz-json-1.0");
  g_hash_table_insert (headers, (gpointer) "x-amz-date", (gpointer) scope.date);
  g_hash_table_insert (headers, (gpointer) "x-amz-target", (gpointer) "DynamoDB_20120810.Scan");
  signature = dw_sigv4_sign (&request, "content-type;host;x-amz-date;x-amz-target", &scope, SECRET);
  g_assert_cmpstr (signature, ==, "f00341a4d9f25839bf532e26939cdb74779e8619280401df2317a2d37b803bcc");
}

static gboolean
verify (const char *authorization, const char *date, const char *body_text, gint64 now)
{
  g_autoptr (GBytes) body = g_bytes_new_static (body_text, strlen (body_text));
  g_autoptr (GHashTable) headers = g_hash_table_new (g_str_hash, g_str_equal);
  DwSigv4Request request = { "POST", "/prod/@connections/L0SM9cOFvHcCIhw%3D", NULL, headers, body };
  g_autoptr (GError) error = NULL;
  gboolean good;

  g_hash_table_insert (headers, (gpointer) "host", (gpointer) "aabbccddee.execute-api.us-east-1.amazonaws.com");
  if (date != NULL)
    g_hash_table_insert (headers, (gpointer) "x-amz-date", (gpointer) date);
  if (authorization != NULL)
    g_hash_table_insert (headers, (gpointer) "authorization", (gpointer) authorization);
  good = dw_sigv4_verify (&request, KEY_ID, SECRET, now, &error);
  g_assert_true (good == (error == NULL));
  return good;
}

/* What is signed gets in; what is a little different, old, or signed for something else does not. */
static void
test_verify (void)
{
#define SIGNATURE "2543d92cd2aa1dbce5070af973add9517cf2643289a4db6b6fa20b926b104bc8"
#define SCOPE "/20260102/us-east-1/execute-api/aws4_request"
#define HEAD "AWS4-HMAC-SHA256 Credential="
  const char *date = "20260102T030405Z";
  const char *good = HEAD KEY_ID SCOPE ", SignedHeaders=host;x-amz-date, Signature=" SIGNATURE;
  static const char *const bad[] = {
    NULL,
    "",
    "Bearer x",
    HEAD KEY_ID SCOPE ", SignedHeaders=host;x-amz-date, Signature=0" SIGNATURE,
    HEAD KEY_ID SCOPE ", SignedHeaders=host;x-amz-date, Signature=",
    HEAD "AKIDOTHER" SCOPE ", SignedHeaders=host;x-amz-date, Signature=" SIGNATURE,
    HEAD KEY_ID "/20260102/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=" SIGNATURE,
    HEAD KEY_ID SCOPE ", SignedHeaders=x-amz-date, Signature=" SIGNATURE,
    HEAD KEY_ID ", SignedHeaders=host;x-amz-date, Signature=" SIGNATURE,
    HEAD KEY_ID SCOPE ", Signature=" SIGNATURE,
  };

  g_assert_true (verify (good, date, "hello", SIGNED_AT));
  g_assert_true (verify (good, date, "hello", SIGNED_AT + 299));
  g_assert_false (verify (good, date, "hello", SIGNED_AT + 301));
  g_assert_false (verify (good, date, "hello", SIGNED_AT - 301));
  g_assert_false (verify (good, date, "hellp", SIGNED_AT));
  g_assert_false (verify (good, "20260102T030406Z", "hello", SIGNED_AT));
  g_assert_false (verify (good, "nonsense", "hello", SIGNED_AT));
  g_assert_false (verify (good, NULL, "hello", SIGNED_AT));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (verify (bad[i], date, "hello", SIGNED_AT));
}

static void
test_path (void)
{
  static const struct
  {
    const char *path;
    DwConnectionsPath wanted;
  } rows[] = {
    { "/prod/@connections/L0SM9cOFvHcCIhw=", DW_CONNECTIONS_PATH_ID },
    { "/prod/%40connections/L0SM9cOFvHcCIhw%3D", DW_CONNECTIONS_PATH_ID },
    { "/prod/%40connections/L0SM9cOFvHcCIhw%3d", DW_CONNECTIONS_PATH_ID },
    { "/prod/@connections/nope", DW_CONNECTIONS_PATH_BAD_ID },
    { "/prod/@connections/", DW_CONNECTIONS_PATH_BAD_ID },
    { "/prod/@connections/%ff%fe", DW_CONNECTIONS_PATH_BAD_ID },
    { "/prod/@connections/L0SM9cOFvHcCIhw=/x", DW_CONNECTIONS_PATH_FORBIDDEN },
    { "/prod/@connections", DW_CONNECTIONS_PATH_FORBIDDEN },
    { "/@connections/L0SM9cOFvHcCIhw=", DW_CONNECTIONS_PATH_FORBIDDEN },
    { "/Prod/@connections/L0SM9cOFvHcCIhw=", DW_CONNECTIONS_PATH_FORBIDDEN },
    { "/test/@connections/L0SM9cOFvHcCIhw=", DW_CONNECTIONS_PATH_FORBIDDEN },
    { "/a/b/@connections/L0SM9cOFvHcCIhw=", DW_CONNECTIONS_PATH_OTHER },
    { "/prod", DW_CONNECTIONS_PATH_OTHER },
    { "/", DW_CONNECTIONS_PATH_OTHER },
    { "", DW_CONNECTIONS_PATH_OTHER },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *id = NULL;

      g_test_message ("%s", rows[i].path);
      g_assert_cmpint (dw_connections_path_parse (rows[i].path, "prod", &id), ==, rows[i].wanted);
      if (rows[i].wanted == DW_CONNECTIONS_PATH_ID)
        g_assert_cmpstr (id, ==, "L0SM9cOFvHcCIhw=");
    }
}

static char *
select_route (const char *expression, const char *body)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DwSelection) selection = dw_selection_new (expression, &error);
  g_autoptr (JsonNode) root = json_from_string (body, NULL);

  g_assert_no_error (error);
  return dw_selection_evaluate (selection, root);
}

/* A wrong answer sends a message to another handler than in the cloud. */
static void
test_selection (void)
{
  static const struct
  {
    const char *expression;
    const char *body;
    const char *wanted;
  } rows[] = {
    { "$request.body.action", "{\"action\":\"join\"}", "join" },
    { "$request.body.action", "{\"action\":5}", "5" },
    { "$request.body.action", "{\"action\":true}", "true" },
    { "$request.body.action", "{}", NULL },
    { "$request.body.action", "[]", NULL },
    { "$request.body.a.b", "{\"a\":{\"b\":\"deep\"}}", "deep" },
    { "$request.body.a.b", "{\"a\":\"flat\"}", NULL },
    { "${request.body.service}/${request.body.action}", "{\"service\":\"chat\",\"action\":\"join\"}", "chat/join" },
    { "${request.body.service}/${request.body.action}", "{\"action\":\"join\"}", "/join" },
    { "static", "{}", "static" },
  };
  static const char *const bad[] = { "$request.header.x", "${request.body.a", "${other}", "$request.body",
                                     "$request.body.a b" };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *key = select_route (rows[i].expression, rows[i].body);

      g_assert_cmpstr (key, ==, rows[i].wanted);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (dw_selection_new (bad[i], &error));
      g_assert_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_EVENT);
    }
}

static void
test_throttle (void)
{
  DwThrottle throttle;
  gint64 now = 1000;

  dw_throttle_init (&throttle, 10, 5, now);
  for (guint i = 0; i < 5; i++)
    g_assert_true (dw_throttle_take (&throttle, now));
  g_assert_false (dw_throttle_take (&throttle, now));
  g_assert_false (dw_throttle_take (&throttle, now + 99000));
  g_assert_true (dw_throttle_take (&throttle, now + 100001));
  /* However long nothing came, no more than the burst goes at once. */
  now += G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC;
  for (guint i = 0; i < 5; i++)
    g_assert_true (dw_throttle_take (&throttle, now));
  g_assert_false (dw_throttle_take (&throttle, now));
  dw_throttle_init (&throttle, 0, 0, now);
  for (guint i = 0; i < 10000; i++)
    g_assert_true (dw_throttle_take (&throttle, now));
}

/* The bytes of RFC 6455 section 5.7, and the two longer lengths. */
static void
test_frame (void)
{
  static const struct
  {
    gsize length;
    guint8 head[10];
    gsize head_size;
  } rows[] = {
    { 5, { 0x81, 5 }, 2 },
    { 125, { 0x81, 125 }, 2 },
    { 126, { 0x81, 126, 0, 126 }, 4 },
    { 65535, { 0x81, 126, 0xff, 0xff }, 4 },
    { 65536, { 0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0 }, 10 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = g_strnfill (rows[i].length, 'x');
      g_autoptr (DwServerFrame) frame = dw_server_frame_new (text);
      gsize size;
      const guint8 *data = g_bytes_get_data (frame->bytes, &size);

      g_assert_cmpuint (size, ==, rows[i].head_size + rows[i].length);
      g_assert_cmpmem (data, rows[i].head_size, rows[i].head, rows[i].head_size);
      g_assert_cmpmem (data + rows[i].head_size, rows[i].length, text, rows[i].length);
    }
}

static void
test_metrics (void)
{
  DwMetrics metrics = { .connections = 3, .deliveries = 42 };
  g_autofree char *text = NULL;

  dw_metrics_add_time (&metrics, 90);
  dw_metrics_add_time (&metrics, 3000);
  dw_metrics_add_time (&metrics, 60 * G_USEC_PER_SEC);
  text = dw_metrics_to_text (&metrics);
  g_assert_nonnull (strstr (text, "\ndynamowave_connections 3\n"));
  g_assert_nonnull (strstr (text, "\ndynamowave_deliveries_total 42\n"));
  g_assert_nonnull (strstr (text, "_bucket{le=\"0.0001\"} 1\n"));
  g_assert_nonnull (strstr (text, "_bucket{le=\"0.005\"} 2\n"));
  g_assert_nonnull (strstr (text, "_bucket{le=\"29\"} 2\n"));
  g_assert_nonnull (strstr (text, "_bucket{le=\"+Inf\"} 3\n"));
  g_assert_nonnull (strstr (text, "_count 3\n"));
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/sigv4/vectors", test_vectors);
  g_test_add_func ("/backend/sigv4/dynamodb-vector", test_dynamodb_vector);
  g_test_add_func ("/backend/sigv4/verify", test_verify);
  g_test_add_func ("/backend/connections-path/AG-5", test_path);
  g_test_add_func ("/backend/selection/EM-5", test_selection);
  g_test_add_func ("/backend/throttle", test_throttle);
  g_test_add_func ("/backend/server-frame", test_frame);
  g_test_add_func ("/backend/metrics", test_metrics);
  return g_test_run ();
}
