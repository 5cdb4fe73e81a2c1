/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is known of a session: learned, doubted and forgotten, and how long it waits. */
#include "dw-test.h"

#include "client/connection/dw-boot-clock.h"
#include "client/connection/dw-session-status.h"

static void
status_clear (DwSessionStatus *status)
{
  g_free (status->connection_id);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DwSessionStatus, status_clear)

/* Only a notification says what the stage can do; “Forbidden” has the ID alone. */
static void
test_learn (void)
{
  g_auto (DwSessionStatus) status = { .latency_ms = 7 };
  DwFrame notification = {
    .kind = DW_FRAME_NOTIFICATION, .connection_id = (char *) "one", .connected_at = 17, .features = DW_FEATURE_ID
  };
  DwFrame forbidden = { .kind = DW_FRAME_GATEWAY_ERROR, .connection_id = (char *) "two" };

  dw_session_status_learn (&status, &notification);
  g_assert_cmpstr (status.connection_id, ==, "one");
  g_assert_cmpint (status.connected_at, ==, 17);
  g_assert_cmpint (status.features, ==, DW_FEATURE_ID);
  g_assert_true (status.confirmed);

  status.confirmed = FALSE;
  dw_session_status_learn (&status, &forbidden);
  g_assert_cmpstr (status.connection_id, ==, "two");
  g_assert_cmpint (status.connected_at, ==, 17);
  g_assert_cmpint (status.features, ==, DW_FEATURE_ID);
  g_assert_true (status.confirmed);

  /* It is still confirmed by whoever it was. */
  dw_session_status_doubt (&status);
  g_assert_null (status.connection_id);
  g_assert_cmpint (status.connected_at, ==, 0);
  g_assert_cmpint (status.features, ==, DW_FEATURE_NONE);
  g_assert_true (status.confirmed);
  g_assert_cmpint (status.latency_ms, ==, 7);
}

/* What the stage can do is asked anew at the next connection, and is known until then. */
static void
test_forget (void)
{
  g_auto (DwSessionStatus) status = { .connection_id = g_strdup ("one"),
                                      .connected_at = 17,
                                      .confirmed = TRUE,
                                      .latency_ms = 7,
                                      .features = DW_FEATURE_ID };

  dw_session_status_forget_connection (&status);
  g_assert_null (status.connection_id);
  g_assert_cmpint (status.connected_at, ==, 0);
  g_assert_false (status.confirmed);
  g_assert_cmpint (status.latency_ms, ==, -1);
  g_assert_cmpint (status.features, ==, DW_FEATURE_ID);
}

/* Begun seconds count, and only where something is waited for. */
static void
test_countdown (void)
{
  for (DwSessionState state = DW_SESSION_OFFLINE; state <= DW_SESSION_REFUSED; state++)
    {
      gboolean counts = state == DW_SESSION_WAITING || state == DW_SESSION_NO_NETWORK;
      DwSessionStatus status = { .state = state, .retry_at = dw_boot_clock_now () + 60 * G_USEC_PER_SEC };
      guint left = dw_session_status_get_retry_seconds (&status);

      g_assert_cmpint (dw_session_status_is_counting_down (&status), ==, counts);
      /* A machine that stands still takes some of it. */
      g_assert_cmpuint (left, <=, counts ? 60 : 0);
      g_assert_cmpuint (left, >=, counts ? 40 : 0);
      status.retry_at = dw_boot_clock_now ();
      g_assert_cmpuint (dw_session_status_get_retry_seconds (&status), ==, 0);
      g_assert_nonnull (dw_session_state_get_name (state));
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/session-status/learn", test_learn);
  g_test_add_func ("/client/session-status/forget", test_forget);
  g_test_add_func ("/client/session-status/countdown", test_countdown);
  return g_test_run ();
}
