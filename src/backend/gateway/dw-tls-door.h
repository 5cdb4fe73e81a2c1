/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * DwTlsDoor:
 *
 * Shakes hands with clients of `wss`. GIO spends one thread of its pool on each handshake, for as long as the client
 * likes, and the same few threads close connections. So a client gets one when its first flight is there as a whole,
 * only a few get one at a time, and whoever keeps its thread waiting loses it to the next. It lives in the thread of
 * the main loop.
 */
typedef struct _DwTlsDoor DwTlsDoor;

/** DW_TLS_DOOR_AT_ONCE: how many handshakes may hold a thread; GIO's pool has ten before it grows. */
#define DW_TLS_DOOR_AT_ONCE 6

/** DW_TLS_DOOR_TURN_MS: for how long a handshake keeps its thread where others wait for one, in milliseconds. */
#define DW_TLS_DOOR_TURN_MS 500

/**
 * DwTlsDoorFunc:
 * @stream: (transfer none): the encrypted connection
 * @socket: the socket below it
 * @data: what dw_tls_door_new() was given
 */
typedef void (*DwTlsDoorFunc) (GIOStream *stream, GSocket *socket, gpointer data);

DwTlsDoor *dw_tls_door_new (GTlsCertificate *certificate, DwTlsDoorFunc function, gpointer data);
void dw_tls_door_free (DwTlsDoor *self);
void dw_tls_door_knock (DwTlsDoor *self, GSocket *socket);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwTlsDoor, dw_tls_door_free)

G_END_DECLS
