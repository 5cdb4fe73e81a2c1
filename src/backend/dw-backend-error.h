/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwBackendError:
 * @DW_BACKEND_ERROR_GONE: the connection is closed, unknown, or not established yet (HTTP 410)
 * @DW_BACKEND_ERROR_LISTEN: the stage cannot listen where it was told to
 * @DW_BACKEND_ERROR_EVENT: an event lacks what its handler needs
 * @DW_BACKEND_ERROR_CONFIG: a stage's configuration is invalid
 * @DW_BACKEND_ERROR_THROTTLED: too much at once (HTTP 429)
 * @DW_BACKEND_ERROR_TABLE: a table cannot be opened, read or written
 * @DW_BACKEND_ERROR_DEADLINE: it was not done in time
 * @DW_BACKEND_ERROR_CONDITION: a write's condition does not hold
 * @DW_BACKEND_ERROR_CLAIMED: somebody else is already sending this message
 * @DW_BACKEND_ERROR_NETWORK: the other side cannot be reached, or hung up
 * @DW_BACKEND_ERROR_SERVICE: a service refused a request, and would refuse it again
 * @DW_BACKEND_ERROR_LOCKED: another program has locked a table at the moment
 *
 * The errors of this library.
 */
typedef enum
{
  DW_BACKEND_ERROR_GONE,
  DW_BACKEND_ERROR_LISTEN,
  DW_BACKEND_ERROR_EVENT,
  DW_BACKEND_ERROR_CONFIG,
  DW_BACKEND_ERROR_THROTTLED,
  DW_BACKEND_ERROR_TABLE,
  DW_BACKEND_ERROR_DEADLINE,
  DW_BACKEND_ERROR_CONDITION,
  DW_BACKEND_ERROR_CLAIMED,
  DW_BACKEND_ERROR_NETWORK,
  DW_BACKEND_ERROR_SERVICE,
  DW_BACKEND_ERROR_LOCKED,
} DwBackendError;

#define DW_BACKEND_ERROR (dw_backend_error_quark ())
GQuark dw_backend_error_quark (void);

G_END_DECLS
