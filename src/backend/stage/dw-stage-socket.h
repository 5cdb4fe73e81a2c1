/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-poll.h"
#include "dw-server-frame.h"

#include "backend/handlers/dw-caller.h"

#include <libsoup/soup.h>

G_BEGIN_DECLS

#define DW_TYPE_STAGE_SOCKET (dw_stage_socket_get_type ())
G_DECLARE_FINAL_TYPE (DwStageSocket, dw_stage_socket, DW, STAGE_SOCKET, GObject)

/** DW_STAGE_SOCKET_QUEUE: how many bytes may wait for a client that does not read; above it, it is closed. */
#define DW_STAGE_SOCKET_QUEUE (1024 * 1024)

DwStageSocket *dw_stage_socket_new (DwCaller *caller,
                                    const char *protocol,
                                    GSocket *socket,
                                    DwPoll *poll,
                                    GIOStream *stream,
                                    GUri *uri);

DwCaller *dw_stage_socket_get_caller (DwStageSocket *self);
const char *dw_stage_socket_get_end (DwStageSocket *self, guint *code);
gint64 dw_stage_socket_get_last_active_at (DwStageSocket *self);
gint64 dw_stage_socket_get_age (DwStageSocket *self);
gint64 dw_stage_socket_get_idle (DwStageSocket *self);

gboolean dw_stage_socket_send (DwStageSocket *self, const DwServerFrame *frame);
void dw_stage_socket_close (DwStageSocket *self, gushort code, const char *reason);

G_END_DECLS
