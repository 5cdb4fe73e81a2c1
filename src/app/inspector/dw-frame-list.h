/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-frame-filter.h"
#include "dw-trace-row.h"

#include "client/connection/dw-exchange.h"

G_BEGIN_DECLS

#define DW_TYPE_FRAME_LIST (dw_frame_list_get_type ())
G_DECLARE_FINAL_TYPE (DwFrameList, dw_frame_list, DW, FRAME_LIST, GObject)

/** DW_FRAME_LIST_SLICE_US: how long the entries of a trace are looked at in one turn of the main loop, in microseconds. */
#define DW_FRAME_LIST_SLICE_US 4000

DwFrameList *dw_frame_list_new (DwTrace *trace, DwDialect *dialect, gboolean live);
void dw_frame_list_take_filter (DwFrameList *self, DwFrameFilter *filter);
void dw_frame_list_set_paused (DwFrameList *self, gboolean paused);
gboolean dw_frame_list_is_unsure (DwFrameList *self);
gboolean dw_frame_list_is_ready (DwFrameList *self);
guint64 dw_frame_list_get_sent (DwFrameList *self);
guint64 dw_frame_list_get_other (DwFrameList *self, guint64 serial);
gboolean dw_frame_list_find (DwFrameList *self, guint64 serial, guint *position);
const DwHistogram *dw_frame_list_get_latencies (DwFrameList *self);

G_END_DECLS
