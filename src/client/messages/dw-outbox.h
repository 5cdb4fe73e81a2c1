/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-message.h"

#include "client/connection/dw-session.h"
#include "client/store/dw-store-lines.h"

G_BEGIN_DECLS

#define DW_TYPE_OUTBOX (dw_outbox_get_type ())
G_DECLARE_FINAL_TYPE (DwOutbox, dw_outbox, DW, OUTBOX, GObject)

/** DW_OUTBOX_WAITING: how many messages may wait for a connection. */
#define DW_OUTBOX_WAITING 10000

/** DW_OUTBOX_WAITING_BYTES: and how much memory they take together, half of what a store in memory keeps. */
#define DW_OUTBOX_WAITING_BYTES (16 * 1024 * 1024)

/** DW_OUTBOX_UNECHOED: how many sent messages are looked for among the broadcasts; older ones stay “sent”. */
#define DW_OUTBOX_UNECHOED 1000

/** DW_OUTBOX_REFUSED: how many failed messages are still looked for by their id. */
#define DW_OUTBOX_REFUSED 100

/** DW_OUTBOX_PACE_MS: the time between two messages of a queue, in milliseconds. */
#define DW_OUTBOX_PACE_MS 20

/** DW_OUTBOX_SLOW_MS: the same after the stage said "Too Many Requests"; it grows shorter by a tenth each time. */
#define DW_OUTBOX_SLOW_MS 1000

/**
 * DwOutboxClock:
 * @data: what it was set with
 *
 * Returns: the time, in microseconds since 1970 UTC
 */
typedef gint64 (*DwOutboxClock) (gpointer data);

DwOutbox *dw_outbox_new (DwSession *session, DwStage *stage, DwStore *store);
void dw_outbox_set_clock (DwOutbox *self, DwOutboxClock clock, gpointer data);

void dw_outbox_announce (DwOutbox *self, DwMessage *message);
gboolean dw_outbox_add (DwOutbox *self, DwMessage *message);
void dw_outbox_restore (DwOutbox *self, DwMessage *message);
gboolean dw_outbox_send_again (DwOutbox *self, DwMessage *message);
void dw_outbox_discard (DwOutbox *self, DwMessage *message);
DwMessage *dw_outbox_match (DwOutbox *self, const DwFrame *frame);
DwMessage *dw_outbox_refuse (DwOutbox *self, const DwFrame *frame);
guint dw_outbox_get_n_asking (DwOutbox *self);
gboolean dw_outbox_has_doubtful (DwOutbox *self);
DwMessage *dw_outbox_peek_asking (DwOutbox *self);
guint dw_outbox_get_n_waiting (DwOutbox *self);

G_END_DECLS
