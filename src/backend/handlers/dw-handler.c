/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-handler.h"

/**
 * dw_response_new:
 * @status: the HTTP status
 * @body: (nullable): the body
 *
 * Returns: (transfer full): a response
 */
DwResponse *
dw_response_new (guint status, const char *body)
{
  DwResponse *response = g_new0 (DwResponse, 1);

  response->status = status;
  response->body = g_strdup (body);
  return response;
}

/**
 * dw_response_free:
 * @response: (transfer full): a response
 */
void
dw_response_free (DwResponse *response)
{
  g_free (response->body);
  g_free (response->subprotocol);
  g_free (response->rest);
  g_free (response);
}

/**
 * dw_handler_finish:
 * @result: what a handler's callback was given
 * @error: the handler failed; API Gateway then says "Internal server error"
 *
 * Returns: (transfer full): the response, or %NULL
 */
DwResponse *
dw_handler_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
