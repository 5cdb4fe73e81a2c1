/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** DW_TALLY_PAIRS: how many receivers times senders a tally can have, at 24 to 136 bytes each. */
#define DW_TALLY_PAIRS 1000000

/** DW_TALLY_TEXT_BYTES: the longest text that dw_tally_write() writes, and its end, in bytes. */
#define DW_TALLY_TEXT_BYTES 96

/**
 * DwTallyCounts:
 * @sent: messages that were sent
 * @expected: deliveries that are due: each message to each receiver that was there
 * @received: how many of them came
 * @lost: how many did not
 * @doubled: deliveries of a message that had come before
 * @disordered: deliveries after a later message of the same sender
 *
 * What became of numbered messages.
 */
typedef struct
{
  guint64 sent;
  guint64 expected;
  guint64 received;
  guint64 lost;
  guint64 doubled;
  guint64 disordered;
} DwTallyCounts;

/**
 * DwTally:
 *
 * Numbers the messages of some senders, and counts what arrives of them at many receivers. A sender is the receiver of the
 * same number. A message that comes more than some hundred behind a later one counts as lost.
 */
typedef struct _DwTally DwTally;

DwTally *dw_tally_new (guint receivers, guint senders, guint32 run);
void dw_tally_free (DwTally *self);
void dw_tally_join (DwTally *self, guint receiver);
void dw_tally_leave (DwTally *self, guint receiver);
void dw_tally_write (const DwTally *self, guint sender, gint64 now, char *text);
void dw_tally_count_sent (DwTally *self, guint sender);
gboolean dw_tally_read (DwTally *self, guint receiver, const void *payload, gsize length, gint64 *sent_at);
void dw_tally_get_counts (const DwTally *self, DwTallyCounts *counts);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwTally, dw_tally_free)

G_END_DECLS
