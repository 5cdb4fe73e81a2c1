/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-invocation.h"

/**
 * dw_invocation_new:
 * @request_id: Lambda's id of it
 * @deadline: when the function is stopped: monotonic, in microseconds
 * @payload: the event
 *
 * Returns: (transfer full): an invocation that starts now
 */
DwInvocation *
dw_invocation_new (const char *request_id, gint64 deadline, GBytes *payload)
{
  DwInvocation *invocation = g_new0 (DwInvocation, 1);

  invocation->request_id = g_strdup (request_id);
  invocation->deadline = deadline;
  invocation->payload = g_bytes_ref (payload);
  invocation->begun = g_get_monotonic_time ();
  return invocation;
}

/**
 * dw_invocation_free:
 * @invocation: (transfer full): an invocation
 */
void
dw_invocation_free (DwInvocation *invocation)
{
  g_free (invocation->request_id);
  g_free (invocation->trace_id);
  g_bytes_unref (invocation->payload);
  g_free (invocation);
}
