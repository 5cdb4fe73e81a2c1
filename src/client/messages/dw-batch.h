/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-message.h"

G_BEGIN_DECLS

/**
 * DwBatch:
 * @owner: the conversation, which lives as long as this
 * @messages: (element-type DwMessage): the lines, which have places
 * @own: (element-type DwMessage): those that are written for the first time and are to be sent
 * @ready: whether they are written, or late
 * @n_taken: how many of its lines dw_batch_take() took
 * @shown: whether they are in the list, or left out since the store is read anew
 *
 * Lines that are being written together.
 */
typedef struct
{
  GObject *owner;
  GPtrArray *messages;
  GPtrArray *own;
  gboolean ready;
  gboolean shown;
  guint n_taken;
} DwBatch;

DwBatch *dw_batch_new (GObject *owner);
void dw_batch_free (DwBatch *batch);
GPtrArray *dw_batch_take (GQueue *batches, guint most, GQueue *done);
guint dw_batch_count (GQueue *batches);

G_END_DECLS
