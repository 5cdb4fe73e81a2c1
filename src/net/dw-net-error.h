/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwNetError:
 * @DW_NET_ERROR_REQUEST: a request has a part that cannot be sent
 * @DW_NET_ERROR_HEAD_TOO_LARGE: the head of the answer is larger than %DW_UPGRADE_HEAD_BYTES
 * @DW_NET_ERROR_HEAD_MALFORMED: the answer is not HTTP
 * @DW_NET_ERROR_HEAD_ENDED: the connection ended before the head was complete
 * @DW_NET_ERROR_STATUS: the answer is HTTP with a status other than 101
 * @DW_NET_ERROR_NOT_WEBSOCKET: a 101 that does not say that it upgrades to WebSocket
 * @DW_NET_ERROR_ACCEPT_KEY: a 101 whose key is not the answer to ours
 * @DW_NET_ERROR_BODY: a 101 that announces a body
 * @DW_NET_ERROR_EXTENSION: a 101 with an extension that was not offered
 * @DW_NET_ERROR_SUBPROTOCOL: a 101 with a subprotocol that was not offered
 * @DW_NET_ERROR_PROXY: the proxy cannot be reached, or refuses
 * @DW_NET_ERROR_CERTIFICATE: the certificate is not valid for this host
 * @DW_NET_ERROR_LIMIT: the peer broke one of #DwFrameLimits
 * @DW_NET_ERROR_CLOSED: we closed the connection, and the peer kept sending
 *
 * The errors of this library.
 */
typedef enum
{
  DW_NET_ERROR_REQUEST,
  DW_NET_ERROR_HEAD_TOO_LARGE,
  DW_NET_ERROR_HEAD_MALFORMED,
  DW_NET_ERROR_HEAD_ENDED,
  DW_NET_ERROR_STATUS,
  DW_NET_ERROR_NOT_WEBSOCKET,
  DW_NET_ERROR_ACCEPT_KEY,
  DW_NET_ERROR_BODY,
  DW_NET_ERROR_EXTENSION,
  DW_NET_ERROR_SUBPROTOCOL,
  DW_NET_ERROR_PROXY,
  DW_NET_ERROR_CERTIFICATE,
  DW_NET_ERROR_LIMIT,
  DW_NET_ERROR_CLOSED,
} DwNetError;

#define DW_NET_ERROR (dw_net_error_quark ())
GQuark dw_net_error_quark (void);

G_END_DECLS
