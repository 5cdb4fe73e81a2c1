/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/connection/dw-session.h"

G_BEGIN_DECLS

char *dw_connection_text_state (const DwSessionStatus *status);
char *dw_connection_text_id (const DwSessionStatus *status);
char *dw_connection_text_since (const DwSessionStatus *status, gint64 now);
char *dw_connection_text_latency (const DwLatencies *latencies);
char *dw_connection_text_outage (const DwOutage *outage, gint64 boot_now, gint64 now);
char *dw_connection_text_cause (const DwOutage *outage);
char *dw_connection_text_all (DwSession *session, gint64 boot_now, gint64 now);

G_END_DECLS
