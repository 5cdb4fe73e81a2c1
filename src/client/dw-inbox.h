/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwInbox:
 *
 * Frames that arrived and are not worked on yet.
 */
typedef struct _DwInbox DwInbox;

/** DW_INBOX_FRAMES: how many frames may wait; above it they are worked on where they arrive. */
#define DW_INBOX_FRAMES 32768

/** DW_INBOX_BYTES: how many bytes may wait, and one frame; an empty one takes about 100 bytes of its own. */
#define DW_INBOX_BYTES (32 * 1024 * 1024)

/** DW_INBOX_SLICE_US: how long one turn of the main loop may be spent on frames, in microseconds. */
#define DW_INBOX_SLICE_US 6000

/**
 * DwInboxFunc:
 * @bytes: one frame
 * @line: what was given with it
 * @data: what the inbox was made with
 */
typedef void (*DwInboxFunc) (GBytes *bytes, guint line, gpointer data);

DwInbox *dw_inbox_new (DwInboxFunc function, gpointer data);
void dw_inbox_free (DwInbox *inbox);

void dw_inbox_push (DwInbox *inbox, GBytes *bytes, guint line);
void dw_inbox_drain (DwInbox *inbox);
guint dw_inbox_get_length (const DwInbox *inbox);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwInbox, dw_inbox_free)

G_END_DECLS
