/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "app/dw-safe-text.h"
#include "app/dw-status-text.h"

#include <string.h>

#define FFFD "\xef\xbf\xbd"

static void
test_text (void)
{
  static const char *const rows[][2] = {
    { "R&D <3 &amp; <b>x</b>", "R&D <3 &amp; <b>x</b>" },
    { "a\r\nb\rc\nd", "a\nb\nc\nd" },
    { "a\xe2\x80\xa8"
      "b\xe2\x80\xa9"
      "c\xc2\x85"
      "d",
      "a\nb\nc\nd" },
    { "a\x01\x1b[31mb\x7f", "a" FFFD FFFD "[31mb" FFFD },
    { "a\xff"
      "b",
      "a" FFFD "b" },
    { "tab\there", "tab\there" },
    { "", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *safe = dw_safe_text (rows[i][0]);

      g_assert_cmpstr (safe, ==, rows[i][1]);
    }
}

static void
test_name (void)
{
  g_autofree char *long_name = g_strnfill (1000, 'n');
  g_autofree char *shortened = dw_safe_name (long_name);
  g_autofree char *turned = dw_safe_name ("  Ada\xe2\x80\xae\nEve  ");

  g_assert_cmpuint (strlen (shortened), ==, DW_SAFE_TEXT_NAME_CHARS);
  g_assert_cmpstr (turned, ==, "Ada" FFFD " Eve");
}

static void
test_shorten (void)
{
  static const struct
  {
    const char *text;
    gsize chars;
    guint lines;
    const char *start;
    gboolean cut;
  } rows[] = {
    { "hello", 5, 1, "hello", FALSE },
    { "hello", 4, 1, "hell", TRUE },
    { "a\nb\nc", 100, 2, "a\nb", TRUE },
    { "a\nb", 100, 2, "a\nb", FALSE },
    /* e and its accent stay together. */
    { "e\xcc\x81x", 1, 9, "e\xcc\x81", TRUE },
    { "", 1, 1, "", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      gboolean cut;
      g_autofree char *start = dw_safe_text_shorten (rows[i].text, rows[i].chars, rows[i].lines, &cut);

      g_assert_cmpstr (start, ==, rows[i].start);
      g_assert_cmpint (cut, ==, rows[i].cut);
    }
}

/* The status starts with the state, which tests and screen readers rely on. */
static void
test_status (void)
{
  static const char *const words[] = { "Offline", "Connecting", "Connected", "Online",
                                       "Waiting", "No network", "Refused" };
  g_autoptr (DwStageUrl) url =
      dw_stage_url_parse ("wss://a.execute-api.eu-west-1.amazonaws.com/prod?token=S3CR3T", NULL);

  for (guint state = DW_SESSION_OFFLINE; state <= DW_SESSION_REFUSED; state++)
    {
      DwSessionStatus status = { .state = state, .cause = DW_CAUSE_FORBIDDEN, .latency_ms = 42, .confirmed = TRUE };
      g_autofree char *subtitle = dw_status_text_subtitle (&status, url);
      g_autofree char *tooltip = dw_status_text_tooltip (&status, url);
      g_autofree char *title = dw_status_text_title (&status);
      g_autofree char *detail = dw_status_text_detail (&status);

      g_assert_true (g_str_has_prefix (subtitle, words[state]));
      g_assert_nonnull (strstr (subtitle, "prod, eu-west-1"));
      g_assert_null (strstr (tooltip, "S3CR3T"));
      g_assert_cmpint (title != NULL, ==, state != DW_SESSION_CONNECTED && state != DW_SESSION_ONLINE);
      g_assert_cmpstr (detail, !=, "");
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/app/safe-text/text/UI-2", test_text);
  g_test_add_func ("/app/safe-text/name", test_name);
  g_test_add_func ("/app/safe-text/shorten/UI-4", test_shorten);
  g_test_add_func ("/app/status-text/AG-7", test_status);
  return g_test_run ();
}
