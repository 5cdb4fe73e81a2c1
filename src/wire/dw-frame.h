/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-dialect.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * DwFrameKind:
 * @DW_FRAME_BROADCAST: somebody's message
 * @DW_FRAME_NOTIFICATION: the default route's word that the connection is established
 * @DW_FRAME_GATEWAY_ERROR: the gateway refused or failed something we sent
 * @DW_FRAME_ROUTE_RESPONSE: the answer of a two-way route
 * @DW_FRAME_UNREADABLE: none of these
 *
 * What an incoming frame is.
 */
typedef enum
{
  DW_FRAME_BROADCAST,
  DW_FRAME_NOTIFICATION,
  DW_FRAME_GATEWAY_ERROR,
  DW_FRAME_ROUTE_RESPONSE,
  DW_FRAME_UNREADABLE,
} DwFrameKind;

/**
 * DwGatewayError:
 * @DW_GATEWAY_FORBIDDEN: no route matched and there is no `$default`
 * @DW_GATEWAY_INTERNAL: the handler failed
 * @DW_GATEWAY_TIMEOUT: the handler took longer than 29 s
 * @DW_GATEWAY_THROTTLED: too many requests
 * @DW_GATEWAY_BAD_BODY: the route's model refused the body
 * @DW_GATEWAY_OTHER: another text in the same shape
 *
 * Why the gateway refused.
 */
typedef enum
{
  DW_GATEWAY_FORBIDDEN,
  DW_GATEWAY_INTERNAL,
  DW_GATEWAY_TIMEOUT,
  DW_GATEWAY_THROTTLED,
  DW_GATEWAY_BAD_BODY,
  DW_GATEWAY_OTHER,
} DwGatewayError;

/**
 * DwFeatures:
 * @DW_FEATURE_NONE: the documented stage
 * @DW_FEATURE_SENDER: frames may carry the sender's name
 * @DW_FEATURE_ID: frames may carry an id, and a second copy of it is dropped
 * @DW_FEATURE_SENT_AT: broadcasts carry the time the stage accepted them
 *
 * What a stage's default-route notification says it can do.
 */
typedef enum
{
  DW_FEATURE_NONE = 0,
  DW_FEATURE_SENDER = 1 << 0,
  DW_FEATURE_ID = 1 << 1,
  DW_FEATURE_SENT_AT = 1 << 2,
} DwFeatures;

/**
 * DwFrame:
 * @kind: what it is
 * @text: what there is to read: the message, the notification, the gateway's words, the route's answer, or the
 *   raw frame; UTF-8, never %NULL
 * @sender: (nullable): the name a broadcast carried
 * @id: (nullable): the id a broadcast carried, where dw_message_id_is_valid() lets it pass
 * @sent_at: when the stage accepted a broadcast, in microseconds since 1970 UTC, or 0
 * @connection_id: (nullable): from a notification or a gateway error; at most %DW_LIMIT_CONNECTION_ID_CHARS
 * @connected_at: from a notification, in microseconds since 1970 UTC, or 0
 * @stage: (nullable): the stage's own name, from a notification
 * @features: from a notification
 * @gateway_error: for %DW_FRAME_GATEWAY_ERROR
 * @reason: (nullable): for %DW_FRAME_UNREADABLE, a translated sentence that says why
 *
 * One incoming frame, understood by its shape. Where a stage broadcasts raw text anybody can send any shape, so what
 * is in the gateway's shape is not the gateway's for that.
 */
typedef struct
{
  DwFrameKind kind;
  char *text;
  char *sender;
  char *id;
  gint64 sent_at;
  char *connection_id;
  gint64 connected_at;
  char *stage;
  DwFeatures features;
  DwGatewayError gateway_error;
  char *reason;
} DwFrame;

#define DW_TYPE_FRAME (dw_frame_get_type ())
GType dw_frame_get_type (void);

DwFrame *dw_frame_classify (const DwDialect *dialect, JsonParser *parser, const char *data, gsize length);
DwFrame *dw_frame_classify_parsed (const DwDialect *dialect, JsonParser *parser, const char *data, gsize length);
DwFrame *dw_frame_new_text (const char *text);
DwFrame *dw_frame_new_unreadable (const char *text, const char *reason);
DwFrame *dw_frame_copy (const DwFrame *frame);
void dw_frame_free (DwFrame *frame);

char *dw_frame_encode (const DwDialect *dialect,
                       const char *text,
                       const char *sender,
                       const char *id,
                       GError **error);
gsize dw_frame_encoded_size (const DwDialect *dialect, const char *text, const char *sender, const char *id);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwFrame, dw_frame_free)

G_END_DECLS
