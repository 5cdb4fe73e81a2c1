/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/** DW_TODAY_ZONE_FILE: what the system replaces when its time zone changes. */
#define DW_TODAY_ZONE_FILE "/etc/localtime"

#define DW_TYPE_TODAY (dw_today_get_type ())
G_DECLARE_FINAL_TYPE (DwToday, dw_today, DW, TODAY, GObject)

DwToday *dw_today_new (const char *zone_file);
void dw_today_check (DwToday *self, gint64 now, GTimeZone *zone);

G_END_DECLS
