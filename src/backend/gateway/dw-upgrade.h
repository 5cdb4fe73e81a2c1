/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-dispatcher.h"
#include "dw-server-config.h"

G_BEGIN_DECLS

/**
 * DwUpgradeFunc:
 * @socket: (nullable): the open connection; %NULL if the handshake failed
 * @data: what dw_upgrade_start() was given
 *
 * Called when a handshake is over.
 */
typedef void (*DwUpgradeFunc) (DwServerSocket *socket, gpointer data);

GInetAddress *dw_upgrade_find_client (SoupServerMessage *message, const DwServerConfig *config);
gboolean dw_upgrade_check (SoupServerMessage *message, const DwServerConfig *config);
void dw_upgrade_start (SoupServerMessage *message,
                       const DwServerConfig *config,
                       DwDispatcher *dispatcher,
                       GHashTable *query,
                       DwPoll *poll,
                       GUri *uri,
                       DwUpgradeFunc function,
                       GObject *data);
void dw_upgrade_respond (SoupServerMessage *message, guint status, const char *words);

G_END_DECLS
