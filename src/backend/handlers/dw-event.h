/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-caller.h"

G_BEGIN_DECLS

/**
 * DwEvent:
 * @route_key: `$connect`, `$disconnect`, `$default` or a route's name
 * @caller: whose event it is
 * @stage: the stage's name
 * @api_id: the API's id
 * @request_id: the request's id; at the gateway it is the extended request id as well
 * @message_id: (nullable): the message's id, for a message
 * @request_time: when this happened, in milliseconds since 1970 UTC; the handlers use no other clock
 * @body: (nullable): the frame, for a message; NUL-terminated, and may contain other NUL bytes
 * @body_length: how many bytes it has
 * @close_code: for `$disconnect`: the status code the connection ended with
 * @close_reason: (nullable): for `$disconnect`: the reason in the close frame
 * @start_key: (nullable): for a broadcast continued from an earlier run: the registry key to start at
 * @hop: how many runs of this broadcast came before
 *
 * The input of a handler: API Gateway's Lambda proxy event. dw_event_to_json() writes it as AWS does.
 */
typedef struct
{
  char *route_key;
  DwCaller *caller;
  char *stage;
  char *api_id;
  char *request_id;
  char *message_id;
  gint64 request_time;
  char *body;
  gsize body_length;
  guint close_code;
  char *close_reason;
  char *start_key;
  guint hop;
} DwEvent;

DwEvent *dw_event_new (const char *route_key,
                       DwCaller *caller,
                       const char *stage,
                       gint64 request_time,
                       const char *body);
void dw_event_set_body (DwEvent *event, const char *body, gsize length);
void dw_event_free (DwEvent *event);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwEvent, dw_event_free)

G_END_DECLS
