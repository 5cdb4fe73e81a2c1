/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwWireError:
 * @DW_WIRE_ERROR_URL: the text is no stage URL
 * @DW_WIRE_ERROR_JSON: the text is not JSON (RFC 8259)
 * @DW_WIRE_ERROR_TOO_DEEP: the JSON nests deeper than %DW_LIMIT_JSON_DEPTH
 * @DW_WIRE_ERROR_TOO_LARGE: the frame is larger than %DW_LIMIT_FRAME_BYTES
 * @DW_WIRE_ERROR_TEXT: the text is not UTF-8
 * @DW_WIRE_ERROR_DIALECT: the dialect cannot work
 * @DW_WIRE_ERROR_SIGNATURE: a request has no valid signature; the message is what the service answers
 * @DW_WIRE_ERROR_SECRET: a file does not contain the expected secret
 * @DW_WIRE_ERROR_RECORDING: a line is not one of a recording
 *
 * The errors of this library. Except where noted, messages are translated and say what to change.
 */
typedef enum
{
  DW_WIRE_ERROR_URL,
  DW_WIRE_ERROR_JSON,
  DW_WIRE_ERROR_TOO_DEEP,
  DW_WIRE_ERROR_TOO_LARGE,
  DW_WIRE_ERROR_TEXT,
  DW_WIRE_ERROR_DIALECT,
  DW_WIRE_ERROR_SIGNATURE,
  DW_WIRE_ERROR_SECRET,
  DW_WIRE_ERROR_RECORDING,
} DwWireError;

#define DW_WIRE_ERROR (dw_wire_error_quark ())
GQuark dw_wire_error_quark (void);

G_END_DECLS
