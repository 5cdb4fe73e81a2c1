/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** DW_FLAT_OBJECT_MEMBERS: the most members an object may have here; a frame of ours has 4. */
#define DW_FLAT_OBJECT_MEMBERS 8

/**
 * DwFlatString:
 * @text: where it begins in the text that was read, after the quotation mark
 * @length: its length there, in bytes
 * @escaped: whether it contains escapes
 *
 * A JSON string inside the text it was read from; nothing is copied.
 */
typedef struct
{
  const char *text;
  gsize length;
  gboolean escaped;
} DwFlatString;

/**
 * DwFlatObject:
 *
 * A JSON object whose values are all strings, as in nearly every frame.
 */
typedef struct
{
  /*< private >*/
  DwFlatString keys[DW_FLAT_OBJECT_MEMBERS];
  DwFlatString values[DW_FLAT_OBJECT_MEMBERS];
  guint n;
} DwFlatObject;

gboolean dw_flat_object_read (DwFlatObject *object, const char *text, gsize length);
guint dw_flat_object_get_size (const DwFlatObject *object);
const DwFlatString *dw_flat_object_get (const DwFlatObject *object, const char *key);
char *dw_flat_string_dup (const DwFlatString *string);

G_END_DECLS
