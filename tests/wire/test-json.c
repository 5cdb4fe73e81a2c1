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
                                      "-0",
                                      "10.05e-07",
                                      "0E+0",
                                      "\"\\\"\\\\\\/\\b\\f\\r\\t\"",
                                      "\"\\ud83d\\ude00\\uD800\"",
                                      "{\"a\":[{\"b\":[{}]},[{\"c\":false}]],\"\":[]}",
                                      "[[],[[]]]",
                                      "1E5" };
  static const char *const bad[] = { "",
                                     "{",
                                     "}",
                                     "[1,]",
                                     "{\"a\":1,}",
                                     "{a:1}",
                                     "'a'",
                                     "01",
                                     "1.",
                                     ".5",
                                     "+1",
                                     "1e",
                                     "tru",
                                     "nul",
                                     "\"\\x\"",
                                     "\"\\u12\"",
                                     "\"a",
                                     "[1 2]",
                                     "{\"a\" 1}",
                                     "//x\n1",
                                     "1 2",
                                     "{}{}",
                                     "\"\t\"",
                                     "NaN",
                                     "Infinity",
                                     "-",
                                     "[,1]",
                                     "{,}",
                                     "[}",
                                     "{]",
                                     "[1",
                                     "[1}",
                                     "{\"a\"",
                                     "{\"a\":",
                                     "{\"a\":1",
                                     "{\"a\":1]",
                                     "[{\"a\":1]}",
                                     "truex",
                                     "falsy",
                                     "nulll",
                                     "[]]",
                                     "{}}",
                                     "\"\\",
                                     "\"\\u",
                                     "\"\\u00e",
                                     "\"\\u00g0\"",
                                     "--1",
                                     "-a",
                                     "1.e5",
                                     "1e+",
                                     "1e-",
                                     "0x1",
                                     "\"\x1f\"",
                                     "[1,,2]",
                                     "{\"a\":1,\"b\"}",
                                     "{1:2}",
                                     "{\"a\",1}",
                                     "[\"a\":1]",
                                     "\v1",
                                     "\"\\ud83\"" };
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

/* What is wrong with a text decides what a person is told. */
static void
test_errors (void)
{
  static const struct
  {
    const char *text;
    gssize length;
    int code;
  } rows[] = {
    { "nonsense", -1, DW_WIRE_ERROR_JSON }, { "\"\xff\"", -1, DW_WIRE_ERROR_TEXT },
    { "\xc3(", -1, DW_WIRE_ERROR_TEXT },    { "1\0", 2, DW_WIRE_ERROR_TEXT },
    { "[1]x", 4, DW_WIRE_ERROR_JSON },      { "", 0, DW_WIRE_ERROR_JSON },
  };
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autofree char *deep = g_strnfill (65, '[');
  g_autoptr (GError) too_deep = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("row %u", i);
      g_assert_null (dw_json_parse (parser, rows[i].text, rows[i].length, &error));
      g_assert_error (error, DW_WIRE_ERROR, rows[i].code);
    }
  g_assert_null (dw_json_parse (parser, deep, -1, &too_deep));
  g_assert_error (too_deep, DW_WIRE_ERROR, DW_WIRE_ERROR_TOO_DEEP);
  g_assert_nonnull (strstr (too_deep->message, "64"));
  /* As much as was said, and not a byte more. */
  g_assert_nonnull (dw_json_parse (parser, "[1]x", 3, NULL));
  dw_json_forget (parser);
  g_assert_false (JSON_NODE_HOLDS_ARRAY (json_parser_get_root (parser)));
}

/* Each level knows whether it is an object, down to the last: closed wrongly anywhere, the text is refused. */
static void
test_levels (void)
{
  g_autoptr (JsonParser) parser = json_parser_new ();

  for (guint depth = 1; depth <= 64; depth++)
    for (guint wrong = 0; wrong <= depth; wrong++)
      {
        g_autoptr (GString) text = g_string_new (NULL);

        for (guint i = 1; i <= depth; i++)
          g_string_append (text, i % 3 == 0 ? "[" : "{\"a\":");
        g_string_append (text, "1");
        for (guint i = depth; i >= 1; i--)
          g_string_append_c (text, (i % 3 == 0) != (i == wrong) ? ']' : '}');
        g_assert_cmpint (is_json (parser, text->str), ==, wrong == 0);
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

  /* If the system lacks this locale the test still covers “C”. */
  if (setlocale (LC_ALL, "de_DE.UTF-8") == NULL)
    g_test_message ("no German locale here");
  root = dw_json_parse (parser, "1.5", -1, NULL);
  g_assert_cmpfloat (json_node_get_double (root), ==, 1.5);
  setlocale (LC_ALL, "C");
}

/* A printed line cannot control a terminal, and parses to what was sent. */
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
    { "\uffff\U00010000\u2029\u2027\u00a0", "\"\uffff\U00010000\\u2029\u2027\u00a0\"" },
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
  g_test_add_func ("/wire/json/errors", test_errors);
  g_test_add_func ("/wire/json/levels", test_levels);
  g_test_add_func ("/wire/json/mutations", test_mutations);
  g_test_add_func ("/wire/json/locale/S-11", test_locale);
  g_test_add_func ("/wire/json/printable", test_printable);
  return g_test_run ();
}
