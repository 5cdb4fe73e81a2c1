/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "wire/dw-stage-link.h"

static void
test_link (void)
{
  static const struct
  {
    const char *address;
    const char *link;
  } rows[] = {
    { "wss://h.example/prod", "dynamowave://h.example/prod" },
    { "wss://h.example:8443/a/b", "dynamowave://h.example:8443/a/b" },
    { "ws://127.0.0.1:8080/dev", "dynamowave:ws://127.0.0.1:8080/dev" },
  };
  g_autoptr (DwStageUrl) secret = dw_stage_url_parse ("wss://h.example/prod?token=S3CR3T", NULL);
  g_autofree char *shared = dw_stage_link_new (secret);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (DwStageUrl) url = dw_stage_url_parse (rows[i].address, NULL);
      g_autofree char *link = dw_stage_link_new (url);
      g_autofree char *address = dw_stage_link_dup_address (rows[i].link);

      g_assert_cmpstr (link, ==, rows[i].link);
      g_assert_true (dw_stage_link_is (link));
      g_assert_cmpstr (address, ==, rows[i].address);
    }
  g_assert_cmpstr (shared, ==, "dynamowave://h.example/prod");
  g_assert_true (dw_stage_link_is ("DynamoWave://x"));
  g_assert_false (dw_stage_link_is ("wss://x"));
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/wire/stage-link/table/AG-7", test_link);
  return g_test_run ();
}
