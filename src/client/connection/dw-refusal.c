/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-refusal.h"

#include <glib/gi18n-lib.h>

/**
 * dw_refusal_get_reason:
 * @error: what the gateway answered to a message
 *
 * Returns: why the message failed, in a translated sentence with what helps
 */
const char *
dw_refusal_get_reason (DwGatewayError error)
{
  switch (error)
    {
    case DW_GATEWAY_FORBIDDEN:
      return _ ("The stage has no such route. Check the stage’s dialect.");
    case DW_GATEWAY_INTERNAL:
      return _ ("The stage failed to handle it. Send it again.");
    case DW_GATEWAY_TIMEOUT:
      return _ ("The stage took too long. It may have arrived all the same.");
    case DW_GATEWAY_THROTTLED:
      return _ ("The stage has too many requests.");
    case DW_GATEWAY_BAD_BODY:
      return _ ("The stage did not understand it. Check the stage’s dialect.");
    case DW_GATEWAY_OTHER:
    default:
      return _ ("The stage refused it.");
    }
}
