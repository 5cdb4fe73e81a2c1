/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/** DW_SELECTION_DEFAULT: the expression that chooses among the four handlers. */
#define DW_SELECTION_DEFAULT "$request.body.action"

/**
 * DwSelection:
 *
 * A route selection expression.
 */
typedef struct _DwSelection DwSelection;

DwSelection *dw_selection_new (const char *expression, GError **error);
void dw_selection_free (DwSelection *selection);
char *dw_selection_evaluate (const DwSelection *selection, JsonNode *body);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwSelection, dw_selection_free)

G_END_DECLS
