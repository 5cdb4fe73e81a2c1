/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwMessageKind:
 * @DW_MESSAGE_THEIRS: somebody else's message
 * @DW_MESSAGE_OWN: one's own
 * @DW_MESSAGE_NOTICE: what the stage or this program has to say
 * @DW_MESSAGE_DAY: a day begins
 * @DW_MESSAGE_GAP: one was offline from its time until its end, and what was said meanwhile cannot be had
 * @DW_MESSAGE_UNREAD: what follows has not been read; not stored
 * @DW_MESSAGE_BLANK: not read from the store yet; not stored
 *
 * What a line of the conversation is. The store holds these numbers.
 */
typedef enum
{
  DW_MESSAGE_THEIRS,
  DW_MESSAGE_OWN,
  DW_MESSAGE_NOTICE,
  DW_MESSAGE_DAY,
  DW_MESSAGE_GAP,
  DW_MESSAGE_UNREAD,
  DW_MESSAGE_BLANK,
} DwMessageKind;

/**
 * DwDelivery:
 * @DW_DELIVERY_NONE: not one's own
 * @DW_DELIVERY_QUEUED: waiting for a connection
 * @DW_DELIVERY_SENT: written to the socket
 * @DW_DELIVERY_DELIVERED: the stage broadcast it back
 * @DW_DELIVERY_UNCONFIRMED: the connection ended between “sent” and an echo
 * @DW_DELIVERY_FAILED: the gateway refused it
 * @DW_DELIVERY_ASKING: it has waited so long that the person is asked before it is sent. The file has no number for it:
 *   see dw_store_lines_take()
 *
 * How far one's own message has come. Without acknowledgements this is all that is known, and no more is claimed.
 * The store holds these numbers.
 */
typedef enum
{
  DW_DELIVERY_NONE,
  DW_DELIVERY_QUEUED,
  DW_DELIVERY_SENT,
  DW_DELIVERY_DELIVERED,
  DW_DELIVERY_UNCONFIRMED,
  DW_DELIVERY_FAILED,
  DW_DELIVERY_ASKING,
} DwDelivery;

/**
 * DwDeparture:
 * @DW_DEPARTURE_NONE: it has not left
 * @DW_DEPARTURE_PLAIN: it may have left, without its id
 * @DW_DEPARTURE_WITH_ID: it may have left, with its id, so it must never be sent without it
 *
 * Whether one's own message may have left this computer. That is said before a frame is handed to the socket, so that a
 * program that is killed in between errs on the safe side. The store holds these numbers, in its column `went`.
 */
typedef enum
{
  DW_DEPARTURE_NONE,
  DW_DEPARTURE_PLAIN,
  DW_DEPARTURE_WITH_ID,
} DwDeparture;

/**
 * DwRecord:
 * @place: its place in the conversation, from 1; or 0 while it has none
 * @kind: what it is
 * @time: when it arrived, was written or begins, in microseconds since 1970 UTC
 * @until: for a gap, its end
 * @text: what it says
 * @sender: (nullable): the name it came with
 * @id: (nullable): its id
 * @delivery: how far it has come
 * @departure: whether it may have left
 * @reason: (nullable): why it failed, is unconfirmed or asks, translated
 *
 * One line of a conversation as the store holds it.
 */
typedef struct
{
  gint64 place;
  DwMessageKind kind;
  gint64 time;
  gint64 until;
  char *text;
  char *sender;
  char *id;
  DwDelivery delivery;
  DwDeparture departure;
  char *reason;
} DwRecord;

const char *dw_delivery_get_name (DwDelivery delivery);

DwRecord *dw_record_copy (const DwRecord *record);
void dw_record_free (DwRecord *record);
gboolean dw_record_stands_with (const DwRecord *record, const DwRecord *next);
gsize dw_record_get_size (const DwRecord *record);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwRecord, dw_record_free)

G_END_DECLS
