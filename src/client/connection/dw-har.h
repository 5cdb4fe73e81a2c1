/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-trace.h"

G_BEGIN_DECLS

/**
 * DwHar:
 *
 * A trace on its way into an HTTP Archive, a piece at a time.
 */
typedef struct _DwHar DwHar;

DwHar *dw_har_new (DwTrace *trace, const char *version);
void dw_har_free (DwHar *self);
gboolean dw_har_next (DwHar *self, GString *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwHar, dw_har_free)

G_END_DECLS
