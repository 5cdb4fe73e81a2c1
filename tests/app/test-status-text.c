/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "app/text/dw-status-text.h"

#include <string.h>

/* What a stage says about itself can have any length, and a tooltip is laid out in the main loop. */
static void
test_tooltip (void)
{
  g_autoptr (DwStageUrl) url = dw_stage_url_parse ("wss://a.execute-api.eu-west-1.amazonaws.com/prod", NULL);
  g_autofree char *long_text = g_strnfill (100000, 'i');
  DwSessionStatus status = {
    .state = DW_SESSION_REFUSED, .code = 4000, .reason = long_text, .connection_id = long_text, .confirmed = TRUE
  };
  g_autofree char *tooltip = dw_status_text_tooltip (&status, url);

  g_assert_cmpint (g_utf8_strlen (tooltip, -1), <, 500);
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

/* Each trouble with a certificate says what it is and what helps, and that it is tried again. */
static void
test_certificates (void)
{
  static const struct
  {
    DwCause cause;
    const char *words, *help;
  } rows[] = {
    { DW_CAUSE_CERTIFICATE_EXPIRED, "expired", "clock" },
    { DW_CAUSE_CERTIFICATE_NOT_YET_VALID, "isn’t valid yet", "Check this computer’s clock" },
    { DW_CAUSE_CERTIFICATE_ISSUER, "issuer", "Check the address" },
    { DW_CAUSE_CERTIFICATE_HOST, "another host", "Check the address" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      DwSessionStatus status = { .state = DW_SESSION_WAITING, .cause = rows[i].cause };
      g_autofree char *title = dw_status_text_title (&status);
      g_autofree char *detail = dw_status_text_detail (&status);

      g_assert_nonnull (strstr (title, rows[i].words));
      g_assert_nonnull (strstr (title, rows[i].help));
      g_assert_true (g_str_has_prefix (detail, "Retrying in"));
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/app/status-text/AG-7", test_status);
  g_test_add_func ("/app/status-text/certificates/RC-7", test_certificates);
  g_test_add_func ("/app/status-text/tooltip", test_tooltip);
  return g_test_run ();
}
