/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/dw-poll.h"
#include "dw-server-frame.h"

#include "backend/handlers/dw-caller.h"

#include <libsoup/soup.h>

G_BEGIN_DECLS

#define DW_TYPE_STAGE_SOCKET (dw_stage_socket_get_type ())
G_DECLARE_FINAL_TYPE (DwStageSocket, dw_stage_socket, DW, STAGE_SOCKET, GObject)

/**
 * DwStageSocketOwner:
 * @message: the client sent a text of @length bytes, UTF-8; a NUL can stand in it
 * @may_read: whether there is room for more of its messages; where not, it is not read until
 * dw_stage_socket_resume()
 * @closed: the connection ended, however it did; called once
 *
 * Who is told of a connection. Not signals: those take a sixth of the memory of an idle connection (measured).
 */
typedef struct
{
  void (*message) (DwStageSocket *socket, const char *text, gsize length, gpointer data);
  gboolean (*may_read) (DwStageSocket *socket, gpointer data);
  void (*closed) (DwStageSocket *socket, gpointer data);
} DwStageSocketOwner;

/** DW_STAGE_SOCKET_QUEUE: how many bytes may wait for a client that does not read; above it, it is closed. */
#define DW_STAGE_SOCKET_QUEUE (1024 * 1024)

DwStageSocket *dw_stage_socket_new (DwCaller *caller,
                                    const char *protocol,
                                    GSocket *socket,
                                    gboolean encrypted,
                                    DwPoll *poll,
                                    GIOStream *stream,
                                    GUri *uri);

void dw_stage_socket_set_owner (DwStageSocket *self, const DwStageSocketOwner *owner, gpointer data);
DwCaller *dw_stage_socket_get_caller (DwStageSocket *self);
const char *dw_stage_socket_get_end (DwStageSocket *self, guint *code);
gint64 dw_stage_socket_get_last_active_at (DwStageSocket *self);
gint64 dw_stage_socket_get_age (DwStageSocket *self);
gint64 dw_stage_socket_get_idle (DwStageSocket *self);

gboolean dw_stage_socket_send (DwStageSocket *self, const DwServerFrame *frame);
void dw_stage_socket_resume (DwStageSocket *self);
void dw_stage_socket_close (DwStageSocket *self, gushort code, const char *reason);

G_END_DECLS
