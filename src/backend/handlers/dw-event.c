/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-event.h"

/**
 * dw_event_new:
 * @route_key: the route
 * @caller: whose event it is
 * @stage: the stage's name
 * @request_time: when this happened, in milliseconds since 1970 UTC
 * @body: (nullable): the frame, for a message
 *
 * Returns: (transfer full): an event; whoever makes it fills in the ids and, for `$disconnect`, how it ended
 */
DwEvent *
dw_event_new (const char *route_key, DwCaller *caller, const char *stage, gint64 request_time, const char *body)
{
  DwEvent *event = g_new0 (DwEvent, 1);

  event->route_key = g_strdup (route_key);
  event->caller = dw_caller_ref (caller);
  event->stage = g_strdup (stage);
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
  dw_caller_unref (event->caller);
  g_free (event->stage);
  g_free (event->api_id);
  g_free (event->request_id);
  g_free (event->message_id);
  g_free (event->body);
  g_free (event->close_reason);
  g_free (event->start_key);
  g_free (event);
}
