/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/dw-frame.h"

G_BEGIN_DECLS

const char *dw_refusal_get_reason (DwGatewayError error);

G_END_DECLS
