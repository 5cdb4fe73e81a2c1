/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-handshake.h"
#include "dw-inbox.h"
#include "dw-trace.h"

G_BEGIN_DECLS

#define DW_TYPE_CONNECTION (dw_connection_get_type ())
G_DECLARE_FINAL_TYPE (DwConnection, dw_connection, DW, CONNECTION, GObject)

DwConnection *dw_connection_new (DwInbox *inbox, DwTrace *trace, guint serial);

void dw_connection_open (DwConnection *self,
                         const DwStageUrl *url,
                         const DwHandshakeOptions *options,
                         guint ping_ms);
void dw_connection_set_held (DwConnection *self, gboolean held);
gboolean dw_connection_is_open (DwConnection *self);
gboolean dw_connection_send (DwConnection *self, const char *text);
gboolean dw_connection_ping (DwConnection *self, const char *payload);
void dw_connection_close (DwConnection *self);
void dw_connection_close_with (DwConnection *self, gushort code, const char *reason);

const DwHandshakeReport *dw_connection_get_handshake (DwConnection *self);

gint64 dw_connection_get_last_heard (DwConnection *self);
gint64 dw_connection_get_last_sent (DwConnection *self);

G_END_DECLS
