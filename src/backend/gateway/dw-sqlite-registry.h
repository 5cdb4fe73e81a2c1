/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-tables.h"

#include "backend/handlers/dw-registry.h"

G_BEGIN_DECLS

#define DW_TYPE_SQLITE_REGISTRY (dw_sqlite_registry_get_type ())
G_DECLARE_FINAL_TYPE (DwSqliteRegistry, dw_sqlite_registry, DW, SQLITE_REGISTRY, GObject)

DwSqliteRegistry *dw_sqlite_registry_new (DwTables *tables, guint page_size);
gboolean dw_sqlite_registry_forget_all (DwSqliteRegistry *self, guint *forgotten, GError **error);

G_END_DECLS
