/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-cause.h"

#include "net/dw-frame-stream.h"
#include "net/dw-upgrade-head.h"

#include "wire/dw-stage-url.h"
#include "wire/dw-transport.h"

#include <libsoup/soup.h>

G_BEGIN_DECLS

/**
 * DwHandshakeStep:
 * @DW_HANDSHAKE_NAME: the name was resolved
 * @DW_HANDSHAKE_CONNECTION: TCP is connected
 * @DW_HANDSHAKE_ENCRYPTION: TLS is agreed on
 * @DW_HANDSHAKE_UPGRADE: the stage has answered the upgrade
 * @DW_HANDSHAKE_PROXY: a proxy has connected to the stage, between TCP and TLS; only where there is one
 * @DW_HANDSHAKE_STEPS: how many there are
 *
 * How far a handshake came. All but the last one are in the order in which they are reached.
 */
typedef enum
{
  DW_HANDSHAKE_NAME,
  DW_HANDSHAKE_CONNECTION,
  DW_HANDSHAKE_ENCRYPTION,
  DW_HANDSHAKE_UPGRADE,
  DW_HANDSHAKE_PROXY,
  DW_HANDSHAKE_STEPS,
} DwHandshakeStep;

/**
 * DwHandshakeFunc:
 * @step: what was reached
 * @data: what was given
 */
typedef void (*DwHandshakeFunc) (DwHandshakeStep step, gpointer data);

/**
 * DwHandshakeOptions:
 * @timeout_ms: how long it may take, in milliseconds
 * @protocols: (nullable) (array zero-terminated=1): subprotocols to offer
 * @headers: (nullable): further headers; they may hold secrets and are never logged
 * @proxies: (nullable): what knows the proxies; %NULL for the system's
 * @trust: (nullable): whose certificates are valid; %NULL for those the system trusts
 * @progress: (nullable): called at each step, until the end
 * @progress_data: for @progress
 *
 * How a connection is opened.
 */
typedef struct
{
  guint timeout_ms;
  char **protocols;
  GHashTable *headers;
  GProxyResolver *proxies;
  GTlsDatabase *trust;
  DwHandshakeFunc progress;
  gpointer progress_data;
} DwHandshakeOptions;

/**
 * DwHandshakeReport:
 * @cause: why it failed, or %DW_CAUSE_NONE
 * @status: the HTTP status, or 0 where there was no answer
 * @reason: (nullable): what the stage says to it: the message in the answer's body, else the words beside the
 *   status; at most %DW_UPGRADE_REASON_BYTES, and as untrusted as a message
 * @detail: (nullable): what went wrong, for developers: in English, without anything secret
 * @request: (nullable): the request's head, without what may be secret
 * @response: (nullable): the answer's head and what was read of its body, as untrusted as a message
 * @transport: addresses, proxy and certificate, as far as it came
 * @steps_ms: when each step was reached, in milliseconds since the start and at least 1; 0 where it was not
 *
 * How a handshake went.
 */
typedef struct
{
  DwCause cause;
  guint status;
  char *reason;
  char *detail;
  char *request;
  DwUpgradeHead *response;
  DwTransport transport;
  guint steps_ms[DW_HANDSHAKE_STEPS];
} DwHandshakeReport;

void dw_handshake_report_clear (DwHandshakeReport *report);

void dw_handshake_async (const DwStageUrl *url,
                         const DwHandshakeOptions *options,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer data);
SoupWebsocketConnection *dw_handshake_finish (GAsyncResult *result, DwHandshakeReport *report, GError **error);
void dw_handshake_close (SoupWebsocketConnection *websocket, gushort code);
void dw_handshake_close_with (SoupWebsocketConnection *websocket, gushort code, const char *reason);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DwHandshakeReport, dw_handshake_report_clear)

G_END_DECLS
