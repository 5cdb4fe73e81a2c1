/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** DW_WINDOW_FIRST: posts in flight at first. */
#define DW_WINDOW_FIRST 10

/** DW_WINDOW_MOST: posts in flight at most; a Lambda function has 1,024 descriptors. */
#define DW_WINDOW_MOST 500

/**
 * DwWindow:
 * @size: how many posts may be in flight
 * @most: the largest it may become
 * @cut_at: when it was last halved, monotonic in microseconds, or 0
 *
 * How many posts may be in flight: more on success, half on “too many”, as TCP does it.
 */
typedef struct
{
  double size;
  double most;
  gint64 cut_at;
} DwWindow;

void dw_window_init (DwWindow *window, guint most);
void dw_window_succeeded (DwWindow *window);
void dw_window_throttled (DwWindow *window, gint64 started, gint64 now);
guint dw_window_get_size (const DwWindow *window);

G_END_DECLS
