/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "wire/dw-dialect.h"
#include "wire/dw-frame.h"
#include "wire/dw-wire-error.h"

static void
test_dialects (void)
{
  static const struct
  {
    const char *route_key, *send_route, *body_key, *probe;
    gboolean works;
  } cases[] = {
    { "type", "chat", "text", NULL, TRUE },    { "type", "chat", "text", "ping", TRUE },
    { "", "chat", "text", NULL, FALSE },       { "type", "", "text", NULL, FALSE },
    { "type", "chat", "", NULL, FALSE },       { "text", "chat", "text", NULL, FALSE },
    { "ty\npe", "chat", "text", NULL, FALSE }, { "type", "chat", "text", "\xff", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (DwDialect) dialect = dw_dialect_new_custom (cases[i].route_key, cases[i].send_route,
                                                             cases[i].body_key, cases[i].probe, &error);
      g_autofree char *frame = NULL;

      g_assert_cmpint (dialect != NULL, ==, cases[i].works);
      if (dialect == NULL)
        {
          g_assert_error (error, DW_WIRE_ERROR, DW_WIRE_ERROR_DIALECT);
          continue;
        }
      frame = dw_frame_encode (dialect, "x", NULL, NULL, NULL);
      g_assert_cmpstr (frame, ==, "{\"type\":\"chat\",\"text\":\"x\"}");
      g_assert_cmpstr (dw_dialect_get_probe (dialect), ==,
                       cases[i].probe != NULL ? cases[i].probe : "{\"type\":\"dynamowave-status\"}");
    }
}

static void
test_body_key (void)
{
  g_autoptr (DwDialect) dialect = dw_dialect_new_preset (DW_DIALECT_DATA);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (DwFrame) frame = dw_frame_classify (dialect, parser, "{\"data\":\"x\"}", 12);
  g_autoptr (DwFrame) other = dw_frame_classify (dialect, parser, "{\"message\":\"x\"}", 15);

  g_assert_cmpstr (frame->text, ==, "x");
  g_assert_cmpint (other->kind, ==, DW_FRAME_UNREADABLE);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/wire/dialect/custom", test_dialects);
  g_test_add_func ("/wire/dialect/body-key", test_body_key);
  return g_test_run ();
}
