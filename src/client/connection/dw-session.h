/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-latencies.h"
#include "dw-outages.h"
#include "dw-session-policy.h"
#include "dw-session-status.h"
#include "dw-trace.h"

#include "client/stages/dw-stage.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define DW_TYPE_SESSION (dw_session_get_type ())
G_DECLARE_FINAL_TYPE (DwSession, dw_session, DW, SESSION, GObject)

DwSession *dw_session_new (DwSessionPolicy *policy, GNetworkMonitor *monitor, DwTrace *trace);

void dw_session_set_stage (DwSession *self, DwStage *stage);

void dw_session_connect (DwSession *self);
void dw_session_disconnect (DwSession *self);
void dw_session_disconnect_with (DwSession *self, guint16 code, const char *reason);
void dw_session_retry (DwSession *self);
guint dw_session_probe (DwSession *self);
void dw_session_measure (DwSession *self);
void dw_session_set_held (DwSession *self, gboolean held);
gboolean dw_session_ping (DwSession *self, const char *payload);
gboolean dw_session_send (DwSession *self, const char *frame);

const DwSessionStatus *dw_session_get_status (DwSession *self);
const DwLatencies *dw_session_get_latencies (DwSession *self);
DwOutages *dw_session_get_outages (DwSession *self);
DwStage *dw_session_get_stage (DwSession *self);
DwStageUrl *dw_session_get_url (DwSession *self);

G_END_DECLS
