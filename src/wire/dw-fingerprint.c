/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-fingerprint.h"

#include <string.h>

static void
add (GChecksum *checksum, const char *part)
{
  gsize length = part != NULL ? strlen (part) : 0;
  guint64 head = part != NULL ? (guint64) length + 1 : 0;

  /* The length first, so that no text can pretend to be two parts. */
  g_checksum_update (checksum, (const guchar *) &head, sizeof head);
  if (part != NULL)
    g_checksum_update (checksum, (const guchar *) part, (gssize) length);
}

/**
 * dw_fingerprint:
 * @id: (nullable): a message's id, which anybody can have read and used again
 * @sender: (nullable): the name it came with
 * @text: what it says
 *
 * What makes two broadcasts the same message. The id alone does not: whoever reads one can send another text under
 * it, and nothing of anybody's must be hidden by that.
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
 * Returns: (transfer full) (nullable): what a second copy of it has too, or %NULL where it has no id of at most
 * %DW_FINGERPRINT_ID_BYTES and so no second copy
 */
char *
dw_fingerprint_of_frame (const DwFrame *frame)
{
  if (frame->id == NULL || *frame->id == '\0' || strlen (frame->id) > DW_FINGERPRINT_ID_BYTES)
    return NULL;
  return dw_fingerprint (frame->id, frame->sender, frame->text);
}
