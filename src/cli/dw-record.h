/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-command.h"

G_BEGIN_DECLS

/** DW_RECORD_BYTES: where a recording ends, in bytes: what “dynamowave-stage --replay” reads. */
#define DW_RECORD_BYTES (64 * 1024 * 1024)

extern const DwCommand dw_record_command;

G_END_DECLS
