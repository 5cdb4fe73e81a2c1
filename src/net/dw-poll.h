/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-turn.h"

G_BEGIN_DECLS

/**
 * DwPoll:
 *
 * Waits for many sockets with epoll, in place of the main loop's poll().
 */
typedef struct _DwPoll DwPoll;

/**
 * DwPollWait:
 *
 * A wait for one socket.
 */
typedef struct _DwPollWait DwPollWait;

DwPoll *dw_poll_new (void);
DwPoll *dw_poll_ref (DwPoll *poll);
void dw_poll_unref (DwPoll *poll);
DwTurn *dw_poll_get_turn (DwPoll *poll);

DwPollWait *dw_poll_add (DwPoll *poll, GSocket *socket);
void dw_poll_remove (DwPollWait *wait);
GSource *dw_poll_create_source (DwPollWait *wait, GObject *stream);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwPoll, dw_poll_unref)

G_END_DECLS
