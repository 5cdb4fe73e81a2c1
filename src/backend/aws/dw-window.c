/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-window.h"

/**
 * dw_window_init:
 * @window: a window
 * @most: the largest it may become, %DW_WINDOW_MOST at most
 */
void
dw_window_init (DwWindow *window, guint most)
{
  window->most = CLAMP (most, 1, DW_WINDOW_MOST);
  window->size = MIN (DW_WINDOW_FIRST, window->most);
  window->cut_at = 0;
}

/**
 * dw_window_succeeded:
 * @window: a window
 *
 * Tells it that a post arrived. Until the first “too many” the window doubles each round, then it grows by one a
 * round.
 */
void
dw_window_succeeded (DwWindow *window)
{
  double more = window->cut_at == 0 ? 1 : 1 / window->size;

  window->size = MIN (window->size + more, window->most);
}

/**
 * dw_window_throttled:
 * @window: a window
 * @started: when the throttled post was started, monotonic in microseconds
 * @now: the time
 *
 * Halves the window, unless the post was started before it was last halved.
 */
void
dw_window_throttled (DwWindow *window, gint64 started, gint64 now)
{
  if (window->cut_at != 0 && started <= window->cut_at)
    return;
  window->cut_at = now;
  window->size = MAX (window->size / 2, 1);
}

/**
 * dw_window_get_size:
 * @window: a window
 *
 * Returns: how many posts may be in flight, at least 1
 */
guint
dw_window_get_size (const DwWindow *window)
{
  return (guint) window->size;
}
