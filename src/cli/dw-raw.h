/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-command.h"

G_BEGIN_DECLS

/** DW_RAW_BYTES: the largest frame that “raw” sends, in bytes: more than any stage takes, to see what it says. */
#define DW_RAW_BYTES (1024 * 1024)

extern const DwCommand dw_raw_command;

G_END_DECLS
