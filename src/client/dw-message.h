/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * DwMessageKind:
 * @DW_MESSAGE_THEIRS: somebody else's message
 * @DW_MESSAGE_OWN: one's own
 * @DW_MESSAGE_NOTICE: what the stage or this program has to say
 *
 * Whose line it is.
 */
typedef enum
{
  DW_MESSAGE_THEIRS,
  DW_MESSAGE_OWN,
  DW_MESSAGE_NOTICE,
} DwMessageKind;

/**
 * DwDelivery:
 * @DW_DELIVERY_NONE: not one's own
 * @DW_DELIVERY_QUEUED: waiting for a connection
 * @DW_DELIVERY_SENT: written to the socket
 * @DW_DELIVERY_DELIVERED: the stage broadcast it back
 * @DW_DELIVERY_UNCONFIRMED: the connection ended between “sent” and an echo
 * @DW_DELIVERY_FAILED: the gateway refused it
 *
 * How far one's own message has come. Without acknowledgements this is all that is known, and no more is claimed.
 */
typedef enum
{
  DW_DELIVERY_NONE,
  DW_DELIVERY_QUEUED,
  DW_DELIVERY_SENT,
  DW_DELIVERY_DELIVERED,
  DW_DELIVERY_UNCONFIRMED,
  DW_DELIVERY_FAILED,
} DwDelivery;

#define DW_TYPE_MESSAGE (dw_message_get_type ())
G_DECLARE_FINAL_TYPE (DwMessage, dw_message, DW, MESSAGE, GObject)

DwMessage *dw_message_new (DwMessageKind kind, const char *text, const char *sender, const char *id, gint64 time);

DwMessageKind dw_message_get_kind (DwMessage *self);
const char *dw_message_get_text (DwMessage *self);
const char *dw_message_get_sender (DwMessage *self);
const char *dw_message_get_id (DwMessage *self);
gint64 dw_message_get_time (DwMessage *self);
DwDelivery dw_message_get_delivery (DwMessage *self);
const char *dw_message_get_reason (DwMessage *self);
void dw_message_set_delivery (DwMessage *self, DwDelivery delivery, const char *reason);
gboolean dw_message_starts_group (DwMessage *self);
gboolean dw_message_ends_group (DwMessage *self);
void dw_message_set_group (DwMessage *self, gboolean starts, gboolean ends);
gboolean dw_message_is_grouped_with (DwMessage *self, DwMessage *next);

G_END_DECLS
