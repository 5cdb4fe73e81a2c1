/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * DwTlsDoor:
 *
 * Does the TLS handshake with clients of `wss`. GIO blocks a thread of its pool for each handshake, for as long as
 * the client likes, and needs the same few threads to close connections. So a client gets a thread only when its
 * whole hello has arrived, only a few have one at a time, and one that keeps its thread too long loses it to the
 * next. It lives in the thread of the main loop.
 */
typedef struct _DwTlsDoor DwTlsDoor;

/** DW_TLS_DOOR_AT_ONCE: how many handshakes may have a thread; GIO's pool starts with ten. */
#define DW_TLS_DOOR_AT_ONCE 6

/** DW_TLS_DOOR_TURN_MS: how long a handshake may keep its thread while others wait, in milliseconds. */
#define DW_TLS_DOOR_TURN_MS 500

/**
 * DwTlsDoorFunc:
 * @stream: (transfer none): the encrypted connection
 * @socket: the socket underneath
 * @data: what dw_tls_door_new() was given
 */
typedef void (*DwTlsDoorFunc) (GIOStream *stream, GSocket *socket, gpointer data);

DwTlsDoor *dw_tls_door_new (GTlsCertificate *certificate, DwTlsDoorFunc function, gpointer data);
void dw_tls_door_free (DwTlsDoor *self);
void dw_tls_door_set_certificate (DwTlsDoor *self, GTlsCertificate *certificate);
void dw_tls_door_knock (DwTlsDoor *self, GSocket *socket);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwTlsDoor, dw_tls_door_free)

G_END_DECLS
