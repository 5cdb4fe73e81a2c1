/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwInvocation:
 * @request_id: Lambda's id for it; a retry of an asynchronous invocation has the same one
 * @trace_id: (nullable): X-Ray's
 * @deadline: when the function is stopped: monotonic, in microseconds
 * @payload: the event
 * @begun: when it came: monotonic, in microseconds
 *
 * One event to handle.
 */
typedef struct
{
  char *request_id;
  char *trace_id;
  gint64 deadline;
  GBytes *payload;
  gint64 begun;
} DwInvocation;

DwInvocation *dw_invocation_new (const char *request_id, gint64 deadline, GBytes *payload);
void dw_invocation_free (DwInvocation *invocation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwInvocation, dw_invocation_free)

G_END_DECLS
