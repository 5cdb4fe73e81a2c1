/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-cause.h"

#include "wire/dw-frame.h"

G_BEGIN_DECLS

/**
 * DwSessionState:
 * @DW_SESSION_OFFLINE: the person disconnected, or nothing is configured
 * @DW_SESSION_CONNECTING: a handshake is under way
 * @DW_SESSION_CONNECTED: the socket is open and the probe was sent
 * @DW_SESSION_ONLINE: messages flow
 * @DW_SESSION_WAITING: a backoff runs
 * @DW_SESSION_NO_NETWORK: the system reports no route; attempts go on at the backoff's cap
 * @DW_SESSION_REFUSED: trying again cannot help
 *
 * The one state of a session.
 */
typedef enum
{
  DW_SESSION_OFFLINE,
  DW_SESSION_CONNECTING,
  DW_SESSION_CONNECTED,
  DW_SESSION_ONLINE,
  DW_SESSION_WAITING,
  DW_SESSION_NO_NETWORK,
  DW_SESSION_REFUSED,
} DwSessionState;

/**
 * DwSessionStatus:
 * @state: the state
 * @cause: why it is not online; while connecting, why the attempt before failed
 * @code: the HTTP status or the close code that came with the cause, or 0
 * @reason: (nullable): the peer's words beside the code, as untrusted as a message; a close frame has 123 bytes of them
 * @attempt: how many failures the backoff counts
 * @retry_at: when the next attempt is due, in microseconds of the boot clock, while a backoff runs
 * @connection_id: (nullable): the connection ID, where the stage told it
 * @connected_at: since when the stage counts this connection, in microseconds since 1970 UTC, or 0
 * @opened_at: since when this program counts it, in microseconds since 1970 UTC, or 0
 * @latency_ms: how long the last probe took, in milliseconds, or -1
 * @confirmed: whether the stage answered the probe of this connection
 * @features: what the stage said it can do
 *
 * The state of a session as it is shown to the user.
 */
typedef struct
{
  DwSessionState state;
  DwCause cause;
  guint code;
  char *reason;
  guint attempt;
  gint64 retry_at;
  char *connection_id;
  gint64 connected_at;
  gint64 opened_at;
  gint latency_ms;
  gboolean confirmed;
  DwFeatures features;
} DwSessionStatus;

const char *dw_session_state_get_name (DwSessionState state);
gboolean dw_session_status_is_counting_down (const DwSessionStatus *status);
guint dw_session_status_get_retry_seconds (const DwSessionStatus *status);
void dw_session_status_learn (DwSessionStatus *status, const DwFrame *frame);
void dw_session_status_doubt (DwSessionStatus *status);
void dw_session_status_forget_connection (DwSessionStatus *status);

G_END_DECLS
