/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/dw-chat.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define DW_TYPE_INSPECTOR (dw_inspector_get_type ())
G_DECLARE_FINAL_TYPE (DwInspector, dw_inspector, DW, INSPECTOR, AdwWindow)

DwInspector *dw_inspector_new (GtkWindow *window, DwChat *chat);
DwInspector *dw_inspector_new_for_file (GtkApplication *application,
                                        DwTrace *trace,
                                        DwDialect *dialect,
                                        const char *name);
void dw_inspector_show_frame (DwInspector *self, guint64 serial);

G_END_DECLS
