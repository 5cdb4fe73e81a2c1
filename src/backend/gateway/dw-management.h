/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-server-config.h"
#include "dw-socket-gateway.h"

G_BEGIN_DECLS

#define DW_TYPE_MANAGEMENT (dw_management_get_type ())
G_DECLARE_FINAL_TYPE (DwManagement, dw_management, DW, MANAGEMENT, GObject)

/** DW_MANAGEMENT_METRICS: where the metrics are. */
#define DW_MANAGEMENT_METRICS "/@metrics"

/** DW_MANAGEMENT_BODIES: how many bytes of unfinished posts are kept in all; beyond that they get 429. */
#define DW_MANAGEMENT_BODIES (4 * 1024 * 1024)

DwManagement *dw_management_new (const DwServerConfig *config, DwSocketGateway *gateway);
gboolean dw_management_wants (DwManagement *self, SoupServerMessage *message);
void dw_management_begin (DwManagement *self, SoupServerMessage *message);
void dw_management_answer (DwManagement *self, SoupServerMessage *message);

G_END_DECLS
