/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "wire/dw-dialect.h"
#include "wire/dw-frame.h"
#include "wire/dw-wire-error.h"

#include <string.h>

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

/* What deployed stages speak; a name that is wrong here reaches nobody there. */
static void
test_presets (void)
{
  static const struct
  {
    DwDialectPreset preset;
    const char *text, *send_route, *body_key;
  } rows[] = {
    { DW_DIALECT_DYNAMOWAVE, "dynamowave", "sendMessage", "message" },
    { DW_DIALECT_LOWER_CASE, "lower-case", "sendmessage", "message" },
    { DW_DIALECT_DATA, "data", "sendmessage", "data" },
  };
  g_autoptr (DwDialect) custom = dw_dialect_new_preset (DW_DIALECT_CUSTOM);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (DwDialect) dialect = dw_dialect_new_preset (rows[i].preset);
      g_autofree char *text = dw_dialect_to_text (dialect);
      g_autoptr (DwDialect) read = dw_dialect_from_text (rows[i].text, NULL);

      g_assert_cmpstr (text, ==, rows[i].text);
      g_assert_cmpint (dw_dialect_get_preset (read), ==, rows[i].preset);
      g_assert_cmpstr (dw_dialect_get_route_key (read), ==, "action");
      g_assert_cmpstr (dw_dialect_get_send_route (read), ==, rows[i].send_route);
      g_assert_cmpstr (dw_dialect_get_body_key (read), ==, rows[i].body_key);
      g_assert_cmpstr (dw_dialect_get_probe (read), ==, "{\"action\":\"dynamowave-status\"}");
      g_assert_cmpstr (dw_dialect_get_sender_key (read), ==, "sender");
      g_assert_cmpstr (dw_dialect_get_id_key (read), ==, "id");
      g_assert_cmpstr (dw_dialect_get_time_key (read), ==, "sentAt");
    }
  g_assert_cmpint (dw_dialect_get_preset (custom), ==, DW_DIALECT_CUSTOM);
  g_assert_cmpstr (dw_dialect_get_send_route (custom), ==, "sendMessage");
  g_assert_cmpstr (dw_dialect_get_body_key (custom), ==, "message");
}

/* A custom dialect is the same one after it was saved and read. */
static void
test_custom_text (void)
{
  static const char *const probes[] = { NULL, "", "ping", "{\"type\":\"?\"}" };

  for (guint i = 0; i < G_N_ELEMENTS (probes); i++)
    {
      g_autoptr (DwDialect) dialect = dw_dialect_new_custom ("ty\"pe", "ch\\at", "tëxt", probes[i], NULL);
      g_autofree char *text = dw_dialect_to_text (dialect);
      g_autoptr (DwDialect) read = dw_dialect_from_text (text, NULL);

      g_assert_cmpint (dw_dialect_get_preset (read), ==, DW_DIALECT_CUSTOM);
      g_assert_cmpstr (dw_dialect_get_route_key (read), ==, "ty\"pe");
      g_assert_cmpstr (dw_dialect_get_send_route (read), ==, "ch\\at");
      g_assert_cmpstr (dw_dialect_get_body_key (read), ==, "tëxt");
      /* A key that would have to be escaped is in no probe of ours. */
      g_assert_cmpstr (dw_dialect_get_probe (read), ==, i < 2 ? "{\"action\":\"dynamowave-status\"}" : probes[i]);
    }
}

/* What is refused says what to change. */
static void
test_refused (void)
{
  static const struct
  {
    const char *route_key, *send_route, *body_key, *probe, *words;
  } rows[] = {
    { NULL, "chat", "text", NULL, "names the route" },
    { "", "chat", "text", NULL, "names the route" },
    { "\xff", "chat", "text", NULL, "names the route" },
    { "type\x7f", "chat", "text", NULL, "names the route" },
    { "\xc2\x85", "chat", "text", NULL, "names the route" },
    { "type", NULL, "text", NULL, "sends a message" },
    { "type", "chat", NULL, NULL, "holds the text" },
    { "type", "chat", "type", NULL, "must be different" },
    { "type", "chat", "text", "\xff", "32,768 bytes" },
  };
  static const char *const texts[] = { "",     "Data", "custom", "{",
                                       "[]",   "{}",   "42",     "{\"routeKey\":\"a\",\"sendRoute\":\"b\"}",
                                       " data" };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("row %u", i);
      g_assert_null (
          dw_dialect_new_custom (rows[i].route_key, rows[i].send_route, rows[i].body_key, rows[i].probe, &error));
      g_assert_error (error, DW_WIRE_ERROR, DW_WIRE_ERROR_DIALECT);
      g_assert_nonnull (strstr (error->message, rows[i].words));
    }
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (dw_dialect_from_text (texts[i], &error));
      g_assert_error (error, DW_WIRE_ERROR, DW_WIRE_ERROR_DIALECT);
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/wire/dialect/custom", test_dialects);
  g_test_add_func ("/wire/dialect/body-key", test_body_key);
  g_test_add_func ("/wire/dialect/presets", test_presets);
  g_test_add_func ("/wire/dialect/custom/text", test_custom_text);
  g_test_add_func ("/wire/dialect/refused", test_refused);
  return g_test_run ();
}
