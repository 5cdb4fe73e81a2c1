/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-overlap.h"

#include <string.h>

typedef struct
{
  guint seen[2]; /* on the old connection, and on its successor */
} Count;

struct _DwOverlap
{
  GHashTable *counts; /* of Count, by id or by text; at most DW_OVERLAP_TEXTS and DW_OVERLAP_BYTES */
  gsize bytes;
};

/**
 * dw_overlap_new:
 *
 * Returns: (transfer full): nothing has arrived yet
 */
DwOverlap *
dw_overlap_new (void)
{
  DwOverlap *overlap = g_new0 (DwOverlap, 1);

  overlap->counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return overlap;
}

/**
 * dw_overlap_free:
 * @overlap: (transfer full): an overlap
 */
void
dw_overlap_free (DwOverlap *overlap)
{
  g_hash_table_unref (overlap->counts);
  g_free (overlap);
}

/**
 * dw_overlap_is_first:
 * @overlap: an overlap
 * @frame: what arrived
 * @successor: whether it arrived on the new connection
 *
 * Each broadcast arrives once on each connection. With an id that is plain; without, equal texts are counted on
 * both and a text is new where one connection has now brought it more often than the other had.
 *
 * Returns: whether the frame has not been seen on the other connection
 */
gboolean
dw_overlap_is_first (DwOverlap *overlap, const DwFrame *frame, gboolean successor)
{
  g_autofree char *key = NULL;
  Count *count;

  if (frame->kind != DW_FRAME_BROADCAST)
    return TRUE;
  key = frame->id != NULL ? g_strconcat ("i", frame->id, NULL)
                          : g_strconcat ("t", frame->sender != NULL ? frame->sender : "", "\n", frame->text, NULL);
  count = g_hash_table_lookup (overlap->counts, key);
  if (count == NULL)
    {
      gsize size = strlen (key);

      if (g_hash_table_size (overlap->counts) >= DW_OVERLAP_TEXTS || overlap->bytes + size > DW_OVERLAP_BYTES)
        return TRUE;
      overlap->bytes += size;
      count = g_new0 (Count, 1);
      g_hash_table_insert (overlap->counts, g_steal_pointer (&key), count);
    }
  count->seen[successor ? 1 : 0]++;
  return count->seen[successor ? 1 : 0] > count->seen[successor ? 0 : 1];
}
