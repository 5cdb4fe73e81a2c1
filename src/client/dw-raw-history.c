/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-raw-history.h"

#include <string.h>

/**
 * SECTION:dw-raw-history
 *
 * The raw frames that somebody wrote and sent to a stage while the program runs, as they were written. It is in memory
 * alone: they may hold what is secret, and nobody asked for them to be kept.
 */
struct _DwRawHistory
{
  GQueue texts; /* of char *, the newest first; at most DW_RAW_HISTORY_MOST */
  gsize bytes;
  guint64 sent;
};

/**
 * dw_raw_history_new:
 *
 * Returns: (transfer full): a history of nothing yet
 */
DwRawHistory *
dw_raw_history_new (void)
{
  return g_new0 (DwRawHistory, 1);
}

/**
 * dw_raw_history_free:
 * @history: (transfer full): a history
 */
void
dw_raw_history_free (DwRawHistory *history)
{
  g_queue_clear_full (&history->texts, g_free);
  g_free (history);
}

/**
 * dw_raw_history_add:
 * @history: a history
 * @text: what was sent, before its placeholders were filled
 *
 * Counts it, and remembers it as the newest one, but what was sent right before only once.
 */
void
dw_raw_history_add (DwRawHistory *history, const char *text)
{
  history->sent++;
  if (g_strcmp0 (g_queue_peek_head (&history->texts), text) == 0)
    return;

  g_queue_push_head (&history->texts, g_strdup (text));
  history->bytes += strlen (text);
  while (history->texts.length > 1
         && (history->texts.length > DW_RAW_HISTORY_MOST || history->bytes > DW_RAW_HISTORY_BYTES))
    {
      g_autofree char *oldest = g_queue_pop_tail (&history->texts);

      history->bytes -= strlen (oldest);
    }
}

/**
 * dw_raw_history_get_n:
 * @history: a history
 *
 * Returns: how many are remembered
 */
guint
dw_raw_history_get_n (DwRawHistory *history)
{
  return history->texts.length;
}

/**
 * dw_raw_history_get:
 * @history: a history
 * @index: which; 0 is the newest
 *
 * Returns: (nullable): what was sent, or %NULL where there are fewer
 */
const char *
dw_raw_history_get (DwRawHistory *history, guint index)
{
  return g_queue_peek_nth (&history->texts, index);
}

/**
 * dw_raw_history_get_next:
 * @history: a history
 *
 * Returns: the number of the next frame that is sent, from 1
 */
guint64
dw_raw_history_get_next (DwRawHistory *history)
{
  return history->sent + 1;
}
