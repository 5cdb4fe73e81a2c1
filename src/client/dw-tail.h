/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/connection/dw-session.h"
#include "client/messages/dw-message.h"

G_BEGIN_DECLS

#define DW_TYPE_TAIL (dw_tail_get_type ())
G_DECLARE_FINAL_TYPE (DwTail, dw_tail, DW, TAIL, GObject)

/** DW_TAIL_GAP_US: a shorter absence is not reported, in microseconds. */
#define DW_TAIL_GAP_US (1 * G_USEC_PER_SEC)

DwTail *dw_tail_new (DwStage *stage, DwSessionPolicy *policy, GNetworkMonitor *monitor);
DwSession *dw_tail_get_session (DwTail *self);

G_END_DECLS
