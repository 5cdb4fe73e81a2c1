/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-route-table.h"

#include "wire/dw-json.h"

struct _DwRouteTable
{
  GHashTable *handlers;
  DwFunctions *functions; /* these take precedence over the handlers; or NULL */
  GHashTable *two_way;    /* the routes that have a route response */
  DwSelection *selection;
  JsonParser *parser;
};

/**
 * dw_route_table_new:
 *
 * Returns: (transfer full): a table without routes
 */
DwRouteTable *
dw_route_table_new (void)
{
  DwRouteTable *table = g_new0 (DwRouteTable, 1);

  table->handlers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  table->two_way = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  table->selection = dw_selection_new (DW_SELECTION_DEFAULT, NULL);
  table->parser = json_parser_new ();
  return table;
}

/**
 * dw_route_table_free:
 * @table: (transfer full): a table
 */
void
dw_route_table_free (DwRouteTable *table)
{
  g_hash_table_unref (table->handlers);
  g_hash_table_unref (table->two_way);
  g_clear_object (&table->functions);
  dw_selection_free (table->selection);
  g_object_unref (table->parser);
  g_free (table);
}

/**
 * dw_route_table_add:
 * @table: a table
 * @route_key: `$connect`, `$disconnect`, `$default` or a route's name
 * @handler: what runs for it
 */
void
dw_route_table_add (DwRouteTable *table, const char *route_key, DwHandlerFunc handler)
{
  g_hash_table_insert (table->handlers, g_strdup (route_key), (gpointer) handler);
}

/**
 * dw_route_table_set_functions:
 * @table: a table
 * @functions: functions, whose routes take precedence over the handlers
 */
void
dw_route_table_set_functions (DwRouteTable *table, DwFunctions *functions)
{
  g_set_object (&table->functions, functions);
}

/**
 * dw_route_table_get_functions:
 * @table: a table
 * @route_key: a route key
 *
 * Returns: (transfer none) (nullable): the functions, if one of them handles this route
 */
DwFunctions *
dw_route_table_get_functions (DwRouteTable *table, const char *route_key)
{
  return table->functions != NULL && dw_functions_has (table->functions, route_key) ? table->functions : NULL;
}

/**
 * dw_route_table_has:
 * @table: a table
 * @route_key: a route key
 *
 * Returns: whether anything handles it
 */
gboolean
dw_route_table_has (DwRouteTable *table, const char *route_key)
{
  return dw_route_table_get (table, route_key) != NULL || dw_route_table_get_functions (table, route_key) != NULL;
}

/**
 * dw_route_table_get:
 * @table: a table
 * @route_key: a route key
 *
 * Returns: (nullable): its handler
 */
DwHandlerFunc
dw_route_table_get (DwRouteTable *table, const char *route_key)
{
  return (DwHandlerFunc) g_hash_table_lookup (table->handlers, route_key);
}

/**
 * dw_route_table_set_two_way:
 * @table: a table
 * @route_key: a route key
 *
 * Gives the route a route response: the body that its handler returns is sent back to the sender of the message.
 */
void
dw_route_table_set_two_way (DwRouteTable *table, const char *route_key)
{
  g_hash_table_add (table->two_way, g_strdup (route_key));
}

/**
 * dw_route_table_is_two_way:
 * @table: a table
 * @route_key: a route key
 *
 * Returns: whether the route has a route response
 */
gboolean
dw_route_table_is_two_way (DwRouteTable *table, const char *route_key)
{
  return g_hash_table_contains (table->two_way, route_key);
}

/**
 * dw_route_table_set_selection:
 * @table: a table
 * @selection: (transfer full): how a message chooses its route
 */
void
dw_route_table_set_selection (DwRouteTable *table, DwSelection *selection)
{
  dw_selection_free (table->selection);
  table->selection = selection;
}

/**
 * dw_route_table_select:
 * @table: a table
 * @body: a message's text
 * @length: its length in bytes; a text with a NUL in it is not JSON
 *
 * Chooses the route of a message by the selection expression: an exact match, else `$default`. A body that is not
 * JSON, or has no such key, goes to `$default`. `$connect` and `$disconnect` are never chosen by a body. Source:
 * "Working with routes for WebSocket APIs".
 *
 * Returns: (transfer full) (nullable): the route key, or %NULL if the gateway answers "Forbidden"
 */
char *
dw_route_table_select (DwRouteTable *table, const char *body, gsize length)
{
  JsonNode *root = dw_json_parse (table->parser, body, (gssize) length, NULL);
  g_autofree char *selected = dw_selection_evaluate (table->selection, root);

  if (selected != NULL && *selected != '$' && dw_route_table_has (table, selected))
    return g_steal_pointer (&selected);
  return dw_route_table_has (table, "$default") ? g_strdup ("$default") : NULL;
}
