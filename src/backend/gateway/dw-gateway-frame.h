/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define DW_GATEWAY_FRAME_FORBIDDEN "Forbidden"
#define DW_GATEWAY_FRAME_INTERNAL "Internal server error"
#define DW_GATEWAY_FRAME_TIMEOUT "Endpoint request timed out"
#define DW_GATEWAY_FRAME_THROTTLED "Too Many Requests"

char *dw_gateway_frame_new (const char *text, const char *connection_id, const char *request_id);

G_END_DECLS
