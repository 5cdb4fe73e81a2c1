/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** DW_FLAT_OBJECT_MEMBERS: how many members are looked at; a frame of ours has 4. */
#define DW_FLAT_OBJECT_MEMBERS 8

/**
 * DwFlatString:
 * @text: where it begins in the text that was read, behind its quotation mark
 * @length: its length there, in bytes
 * @escaped: whether it has escapes
 *
 * A JSON string that was looked at and not copied.
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
 * A JSON object that has nothing but strings in it, as nearly every frame is.
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
