/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-message.h"

#include "wire/dw-frame.h"

G_BEGIN_DECLS

/**
 * DwSending:
 * @message: one's own message
 * @sent_at: when it was handed to a socket, on the boot clock
 * @approved: whether the person said that it is not too old
 *
 * A message on its way, in one of the outbox's queues.
 */
typedef struct
{
  DwMessage *message;
  gint64 sent_at;
  gboolean approved;
} DwSending;

DwSending *dw_sending_new (DwMessage *message, gboolean approved);
void dw_sending_free (DwSending *sending);
gboolean dw_sending_had_id (const DwSending *sending);
gboolean dw_sending_is_old (const DwSending *sending);
gboolean dw_sending_may_be_refused (const DwSending *sending, gint64 now);
gboolean dw_sending_is_echo (const DwSending *sending, const DwFrame *frame, gboolean sent, gint64 now);

G_END_DECLS
