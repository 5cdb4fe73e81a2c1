/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *dw_time_format (gint64 microseconds);
gint64 dw_time_parse (const char *text);

G_END_DECLS
