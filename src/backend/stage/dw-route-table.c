/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-route-table.h"

#include "wire/dw-json.h"

struct _DwRouteTable
{
  GHashTable *handlers;
  JsonParser *parser;
};

/**
 * dw_route_table_new:
 *
 * Returns: (transfer full): a table with no routes
 */
DwRouteTable *
dw_route_table_new (void)
{
  DwRouteTable *table = g_new0 (DwRouteTable, 1);

  table->handlers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
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

/* $request.body.action as text: the selection result is stringified. */
static char *
evaluate (DwRouteTable *table, const char *body)
{
  JsonNode *root = dw_json_parse (table->parser, body, -1, NULL);
  JsonNode *value;

  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    return NULL;
  value = json_object_get_member (json_node_get_object (root), "action");
  if (value == NULL)
    return NULL;
  if (json_node_get_value_type (value) == G_TYPE_STRING)
    return json_node_dup_string (value);
  return json_to_string (value, FALSE);
}

/**
 * dw_route_table_select:
 * @table: a table
 * @body: a message's text
 *
 * Chooses the route of a message by `$request.body.action`: an exact match, else `$default`. A body that is not
 * JSON, or has no such key, goes to `$default`. `$connect` and `$disconnect` are never chosen by a body. Source:
 * "Working with routes for WebSocket APIs".
 *
 * Returns: (transfer full) (nullable): the route key, or %NULL where the gateway says "Forbidden"
 */
char *
dw_route_table_select (DwRouteTable *table, const char *body)
{
  g_autofree char *selected = evaluate (table, body);

  if (selected != NULL && *selected != '$' && dw_route_table_get (table, selected) != NULL)
    return g_steal_pointer (&selected);
  return dw_route_table_get (table, "$default") != NULL ? g_strdup ("$default") : NULL;
}
