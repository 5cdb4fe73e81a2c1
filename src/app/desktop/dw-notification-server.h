/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/** DW_NOTIFICATION_SERVER_MS: how long it may take to answer, in milliseconds; after that we assume that it reads
 * markup. */
#define DW_NOTIFICATION_SERVER_MS 1000

void dw_notification_server_ask_async (GDBusConnection *bus, GAsyncReadyCallback callback, gpointer data);
gboolean dw_notification_server_ask_finish (GAsyncResult *result);

G_END_DECLS
