/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-inbox.h"

typedef struct
{
  GBytes *bytes;
  guint line;
} Waiting;

struct _DwInbox
{
  DwInboxFunc function;
  gpointer data;
  GArray *waiting; /* of Waiting */
  guint next;      /* the first in waiting that was not worked on */
  gsize bytes;
  guint source;
  gboolean working;
  gboolean abandoned; /* freed by what works on a frame: the worker frees it when it is back */
};

/**
 * dw_inbox_new:
 * @function: what works on a frame
 * @data: for @function
 *
 * libsoup delivers everything that has arrived in one turn of the main loop, 200,000 frames too (measured), so its
 * handler only queues and the work is done in slices.
 *
 * Returns: (transfer full): an empty inbox
 */
DwInbox *
dw_inbox_new (DwInboxFunc function, gpointer data)
{
  DwInbox *inbox = g_new0 (DwInbox, 1);

  inbox->function = function;
  inbox->data = data;
  inbox->waiting = g_array_new (FALSE, FALSE, sizeof (Waiting));
  return inbox;
}

static void
work_on_next (DwInbox *inbox)
{
  Waiting *waiting = &g_array_index (inbox->waiting, Waiting, inbox->next);
  GBytes *bytes = waiting->bytes;

  inbox->next++;
  inbox->bytes -= g_bytes_get_size (bytes);
  inbox->function (bytes, waiting->line, inbox->data);
  g_bytes_unref (bytes);
}

static void
forget_worked (DwInbox *inbox)
{
  if (inbox->next == inbox->waiting->len)
    {
      g_array_set_size (inbox->waiting, 0);
      inbox->next = 0;
    }
  else if (inbox->next >= DW_INBOX_FRAMES / 2)
    {
      g_array_remove_range (inbox->waiting, 0, inbox->next);
      inbox->next = 0;
    }
}

static void
destroy (DwInbox *inbox)
{
  g_clear_handle_id (&inbox->source, g_source_remove);
  for (guint i = inbox->next; i < inbox->waiting->len; i++)
    g_bytes_unref (g_array_index (inbox->waiting, Waiting, i).bytes);
  g_array_unref (inbox->waiting);
  g_free (inbox);
}

/* Works until @end, or on everything where it is 0. FALSE where the inbox is no more. */
static gboolean
work (DwInbox *inbox, gint64 end)
{
  inbox->working = TRUE;
  while (inbox->next < inbox->waiting->len && !inbox->abandoned)
    {
      for (guint i = 0; i < 16 && inbox->next < inbox->waiting->len && !inbox->abandoned; i++)
        work_on_next (inbox);
      if (end != 0 && g_get_monotonic_time () >= end)
        break;
    }
  inbox->working = FALSE;
  if (inbox->abandoned)
    {
      destroy (inbox);
      return FALSE;
    }
  forget_worked (inbox);
  return TRUE;
}

static gboolean
on_slice (gpointer data)
{
  DwInbox *inbox = data;

  if (!work (inbox, g_get_monotonic_time () + DW_INBOX_SLICE_US))
    return G_SOURCE_REMOVE;
  if (inbox->waiting->len > 0)
    return G_SOURCE_CONTINUE;
  inbox->source = 0;
  return G_SOURCE_REMOVE;
}

/**
 * dw_inbox_push:
 * @inbox: an inbox
 * @bytes: a frame
 * @line: comes back with it
 *
 * Queues a frame. Where the bounds are reached a slice of work is done at once: that blocks for a moment, but
 * memory stays bounded and nothing is lost.
 */
void
dw_inbox_push (DwInbox *inbox, GBytes *bytes, guint line)
{
  Waiting waiting = { .bytes = g_bytes_ref (bytes), .line = line };

  g_array_append_val (inbox->waiting, waiting);
  inbox->bytes += g_bytes_get_size (bytes);
  if (!inbox->working && (dw_inbox_get_length (inbox) > DW_INBOX_FRAMES || inbox->bytes > DW_INBOX_BYTES)
      && !work (inbox, g_get_monotonic_time () + DW_INBOX_SLICE_US))
    return;
  if (inbox->source == 0 && inbox->waiting->len > 0)
    inbox->source = g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, on_slice, inbox, NULL);
}

/**
 * dw_inbox_drain:
 * @inbox: an inbox
 *
 * Works on everything that waits, now: what arrived before a connection ended is read before the end is told.
 */
void
dw_inbox_drain (DwInbox *inbox)
{
  if (!inbox->working)
    work (inbox, 0);
}

/**
 * dw_inbox_get_length:
 * @inbox: an inbox
 *
 * Returns: how many frames wait
 */
guint
dw_inbox_get_length (const DwInbox *inbox)
{
  return inbox->waiting->len - inbox->next;
}

/**
 * dw_inbox_free:
 * @inbox: (transfer full): an inbox; what waits is dropped
 */
void
dw_inbox_free (DwInbox *inbox)
{
  if (inbox->working)
    inbox->abandoned = TRUE;
  else
    destroy (inbox);
}
