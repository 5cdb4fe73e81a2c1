/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-message.h"

#include "wire/dw-frame.h"

G_BEGIN_DECLS

/**
 * DwOutgoing:
 * @message: one's own message
 * @sent_at: when it was handed to a socket, on the boot clock in microseconds
 * @repeats: how often it was sent again without the person being asked
 * @approved: whether the person said that it is not too old
 *
 * The state of one outgoing message. The outbox decides about the order; what depends on the message alone is
 * here: whether it is old, whether it may be repeated, and whether an error or a broadcast can be about it.
 */
typedef struct
{
  DwMessage *message;
  gint64 sent_at;
  guint repeats;
  gboolean approved;
} DwOutgoing;

/** DW_OUTGOING_REPEATS: how often a message is repeated automatically if second copies are not known to be dropped. */
#define DW_OUTGOING_REPEATS 2

/** DW_OUTGOING_ASKS_AFTER: what has waited longer asks before it is sent, in microseconds: the talk has moved on. */
#define DW_OUTGOING_ASKS_AFTER G_TIME_SPAN_HOUR

DwOutgoing *dw_outgoing_new (DwMessage *message, gboolean approved);
void dw_outgoing_free (DwOutgoing *outgoing);
gboolean dw_outgoing_had_id (const DwOutgoing *outgoing);
gboolean dw_outgoing_is_old (const DwOutgoing *outgoing, gint64 now);
gboolean dw_outgoing_may_be_refused (const DwOutgoing *outgoing, gint64 now);
gboolean dw_outgoing_may_repeat (const DwOutgoing *outgoing, gboolean ids_come_back);
gboolean dw_outgoing_is_echo (const DwOutgoing *outgoing,
                              const DwFrame *frame,
                              const char *own_name,
                              gboolean sent,
                              gint64 now);

G_END_DECLS
