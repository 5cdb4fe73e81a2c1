/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/connection/dw-latencies.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DW_TYPE_LATENCY_GRAPH (dw_latency_graph_get_type ())
G_DECLARE_FINAL_TYPE (DwLatencyGraph, dw_latency_graph, DW, LATENCY_GRAPH, GtkWidget)

void dw_latency_graph_show (DwLatencyGraph *self, const DwLatencies *latencies, const char *words);

G_END_DECLS
