/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

gint64 dw_boot_clock_now (void);
guint dw_boot_clock_add (gint64 at, GSourceFunc function, gpointer data);

G_END_DECLS
