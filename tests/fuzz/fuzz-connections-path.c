/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"

#include "backend/gateway/dw-connection-id.h"
#include "backend/gateway/dw-connections-path.h"

#include <string.h>

/* A parsed path has a valid id, or else an error message that is valid text. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *path = g_strndup ((const char *) data, size);
  g_autofree char *id = NULL;
  DwConnectionsPath kind = dw_connections_path_parse (path, "prod", &id);

  if (kind == DW_CONNECTIONS_PATH_ID && !dw_connection_id_is_valid (id))
    abort ();
  if (kind == DW_CONNECTIONS_PATH_BAD_ID && !g_utf8_validate (id, -1, NULL))
    abort ();
  if ((kind == DW_CONNECTIONS_PATH_OTHER || kind == DW_CONNECTIONS_PATH_FORBIDDEN) && id != NULL)
    abort ();
  return 0;
}
