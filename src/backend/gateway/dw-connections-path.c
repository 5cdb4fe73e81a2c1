/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-connections-path.h"

#include "dw-connection-id.h"

#include <string.h>

/**
 * dw_connections_path_parse:
 * @path: an HTTP path as it is on the wire, without its query
 * @stage: the stage's name
 * @connection_id: (out) (transfer full): the id, for %DW_CONNECTIONS_PATH_ID and %DW_CONNECTIONS_PATH_BAD_ID
 *
 * Reads `/{stage}/@connections/{id}`. `@` and `%40` are the same, and so are `=` and `%3D`: SDKs differ in which
 * they write. A malformed id is told apart from one that is gone (400 and 410; observed in localstack#4694).
 *
 * Returns: what the path is
 */
DwConnectionsPath
dw_connections_path_parse (const char *path, const char *stage, char **connection_id)
{
  g_auto (GStrv) parts = g_strsplit (path, "/", 6);
  guint n = g_strv_length (parts);
  guint at;
  g_autofree char *id = NULL;
  g_autofree char *wanted = NULL;

  *connection_id = NULL;
  for (at = 1; at < n; at++)
    {
      g_autofree char *part = g_uri_unescape_string (parts[at], NULL);

      if (part != NULL && strcmp (part, "@connections") == 0)
        break;
    }

  if (at >= n || at > 2)
    return DW_CONNECTIONS_PATH_OTHER;

  wanted = at == 2 ? g_uri_unescape_string (parts[1], NULL) : NULL;
  if (wanted == NULL || strcmp (wanted, stage) != 0 || n != at + 2)
    return DW_CONNECTIONS_PATH_FORBIDDEN;

  id = g_uri_unescape_string (parts[at + 1], NULL);
  if (id == NULL || !dw_connection_id_is_valid (id))
    {
      *connection_id = g_utf8_make_valid (id != NULL ? id : parts[at + 1], -1);
      return DW_CONNECTIONS_PATH_BAD_ID;
    }

  *connection_id = g_steal_pointer (&id);
  return DW_CONNECTIONS_PATH_ID;
}
