/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

void dw_process_metrics_add (GString *text);

G_END_DECLS
