/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/connection/dw-timing.h"

G_BEGIN_DECLS

const char *dw_handshake_text_name_phase (DwTimingPhase phase);
char *dw_handshake_text_describe_bar (const DwTimingBar *bar);
char *dw_handshake_text (const DwTraceEntry *entry);

G_END_DECLS
