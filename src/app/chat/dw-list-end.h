/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gdk/gdk.h>

G_BEGIN_DECLS

#define DW_TYPE_LIST_END (dw_list_end_get_type ())
G_DECLARE_FINAL_TYPE (DwListEnd, dw_list_end, DW, LIST_END, GObject)

/* How many rows are listed during a flood, unless dw_list_end_set_room() is called; and the most of them. */
#define DW_LIST_END_LIVE 28
#define DW_LIST_END_MOST 80

/* How many of the newest join them at a time, and how often, in milliseconds: a row takes 2 to 3 ms, most of it layout. */
#define DW_LIST_END_FEED 5
#define DW_LIST_END_FEED_MS 40

/* How many new rows in how long are a flood, in milliseconds. A quarter of them is calm: those can all join. */
#define DW_LIST_END_FLOOD 50
#define DW_LIST_END_PACE_MS 100

/* How many times in a row no frame comes before a flood that is left ends without one: the window cannot be seen then. */
#define DW_LIST_END_LATE 5

/* For how many such periods it has to be calm before the flood is over: a flood in bursts has pauses. */
#define DW_LIST_END_CALM 5

/* How many rows come back in one frame while the list view builds each of them, in half a millisecond. */
#define DW_LIST_END_STEP 8

/* How many rows a list view builds at most (GTK 4.8, measured). */
#define DW_LIST_END_BUILT 208

/* How many come back in one frame after those. A million at once would take 400 ms (measured). */
#define DW_LIST_END_PAGE 20000

DwListEnd *dw_list_end_new (GListModel *whole);
void dw_list_end_set_following (DwListEnd *self, gboolean following);
void dw_list_end_read (DwListEnd *self, guint position);
void dw_list_end_hold (DwListEnd *self, gboolean held);
void dw_list_end_set_clock (DwListEnd *self, GdkFrameClock *clock);
void dw_list_end_set_room (DwListEnd *self, guint n);
gboolean dw_list_end_is_live (DwListEnd *self);
gboolean dw_list_end_is_whole (DwListEnd *self);
guint dw_list_end_show (DwListEnd *self, guint position);

G_END_DECLS
