/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-list-end.h"

#include "client/messages/dw-conversation.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * DwScrollAnchor:
 *
 * Keeps the row being read in place. Rows change their height with the width of the window; the anchor is the first
 * visible row, and is put back to its position.
 */
typedef struct _DwScrollAnchor DwScrollAnchor;

typedef void (*DwScrollAnchorFunc) (gpointer data);

DwScrollAnchor *dw_scroll_anchor_new (GtkListView *list, GtkAdjustment *adjustment);
void dw_scroll_anchor_set_centered_func (DwScrollAnchor *anchor, DwScrollAnchorFunc func, gpointer data);
void dw_scroll_anchor_free (DwScrollAnchor *anchor);
void dw_scroll_anchor_set_conversation (DwScrollAnchor *anchor, DwConversation *conversation, DwListEnd *end);
void dw_scroll_anchor_move (DwScrollAnchor *anchor);
gboolean dw_scroll_anchor_take (DwScrollAnchor *anchor, GtkWidget *item, double moved);
gint64 dw_scroll_anchor_get_place (DwScrollAnchor *anchor);
gboolean dw_scroll_anchor_waits (DwScrollAnchor *anchor);
void dw_scroll_anchor_let_go (DwScrollAnchor *anchor);
gboolean dw_scroll_anchor_is_held (DwScrollAnchor *anchor);
void dw_scroll_anchor_hold (DwScrollAnchor *anchor);
void dw_scroll_anchor_center (DwScrollAnchor *anchor, gint64 place);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwScrollAnchor, dw_scroll_anchor_free)

G_END_DECLS
