/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * DwArrivals:
 *
 * Everybody who has connected and asked for nothing yet: in TLS, in the head of a request or in its body. They share
 * one budget, in number and in time, so that whoever stays there on purpose keeps nobody else out. It lives in the
 * thread of the main loop.
 */
typedef struct _DwArrivals DwArrivals;

/** DW_ARRIVALS_MOST: how many there may be where descriptors are plenty. */
#define DW_ARRIVALS_MOST 512

/** DW_ARRIVALS_LEAST: how many there may be in any case. */
#define DW_ARRIVALS_LEAST 32

/** DW_ARRIVALS_STALL_MS: whoever takes longer has to go where somebody else needs the place, in milliseconds. */
#define DW_ARRIVALS_STALL_MS 500

/**
 * DwArrivalsVerdict:
 * @DW_ARRIVALS_IN: it is one of them now
 * @DW_ARRIVALS_REFUSED: too many come from its address
 */
typedef enum
{
  DW_ARRIVALS_IN,
  DW_ARRIVALS_REFUSED,
} DwArrivalsVerdict;

DwArrivals *dw_arrivals_new (guint most, gint64 patience_ms);
void dw_arrivals_free (DwArrivals *self);
guint dw_arrivals_choose_most (guint descriptors);

gboolean dw_arrivals_have_room (DwArrivals *self, gint64 now);
DwArrivalsVerdict dw_arrivals_add (DwArrivals *self, GSocket *socket, GSocketAddress *remote, gint64 now);
void dw_arrivals_settle (DwArrivals *self, GSocketAddress *remote);
void dw_arrivals_expire (DwArrivals *self, gint64 now);
guint dw_arrivals_get_size (DwArrivals *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwArrivals, dw_arrivals_free)

G_END_DECLS
