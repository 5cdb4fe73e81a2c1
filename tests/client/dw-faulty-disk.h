/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A disk below SQLite that fails or stalls when a test wants it to, for every file opened from now on. */
void dw_faulty_disk_install (void);

/* How many reads, writes, truncations and syncs there were since the last of these calls. */
guint dw_faulty_disk_count (void);
/* From the nth such call on, the next @times of them fail: reads and syncs with an I/O error, writes with a full disk where
 * @full is set. 0 is the end of it. */
void dw_faulty_disk_fail (guint nth, guint times, gboolean full);
/* How many have failed. */
guint dw_faulty_disk_get_failed (void);
/* Who wants to use a file from now on finds it held by another program wherever @turns has an "x": "x.x" is the first and
 * the third time. */
void dw_faulty_disk_hold (const char *turns);
/* While it stalls, whoever writes or syncs waits. */
void dw_faulty_disk_stall (gboolean stalls);

G_END_DECLS
