/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define DW_TYPE_FAKE_MONITOR (dw_fake_monitor_get_type ())
G_DECLARE_FINAL_TYPE (DwFakeMonitor, dw_fake_monitor, DW, FAKE_MONITOR, GObject)

/* A network monitor whose network comes and goes as the test says. */
DwFakeMonitor *dw_fake_monitor_new (gboolean available);
void dw_fake_monitor_set (DwFakeMonitor *self, gboolean available);

G_END_DECLS
