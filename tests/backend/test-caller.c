/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "backend/handlers/dw-caller.h"

#include <string.h>

/* A header is found whatever its case, a parameter only as it is written, and the first of several counts. */
static void
test_lookup (void)
{
  const char *headers[] = { "Host", "h", "X-A", "1", "x-a", "2", NULL };
  const char *query[] = { "A", "1", "a", "2", "a", "3", NULL };
  g_autoptr (DwCaller) caller = dw_caller_new ("id", 1);

  g_assert_null (dw_caller_get_header (caller, "Host"));
  g_assert_null (dw_caller_get_query (caller, "a"));
  caller->headers = g_strdupv ((char **) headers);
  caller->query = g_strdupv ((char **) query);
  g_assert_cmpstr (dw_caller_get_header (caller, "HOST"), ==, "h");
  g_assert_cmpstr (dw_caller_get_header (caller, "x-A"), ==, "1");
  g_assert_null (dw_caller_get_header (caller, "h"));
  g_assert_cmpstr (dw_caller_get_query (caller, "a"), ==, "2");
  g_assert_cmpstr (dw_caller_get_query (caller, "A"), ==, "1");
  g_assert_null (dw_caller_get_query (caller, "2"));
}

static void
test_token (void)
{
  static const struct
  {
    const char *authorization, *parameter, *token;
  } rows[] = {
    { NULL, NULL, NULL },      { "Bearer x", NULL, "x" },      { "bEARER x", NULL, "x" },
    { "x", NULL, "x" },        { "Bearerx", NULL, "Bearerx" }, { "Bearer x", "y", "y" },
    { NULL, "Bearer y", "y" }, { "Bearer x", "", "" },         { "Bearer ", NULL, "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const char *headers[] = { "authorization", rows[i].authorization, NULL };
      const char *query[] = { "token", rows[i].parameter, NULL };
      g_autoptr (DwCaller) caller = dw_caller_new ("id", 1);

      g_test_message ("row %u", i);
      caller->headers = rows[i].authorization != NULL ? g_strdupv ((char **) headers) : NULL;
      caller->query = rows[i].parameter != NULL ? g_strdupv ((char **) query) : NULL;
      g_assert_cmpstr (dw_caller_get_token (caller), ==, rows[i].token);
    }
}

/* An open connection keeps little of its handshake, and no character of it is cut in half. */
static void
test_slim (void)
{
  g_autoptr (DwCaller) caller = dw_caller_new ("id", 7);
  g_autoptr (DwCaller) bare = dw_caller_new_slim (caller);
  g_autoptr (DwCaller) slim = NULL;
  const char *pairs[] = { "a", "b", NULL };

  caller->source_ip = g_strdup ("192.0.2.1");
  caller->user_agent = g_strnfill (600, 'u');
  memcpy (caller->user_agent + 511, "\xc3\xa9", 2);
  caller->domain_name = g_strnfill (300, 'd');
  caller->headers = g_strdupv ((char **) pairs);
  caller->query = g_strdupv ((char **) pairs);
  slim = dw_caller_new_slim (caller);
  g_assert_cmpstr (slim->connection_id, ==, "id");
  g_assert_cmpint (slim->connected_at, ==, 7);
  g_assert_cmpstr (slim->source_ip, ==, "192.0.2.1");
  g_assert_cmpuint (strlen (slim->user_agent), ==, 511 + strlen ("\uFFFD"));
  g_assert_true (g_str_has_suffix (slim->user_agent, "u\uFFFD"));
  g_assert_cmpuint (strlen (slim->domain_name), ==, 260);
  g_assert_null (slim->headers);
  g_assert_null (slim->query);
  g_assert_null (bare->user_agent);
  g_assert_null (bare->domain_name);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/caller/lookup", test_lookup);
  g_test_add_func ("/backend/caller/token", test_token);
  g_test_add_func ("/backend/caller/slim", test_slim);
  return g_test_run ();
}
