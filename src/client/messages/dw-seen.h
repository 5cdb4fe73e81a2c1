/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwSeen:
 *
 * The ids of the messages that came last.
 */
typedef struct _DwSeen DwSeen;

/** DW_SEEN_IDS: how many ids are remembered; a second copy comes within minutes. */
#define DW_SEEN_IDS 10000

/** DW_SEEN_BYTES: how many bytes all of them may have; then the oldest goes. */
#define DW_SEEN_BYTES (1024 * 1024)

DwSeen *dw_seen_new (void);
void dw_seen_free (DwSeen *seen);
gboolean dw_seen_is_first (DwSeen *seen, const char *id);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwSeen, dw_seen_free)

G_END_DECLS
