/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * DwDialStep:
 * @DW_DIAL_RESOLVED: the name was resolved: the proxy's, where there is one
 * @DW_DIAL_CONNECTED: TCP is connected
 * @DW_DIAL_ENCRYPTED: TLS is agreed on
 * @DW_DIAL_STEPS: how many there are
 *
 * How far a connection came.
 */
typedef enum
{
  DW_DIAL_RESOLVED,
  DW_DIAL_CONNECTED,
  DW_DIAL_ENCRYPTED,
  DW_DIAL_STEPS,
} DwDialStep;

/**
 * DwDialFunc:
 * @step: what was reached
 * @data: what was given
 */
typedef void (*DwDialFunc) (DwDialStep step, gpointer data);

/**
 * DwDialOptions:
 * @host: a name or an address, without brackets
 * @port: the port
 * @secure: whether TLS is spoken
 * @direct: whether proxies are passed by
 * @proxies: (nullable): what knows the proxies; %NULL for the system's
 * @database: (nullable): whom to trust; %NULL for the system's
 * @reached: (nullable): called at each step, in the main thread, until the end
 * @data: for @reached
 *
 * Where to, and how.
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

G_END_DECLS
