/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-overlap.h"

#include "wire/dw-fingerprint.h"

typedef struct
{
  guint seen[2]; /* on the old connection, and on its successor */
} Count;

struct _DwOverlap
{
  GHashTable *counts; /* of Count, by fingerprint; at most DW_OVERLAP_TEXTS, and so 3 MB */
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
 * Each broadcast arrives once on each connection. Equal ones are counted on both, and one is new where a
 * connection has now brought it more often than the other had. An id alone makes none equal: anybody can use it.
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
  key = dw_fingerprint (frame->id, frame->sender, frame->text);
  count = g_hash_table_lookup (overlap->counts, key);
  if (count == NULL)
    {
      if (g_hash_table_size (overlap->counts) >= DW_OVERLAP_TEXTS)
        return TRUE;
      count = g_new0 (Count, 1);
      g_hash_table_insert (overlap->counts, g_steal_pointer (&key), count);
    }
  count->seen[successor ? 1 : 0]++;
  return count->seen[successor ? 1 : 0] > count->seen[successor ? 0 : 1];
}
