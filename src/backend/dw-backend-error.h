/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwBackendError:
 * @DW_BACKEND_ERROR_GONE: the connection is closed, unknown, or not established yet (HTTP 410)
 * @DW_BACKEND_ERROR_LISTEN: the stage cannot listen where it was told to
 * @DW_BACKEND_ERROR_EVENT: an event lacks what its handler needs
 *
 * The errors of this library.
 */
typedef enum
{
  DW_BACKEND_ERROR_GONE,
  DW_BACKEND_ERROR_LISTEN,
  DW_BACKEND_ERROR_EVENT,
} DwBackendError;

#define DW_BACKEND_ERROR (dw_backend_error_quark ())
GQuark dw_backend_error_quark (void);

G_END_DECLS
