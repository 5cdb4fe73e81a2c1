/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * DwArrivals:
 *
 * Clients that have connected but not sent a whole request yet: they are in the TLS handshake, or in the head or the
 * body of the request. They share one budget, in number and in time, so that clients that stall on purpose cannot
 * keep others out. It lives in the thread of the main loop.
 */
typedef struct _DwArrivals DwArrivals;

/** DW_ARRIVALS_MOST: how many there may be when descriptors are plentiful. */
#define DW_ARRIVALS_MOST 512

/** DW_ARRIVALS_LEAST: how many there may be in any case. */
#define DW_ARRIVALS_LEAST 32

/**
 * DW_ARRIVALS_STALL_MS: after how long an arrival counts as stalled and may be thrown out for another, in
 * milliseconds.
 */
#define DW_ARRIVALS_STALL_MS 500

/**
 * DwArrivalsVerdict:
 * @DW_ARRIVALS_IN: it is on the list now
 * @DW_ARRIVALS_REFUSED: too many arrivals have its address
 */
typedef enum
{
  DW_ARRIVALS_IN,
  DW_ARRIVALS_REFUSED,
} DwArrivalsVerdict;

DwArrivals *dw_arrivals_new (guint most, gint64 patience_ms);
void dw_arrivals_free (DwArrivals *self);
guint dw_arrivals_choose_most (guint descriptors);
void dw_arrivals_set_proxies (DwArrivals *self, GPtrArray *proxies);

gboolean dw_arrivals_have_room (DwArrivals *self, gint64 now);
DwArrivalsVerdict dw_arrivals_add (DwArrivals *self, GSocket *socket, GSocketAddress *remote, gint64 now);
DwArrivalsVerdict dw_arrivals_name (DwArrivals *self, GSocketAddress *remote, GInetAddress *client);
void dw_arrivals_settle (DwArrivals *self, GSocketAddress *remote);
void dw_arrivals_expire (DwArrivals *self, gint64 now);
guint dw_arrivals_get_size (DwArrivals *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwArrivals, dw_arrivals_free)

G_END_DECLS
