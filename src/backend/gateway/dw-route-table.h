/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-functions.h"
#include "dw-selection.h"

#include "backend/handlers/dw-handler.h"

G_BEGIN_DECLS

/**
 * DwRouteTable:
 *
 * Maps route keys to handlers and functions.
 */
typedef struct _DwRouteTable DwRouteTable;

DwRouteTable *dw_route_table_new (void);
void dw_route_table_free (DwRouteTable *table);
void dw_route_table_add (DwRouteTable *table, const char *route_key, DwHandlerFunc handler);
void dw_route_table_set_two_way (DwRouteTable *table, const char *route_key);
gboolean dw_route_table_is_two_way (DwRouteTable *table, const char *route_key);
void dw_route_table_set_selection (DwRouteTable *table, DwSelection *selection);
void dw_route_table_set_functions (DwRouteTable *table, DwFunctions *functions);
DwFunctions *dw_route_table_get_functions (DwRouteTable *table, const char *route_key);
gboolean dw_route_table_has (DwRouteTable *table, const char *route_key);
DwHandlerFunc dw_route_table_get (DwRouteTable *table, const char *route_key);
char *dw_route_table_select (DwRouteTable *table, const char *body, gsize length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwRouteTable, dw_route_table_free)

G_END_DECLS
