/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-store-text.h"

#include "wire/dw-safe-text.h"

#include <glib/gi18n.h>

/* Leave room for the rest of the sentence. */
#define PATH_CHARS 200
#define HOST_CHARS 64

/**
 * dw_store_text_trouble:
 * @trouble: why nothing is saved
 *
 * Returns: (nullable): a translated sentence that says so, and what helps; for %DW_STORE_HELD there is
 *   dw_store_text_held()
 */
const char *
dw_store_text_trouble (DwStoreTrouble trouble)
{
  switch (trouble)
    {
    case DW_STORE_LOCKED:
      return _ ("History can’t be saved because another program is using its file. Saving resumes when that "
                "program is done.");
    case DW_STORE_FULL:
      return _ ("History can’t be saved because the disk is full. Free up some space, and unsaved messages will be "
                "saved.");
    case DW_STORE_READ_ONLY:
      return _ ("History can’t be saved because its folder isn’t writable. Make it writable, and unsaved messages "
                "will be saved.");
    case DW_STORE_BROKEN:
      return _ (
          "History can’t be saved because the disk reports errors. Check the disk, and back up what you need.");
    case DW_STORE_HELD:
    case DW_STORE_FINE:
    default:
      return NULL;
    }
}

/**
 * dw_store_text_kept:
 * @kept_as: where an unusable file was moved
 * @newer: whether it was from a newer version
 * @saved: how many messages could be read of it
 *
 * Returns: (transfer full): a translated sentence that says so, safe to show
 */
char *
dw_store_text_kept (const char *kept_as, gboolean newer, guint64 saved)
{
  g_autofree char *valid = g_filename_display_name (kept_as);
  g_autofree char *path = dw_safe_line (valid, PATH_CHARS);

  if (newer)
    /* Translators: %s is a file's path. */
    return g_strdup_printf (_ ("Your history is from a newer version of DynamoWave Chat. It was kept as %s, and a "
                               "new history was started."),
                            path);
  if (saved > 0)
    return g_strdup_printf (
        /* Translators: %u is how many messages, %s a file's path. */
        ngettext ("Your history was damaged. %u message was recovered, and the damaged file was kept as %s.",
                  "Your history was damaged. %u messages were recovered, and the damaged file was kept as %s.",
                  (gulong) saved),
        (guint) MIN (saved, G_MAXUINT), path);
  /* Translators: %s is a file's path. */
  return g_strdup_printf (_ ("Your history was damaged. It was kept as %s, and a new history was started."), path);
}

/**
 * dw_store_text_copied:
 * @copied: how many messages wait in a history that is a copy of another one
 *
 * Returns: (transfer full): a translated sentence that says so, and what happens to them
 */
char *
dw_store_text_copied (guint64 copied)
{
  return g_strdup_printf (
      ngettext (
          "This history was copied or restored from a backup. %u queued message may already have been sent, so "
          "it won’t be sent until you decide.",
          "This history was copied or restored from a backup. %u queued messages may already have been sent, so "
          "they won’t be sent until you decide.",
          (gulong) copied),
      (guint) MIN (copied, G_MAXUINT));
}

/**
 * dw_store_text_held:
 * @holder: the process that has the history
 *
 * Returns: (transfer full): a translated sentence that says so, and what helps, safe to show
 */
char *
dw_store_text_held (const DwStoreHolder *holder)
{
  g_autofree char *host = dw_safe_line (holder->host != NULL ? holder->host : "?", HOST_CHARS);
  g_autofree char *pid = holder->pid > 0 ? g_strdup_printf ("%" G_GINT64_FORMAT, holder->pid) : g_strdup ("?");

  /* Translators: the first %s is a process number, the second the name of a computer; “?” where that is not known. */
  return g_strdup_printf (
      _ ("Another instance of DynamoWave Chat (process %s on %s) is using this history. You can read it here, but "
         "nothing is sent or saved. Quit the other instance, then restart this one."),
      pid, host);
}
