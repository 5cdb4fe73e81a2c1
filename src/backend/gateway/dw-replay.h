/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-server-socket.h"

G_BEGIN_DECLS

/** DW_REPLAY_BYTES: the largest recording that is read, in bytes. */
#define DW_REPLAY_BYTES (64 * 1024 * 1024)

/** DW_REPLAY_BACKLOG: how many bytes may wait for a client before it is sent more; the rest waits in the recording. */
#define DW_REPLAY_BACKLOG (256 * 1024)

/** DW_REPLAY_PATIENCE_US: how long to wait for a message that the recorded client had sent by then, in microseconds. */
#define DW_REPLAY_PATIENCE_US (1 * G_USEC_PER_SEC)

/**
 * DwReplay:
 *
 * A recorded session that is played to clients: what came in then is sent to them, as long after their connection opened
 * as then, and they are closed with the code of then. A recording of several connections plays them in turn, one to each
 * client. It lives in the thread of the main loop.
 */
typedef struct _DwReplay DwReplay;

DwReplay *dw_replay_new (const char *recording, gsize length, double speed, GError **error);
DwReplay *dw_replay_open (const char *path, double speed, GError **error);
void dw_replay_free (DwReplay *self);
void dw_replay_add (DwReplay *self, DwServerSocket *socket);
void dw_replay_hear (DwReplay *self, DwServerSocket *socket);
void dw_replay_remove (DwReplay *self, DwServerSocket *socket);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwReplay, dw_replay_free)

G_END_DECLS
