/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *dw_endpoint_new (const char *name, const char *region);
char *dw_endpoint_new_for_stage (const char *api_id, const char *region, const char *stage);
char *dw_endpoint_dup_region (const char *endpoint);
gboolean dw_endpoint_is_trusted (const char *endpoint, const char *own);

G_END_DECLS
