/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-session-status.h"

#include "dw-boot-clock.h"

/**
 * dw_session_state_get_name:
 * @state: a state
 *
 * Returns: the state's name for programs, such as `no-network`; it never changes
 */
const char *
dw_session_state_get_name (DwSessionState state)
{
  static const char *const names[] = {
    [DW_SESSION_OFFLINE] = "offline",     [DW_SESSION_CONNECTING] = "connecting",
    [DW_SESSION_CONNECTED] = "connected", [DW_SESSION_ONLINE] = "online",
    [DW_SESSION_WAITING] = "waiting",     [DW_SESSION_NO_NETWORK] = "no-network",
    [DW_SESSION_REFUSED] = "refused",
  };

  return names[state];
}

/**
 * dw_session_status_is_counting_down:
 * @status: a status
 *
 * Returns: whether an attempt is due at a known time
 */
gboolean
dw_session_status_is_counting_down (const DwSessionStatus *status)
{
  return status->state == DW_SESSION_WAITING || status->state == DW_SESSION_NO_NETWORK;
}

/**
 * dw_session_status_get_retry_seconds:
 * @status: a status
 *
 * Returns: the whole seconds until the next attempt, rounded up; 0 where none is pending
 */
guint
dw_session_status_get_retry_seconds (const DwSessionStatus *status)
{
  gint64 rest = status->retry_at - dw_boot_clock_now ();

  if (!dw_session_status_is_counting_down (status) || rest <= 0)
    return 0;
  return (guint) ((rest + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC);
}

/**
 * dw_session_status_learn:
 * @status: a status
 * @frame: the answer to a probe: a notification, or the gateway's "Forbidden"
 *
 * Takes over what it says of the connection. The caller vouches for it.
 */
void
dw_session_status_learn (DwSessionStatus *status, const DwFrame *frame)
{
  g_free (status->connection_id);
  status->connection_id = g_strdup (frame->connection_id);
  status->confirmed = TRUE;
  if (frame->kind == DW_FRAME_NOTIFICATION)
    {
      status->connected_at = frame->connected_at;
      status->features = frame->features;
    }
}

/**
 * dw_session_status_doubt:
 * @status: a status
 *
 * Whatever was said about the connection may have been forged, so all of it is dropped.
 */
void
dw_session_status_doubt (DwSessionStatus *status)
{
  g_clear_pointer (&status->connection_id, g_free);
  status->connected_at = 0;
  status->features = DW_FEATURE_NONE;
}

/**
 * dw_session_status_forget_connection:
 * @status: a status
 *
 * Drops what was true of a connection that is no more.
 */
void
dw_session_status_forget_connection (DwSessionStatus *status)
{
  g_clear_pointer (&status->connection_id, g_free);
  status->connected_at = 0;
  status->opened_at = 0;
  status->confirmed = FALSE;
  status->latency_ms = -1;
}
