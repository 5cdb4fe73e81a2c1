/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-store-text.h"

#include "wire/dw-safe-text.h"

#include <glib/gi18n.h>

/* Leave room for the rest of the sentence. */
#define PATH_CHARS 200

/**
 * dw_store_text_trouble:
 * @trouble: why nothing is saved
 *
 * Returns: (nullable): a translated sentence that says so, and what helps
 */
const char *
dw_store_text_trouble (DwStoreTrouble trouble)
{
  switch (trouble)
    {
    case DW_STORE_LOCKED:
      return _ ("History is not saved: another program holds its file. It will be when that program lets go.");
    case DW_STORE_FULL:
      return _ ("History is not saved: the disk is full. Make room, and what was said meanwhile will be saved.");
    case DW_STORE_READ_ONLY:
      return _ (
          "History is not saved: its folder may not be written. Allow it, and what was said meanwhile will be "
          "saved.");
    case DW_STORE_BROKEN:
      return _ ("History is not saved: the disk reports errors. Check it, and save what you need elsewhere.");
    case DW_STORE_FINE:
    default:
      return NULL;
    }
}

/**
 * dw_store_text_kept:
 * @kept_as: where an unusable file was moved
 * @newer: whether it was from a newer version
 *
 * Returns: (transfer full): a translated sentence that says so, safe to show
 */
char *
dw_store_text_kept (const char *kept_as, gboolean newer)
{
  g_autofree char *valid = g_filename_display_name (kept_as);
  g_autofree char *path = dw_safe_line (valid, PATH_CHARS);

  if (newer)
    /* Translators: %s is a file's path. */
    return g_strdup_printf (
        _ ("Your history is from a newer version of this program. It is kept as %s, and a new one "
           "has begun."),
        path);
  /* Translators: %s is a file's path. */
  return g_strdup_printf (_ ("Your history was damaged. It is kept as %s, and a new one has begun."), path);
}
