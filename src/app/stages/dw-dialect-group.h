/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/connection/dw-dialect-search.h"
#include "client/stages/dw-stage.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define DW_TYPE_DIALECT_GROUP (dw_dialect_group_get_type ())
G_DECLARE_FINAL_TYPE (DwDialectGroup, dw_dialect_group, DW, DIALECT_GROUP, AdwPreferencesGroup)

void dw_dialect_group_set_dialect (DwDialectGroup *self, DwDialect *dialect);
DwDialectSearch *dw_dialect_group_search (DwDialectGroup *self, DwStage *stage);
void dw_dialect_group_forget (DwDialectGroup *self);
DwDialect *dw_dialect_group_dup_dialect (DwDialectGroup *self, GError **error);

G_END_DECLS
