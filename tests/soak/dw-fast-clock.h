/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* All clocks of this process, in place of the C library's: where nothing is left to do, the time until the next timer is
 * skipped. So a week takes as long as what happens in it, and nothing in the program has to know. */

/* Makes the default main loop skip. Call it before anything uses that. */
void dw_fast_clock_install (void);

/* Sets the wall clock on, in microseconds. */
void dw_fast_clock_begin_at (gint64 ahead);

/* The computer sleeps, in microseconds: the monotonic clock stands, the others go on. */
void dw_fast_clock_sleep (gint64 microseconds);

/* How long the whole of it has really taken, in microseconds. */
gint64 dw_fast_clock_get_real (void);

G_END_DECLS
