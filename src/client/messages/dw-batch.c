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
 * dw_batch_take:
 * @batches: (element-type DwBatch): batches in their order
 * @most: how many lines are wanted
 * @done: (element-type DwBatch): gets the batches of which all has been taken
 *
 * Takes the next lines of the batches that are ready, across them and into the middle of one.
 *
 * Returns: (transfer full) (element-type DwMessage): the lines, in their order; perhaps none
 */
GPtrArray *
dw_batch_take (GQueue *batches, guint most, GQueue *done)
{
  GPtrArray *taken = g_ptr_array_new_with_free_func (g_object_unref);
  DwBatch *batch;

  while ((batch = g_queue_peek_head (batches)) != NULL && batch->ready && taken->len < most)
    {
      guint n = MIN (batch->messages->len - batch->n_taken, most - taken->len);

      for (guint i = 0; i < n; i++)
        g_ptr_array_add (taken, g_object_ref (g_ptr_array_index (batch->messages, batch->n_taken + i)));
      batch->n_taken += n;
      if (batch->n_taken < batch->messages->len)
        break;
      batch->shown = TRUE;
      g_queue_push_tail (done, g_queue_pop_head (batches));
    }
  return taken;
}

/**
 * dw_batch_count:
 * @batches: (element-type DwBatch): batches in their order
 *
 * Returns: how many lines dw_batch_take() could take
 */
guint
dw_batch_count (GQueue *batches)
{
  guint n = 0;

  for (GList *at = batches->head; at != NULL && ((DwBatch *) at->data)->ready; at = at->next)
    n += ((DwBatch *) at->data)->messages->len - ((DwBatch *) at->data)->n_taken;
  return n;
}
