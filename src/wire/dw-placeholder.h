/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwPlaceholderValues:
 * @uuid: what `{{uuid}}` is
 * @now: what `{{now}}` is, in microseconds since 1970 UTC; written as dw_time_format() does
 * @n: what `{{n}}` is
 *
 * What one frame is filled with. A placeholder that stands in it twice is the same both times.
 */
typedef struct
{
  const char *uuid;
  gint64 now;
  guint64 n;
} DwPlaceholderValues;

/** DW_PLACEHOLDER_NAME_BYTES: the longest name between braces. */
#define DW_PLACEHOLDER_NAME_BYTES 32

char *dw_placeholder_fill (const char *text, const DwPlaceholderValues *values);
gboolean dw_placeholder_find_unknown (const char *text, gsize *start, gsize *end);
char *dw_placeholder_shape (const char *text);
char *dw_placeholder_escape (const char *text);

G_END_DECLS
