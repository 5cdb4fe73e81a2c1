/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "client/stages/dw-stage-name.h"

#define API "wss://a1b2c3.execute-api.eu-west-1.amazonaws.com/"
#define OTHER_API "wss://d4e5f6.execute-api.us-east-1.amazonaws.com/"

/* Names a stage as another one, and so on. */
static void
expect (GHashTable *taken, const char *address, gboolean local, const char *wanted)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DwStageUrl) url = dw_stage_url_parse (address, &error);
  g_autofree char *name = NULL;

  g_assert_no_error (error);
  name = dw_stage_name_new (url, local, taken);
  g_assert_cmpstr (name, ==, wanted);
  g_assert_true (dw_stage_name_is_made (name, url, local));
  g_assert_false (g_hash_table_contains (taken, name));
  g_hash_table_add (taken, g_steal_pointer (&name));
}

/* Two stages that are called the same cannot be told apart in a list, in a title or in a notification. */
static void
test_differ (void)
{
  g_autoptr (GHashTable) taken = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  expect (taken, API "prod", FALSE, "prod");
  expect (taken, OTHER_API "prod", FALSE, "prod (d4e5f6)");
  expect (taken, API "prod?token=1", FALSE, "prod (a1b2c3)");
  expect (taken, API "prod?token=2", FALSE, "prod (a1b2c3) 2");
  expect (taken, API "prod?token=3", FALSE, "prod (a1b2c3) 3");
  expect (taken, API "beta", FALSE, "beta");
  expect (taken, "wss://chat.example/prod", FALSE, "prod (chat.example)");
}

/* What is on this computer says so. */
static void
test_local (void)
{
  g_autoptr (GHashTable) taken = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  expect (taken, "ws://127.0.0.1:8001/beta", FALSE, "beta (local)");
  expect (taken, "ws://localhost:8002/beta", FALSE, "beta (local) 2");
  expect (taken, "ws://[::1]:8003/beta/", FALSE, "beta (local) 3");
  expect (taken, "wss://chat.example/beta", FALSE, "beta");
  expect (taken, "ws://127.0.0.1:8004/prod", TRUE, "This Computer");
  expect (taken, "ws://127.0.0.1:8005", FALSE, "This Computer 2");
}

/* An address without a stage leaves the host, and one of any length leaves a name that fits a row. */
static void
test_other_addresses (void)
{
  g_autoptr (GHashTable) taken = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *letters = g_strnfill (1000, 'x');
  g_autofree char *address = g_strconcat ("wss://chat.example/", letters, NULL);
  g_autoptr (DwStageUrl) url = dw_stage_url_parse (address, NULL);
  g_autofree char *name = dw_stage_name_plain (url, FALSE);

  expect (taken, "wss://chat.example", FALSE, "chat.example");
  expect (taken, "wss://chat.example/?room=1", FALSE, "chat.example 2");
  expect (taken, "wss://chat.example/a/b", FALSE, "chat.example 3");
  /* Nothing is put around what runs from right to left, and what is no text is not kept. */
  expect (taken, "wss://chat.example/%D9%85", FALSE, "\u0645");
  expect (taken, "wss://h.example/%D9%85", FALSE, "\u0645 (h.example)");
  expect (taken, "wss://h.example/a%FF", FALSE, "a\ufffd");
  g_assert_cmpint (g_utf8_strlen (name, -1), ==, DW_STAGE_NAME_CHARS);
}

/* A name that a person chose is not taken for one that was made. */
static void
test_is_made (void)
{
  g_autoptr (DwStageUrl) url = dw_stage_url_parse (API "prod", NULL);

  g_assert_true (dw_stage_name_is_made (NULL, url, FALSE));
  g_assert_true (dw_stage_name_is_made ("prod", url, FALSE));
  g_assert_true (dw_stage_name_is_made ("prod (a1b2c3)", url, FALSE));
  g_assert_true (dw_stage_name_is_made ("prod (a1b2c3) 12", url, FALSE));
  g_assert_false (dw_stage_name_is_made ("prod (a1b2c3) ", url, FALSE));
  g_assert_false (dw_stage_name_is_made ("prod (a1b2c3) 2b", url, FALSE));
  g_assert_false (dw_stage_name_is_made ("prod 2", url, FALSE));
  g_assert_false (dw_stage_name_is_made ("Prod", url, FALSE));
  g_assert_false (dw_stage_name_is_made ("This Computer", url, FALSE));
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/stage-name/differ", test_differ);
  g_test_add_func ("/client/stage-name/local", test_local);
  g_test_add_func ("/client/stage-name/other-addresses", test_other_addresses);
  g_test_add_func ("/client/stage-name/is-made", test_is_made);
  return g_test_run ();
}
