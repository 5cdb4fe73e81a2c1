/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwConnectionsPath:
 * @DW_CONNECTIONS_PATH_OTHER: it is not an `@connections` path
 * @DW_CONNECTIONS_PATH_FORBIDDEN: it is one, but of another stage or of none
 * @DW_CONNECTIONS_PATH_BAD_ID: it has a malformed connection ID
 * @DW_CONNECTIONS_PATH_ID: it names a connection of this stage
 *
 * What a request's path means to the management API.
 */
typedef enum
{
  DW_CONNECTIONS_PATH_OTHER,
  DW_CONNECTIONS_PATH_FORBIDDEN,
  DW_CONNECTIONS_PATH_BAD_ID,
  DW_CONNECTIONS_PATH_ID,
} DwConnectionsPath;

DwConnectionsPath dw_connections_path_parse (const char *path, const char *stage, char **connection_id);

G_END_DECLS
