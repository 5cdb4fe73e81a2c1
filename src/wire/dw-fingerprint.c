/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-fingerprint.h"

#include <string.h>

static void
add (GChecksum *checksum, const char *part)
{
  gsize length = part != NULL ? strlen (part) : 0;
  guint64 head = part != NULL ? (guint64) length + 1 : 0;

  /* Each part is preceded by its length, so that “ab”, “c” and “a”, “bc” differ. */
  g_checksum_update (checksum, (const guchar *) &head, sizeof head);
  if (part != NULL)
    g_checksum_update (checksum, (const guchar *) part, (gssize) length);
}

/**
 * dw_fingerprint:
 * @id: (nullable): a message's id; other people can read and reuse it
 * @sender: (nullable): the name it came with
 * @text: what it says
 *
 * Two broadcasts are the same message if their fingerprints are equal. The id alone does not decide: anyone who has
 * read an id can send another text under it, and that must not hide the original.
 *
 * Returns: (transfer full): %DW_FINGERPRINT_BYTES characters
 */
char *
dw_fingerprint (const char *id, const char *sender, const char *text)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);

  add (checksum, id);
  add (checksum, sender);
  add (checksum, text);
  return g_strdup (g_checksum_get_string (checksum));
}

/**
 * dw_fingerprint_of_frame:
 * @frame: a broadcast
 *
 * Returns: (transfer full) (nullable): its fingerprint, or %NULL if its id is missing or longer than
 *   %DW_FINGERPRINT_ID_BYTES, so that copies of it cannot be recognised
 */
char *
dw_fingerprint_of_frame (const DwFrame *frame)
{
  if (frame->id == NULL || *frame->id == '\0' || strlen (frame->id) > DW_FINGERPRINT_ID_BYTES)
    return NULL;
  return dw_fingerprint (frame->id, frame->sender, frame->text);
}
