/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "backend/gateway/dw-redaction.h"

#define TOKEN "S3CR3T-canary"

/* A log is read by more people than the token is meant for. */
static void
test_values (void)
{
  static const struct
  {
    const char *name, *value, *token, *shown_name, *shown;
  } rows[] = {
    { "Host", "x", TOKEN, "Host", "x" },
    { "Authorization", "Basic x", TOKEN, "Authorization", "…" },
    { "PROXY-AUTHORIZATION", "x", NULL, "PROXY-AUTHORIZATION", "…" },
    { "Cookie", "x", NULL, "Cookie", "…" },
    { "x-token", "x", NULL, "x-token", "…" },
    { "X-Api-Key", "x", NULL, "X-Api-Key", "…" },
    { "my-secret", "x", NULL, "my-secret", "…" },
    { "passphrase", "x", NULL, "passphrase", "…" },
    { "X-Amz-Signature", "x", NULL, "X-Amz-Signature", "…" },
    { "credential", "x", NULL, "credential", "…" },
    { "session", "x", NULL, "session", "…" },
    { "jwt", "x", NULL, "jwt", "…" },
    { "Sec-WebSocket-Key", "nonce", TOKEN, "Sec-WebSocket-Key", "nonce" },
    { "X-Other", "a " TOKEN " b", TOKEN, "X-Other", "…" },
    { "X-Other", TOKEN, TOKEN, "X-Other", "…" },
    { "a " TOKEN, "x", TOKEN, "…", "x" },
    { "X-Other", "x", "", "X-Other", "x" },
    { "X-Other", "", "", "X-Other", "" },
    { "X-Other", TOKEN, NULL, "X-Other", TOKEN },
    /* A short token could be a part of any word, so only the whole value is compared. */
    { "X-Other", "1234567", "1234567", "X-Other", "…" },
    { "X-Other", "x1234567", "1234567", "X-Other", "x1234567" },
    { "X-Other", "x12345678", "12345678", "X-Other", "…" },
    { "Sec-WebSocket-Protocol", "a,chat ,b", NULL, "Sec-WebSocket-Protocol", "…, chat, …" },
    { "sec-websocket-protocol", "Chat", NULL, "sec-websocket-protocol", "…" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const char *pairs[] = { "First", "1", rows[i].name, rows[i].value, "Last", "2", NULL };
      g_autoptr (DwCaller) caller = dw_caller_new ("id", 7);
      g_autoptr (DwCaller) shown = NULL;

      caller->headers = g_strdupv ((char **) pairs);
      shown = dw_redaction_of_caller (caller, rows[i].token, "chat");
      g_test_message ("row %u", i);
      g_assert_cmpstr (shown->headers[0], ==, "First");
      g_assert_cmpstr (shown->headers[1], ==, "1");
      g_assert_cmpstr (shown->headers[2], ==, rows[i].shown_name);
      g_assert_cmpstr (shown->headers[3], ==, rows[i].shown);
      g_assert_cmpstr (shown->headers[5], ==, "2");
      g_assert_null (shown->headers[6]);
      g_assert_cmpuint (g_strv_length (shown->query), ==, 0);
    }
}

static void
test_caller (void)
{
  const char *query[] = { "token", "x", "page", TOKEN, "a", "Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol",
                          "chat",  NULL };
  g_autoptr (DwCaller) caller = dw_caller_new ("id", 7);
  g_autoptr (DwCaller) shown = NULL;

  caller->source_ip = g_strdup ("192.0.2.1");
  caller->user_agent = g_strdup ("browser " TOKEN);
  caller->domain_name = g_strdup ("stage.example");
  caller->query = g_strdupv ((char **) query);
  shown = dw_redaction_of_caller (caller, TOKEN, "chat");
  g_assert_cmpstr (shown->connection_id, ==, "id");
  g_assert_cmpint (shown->connected_at, ==, 7);
  g_assert_cmpstr (shown->source_ip, ==, "192.0.2.1");
  g_assert_cmpstr (shown->user_agent, ==, "…");
  g_assert_cmpstr (shown->domain_name, ==, "stage.example");
  g_assert_cmpstr (shown->query[1], ==, "…");
  g_assert_cmpstr (shown->query[3], ==, "…");
  g_assert_cmpstr (shown->query[5], ==, "Sec-WebSocket-Protocol");
  /* A query offers no subprotocol, so what is called so may be anything. */
  g_assert_cmpstr (shown->query[7], ==, "…");
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/redaction/values/AG-7", test_values);
  g_test_add_func ("/backend/redaction/caller/AG-7", test_caller);
  return g_test_run ();
}
