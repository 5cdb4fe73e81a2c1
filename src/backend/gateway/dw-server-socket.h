/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-server-frame.h"

#include "backend/handlers/dw-caller.h"

#include "net/dw-poll.h"

#include <libsoup/soup.h>

G_BEGIN_DECLS

#define DW_TYPE_SERVER_SOCKET (dw_server_socket_get_type ())
G_DECLARE_FINAL_TYPE (DwServerSocket, dw_server_socket, DW, SERVER_SOCKET, GObject)

/**
 * DwServerSocketOwner:
 * @message: the client sent a text of @length bytes, UTF-8; it may contain NULs
 * @may_read: whether there is room for more of its messages; if not, it is not read until
 *   dw_server_socket_resume()
 * @closed: the connection ended, in whatever way; called once
 *
 * The callbacks of a connection's owner. Signals would take a sixth of the memory of an idle connection (measured).
 */
typedef struct
{
  void (*message) (DwServerSocket *socket, const char *text, gsize length, gpointer data);
  gboolean (*may_read) (DwServerSocket *socket, gpointer data);
  void (*closed) (DwServerSocket *socket, gpointer data);
} DwServerSocketOwner;

/** DW_SERVER_SOCKET_QUEUE: how many bytes may wait for a client that does not read; beyond that it is cut off. */
#define DW_SERVER_SOCKET_QUEUE (1024 * 1024)

/** DW_SERVER_SOCKET_PONGS: the same for pongs, each counted with %DW_FRAME_PONG_COST on top. */
#define DW_SERVER_SOCKET_PONGS (1024 * 1024)

/**
 * DW_SERVER_SOCKET_TURN: how many bytes of a client are read in one turn of the main loop. Even as six-byte frames,
 * these fit into the last quarter of the dispatcher's queue.
 */
#define DW_SERVER_SOCKET_TURN (8 * 1024)

/**
 * DW_SERVER_SOCKET_DROP: how many bytes a client that broke a limit may still send before it is cut off: enough
 * for most to read the close frame that says why. libsoup ends it after 5 s in any case.
 */
#define DW_SERVER_SOCKET_DROP (16 * 1024 * 1024)

DwServerSocket *dw_server_socket_new (DwCaller *caller,
                                      const char *protocol,
                                      GSocket *socket,
                                      gboolean encrypted,
                                      DwPoll *poll,
                                      GIOStream *stream,
                                      GUri *uri);

void dw_server_socket_set_owner (DwServerSocket *self, const DwServerSocketOwner *owner, gpointer data);
DwCaller *dw_server_socket_get_caller (DwServerSocket *self);
const char *dw_server_socket_get_end (DwServerSocket *self, guint *code);
gint64 dw_server_socket_get_last_active_at (DwServerSocket *self);
gint64 dw_server_socket_get_age (DwServerSocket *self);
gint64 dw_server_socket_get_idle (DwServerSocket *self);

guint64 dw_server_socket_get_backlog (DwServerSocket *self);
void dw_server_socket_drop (DwServerSocket *self);
gboolean dw_server_socket_send (DwServerSocket *self, const DwServerFrame *frame, gint64 now);
void dw_server_socket_resume (DwServerSocket *self);
void dw_server_socket_close (DwServerSocket *self, gushort code, const char *reason);

G_END_DECLS
