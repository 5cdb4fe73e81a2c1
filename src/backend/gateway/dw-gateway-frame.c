/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-gateway-frame.h"

/**
 * dw_gateway_frame_new:
 * @text: one of the constants above; it is not escaped
 * @connection_id: whose frame it is
 * @request_id: the request that failed
 *
 * Writes the gateway's own error frame with AWS's exact spacing, known from public captures: a space after
 * `"message":` and after commas, none after the colons of the ids.
 *
 * Returns: (transfer full): the frame
 */
char *
dw_gateway_frame_new (const char *text, const char *connection_id, const char *request_id)
{
  return g_strdup_printf ("{\"message\": \"%s\", \"connectionId\":\"%s\", \"requestId\":\"%s\"}", text,
                          connection_id, request_id);
}
