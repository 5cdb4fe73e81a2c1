/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "wire/dw-sigv4.h"
#include "wire/dw-wire-error.h"

#include <string.h>

#define KEY_ID "AKIDEXAMPLE"
#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

/* 2026-01-02T03:04:05Z */
#define SIGNED_AT 1767323045

/* Signatures that two independent implementations agree on. A wrong one would let nobody in, or everybody. */
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
  good = dw_sigv4_verify (&request, "execute-api", KEY_ID, SECRET, now, &error);
  g_assert_true (good == (error == NULL));
  return good;
}

/* A signed request is accepted; one that was altered, is old, or was signed for something else is refused. */
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
    HEAD KEY_ID SCOPE "/more, SignedHeaders=host;x-amz-date, Signature=" SIGNATURE,
    HEAD KEY_ID "/2026010/us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=" SIGNATURE,
    HEAD KEY_ID "/20260103/us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=" SIGNATURE,
    HEAD KEY_ID "/20260102/us-east-1/execute-api/aws5_request, SignedHeaders=host;x-amz-date, Signature=" SIGNATURE,
    HEAD KEY_ID "/20260102/eu-west-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=" SIGNATURE,
    HEAD KEY_ID SCOPE ", SignedHeaders=host;x-amz-date",
    HEAD ", SignedHeaders=host;x-amz-date, Signature=" SIGNATURE,
    "AWS4-HMAC-SHA512 Credential=" KEY_ID SCOPE ", SignedHeaders=host;x-amz-date, Signature=" SIGNATURE,
    "AWS4-HMAC-SHA256",
  };

  g_assert_true (verify (good, date, "hello", SIGNED_AT));
  g_assert_true (verify (good, date, "hello", SIGNED_AT + 299));
  g_assert_true (verify (good, date, "hello", SIGNED_AT + 300));
  g_assert_true (verify (good, date, "hello", SIGNED_AT - 300));
  g_assert_false (verify (good, date, "hello", SIGNED_AT + 301));
  g_assert_false (verify (good, date, "hello", SIGNED_AT - 301));
  g_assert_false (verify (good, date, "hellp", SIGNED_AT));
  g_assert_false (verify (good, "20260102T030406Z", "hello", SIGNED_AT));
  g_assert_false (verify (good, "nonsense", "hello", SIGNED_AT));
  g_assert_false (verify (good, NULL, "hello", SIGNED_AT));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (verify (bad[i], date, "hello", SIGNED_AT));
}

/* A signature for one service is refused by another. */
static void
test_service (void)
{
  const DwSigv4Scope scope = { "20260102T030405Z", "us-east-1", "dynamodb" };
  g_autoptr (GHashTable) headers = g_hash_table_new (g_str_hash, g_str_equal);
  DwSigv4Request request = { "POST", "/", NULL, headers, NULL };
  g_autofree char *signature = NULL, *authorization = NULL;

  g_hash_table_insert (headers, (gpointer) "host", (gpointer) "dynamodb.us-east-1.amazonaws.com");
  g_hash_table_insert (headers, (gpointer) "x-amz-date", (gpointer) scope.date);
  signature = dw_sigv4_sign (&request, "host;x-amz-date", &scope, SECRET);
  authorization = g_strdup_printf (HEAD KEY_ID "/20260102/us-east-1/dynamodb/aws4_request, "
                                               "SignedHeaders=host;x-amz-date, Signature=%s",
                                   signature);
  g_hash_table_insert (headers, (gpointer) "authorization", authorization);
  g_assert_true (dw_sigv4_verify (&request, "dynamodb", KEY_ID, SECRET, SIGNED_AT, NULL));
  g_assert_false (dw_sigv4_verify (&request, "sqs", KEY_ID, SECRET, SIGNED_AT, NULL));
}

/* The rules of “Create a signed AWS API request”, line by line. */
static void
test_canonical (void)
{
  g_autoptr (GHashTable) headers = g_hash_table_new (g_str_hash, g_str_equal);
  DwSigv4Request request = { "GET", "/a b/ä-._~%2f", "b=2&a=1&&flag&a=0", headers, NULL };
  g_autofree char *empty = g_compute_checksum_for_string (G_CHECKSUM_SHA256, "", 0);
  g_autofree char *whole = NULL, *expected = NULL, *hashed = NULL, *bare = NULL;

  g_hash_table_insert (headers, (gpointer) "a", (gpointer) "  one \t two  ");
  g_hash_table_insert (headers, (gpointer) "b", (gpointer) "x");
  whole = dw_sigv4_canonical_request (&request, "a;b;c");
  expected = g_strdup_printf ("GET\n/a%%20b/%%C3%%A4-._~%%252f\na=0&a=1&b=2&flag=\na:one two\nb:x\nc:\n\na;b;c\n%s",
                              empty);
  g_assert_cmpstr (whole, ==, expected);
  request.hash = "UNSIGNED-PAYLOAD";
  hashed = dw_sigv4_canonical_request (&request, "b");
  g_assert_true (g_str_has_suffix (hashed, "\nb:x\n\nb\nUNSIGNED-PAYLOAD"));
  request.query = "";
  bare = dw_sigv4_canonical_request (&request, "b");
  g_assert_cmpstr (bare, ==, "GET\n/a%20b/%C3%A4-._~%252f\n\nb:x\n\nb\nUNSIGNED-PAYLOAD");
}

/* What is refused says why, and only who could sign anyway learns what should have been signed. */
static void
test_words (void)
{
  static const struct
  {
    const char *authorization, *date, *words;
  } rows[] = {
    { "Bearer x", "20260102T030405Z", "Missing Authentication Token" },
    { HEAD KEY_ID "/x, SignedHeaders=host, Signature=0", "20260102T030405Z", "requires Credential" },
    { HEAD "other/20260102/r/s/aws4_request, SignedHeaders=host, Signature=0", "20260102T030405Z", "invalid" },
    { HEAD KEY_ID "/20260102/r/s/aws4_request, SignedHeaders=host, Signature=0", "20250102T030405Z", "expired" },
    { HEAD KEY_ID "/20260102/r/s3/aws4_request, SignedHeaders=host, Signature=0", "20260102T030405Z",
      "correct service: 's'" },
    { HEAD KEY_ID "/20260102/r/s/aws4_request, SignedHeaders=host, Signature=0", "20260102T030405Z", "cover" },
    { HEAD KEY_ID "/20260102/r/s/aws4_request, SignedHeaders=ghost;x-amz-date, Signature=0", "20260102T030405Z",
      "cover" },
    { HEAD KEY_ID "/20260102/r/s/aws4_request, SignedHeaders=x-amz-date;hosts, Signature=0", "20260102T030405Z",
      "cover" },
    { HEAD KEY_ID "/20260102/r/s/aws4_request, SignedHeaders=a;host;x-amz-date;z, Signature=0", "20260102T030405Z",
      "String for this request should have been\n'GET\n/\n\na:\nhost:h\n" },
    { HEAD KEY_ID "/20260102/r/s/aws4_request, SignedHeaders=host;x-amz-date, Signature=0", "20260102T030405",
      "expired" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GHashTable) headers = g_hash_table_new (g_str_hash, g_str_equal);
      DwSigv4Request request = { "GET", "/", NULL, headers, NULL };
      g_autoptr (GError) error = NULL;

      g_test_message ("row %u", i);
      g_hash_table_insert (headers, (gpointer) "host", (gpointer) "h");
      g_hash_table_insert (headers, (gpointer) "x-amz-date", (gpointer) rows[i].date);
      g_hash_table_insert (headers, (gpointer) "authorization", (gpointer) rows[i].authorization);
      g_assert_false (dw_sigv4_verify (&request, "s", KEY_ID, SECRET, SIGNED_AT, &error));
      g_assert_error (error, DW_WIRE_ERROR, DW_WIRE_ERROR_SIGNATURE);
      g_assert_nonnull (strstr (error->message, rows[i].words));
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/wire/sigv4/vectors", test_vectors);
  g_test_add_func ("/wire/sigv4/dynamodb-vector", test_dynamodb_vector);
  g_test_add_func ("/wire/sigv4/verify", test_verify);
  g_test_add_func ("/wire/sigv4/service", test_service);
  g_test_add_func ("/wire/sigv4/canonical", test_canonical);
  g_test_add_func ("/wire/sigv4/words", test_words);
  return g_test_run ();
}
