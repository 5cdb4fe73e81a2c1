/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *dw_connection_id_new (void);
gboolean dw_connection_id_is_valid (const char *id);

G_END_DECLS
