/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-identity.h"
#include "dw-liveness.h"

G_BEGIN_DECLS

/**
 * DwLine:
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
} DwLine;

DwLine *dw_line_new (DwInbox *inbox, DwTrace *trace, guint serial);
void dw_line_free (DwLine *line);
gint64 dw_line_get_silence (const DwLine *line, DwCause cause, const DwSessionPolicy *policy);
void dw_line_watch (DwLine *line, const DwDialect *dialect, const DwSessionPolicy *policy);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwLine, dw_line_free)

G_END_DECLS
