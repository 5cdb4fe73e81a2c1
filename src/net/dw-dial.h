/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/dw-transport.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * DwDialStep:
 * @DW_DIAL_RESOLVED: the name is resolved (the proxy's name, if there is a proxy)
 * @DW_DIAL_CONNECTED: TCP is connected
 * @DW_DIAL_PROXIED: the proxy, if there is one, has connected to the host
 * @DW_DIAL_ENCRYPTED: the TLS handshake is done
 * @DW_DIAL_STEPS: how many steps there are
 *
 * How far a connection has got.
 */
typedef enum
{
  DW_DIAL_RESOLVED,
  DW_DIAL_CONNECTED,
  DW_DIAL_PROXIED,
  DW_DIAL_ENCRYPTED,
  DW_DIAL_STEPS,
} DwDialStep;

/**
 * DwDialFunc:
 * @step: the step that was reached
 * @data: the data of #DwDialOptions
 */
typedef void (*DwDialFunc) (DwDialStep step, gpointer data);

/**
 * DwDialOptions:
 * @host: a host name or IP address; IPv6 without its brackets
 * @port: the port
 * @secure: whether to use TLS
 * @direct: whether to bypass proxies
 * @proxies: (nullable): the proxy resolver; %NULL for the system's
 * @database: (nullable): the trusted certificates; %NULL for the system's
 * @reached: (nullable): called at each step, in the main thread
 * @data: for @reached
 *
 * Where to connect, and how.
 */
typedef struct
{
  const char *host;
  guint16 port;
  gboolean secure;
  gboolean direct;
  GProxyResolver *proxies;
  GTlsDatabase *database;
  DwDialFunc reached;
  gpointer data;
} DwDialOptions;

void dw_dial_async (const DwDialOptions *options,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer data);
GIOStream *dw_dial_finish (GAsyncResult *result, GSocket **socket, GError **error);
GTlsCertificateFlags dw_dial_get_flaws (GAsyncResult *result);
void dw_dial_take_transport (GAsyncResult *result, DwTransport *transport);

G_END_DECLS
