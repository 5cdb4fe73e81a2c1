/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/connection/dw-trace.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DW_TYPE_WATERFALL (dw_waterfall_get_type ())
G_DECLARE_FINAL_TYPE (DwWaterfall, dw_waterfall, DW, WATERFALL, GtkWidget)

void dw_waterfall_show (DwWaterfall *self, const DwTraceEntry *entry);

G_END_DECLS
