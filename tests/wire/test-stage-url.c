/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "wire/dw-stage-url.h"
#include "wire/dw-wire-error.h"

#include <string.h>

typedef struct
{
  const char *typed;
  const char *text; /* NULL: refused */
  const char *said; /* if refused: part of the error message */
} Row;

static const Row rows[] = {
  { "wss://abc.execute-api.eu-west-1.amazonaws.com/prod", "wss://abc.execute-api.eu-west-1.amazonaws.com/prod",
    NULL },
  { "WSS://ABC.Execute-API.eu-west-1.amazonaws.com/Prod", "wss://abc.execute-api.eu-west-1.amazonaws.com/Prod",
    NULL },
  { "ws://localhost:8080/prod", "ws://localhost:8080/prod", NULL },
  { "ws://stage.localhost/prod", "ws://stage.localhost/prod", NULL },
  { "ws://127.0.0.1:1/x", "ws://127.0.0.1:1/x", NULL },
  { "ws://127.200.3.4/x", "ws://127.200.3.4/x", NULL },
  { "ws://[::1]:9/x", "ws://[::1]:9/x", NULL },
  { "wss://h/a%2Fb/c%zz", NULL, "hexadecimal digits" },
  { "wss://h/s?t=%", NULL, "hexadecimal digits" },
  { "wss://h/s?t=a%4", NULL, "hexadecimal digits" },
  { "wss://h/pr%6Fd?t=%7e%41%2f%2F", "wss://h/pr%6Fd?t=%7e%41%2f%2F", NULL },
  { "wss://h/../a/./%2e%2E?t=%00%ff", "wss://h/../a/./%2e%2E?t=%00%ff", NULL },
  { "wss://h/dev/", "wss://h/dev/", NULL },
  { "wss://h//dev", "wss://h//dev", NULL },
  { "wss://h", "wss://h", NULL },
  { "wss://h/base/path", "wss://h/base/path", NULL },
  { "wss://h/s?token=S3CR3T+/=%20x", "wss://h/s?token=S3CR3T+/=%20x", NULL },
  { "wss://bücher.example:8443/s", "wss://xn--bcher-kva.example:8443/s", NULL },
  { "", NULL, "starts with wss://" },
  { "abc.execute-api.eu-west-1.amazonaws.com/prod", NULL, "wss:// in front" },
  { "https://abc/prod", NULL, "web address" },
  { "http://abc/prod", NULL, "web address" },
  { "ftp://abc/prod", NULL, "start with wss://" },
  { "wss://user:pass@h/s", NULL, "username or password" },
  { "wss://user@h/s", NULL, "username or password" },
  { "wss:///prod", NULL, "no host" },
  { "wss://good.example\\.evil.example/s", NULL, "wss://host/stage" },
  { "wss://h\"><b>/s", NULL, "wss://host/stage" },
  { "wss://a..b/s", NULL, "wss://host/stage" },
  { "wss://a(b%3a)c/s", NULL, "wss://host/stage" },
  { "wss://.b/s", NULL, "wss://host/stage" },
  { "wss://a_b.example./s", "wss://a_b.example./s", NULL },
  { "wss://[::1]/s", "wss://[::1]/s", NULL },
  { "ws://[::1%25lo]:9/x", "ws://[::1%25lo]:9/x", NULL },
  { "ws://[fe80::1%25lo]:9/x", NULL, "Unencrypted" },
  { "wss://::1/s", NULL, "brackets" },
  { "wss://fe80::1:8080/s", NULL, "brackets" },
  { "wss://h/s#part", NULL, "#" },
  { "wss://h/a b", NULL, "a space" },
  { " wss://h/s", NULL, "a space" },
  { "wss://h/s\n", NULL, "a space" },
  { "wss://h/s\x01", NULL, "invisible" },
  { "wss://h/\xe2\x80\xae", NULL, "invisible" },
  { "wss://h/\xff", NULL, "not text" },
  { "ws://example.org/s", NULL, "Unencrypted" },
  { "ws://localhost.example.org/s", NULL, "Unencrypted" },
  { "ws://10.0.0.1/s", NULL, "Unencrypted" },
  { "wss://h:0/s", NULL, "Port 0" },
  { "wss://h:99999/s", NULL, "wss://host/stage" },
  { "wss:h/s", NULL, "wss:// in front" },
};

static void
test_parse (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (DwStageUrl) url = dw_stage_url_parse (rows[i].typed, &error);

      g_test_message ("row %u", i);
      if (rows[i].text != NULL)
        {
          g_assert_no_error (error);
          g_assert_cmpstr (dw_stage_url_get_text (url), ==, rows[i].text);
          continue;
        }
      g_assert_error (error, DW_WIRE_ERROR, DW_WIRE_ERROR_URL);
      g_assert_null (url);
      g_assert_nonnull (strstr (error->message, rows[i].said));
    }
}

static void
test_length (void)
{
  g_autofree char *path = g_strnfill (4096 - strlen ("wss://h/"), 'a');
  g_autofree char *longest = g_strconcat ("wss://h/", path, NULL);
  g_autofree char *longer = g_strconcat (longest, "a", NULL);
  g_autoptr (DwStageUrl) url = dw_stage_url_parse (longest, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (url);
  g_assert_null (dw_stage_url_parse (longer, &error));
  g_assert_error (error, DW_WIRE_ERROR, DW_WIRE_ERROR_URL);
}

static void
test_names (void)
{
  g_autoptr (DwStageUrl) aws = dw_stage_url_parse ("wss://abc123.execute-api.eu-west-1.amazonaws.com/prod/", NULL);
  g_autoptr (DwStageUrl) china = dw_stage_url_parse ("wss://x.execute-api.cn-north-1.amazonaws.com.cn/dev", NULL);
  g_autoptr (DwStageUrl) custom = dw_stage_url_parse ("wss://chat.example/base/path", NULL);
  g_autoptr (DwStageUrl) bare = dw_stage_url_parse ("wss://chat.example", NULL);

  g_assert_cmpstr (dw_stage_url_get_api_id (aws), ==, "abc123");
  g_assert_cmpstr (dw_stage_url_get_region (aws), ==, "eu-west-1");
  g_assert_cmpstr (dw_stage_url_get_stage (aws), ==, "prod");
  g_assert_true (dw_stage_url_is_secure (aws));
  g_assert_false (dw_stage_url_is_loopback (aws));
  g_assert_cmpstr (dw_stage_url_get_region (china), ==, "cn-north-1");
  g_assert_null (dw_stage_url_get_api_id (custom));
  g_assert_null (dw_stage_url_get_stage (custom));
  g_assert_null (dw_stage_url_get_stage (bare));
}

/* What an address is made of, at the edges of what has names. */
static void
test_parts (void)
{
  static const struct
  {
    const char *typed, *host, *api_id, *region, *stage, *plain;
    gboolean secure, loopback;
  } parts[] = {
    { "wss://A.execute-api.eu-west-1.amazonaws.com/prod?t=1", "a.execute-api.eu-west-1.amazonaws.com", "a",
      "eu-west-1", "prod", "wss://a.execute-api.eu-west-1.amazonaws.com/prod", TRUE, FALSE },
    { "wss://a.execute-api.eu-west-1.amazonaws/prod", "a.execute-api.eu-west-1.amazonaws", NULL, NULL, "prod",
      "wss://a.execute-api.eu-west-1.amazonaws/prod", TRUE, FALSE },
    { "wss://a.execute-apis.eu-west-1.amazonaws.com/prod", "a.execute-apis.eu-west-1.amazonaws.com", NULL, NULL,
      "prod", "wss://a.execute-apis.eu-west-1.amazonaws.com/prod", TRUE, FALSE },
    { "wss://a.execute-api.eu-west-1.example.com/prod", "a.execute-api.eu-west-1.example.com", NULL, NULL, "prod",
      "wss://a.execute-api.eu-west-1.example.com/prod", TRUE, FALSE },
    { "ws://LOCALHOST:1/a%20b/", "localhost", NULL, NULL, "a b", "ws://localhost:1/a%20b/", FALSE, TRUE },
    { "ws://a.localhost/", "a.localhost", NULL, NULL, NULL, "ws://a.localhost/", FALSE, TRUE },
    { "wss://alocalhost/a%2fb", "alocalhost", NULL, NULL, NULL, "wss://alocalhost/a%2fb", TRUE, FALSE },
    { "wss://h/a//", "h", NULL, NULL, NULL, "wss://h/a//", TRUE, FALSE },
    { "wss://[::1]:8/x?", "::1", NULL, NULL, "x", "wss://[::1]:8/x", TRUE, TRUE },
    { "wss://bücher.example", "xn--bcher-kva.example", NULL, NULL, NULL, "wss://xn--bcher-kva.example", TRUE,
      FALSE },
    { "ws://bücher.localhost:7?x", "xn--bcher-kva.localhost", NULL, NULL, NULL, "ws://xn--bcher-kva.localhost:7",
      FALSE, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      g_autoptr (DwStageUrl) url = dw_stage_url_parse (parts[i].typed, NULL);
      g_autofree char *plain = dw_stage_url_dup_plain (url);
      g_autoptr (DwStageUrl) again = dw_stage_url_parse (plain, NULL);
      gboolean asks = strchr (parts[i].typed, '?') != NULL;

      g_test_message ("%s", parts[i].typed);
      g_assert_cmpstr (dw_stage_url_get_host (url), ==, parts[i].host);
      g_assert_cmpstr (dw_stage_url_get_api_id (url), ==, parts[i].api_id);
      g_assert_cmpstr (dw_stage_url_get_region (url), ==, parts[i].region);
      g_assert_cmpstr (dw_stage_url_get_stage (url), ==, parts[i].stage);
      g_assert_cmpint (dw_stage_url_is_secure (url), ==, parts[i].secure);
      g_assert_cmpint (dw_stage_url_is_loopback (url), ==, parts[i].loopback);
      g_assert_cmpstr (plain, ==, parts[i].plain);
      g_assert_cmpint (dw_stage_url_has_query (url), ==, asks);
      g_assert_cmpint (dw_stage_url_equal (url, again), ==, !asks);
      g_assert_false (dw_stage_url_has_query (again));
      g_assert_cmpint (strstr (dw_stage_url_get_redacted (url), "…") != NULL, ==, asks);
    }
}

/* If this fails, tokens can reach a log or a title. */
static void
test_redact (void)
{
  static const struct
  {
    const char *text, *redacted;
  } cases[] = {
    { "wss://h/s?token=S3CR3T", "wss://h/s?…" },
    { "wss://h/s", "wss://h/s" },
    { "wss://u:S3CR3T@h/s", "wss://…@h/s" },
    { "wss://u:S3/CR3T@h/s?x", "wss://…@h/s?…" },
    { "u:S3CR3T@h?S3CR3T", "…@h?…" },
    { "wss://h/s#S3CR3T", "wss://h/s#…" },
    { "h?wss://S3CR3T", "h?…" },
    { "h/x://u@h", "…@h" },
    { "h#wss://S3CR3T", "h#…" },
    { "u:S3CR3T@wss://h", "…@wss://h" },
    { "wss://a@S3CR3T@h/", "wss://…@h/" },
    { "wss://h/?", "wss://h/?…" },
    { "wss://", "wss://" },
    { "", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *redacted = dw_stage_url_redact (cases[i].text);

      g_assert_cmpstr (redacted, ==, cases[i].redacted);
    }
}

/* What a request needs of an address. */
static void
test_request (void)
{
  static const struct
  {
    const char *text, *authority, *target;
    guint port;
  } cases[] = {
    { "wss://h.example/prod?t=a/b", "h.example", "/prod?t=a/b", 443 },
    { "wss://h.example:443/a/../b", "h.example", "/a/../b", 443 },
    { "wss://h.example:8443/", "h.example:8443", "/", 8443 },
    { "ws://127.0.0.1:80/prod", "127.0.0.1", "/prod", 80 },
    { "ws://[::1]:8080/prod", "[::1]:8080", "/prod", 8080 },
    { "wss://h.example?x=1", "h.example", "/?x=1", 443 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (DwStageUrl) url = dw_stage_url_parse (cases[i].text, &error);
      g_autofree char *authority = NULL;
      g_autofree char *target = NULL;

      g_assert_no_error (error);
      authority = dw_stage_url_dup_authority (url);
      target = dw_stage_url_dup_target (url);
      g_assert_cmpstr (authority, ==, cases[i].authority);
      g_assert_cmpstr (target, ==, cases[i].target);
      g_assert_cmpuint (dw_stage_url_get_port (url), ==, cases[i].port);
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/wire/stage-url/parse/AG-5/AG-9", test_parse);
  g_test_add_func ("/wire/stage-url/length", test_length);
  g_test_add_func ("/wire/stage-url/names", test_names);
  g_test_add_func ("/wire/stage-url/parts", test_parts);
  g_test_add_func ("/wire/stage-url/request", test_request);
  g_test_add_func ("/wire/stage-url/redact/AG-7", test_redact);
  return g_test_run ();
}
