/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "wire/dw-json-layout.h"
#include "wire/dw-limits.h"

#include <string.h>

/* Each flaw is found where it is, as line and column. */
static void
test_flaws (void)
{
  static const struct
  {
    const char *text;
    DwJsonFlawKind kind;
    guint line, column;
  } rows[] = {
    { "{}", DW_JSON_FLAW_NONE, 0, 0 },
    { " [1, -0.5e+3, true, false, null, \"\\u00e9\\n\", {\"a\": {}}] \n", DW_JSON_FLAW_NONE, 0, 0 },
    { "\"text\"", DW_JSON_FLAW_NONE, 0, 0 },
    { "-0", DW_JSON_FLAW_NONE, 0, 0 },
    { "", DW_JSON_FLAW_END, 1, 1 },
    { "{\n  \"a\": 1,\n}", DW_JSON_FLAW_NAME, 3, 1 },
    { "{\"a\" 1}", DW_JSON_FLAW_COLON, 1, 6 },
    { "{\"a\":}", DW_JSON_FLAW_VALUE, 1, 6 },
    { "{\"a\":1 \"b\":2}", DW_JSON_FLAW_COMMA, 1, 8 },
    { "[1 2]", DW_JSON_FLAW_COMMA, 1, 4 },
    { "[1}", DW_JSON_FLAW_COMMA, 1, 3 },
    { "[1,]", DW_JSON_FLAW_VALUE, 1, 4 },
    { "{'a':1}", DW_JSON_FLAW_NAME, 1, 2 },
    { "{\"é\":tru}", DW_JSON_FLAW_VALUE, 1, 6 },
    { "\"a\nb\"", DW_JSON_FLAW_STRING, 1, 3 },
    { "\"\\x\"", DW_JSON_FLAW_STRING, 1, 3 },
    { "\"\\u12g4\"", DW_JSON_FLAW_STRING, 1, 6 },
    { "\"\\u12", DW_JSON_FLAW_END, 1, 6 },
    { "\"abc", DW_JSON_FLAW_END, 1, 5 },
    { "01", DW_JSON_FLAW_NUMBER, 1, 1 },
    { "1.x", DW_JSON_FLAW_NUMBER, 1, 3 },
    { "[-]", DW_JSON_FLAW_NUMBER, 1, 3 },
    { "1e", DW_JSON_FLAW_END, 1, 3 },
    { "+1", DW_JSON_FLAW_VALUE, 1, 1 },
    { "NaN", DW_JSON_FLAW_VALUE, 1, 1 },
    { "{} x", DW_JSON_FLAW_MORE, 1, 4 },
    { "[", DW_JSON_FLAW_END, 1, 2 },
    { "{\"a\":[\n", DW_JSON_FLAW_END, 2, 1 },
    { "]", DW_JSON_FLAW_VALUE, 1, 1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      DwJsonFlaw flaw;

      g_test_message ("%s", rows[i].text);
      g_assert_cmpint (dw_json_layout_check (rows[i].text, &flaw), ==, rows[i].kind == DW_JSON_FLAW_NONE);
      g_assert_cmpint (flaw.kind, ==, rows[i].kind);
      g_assert_cmpuint (flaw.line, ==, rows[i].line);
      g_assert_cmpuint (flaw.column, ==, rows[i].column);
    }
}

/* Blanks between tokens change and nothing else: not a number that no double holds, an escape, or a name that is there
 * twice. */
static void
test_layouts (void)
{
  static const struct
  {
    const char *text, *spread, *compact;
  } rows[] = {
    { "{\"a\":1,\"b\":[],\"c\":[{},[2, 3]]}",
      "{\n  \"a\": 1,\n  \"b\": [],\n  \"c\": [\n    {},\n    [\n      2,\n      3\n    ]\n  ]\n}",
      "{\"a\":1,\"b\":[],\"c\":[{},[2,3]]}" },
    { "{ \"n\" : 12345678901234567890.0 , \"n\" : 1e400 }",
      "{\n  \"n\": 12345678901234567890.0,\n  \"n\": 1e400\n}", "{\"n\":12345678901234567890.0,\"n\":1e400}" },
    { "[\"\\u0041, {\\\"x\\\": [1]}\"]", "[\n  \"\\u0041, {\\\"x\\\": [1]}\"\n]",
      "[\"\\u0041, {\\\"x\\\": [1]}\"]" },
    { " \"text\" ", "\"text\"", "\"text\"" },
    { "hello", NULL, NULL },
    { "{\"a\":1}}", NULL, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *spread = dw_json_layout_spread (rows[i].text, NULL);
      g_autofree char *compact = dw_json_layout_compact (rows[i].text, NULL);
      g_autofree char *back = spread != NULL ? dw_json_layout_compact (spread, NULL) : NULL;
      g_autofree char *again = spread != NULL ? dw_json_layout_spread (spread, NULL) : NULL;

      g_assert_cmpstr (spread, ==, rows[i].spread);
      g_assert_cmpstr (compact, ==, rows[i].compact);
      g_assert_cmpstr (back, ==, rows[i].compact);
      g_assert_cmpstr (again, ==, rows[i].spread);
    }
}

/* What is laid out can be more than JSON, as long as something of the same shape is. */
static void
test_shape (void)
{
  g_autofree char *spread = dw_json_layout_spread ("{\"n\":{{n}},\"m\":2}", "{\"n\":11111,\"m\":2}");
  g_autofree char *compact = dw_json_layout_compact ("{ \"n\" : {{n}} }", "{ \"n\" : 11111 }");

  g_assert_cmpstr (spread, ==, "{\n  \"n\": {{n}},\n  \"m\": 2\n}");
  g_assert_cmpstr (compact, ==, "{\"n\":{{n}}}");
}

/* Brackets of any number crash nothing, and take bytes in proportion to them. */
static void
test_depth (void)
{
  const gsize depth = DW_LIMIT_MESSAGE_BYTES / 2;
  g_autofree char *open = g_strnfill (depth, '[');
  g_autofree char *close = g_strnfill (depth, ']');
  g_autofree char *whole = g_strconcat (open, close, NULL);
  g_autofree char *spread = dw_json_layout_spread (whole, NULL);
  g_autofree char *back = NULL;
  DwJsonFlaw flaw;

  g_assert_true (dw_json_layout_check (whole, &flaw));
  g_assert_false (dw_json_layout_check (open, &flaw));
  g_assert_cmpint (flaw.kind, ==, DW_JSON_FLAW_END);
  g_assert_cmpuint (flaw.at, ==, depth);
  g_assert_cmpuint (strlen (spread), <=, strlen (whole) * (2 * DW_JSON_LAYOUT_LEVELS + 2));
  back = dw_json_layout_compact (spread, NULL);
  g_assert_cmpstr (back, ==, whole);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/wire/json-layout/flaws", test_flaws);
  g_test_add_func ("/wire/json-layout/layouts", test_layouts);
  g_test_add_func ("/wire/json-layout/shape", test_shape);
  g_test_add_func ("/wire/json-layout/depth", test_depth);
  return g_test_run ();
}
