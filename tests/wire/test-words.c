/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mentions of a name, and links to a stage. */
#include "dw-test.h"

#include "wire/dw-mention.h"
#include "wire/dw-stage-link.h"

static void
test_mention (void)
{
  static const struct
  {
    const char *text;
    const char *name;
    gboolean is;
  } rows[] = {
    { "Ada, are you there?", "Ada", TRUE },
    { "ADA!", "ada", TRUE },
    { "@Ada", "Ada", TRUE },
    { "Adam is here", "Ada", FALSE },
    { "Granada", "Ada", FALSE },
    { "Adam and Ada", "Ada", TRUE },
    { "über Björn", "BJÖRN", TRUE },
    { "STRASSE", "Straße", TRUE },
    { "anything", "", FALSE },
    { "anything", NULL, FALSE },
    { "", "Ada", FALSE },
    { "my_Ada", "Ada", FALSE },
    { "it is :-) here", ":-)", TRUE },
    { "天気Ada", "Ada", FALSE },
    { "Ada\u0301", "Ada", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_test_message ("“%s” in “%s”", rows[i].name, rows[i].text);
      g_assert_cmpint (dw_mention_is (rows[i].text, rows[i].name), ==, rows[i].is);
    }
}

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
  g_test_add_func ("/wire/words/mention", test_mention);
  g_test_add_func ("/wire/words/link/AG-7", test_link);
  return g_test_run ();
}
