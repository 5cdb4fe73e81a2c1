/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-batch.h"

/**
 * dw_batch_new:
 * @owner: the conversation
 *
 * Returns: (transfer full): a batch of nothing yet
 */
DwBatch *
dw_batch_new (GObject *owner)
{
  DwBatch *batch = g_new0 (DwBatch, 1);

  batch->owner = g_object_ref (owner);
  batch->messages = g_ptr_array_new_with_free_func (g_object_unref);
  batch->own = g_ptr_array_new_with_free_func (g_object_unref);
  return batch;
}

/**
 * dw_batch_free:
 * @batch: (transfer full): a batch
 */
void
dw_batch_free (DwBatch *batch)
{
  g_ptr_array_unref (batch->messages);
  g_ptr_array_unref (batch->own);
  g_object_unref (batch->owner);
  g_free (batch);
}

/**
 * dw_batch_join:
 * @batch: a batch
 * @next: the one after it, which is shown with it
 */
void
dw_batch_join (DwBatch *batch, DwBatch *next)
{
  for (guint i = 0; i < next->messages->len; i++)
    g_ptr_array_add (batch->messages, g_object_ref (g_ptr_array_index (next->messages, i)));
  next->shown = TRUE;
}
