/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/toolkit/dw-spelling.h"

/**
 * dw_spelling_is_there:
 *
 * Returns: whether spelling can be checked
 */
gboolean
dw_spelling_is_there (void)
{
  return FALSE;
}

/**
 * dw_spelling_new:
 * @view: a text view
 *
 * Returns: (nullable): nothing, since spelling cannot be checked
 */
GObject *
dw_spelling_new (GtkTextView *view)
{
  return NULL;
}

/**
 * dw_spelling_set_enabled:
 * @spelling: never called
 * @enabled: the same
 */
void
dw_spelling_set_enabled (GObject *spelling, gboolean enabled)
{
}
