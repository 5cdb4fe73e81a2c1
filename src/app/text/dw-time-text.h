/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *dw_time_text_clock (gint64 time);
char *dw_time_text_day (gint64 time, gint64 now);
char *dw_time_text_short (gint64 time, gint64 now);
char *dw_time_text_when (gint64 time, gint64 now);
char *dw_time_text_length (gint64 length);
char *dw_time_text_gap (gint64 from, gint64 until);

G_END_DECLS
