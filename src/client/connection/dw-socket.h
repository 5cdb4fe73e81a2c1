/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-handshake.h"

#include "client/stages/dw-stage.h"

G_BEGIN_DECLS

/**
 * DwSocketFrame:
 * @DW_SOCKET_TEXT: a message of text
 * @DW_SOCKET_BINARY: a message of bytes
 * @DW_SOCKET_PING: a ping, which is answered by itself
 * @DW_SOCKET_PONG: a pong
 *
 * What can be sent, and what arrives.
 */
typedef enum
{
  DW_SOCKET_TEXT,
  DW_SOCKET_BINARY,
  DW_SOCKET_PING,
  DW_SOCKET_PONG,
} DwSocketFrame;

/** DW_SOCKET_CONTROL_BYTES: how many bytes of pings and pongs wait to be told; the rest are counted by nobody. */
#define DW_SOCKET_CONTROL_BYTES (16 * 1024)

/** DW_SOCKET_CLOSE_MS: how long the peer's answer to our close frame is waited for, in milliseconds. */
#define DW_SOCKET_CLOSE_MS 2000

/** DW_SOCKET_PING_BYTES: the longest payload of a ping, in bytes (RFC 6455 section 5.5). */
#define DW_SOCKET_PING_BYTES DW_FRAME_CONTROL_BYTES

/** DW_SOCKET_REASON_BYTES: the longest reason beside a close code, in bytes (RFC 6455 section 5.5). */
#define DW_SOCKET_REASON_BYTES 123

#define DW_TYPE_SOCKET (dw_socket_get_type ())
G_DECLARE_FINAL_TYPE (DwSocket, dw_socket, DW, SOCKET, GObject)

DwSocket *dw_socket_new (DwStage *stage);
void dw_socket_open (DwSocket *self, guint timeout_ms, guint ping_seconds);
gboolean dw_socket_is_open (DwSocket *self);
gboolean dw_socket_send (DwSocket *self, DwSocketFrame frame, GBytes *bytes);
guint64 dw_socket_get_queued (DwSocket *self);
void dw_socket_close (DwSocket *self, guint16 code, const char *reason);
const DwHandshakeReport *dw_socket_get_handshake (DwSocket *self);
const char *dw_socket_get_protocol (DwSocket *self);
gboolean dw_socket_is_close_code (guint code);

G_END_DECLS
