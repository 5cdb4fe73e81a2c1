/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/stages/dw-access.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define DW_TYPE_ACCESS_GROUP (dw_access_group_get_type ())
G_DECLARE_FINAL_TYPE (DwAccessGroup, dw_access_group, DW, ACCESS_GROUP, AdwPreferencesGroup)

void dw_access_group_set_stage (DwAccessGroup *self, DwStage *stage);
void dw_access_group_set_query (DwAccessGroup *self, const char *query);
gboolean dw_access_group_write (DwAccessGroup *self, DwStage *stage, GError **error);
void dw_access_group_focus_secret (DwAccessGroup *self);

G_END_DECLS
