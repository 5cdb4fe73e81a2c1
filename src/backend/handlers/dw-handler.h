/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-event.h"
#include "dw-gateway.h"
#include "dw-registry.h"

G_BEGIN_DECLS

/**
 * DwResponse:
 * @status: the HTTP status the handler returns; for `$connect` it decides the handshake
 * @body: (nullable): the body; only a two-way route sends it to the client
 * @rest: (nullable): for a broadcast that ran out of time: the registry key where another run continues
 * @subprotocol: (nullable): for `$connect`: the `Sec-WebSocket-Protocol` it chose from those offered
 *
 * What a handler returns: the Lambda proxy response.
 */
typedef struct
{
  guint status;
  char *body;
  char *subprotocol;
  char *rest;
} DwResponse;

DwResponse *dw_response_new (guint status, const char *body);
void dw_response_free (DwResponse *response);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwResponse, dw_response_free)

/**
 * DwHandlerFunc:
 * @registry: where connection IDs live
 * @gateway: how to reach connections
 * @event: what happened; the caller keeps it until @callback is called
 * @cancellable: (nullable): to stop it
 * @callback: called with a result for dw_handler_finish()
 * @data: for @callback
 *
 * One of the four handlers.
 */
typedef void (*DwHandlerFunc) (DwRegistry *registry,
                               DwGateway *gateway,
                               const DwEvent *event,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer data);

DwResponse *dw_handler_finish (GAsyncResult *result, GError **error);

void dw_connect_handler (DwRegistry *registry,
                         DwGateway *gateway,
                         const DwEvent *event,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer data);
void dw_disconnect_handler (DwRegistry *registry,
                            DwGateway *gateway,
                            const DwEvent *event,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer data);
void dw_send_message_handler (DwRegistry *registry,
                              DwGateway *gateway,
                              const DwEvent *event,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer data);
void dw_default_handler (DwRegistry *registry,
                         DwGateway *gateway,
                         const DwEvent *event,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer data);

G_END_DECLS
