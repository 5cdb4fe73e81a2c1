/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-event.h"

/**
 * dw_event_new:
 * @route_key: the route
 * @connection_id: whose event it is
 * @stage: the stage's name
 * @connected_at: when the connection was made, in milliseconds since 1970 UTC
 * @request_time: when this happened, in milliseconds since 1970 UTC
 * @body: (nullable): the frame, for a message
 *
 * Returns: (transfer full): an event
 */
DwEvent *
dw_event_new (const char *route_key,
              const char *connection_id,
              const char *stage,
              gint64 connected_at,
              gint64 request_time,
              const char *body)
{
  DwEvent *event = g_new0 (DwEvent, 1);

  event->route_key = g_strdup (route_key);
  event->connection_id = g_strdup (connection_id);
  event->stage = g_strdup (stage);
  event->connected_at = connected_at;
  event->request_time = request_time;
  event->body = g_strdup (body);
  return event;
}

/**
 * dw_event_free:
 * @event: (transfer full): an event
 */
void
dw_event_free (DwEvent *event)
{
  g_free (event->route_key);
  g_free (event->connection_id);
  g_free (event->stage);
  g_free (event->body);
  g_free (event);
}
