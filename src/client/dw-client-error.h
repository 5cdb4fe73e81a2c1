/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwClientError:
 * @DW_CLIENT_ERROR_HANDSHAKE: a connection could not be opened; its failure says why
 * @DW_CLIENT_ERROR_POLICY: the text is no policy
 * @DW_CLIENT_ERROR_LOCAL_STAGE: the stage on this computer could not be started
 *
 * The errors of this library.
 */
typedef enum
{
  DW_CLIENT_ERROR_HANDSHAKE,
  DW_CLIENT_ERROR_LOCAL_STAGE,
  DW_CLIENT_ERROR_POLICY,
} DwClientError;

#define DW_CLIENT_ERROR (dw_client_error_quark ())
GQuark dw_client_error_quark (void);

G_END_DECLS
