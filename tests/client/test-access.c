/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a stage is authenticated with, and which of its settings can be changed. */
#include "dw-test.h"

#include "client/dw-client-error.h"
#include "client/stages/dw-access.h"

#include <string.h>

static DwStage *
stage_of (const char *address)
{
  g_autoptr (DwStageUrl) url = dw_stage_url_parse (address, NULL);

  return dw_stage_new (url);
}

static char *
query_of (DwStage *stage, guint index)
{
  const char *query = strchr (dw_stage_url_get_text (dw_stage_get_url (stage, index)), '?');

  return g_strdup (query != NULL ? query + 1 : "");
}

/* Decodes a query once, as a server would; in a form “+” is a space (as in the WHATWG URL standard). */
static char *
decode_once (const char *value)
{
  g_auto (GStrv) parts = g_strsplit (value, "+", -1);
  g_autofree char *joined = g_strjoinv (" ", parts);

  return g_uri_unescape_string (joined, NULL);
}

/* A typed value arrives at the stage unchanged, whatever characters it has, and is read back unchanged. */
static void
test_parameter (void)
{
  static const char *const secrets[] = {
    "a+b/c==&d=1%2Be",
    "S3CR3T+/=canary",
    "a%2Fb",
    "a b#c",
    "",
    "?",
    "=",
    "%",
    "%zz",
    "~._-",
    "\"'<>{}|\\^`[]@:;,!$*()",
    "t\u00f6k\u00e9n",
    "\u7d42\u308f\u308a\u2060\U0001f511",
  };

  for (guint i = 0; i < G_N_ELEMENTS (secrets); i++)
    {
      g_autoptr (DwStage) stage = stage_of ("wss://h.example/prod?old=1");
      g_autoptr (DwStageUrl) second = dw_stage_url_parse ("wss://i.example/prod", NULL);
      DwAccess wanted = { DW_ACCESS_PARAMETER, (char *) "a&b", (char *) secrets[i] };
      g_auto (DwAccess) found = { DW_ACCESS_NONE, NULL, NULL };
      g_autofree char *query = NULL, *other = NULL, *arrived = NULL;

      g_test_message ("%s", secrets[i]);
      dw_stage_add_url (stage, second);
      g_assert_true (dw_access_write (&wanted, stage, NULL));
      query = query_of (stage, 0);
      other = query_of (stage, 1);
      g_assert_cmpstr (query, ==, other);
      g_assert_true (g_str_has_prefix (query, *secrets[i] != '\0' ? "a%26b=" : "a%26b"));
      g_assert_null (strchr (query, '&'));
      arrived = decode_once (strchr (query, '=') != NULL ? strchr (query, '=') + 1 : "");
      g_assert_cmpstr (arrived, ==, secrets[i]);
      dw_access_read (&found, stage);
      g_assert_cmpint (found.kind, ==, DW_ACCESS_PARAMETER);
      g_assert_cmpstr (found.name, ==, "a&b");
      g_assert_cmpstr (found.secret, ==, secrets[i]);
    }
}

/* A pasted query stays the same byte for byte, however it was encoded. It is shown as a parameter only if encoding that
 * parameter gives the same bytes. */
static void
test_query (void)
{
  static const struct
  {
    const char *query;
    const char *name; /* NULL: not shown as a parameter */
    const char *secret;
  } rows[] = {
    { "token=S3CR3T", "token", "S3CR3T" },
    { "token=a%2Bb%2Fc%3D%3D", "token", "a+b/c==" },
    { "flag", "flag", "" },
    { "t%20k=%C3%B6", "t k", "\u00f6" },
    { "token=S3CR3T+/=canary", NULL, NULL },
    { "token=a%2bb", NULL, NULL },
    { "token=%7e%41", NULL, NULL },
    { "token=", NULL, NULL },
    { "=x", NULL, NULL },
    { "a=1&b=2", NULL, NULL },
    { "a=%FF", NULL, NULL },
    { "a=%00", NULL, NULL },
    { "a=%0A", NULL, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *address = g_strconcat ("wss://h.example/prod?", rows[i].query, NULL);
      g_autoptr (DwStage) stage = stage_of (address);
      g_autoptr (DwStage) other = stage_of ("wss://h.example/prod");
      g_auto (DwAccess) found = { DW_ACCESS_NONE, NULL, NULL };
      g_autofree char *query = NULL;

      g_test_message ("%s", rows[i].query);
      dw_access_read (&found, stage);
      g_assert_cmpint (found.kind, ==, rows[i].name != NULL ? DW_ACCESS_PARAMETER : DW_ACCESS_QUERY);
      g_assert_cmpstr (found.name, ==, rows[i].name != NULL ? rows[i].name : "");
      g_assert_cmpstr (found.secret, ==, rows[i].name != NULL ? rows[i].secret : rows[i].query);
      g_assert_true (dw_access_write (&found, other, NULL));
      query = query_of (other, 0);
      g_assert_cmpstr (query, ==, rows[i].query);
    }
}

static void
test_others (void)
{
  g_autoptr (DwStage) stage = stage_of ("wss://h.example/prod?old=1");
  DwAccess header = { DW_ACCESS_HEADER, (char *) "Authorization", (char *) "Bearer x" };
  DwAccess protocol = { DW_ACCESS_PROTOCOL, (char *) "", (char *) "chat.v1, token-x" };
  DwAccess none = { DW_ACCESS_NONE, (char *) "", (char *) "" };
  g_auto (DwAccess) found = { DW_ACCESS_NONE, NULL, NULL };

  g_assert_true (dw_access_write (&header, stage, NULL));
  g_assert_false (dw_stage_url_has_query (dw_stage_get_url (stage, 0)));
  g_assert_cmpstr (g_hash_table_lookup (dw_stage_get_headers (stage), "Authorization"), ==, "Bearer x");
  g_assert_true (dw_access_write (&protocol, stage, NULL));
  g_assert_null (dw_stage_get_headers (stage));
  g_assert_cmpstr (dw_stage_get_protocols (stage)[1], ==, "token-x");
  dw_access_read (&found, stage);
  g_assert_cmpstr (found.secret, ==, "chat.v1, token-x");
  g_assert_true (dw_access_is_wanted (stage));
  g_assert_true (dw_access_write (&none, stage, NULL));
  g_assert_false (dw_access_is_wanted (stage));
}

/* A value that would break the handshake, or inject a header, is refused with an explanation. */
static void
test_refused (void)
{
  static const DwAccess rows[] = {
    { DW_ACCESS_PARAMETER, (char *) "", (char *) "x" },
    { DW_ACCESS_QUERY, (char *) "", (char *) "" },
    { DW_ACCESS_HEADER, (char *) "", (char *) "x" },
    { DW_ACCESS_HEADER, (char *) "two words", (char *) "x" },
    { DW_ACCESS_HEADER, (char *) "X\r\nHost", (char *) "x" },
    { DW_ACCESS_HEADER, (char *) "Host", (char *) "x" },
    { DW_ACCESS_HEADER, (char *) "sec-websocket-key", (char *) "x" },
    { DW_ACCESS_HEADER, (char *) "x-api-key", (char *) "" },
    { DW_ACCESS_HEADER, (char *) "x-api-key", (char *) "a\r\nHost: evil" },
    { DW_ACCESS_PROTOCOL, (char *) "", (char *) "" },
    { DW_ACCESS_PROTOCOL, (char *) "", (char *) "two words" },
    { DW_ACCESS_PROTOCOL, (char *) "", (char *) "a,,b" },
    { DW_ACCESS_PROTOCOL, (char *) "", (char *) "a+b/c==" },
    { DW_ACCESS_PROTOCOL, (char *) "", (char *) "t\u00f6k\u00e9n" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (DwStage) stage = stage_of ("wss://h.example/prod");
      g_autoptr (GError) error = NULL;

      g_test_message ("row %u", i);
      g_assert_false (dw_access_write (&rows[i], stage, &error));
      g_assert_error (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_ACCESS);
    }
}

/* Changing only the name does not reconnect; changing the authentication does. */
static void
test_change (void)
{
  g_autoptr (DwStage) stage = stage_of ("wss://h.example/prod?token=1");
  g_autoptr (DwStage) wanted = stage_of ("wss://h.example/prod?token=1");
  g_autoptr (DwDialect) dialect = dw_dialect_new_preset (DW_DIALECT_DATA);

  dw_stage_set_local (stage, TRUE);
  dw_stage_set_name (wanted, "Team");
  dw_stage_set_own_name (wanted, "Ada");
  g_assert_false (dw_stage_take_over (stage, wanted));
  g_assert_cmpstr (dw_stage_get_name (stage), ==, "Team");
  g_assert_cmpstr (dw_stage_get_own_name (stage), ==, "Ada");
  g_assert_true (dw_stage_is_local (stage));
  dw_stage_set_dialect (wanted, dialect);
  g_assert_true (dw_stage_take_over (stage, wanted));
  g_assert_cmpstr (dw_dialect_get_body_key (dw_stage_get_dialect (stage)), ==, "data");
  g_assert_true (dw_stage_is_local (stage));
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/access/parameter/AG-6", test_parameter);
  g_test_add_func ("/client/access/query/AG-6", test_query);
  g_test_add_func ("/client/access/others", test_others);
  g_test_add_func ("/client/access/refused", test_refused);
  g_test_add_func ("/client/access/change", test_change);
  return g_test_run ();
}
