/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-cause.h"

#include "wire/dw-stage-url.h"

#include <libsoup/soup.h>

G_BEGIN_DECLS

/**
 * DwHandshakeOptions:
 * @timeout_ms: how long it may take, in milliseconds
 * @protocols: (nullable) (array zero-terminated=1): subprotocols to offer
 * @headers: (nullable): further headers; they may hold secrets and are never logged
 *
 * How a connection is opened.
 */
typedef struct
{
  guint timeout_ms;
  char **protocols;
  GHashTable *headers;
} DwHandshakeOptions;

/**
 * DwHandshakeFailure:
 * @cause: why it failed
 * @status: the HTTP status, or 0 where there was no answer
 * @reason: (nullable): the words beside the status, as untrusted as a message
 *
 * How a handshake failed.
 */
typedef struct
{
  DwCause cause;
  guint status;
  char *reason;
} DwHandshakeFailure;

void dw_handshake_failure_clear (DwHandshakeFailure *failure);

void dw_handshake_async (SoupSession *http,
                         const DwStageUrl *url,
                         const DwHandshakeOptions *options,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer data);
SoupWebsocketConnection *dw_handshake_finish (GAsyncResult *result, DwHandshakeFailure *failure, GError **error);

G_END_DECLS
