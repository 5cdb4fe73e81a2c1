/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is told of a connection: true, safe to show and to copy, and without secrets. */
#include "dw-test.h"

#include "app/text/dw-connection-text.h"

#include "wire/dw-limits.h"

#include <string.h>

static gint64
noon (void)
{
  g_autoptr (GDateTime) when = g_date_time_new_local (2026, 11, 25, 12, 0, 0);

  return g_date_time_to_unix (when) * G_USEC_PER_SEC;
}

/* The stage's word about the time comes first, then the program's; without either there is nothing to say. */
static void
test_since (void)
{
  DwSessionStatus status = { .state = DW_SESSION_ONLINE };
  g_autofree char *none = dw_connection_text_since (&status, noon ());
  g_autofree char *own = NULL;
  g_autofree char *told = NULL;

  g_assert_null (none);
  status.opened_at = noon () - 30 * G_TIME_SPAN_MINUTE;
  own = dw_connection_text_since (&status, noon ());
  g_assert_cmpstr (own, ==, "11:30");
  status.connected_at = noon () - 31 * G_TIME_SPAN_MINUTE;
  told = dw_connection_text_since (&status, noon ());
  g_assert_cmpstr (told, ==, "11:29");
}

/* A stage can call a connection anything; what is copied of it is a line. */
static void
test_hostile_id (void)
{
  g_autofree char *long_id = g_strnfill (DW_LIMIT_CONNECTION_ID_CHARS, 'x');
  DwSessionStatus status = { .connection_id = (char *) "a\nb\xe2\x80\xae\x1b[31mc" };
  g_autofree char *id = dw_connection_text_id (&status);
  g_autofree char *whole = NULL;

  g_assert_null (strchr (id, '\n'));
  g_assert_null (strchr (id, '\x1b'));
  g_assert_null (strstr (id, "\xe2\x80\xae"));
  status.connection_id = long_id;
  whole = dw_connection_text_id (&status);
  g_assert_cmpstr (whole, ==, long_id);
}

/* The cause of an outage has its close code, and one that goes on says so. */
static void
test_outage (void)
{
  DwOutage outage = {
    .time = noon () - G_TIME_SPAN_MINUTE, .began = 100 * G_USEC_PER_SEC, .cause = DW_CAUSE_CLOSED, .code = 1001
  };
  g_autofree char *going_on = dw_connection_text_outage (&outage, 103 * G_USEC_PER_SEC, noon ());
  g_autofree char *cause = dw_connection_text_cause (&outage);
  g_autofree char *plain = NULL;
  g_autofree char *over = NULL;

  g_assert_cmpstr (going_on, ==, "11:59, disconnected for 3 s so far");
  g_assert_true (g_str_has_prefix (cause, dw_cause_get_sentence (DW_CAUSE_CLOSED)));
  g_assert_true (g_str_has_suffix (cause, " Close code: 1001"));
  outage.ended = 105 * G_USEC_PER_SEC;
  outage.code = 0;
  over = dw_connection_text_outage (&outage, 999 * G_USEC_PER_SEC, noon ());
  plain = dw_connection_text_cause (&outage);
  g_assert_cmpstr (over, ==, "11:59, disconnected for 5 s");
  g_assert_cmpstr (plain, ==, dw_cause_get_sentence (DW_CAUSE_CLOSED));
}

/* What is copied has all of it and no token. */
static void
test_all (void)
{
  g_autoptr (DwSessionPolicy) policy = dw_session_policy_new ();
  g_autoptr (DwSession) session = dw_session_new (policy, NULL, NULL);
  g_autoptr (DwStageUrl) url = dw_stage_url_parse ("wss://one.example/prod?token=S3CR3T", NULL);
  g_autoptr (DwStageUrl) other = dw_stage_url_parse ("wss://two.example/prod?token=S3CR3T", NULL);
  g_autoptr (DwStage) stage = dw_stage_new (url);
  DwOutages *outages = dw_session_get_outages (session);
  g_autofree char *text = NULL;
  guint lines = 0;

  dw_stage_add_url (stage, other);
  dw_session_set_stage (session, stage);
  for (gint64 i = 1; i <= DW_OUTAGES_MOST; i++)
    {
      dw_outages_begin (outages, i * 10, noon (), DW_CAUSE_LOST, 0);
      dw_outages_end (outages, i * 10 + 1);
    }
  text = dw_connection_text_all (session, 5000, noon ());
  g_test_message ("%s", text);
  g_assert_null (strstr (text, "S3CR3T"));
  g_assert_nonnull (strstr (text, "Address in Use: wss://one.example/prod"));
  g_assert_nonnull (strstr (text, "Other Address: wss://two.example/prod"));
  g_assert_nonnull (strstr (text, "Reconnects in the Last 24 Hours: 100\n"));
  for (const char *at = text; (at = strstr (at, "disconnected for")) != NULL; at++)
    lines++;
  g_assert_cmpuint (lines, ==, DW_OUTAGES_MOST);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/app/connection-text/since", test_since);
  g_test_add_func ("/app/connection-text/hostile-id", test_hostile_id);
  g_test_add_func ("/app/connection-text/outage", test_outage);
  g_test_add_func ("/app/connection-text/all", test_all);
  return g_test_run ();
}
