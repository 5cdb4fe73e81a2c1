/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-command.h"

G_BEGIN_DECLS

extern const DwCommand dw_load_command;

G_END_DECLS
