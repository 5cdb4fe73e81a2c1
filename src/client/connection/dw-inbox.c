/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-inbox.h"

typedef struct
{
  GBytes *bytes;
  guint serial;
} Waiting;

struct _DwInbox
{
  DwInboxFunc function;
  gpointer data;
  GArray *waiting; /* of Waiting */
  guint next;      /* the first in waiting that was not worked on */
  gboolean working;
  gboolean abandoned; /* freed by what works on a frame: the worker frees it when it is back */
};

/**
 * dw_inbox_new:
 * @function: what works on a frame
 * @data: for @function
 *
 * The stream below (#DwFrameStream) bounds what arrives in one turn of the main loop, so each frame is handled as it
 * arrives and none is queued. A handler may free the inbox.
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
  Waiting waiting = g_array_index (inbox->waiting, Waiting, inbox->next);

  inbox->next++;
  inbox->function (waiting.bytes, waiting.serial, inbox->data);
  g_bytes_unref (waiting.bytes);
}

static void
destroy (DwInbox *inbox)
{
  for (guint i = inbox->next; i < inbox->waiting->len; i++)
    g_bytes_unref (g_array_index (inbox->waiting, Waiting, i).bytes);
  g_array_unref (inbox->waiting);
  g_free (inbox);
}

static void
work_on_waiting (DwInbox *inbox)
{
  inbox->working = TRUE;
  while (inbox->next < inbox->waiting->len && !inbox->abandoned)
    work_on_next (inbox);
  inbox->working = FALSE;
  if (inbox->abandoned)
    {
      destroy (inbox);
      return;
    }

  g_array_set_size (inbox->waiting, 0);
  inbox->next = 0;
}

/**
 * dw_inbox_push:
 * @inbox: an inbox; it may be gone afterwards
 * @bytes: a frame
 * @serial: comes back with it
 *
 * Handles a frame. One that is pushed by a handler is handled after the current one.
 */
void
dw_inbox_push (DwInbox *inbox, GBytes *bytes, guint serial)
{
  Waiting waiting = { .bytes = g_bytes_ref (bytes), .serial = serial };

  g_array_append_val (inbox->waiting, waiting);
  if (!inbox->working)
    work_on_waiting (inbox);
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
