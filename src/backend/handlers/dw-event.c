/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-event.h"

#include <string.h>

/**
 * dw_event_new:
 * @route_key: the route
 * @caller: whose event it is
 * @stage: the stage's name
 * @request_time: when this happened, in milliseconds since 1970 UTC
 * @body: (nullable): the frame, for a message
 *
 * Returns: (transfer full): an event; the caller fills in the ids and, for `$disconnect`, how it ended
 */
DwEvent *
dw_event_new (const char *route_key, DwCaller *caller, const char *stage, gint64 request_time, const char *body)
{
  DwEvent *event = g_new0 (DwEvent, 1);

  event->route_key = g_strdup (route_key);
  event->caller = dw_caller_ref (caller);
  event->stage = g_strdup (stage);
  event->request_time = request_time;
  if (body != NULL)
    dw_event_set_body (event, body, strlen (body));
  return event;
}

/**
 * dw_event_set_body:
 * @event: an event
 * @body: the frame, of any quality
 * @length: how many bytes it has
 *
 * The length is explicit because a frame may contain NUL bytes.
 */
void
dw_event_set_body (DwEvent *event, const char *body, gsize length)
{
  g_free (event->body);
  event->body = g_malloc (length + 1);
  memcpy (event->body, body, length);
  event->body[length] = '\0';
  event->body_length = length;
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
