/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/stages/dw-stage.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define DW_TYPE_FAILOVER_GROUP (dw_failover_group_get_type ())
G_DECLARE_FINAL_TYPE (DwFailoverGroup, dw_failover_group, DW, FAILOVER_GROUP, AdwPreferencesGroup)

void dw_failover_group_set_stage (DwFailoverGroup *self, DwStage *stage);
gboolean dw_failover_group_write (DwFailoverGroup *self, DwStage *stage, GError **error);

G_END_DECLS
