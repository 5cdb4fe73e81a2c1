/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "wire/dw-json.h"
#include "wire/dw-wire-error.h"

#include <locale.h>
#include <string.h>

static gboolean
is_json (JsonParser *parser, const char *text)
{
  return dw_json_parse (parser, text, -1, NULL) != NULL;
}

static void
test_grammar (void)
{
  static const char *const good[] = { "{}",
                                      "[]",
                                      "0",
                                      "-1.5e+10",
                                      "\"\"",
                                      "true",
                                      " [ 1 , { \"a\" : null } ] ",
                                      "{\"a\":{\"b\":[]},\"c\":1}",
                                      "\"\\u00e9\\n\"",
                                      "[[],[[]]]",
                                      "1E5" };
  static const char *const bad[] = { "",          "{",      "}",       "[1,]",      "{\"a\":1,}", "{a:1}",
                                     "'a'",       "01",     "1.",      ".5",        "+1",         "1e",
                                     "tru",       "nul",    "\"\\x\"", "\"\\u12\"", "\"a",        "[1 2]",
                                     "{\"a\" 1}", "//x\n1", "1 2",     "{}{}",      "\"\t\"",     "NaN",
                                     "Infinity",  "-",      "[,1]",    "{,}",       "[}",         "{]" };
  g_autoptr (JsonParser) parser = json_parser_new ();

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_test_message ("good: %s", good[i]);
      g_assert_true (is_json (parser, good[i]));
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_test_message ("bad: %s", bad[i]);
      g_assert_false (is_json (parser, bad[i]));
    }
}

/* Random changes to good texts: the scan and json-glib must agree that what passes the scan parses, and nothing may
 * crash. A fixed seed, so that a failure can be repeated. */
static void
test_mutations (void)
{
  static const char *const seeds[] = { "{\"message\":\"a\\u0041\\ud83d\\ude00\",\"n\":[1,-2.5e3,true,null]}",
                                       "[[[{\"a\":[{}]}]]]", "\"\\ud800\\u0000x\"" };
  static const char alphabet[] = "{}[]\":,\\u0dDeE+-. tfn\x01\x7f\xc3";
  g_autoptr (GRand) random = g_rand_new_with_seed (42);
  g_autoptr (JsonParser) parser = json_parser_new ();

  for (guint i = 0; i < 60000; i++)
    {
      g_autofree char *text = g_strdup (seeds[i % G_N_ELEMENTS (seeds)]);
      gsize length = strlen (text);
      guint changes = (guint) g_rand_int_range (random, 1, 5);
      JsonNode *root;

      for (guint j = 0; j < changes; j++)
        text[g_rand_int_range (random, 0, (gint32) length)] =
            alphabet[g_rand_int_range (random, 0, sizeof alphabet - 1)];
      root = dw_json_parse (parser, text, (gssize) length, NULL);
      if (root != NULL && json_node_get_value_type (root) == G_TYPE_STRING)
        g_assert_true (g_utf8_validate (json_node_get_string (root), -1, NULL));
    }
}

static void
test_locale (void)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonNode *root;

  /* Where the system has no such locale the test still says something about “C”. */
  if (setlocale (LC_ALL, "de_DE.UTF-8") == NULL)
    g_test_message ("no German locale here");
  root = dw_json_parse (parser, "1.5", -1, NULL);
  g_assert_cmpfloat (json_node_get_double (root), ==, 1.5);
  setlocale (LC_ALL, "C");
}

/* A terminal that shows a line of ours obeys nobody, and who parses the line gets what was sent. */
static void
test_printable (void)
{
  static const struct
  {
    const char *text;
    const char *line;
  } table[] = {
    { "Zażółć 日本 😀", "\"Zażółć 日本 😀\"" },
    { "\x1b]0;title\a\x1b[2J", "\"\\u001b]0;title\\u0007\\u001b[2J\"" },
    { "\xc2\x9b"
      "31m\x7f",
      "\"\\u009b31m\\u007f\"" },
    { "a\xe2\x80\xa8"
      "b\xe2\x80\xae"
      "c",
      "\"a\\u2028b\\u202ec\"" },
    { "\xf3\xa0\x81\x81", "\"\\udb40\\udc41\"" },
  };
  g_autoptr (JsonParser) parser = json_parser_new ();

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autoptr (JsonNode) node = json_node_init_string (json_node_alloc (), table[i].text);
      g_autofree char *line = dw_json_write (node);

      g_assert_cmpstr (line, ==, table[i].line);
      g_assert_cmpstr (json_node_get_string (dw_json_parse (parser, line, -1, NULL)), ==, table[i].text);
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/wire/json/grammar", test_grammar);
  g_test_add_func ("/wire/json/mutations", test_mutations);
  g_test_add_func ("/wire/json/locale/S-11", test_locale);
  g_test_add_func ("/wire/json/printable", test_printable);
  return g_test_run ();
}
