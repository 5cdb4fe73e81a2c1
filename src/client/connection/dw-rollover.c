/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-rollover.h"

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

/**
 * dw_rollover_clear:
 * @rollover: the connections
 *
 * Closes them all at once.
 */
void
dw_rollover_clear (DwRollover *rollover)
{
  g_clear_pointer (&rollover->current, dw_leg_free);
  dw_rollover_drop_successor (rollover);
  dw_rollover_drop_old (rollover);
}

/**
 * dw_rollover_begin:
 * @rollover: the connections
 * @inbox: where its frames go
 *
 * Returns: (transfer none): a new current one, not open yet; the others are closed
 */
DwLeg *
dw_rollover_begin (DwRollover *rollover, DwInbox *inbox)
{
  dw_rollover_clear (rollover);
  rollover->current = dw_leg_new (inbox, rollover->trace, ++rollover->last_serial);
  return rollover->current;
}

/**
 * dw_rollover_begin_successor:
 * @rollover: the connections
 * @inbox: where its frames go
 *
 * From here on what arrives is counted, before the handshake even: the stage may broadcast to both connections
 * before we hear that the new one is open.
 *
 * Returns: (transfer none): a successor, not open yet
 */
DwLeg *
dw_rollover_begin_successor (DwRollover *rollover, DwInbox *inbox)
{
  dw_rollover_drop_successor (rollover);
  dw_rollover_drop_old (rollover);
  rollover->overlap = dw_overlap_new ();
  rollover->next = dw_leg_new (inbox, rollover->trace, ++rollover->last_serial);
  return rollover->next;
}

/**
 * dw_rollover_promote:
 * @rollover: the connections, with a successor
 *
 * The successor becomes the current one, which stays as the old one for the rest of the overlap.
 */
void
dw_rollover_promote (DwRollover *rollover)
{
  rollover->old = g_steal_pointer (&rollover->current);
  rollover->current = g_steal_pointer (&rollover->next);
}

/**
 * dw_rollover_drop_current:
 * @rollover: the connections
 *
 * The current one ended; its successor, where there is one, takes its place.
 */
void
dw_rollover_drop_current (DwRollover *rollover)
{
  g_clear_pointer (&rollover->current, dw_leg_free);
  rollover->current = g_steal_pointer (&rollover->next);
  dw_rollover_drop_old (rollover);
}

/**
 * dw_rollover_drop_successor:
 * @rollover: the connections
 */
void
dw_rollover_drop_successor (DwRollover *rollover)
{
  g_clear_pointer (&rollover->next, dw_leg_free);
  g_clear_pointer (&rollover->overlap, dw_overlap_free);
}

/**
 * dw_rollover_drop_old:
 * @rollover: the connections
 *
 * The overlap is over.
 */
void
dw_rollover_drop_old (DwRollover *rollover)
{
  g_clear_pointer (&rollover->old, dw_leg_free);
  g_clear_pointer (&rollover->overlap, dw_overlap_free);
}

/**
 * dw_rollover_find:
 * @rollover: the connections
 * @serial: a leg's serial
 *
 * Returns: (nullable): that leg, where it still is one
 */
DwLeg *
dw_rollover_find (const DwRollover *rollover, guint serial)
{
  DwLeg *all[] = { rollover->current, rollover->next, rollover->old };

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    if (all[i] != NULL && all[i]->serial == serial)
      return all[i];
  return NULL;
}

/**
 * dw_rollover_find_owner:
 * @rollover: the connections
 * @part: a #DwConnection or a #DwLiveness
 *
 * Returns: (nullable): the leg it belongs to
 */
DwLeg *
dw_rollover_find_owner (const DwRollover *rollover, gpointer part)
{
  DwLeg *all[] = { rollover->current, rollover->next, rollover->old };

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    if (all[i] != NULL && (all[i]->connection == part || all[i]->liveness == part))
      return all[i];
  return NULL;
}

/**
 * dw_rollover_is_first:
 * @rollover: the connections
 * @frame: what arrived
 * @serial: on which leg
 *
 * Returns: whether it did not arrive on the other leg before
 */
gboolean
dw_rollover_is_first (DwRollover *rollover, const DwFrame *frame, guint serial)
{
  return rollover->overlap == NULL
         || dw_overlap_is_first (rollover->overlap, frame, serial == rollover->last_serial);
}
