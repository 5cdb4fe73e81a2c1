/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a stage lets a person in, and what of a stage can be changed. */
#include "dw-test.h"

#include "client/dw-client-error.h"
#include "client/stages/dw-access.h"

static DwStage *
stage_of (const char *address)
{
  g_autoptr (DwStageUrl) url = dw_stage_url_parse (address, NULL);

  return dw_stage_new (url);
}

/* What was typed arrives byte for byte, and is read again as it was. */
static void
test_query (void)
{
  static const struct
  {
    const char *name;
    const char *secret;
    const char *url;
  } rows[] = {
    { "token", "S3CR3T+/=canary", "wss://h.example/prod?token=S3CR3T+/=canary" },
    { "token", "a%2Fb", "wss://h.example/prod?token=a%2Fb" },
    { "token", "a b#c", "wss://h.example/prod?token=a%20b%23c" },
    { "flag", "", "wss://h.example/prod?flag" },
    { "a", "1&b=2", "wss://h.example/prod?a=1&b=2" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (DwStage) stage = stage_of ("wss://h.example/prod?old=1");
      g_autoptr (DwStageUrl) second = dw_stage_url_parse ("wss://i.example/prod", NULL);
      DwAccess wanted = { DW_ACCESS_QUERY, (char *) rows[i].name, (char *) rows[i].secret };
      g_auto (DwAccess) found = { DW_ACCESS_NONE, NULL, NULL };

      dw_stage_add_url (stage, second);
      g_assert_true (dw_access_write (&wanted, stage, NULL));
      g_assert_cmpstr (dw_stage_url_get_text (dw_stage_get_url (stage, 0)), ==, rows[i].url);
      g_assert_true (dw_stage_url_has_query (dw_stage_get_url (stage, 1)));
      dw_access_read (&found, stage);
      g_assert_cmpint (found.kind, ==, DW_ACCESS_QUERY);
      g_assert_cmpstr (found.name, ==, rows[i].name);
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

/* What would break the handshake, or smuggle a header into it, is refused in words. */
static void
test_refused (void)
{
  static const DwAccess rows[] = {
    { DW_ACCESS_QUERY, (char *) "", (char *) "x" },
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

/* A name alone connects nothing anew; another way does. */
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
  g_test_add_func ("/client/access/query/AG-7", test_query);
  g_test_add_func ("/client/access/others", test_others);
  g_test_add_func ("/client/access/refused", test_refused);
  g_test_add_func ("/client/access/change", test_change);
  return g_test_run ();
}
