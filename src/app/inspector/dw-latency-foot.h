/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/dw-histogram.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DW_TYPE_LATENCY_FOOT (dw_latency_foot_get_type ())
G_DECLARE_FINAL_TYPE (DwLatencyFoot, dw_latency_foot, DW, LATENCY_FOOT, GtkWidget)

void dw_latency_foot_show (DwLatencyFoot *self, const DwHistogram *latencies);

G_END_DECLS
