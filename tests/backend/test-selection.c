/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "backend/dw-backend-error.h"
#include "backend/gateway/dw-selection.h"

static char *
select_route (const char *expression, const char *body)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DwSelection) selection = dw_selection_new (expression, &error);
  g_autoptr (JsonNode) root = json_from_string (body, NULL);

  g_assert_no_error (error);
  return dw_selection_evaluate (selection, root);
}

/* A wrong result sends a message to another handler than in the cloud. */
static void
test_selection (void)
{
  static const struct
  {
    const char *expression;
    const char *body;
    const char *wanted;
  } rows[] = {
    { "$request.body.action", "{\"action\":\"join\"}", "join" },
    { "$request.body.action", "{\"action\":5}", "5" },
    { "$request.body.action", "{\"action\":true}", "true" },
    { "$request.body.action", "{}", NULL },
    { "$request.body.action", "[]", NULL },
    { "$request.body.a.b", "{\"a\":{\"b\":\"deep\"}}", "deep" },
    { "$request.body.a.b", "{\"a\":\"flat\"}", NULL },
    { "${request.body.service}/${request.body.action}", "{\"service\":\"chat\",\"action\":\"join\"}", "chat/join" },
    { "${request.body.service}/${request.body.action}", "{\"action\":\"join\"}", "/join" },
    { "static", "{}", "static" },
    { "static", "[]", NULL },
    { "${request.body.a}", "{}", "" },
    { "x${request.body.a}${request.body.b}y", "{\"a\":1,\"b\":[2]}", "x1[2]y" },
    { "${request.body.a}-${request.body.a}", "{\"a\":\"z\"}", "z-z" },
    { "a}b${request.body.a}", "{\"a\":\"c\"}", "a}bc" },
    { "$request.body.a-_9", "{\"a-_9\":\"x\"}", "x" },
    { "$request.body.a.b.c", "{\"a\":{\"b\":{\"c\":null}}}", "null" },
    { "$requests", "{}", "$requests" },
  };
  static const char *const bad[] = { "$request.header.x",    "${request.body.a",  "${other}",
                                     "$request.body",        "$request.body.a b", "$request.body.",
                                     "$request.body..a",     "${request.body}",   "${}",
                                     "a${request.body.a}${", "$request.body.a\n" };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *key = select_route (rows[i].expression, rows[i].body);

      g_assert_cmpstr (key, ==, rows[i].wanted);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (dw_selection_new (bad[i], &error));
      g_assert_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_EVENT);
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/selection/table/EM-5", test_selection);
  return g_test_run ();
}
