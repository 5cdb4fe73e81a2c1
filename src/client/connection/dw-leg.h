/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-identity.h"
#include "dw-liveness.h"

G_BEGIN_DECLS

/**
 * DwLeg:
 * @connection: the socket
 * @liveness: (nullable): the watch over it, once it is open
 * @identity: who we are on it
 * @serial: tells its frames from those of other lines
 *
 * A connection of a session, with the watch over it: the current one, its successor, or its predecessor.
 */
typedef struct
{
  DwConnection *connection;
  DwLiveness *liveness;
  DwIdentity identity;
  guint serial;
} DwLeg;

DwLeg *dw_leg_new (DwInbox *inbox, DwTrace *trace, guint serial);
void dw_leg_free (DwLeg *leg);
gint64 dw_leg_get_silence (const DwLeg *leg, DwCause cause, const DwSessionPolicy *policy);
void dw_leg_watch (DwLeg *leg, const DwDialect *dialect, DwSessionPolicy *policy);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwLeg, dw_leg_free)

G_END_DECLS
