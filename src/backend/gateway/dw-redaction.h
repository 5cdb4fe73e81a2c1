/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "backend/handlers/dw-caller.h"

G_BEGIN_DECLS

/** DW_REDACTION_MARK: what is shown in place of a secret. */
#define DW_REDACTION_MARK "…"

DwCaller *dw_redaction_of_caller (const DwCaller *caller, const char *token, const char *subprotocol);

G_END_DECLS
