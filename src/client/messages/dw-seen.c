/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-seen.h"

#include "wire/dw-message-id.h"

#include <string.h>

struct _DwSeen
{
  GHashTable *ids;
  GQueue order; /* of the ids in the table, the oldest first; at most DW_SEEN_IDS and DW_SEEN_BYTES */
  gsize bytes;
};

/**
 * dw_seen_new:
 *
 * Returns: (transfer full): nothing seen yet
 */
DwSeen *
dw_seen_new (void)
{
  DwSeen *seen = g_new0 (DwSeen, 1);

  seen->ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_queue_init (&seen->order);
  return seen;
}

/**
 * dw_seen_free:
 * @seen: (transfer full): what was seen
 */
void
dw_seen_free (DwSeen *seen)
{
  g_queue_clear (&seen->order);
  g_hash_table_unref (seen->ids);
  g_free (seen);
}

static void
forget_oldest (DwSeen *seen)
{
  const char *oldest = g_queue_pop_head (&seen->order);

  seen->bytes -= strlen (oldest);
  g_hash_table_remove (seen->ids, oldest);
}

/**
 * dw_seen_is_first:
 * @seen: what was seen
 * @id: (nullable): a message's id
 *
 * A sender that lost its connection sends again under the same id, since it cannot know what arrived.
 *
 * Returns: %FALSE for the second copy of a message; a message without an id is always a first
 */
gboolean
dw_seen_is_first (DwSeen *seen, const char *id)
{
  char *copy;
  gsize size;

  if (!dw_message_id_is_valid (id))
    return TRUE;
  if (g_hash_table_contains (seen->ids, id))
    return FALSE;
  size = strlen (id);
  while (g_queue_get_length (&seen->order) >= DW_SEEN_IDS || seen->bytes + size > DW_SEEN_BYTES)
    forget_oldest (seen);
  seen->bytes += size;
  copy = g_strdup (id);
  g_hash_table_add (seen->ids, copy);
  g_queue_push_tail (&seen->order, copy);
  return TRUE;
}
