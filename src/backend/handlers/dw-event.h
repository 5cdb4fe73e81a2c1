/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwEvent:
 * @route_key: `$connect`, `$disconnect`, `$default` or a route's name
 * @connection_id: whose event it is
 * @stage: the stage's name
 * @connected_at: when the connection was made, in milliseconds since 1970 UTC
 * @request_time: when this happened, in milliseconds since 1970 UTC; the handlers have no other clock
 * @body: (nullable): the frame, for a message
 *
 * What a handler is told: the part of API Gateway's Lambda proxy event (`requestContext` and `body`) that the four
 * handlers use.
 */
typedef struct
{
  char *route_key;
  char *connection_id;
  char *stage;
  gint64 connected_at;
  gint64 request_time;
  char *body;
} DwEvent;

DwEvent *dw_event_new (const char *route_key,
                       const char *connection_id,
                       const char *stage,
                       gint64 connected_at,
                       gint64 request_time,
                       const char *body);
void dw_event_free (DwEvent *event);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwEvent, dw_event_free)

G_END_DECLS
