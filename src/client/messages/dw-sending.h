/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-message.h"

#include "wire/dw-frame.h"

G_BEGIN_DECLS

/**
 * DwSending:
 * @message: one's own message
 * @sent_at: when it was handed to a socket, on the boot clock
 * @repeats: how often it went again without being asked to
 * @approved: whether the person said that it is not too old
 *
 * A message on its way, in one of the outbox's queues.
 */
typedef struct
{
  DwMessage *message;
  gint64 sent_at;
  guint repeats;
  gboolean approved;
} DwSending;

/** DW_SENDING_REPEATS: how often a message goes again by itself where nobody is known to drop a second copy. */
#define DW_SENDING_REPEATS 2

DwSending *dw_sending_new (DwMessage *message, gboolean approved);
void dw_sending_free (DwSending *sending);
gboolean dw_sending_had_id (const DwSending *sending);
gboolean dw_sending_is_old (const DwSending *sending);
gboolean dw_sending_may_be_refused (const DwSending *sending, gint64 now);
gboolean dw_sending_may_repeat (const DwSending *sending, gboolean ids_come_back);
gboolean dw_sending_is_echo (const DwSending *sending,
                             const DwFrame *frame,
                             const char *own_name,
                             gboolean sent,
                             gint64 now);

G_END_DECLS
