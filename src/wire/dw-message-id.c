/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-message-id.h"

/**
 * dw_message_id_is_valid:
 * @id: (nullable): the id a frame carries, UTF-8
 *
 * The sender chooses a message's id, and both ends remember it for a while, so it must be bounded. A message whose id
 * is empty or longer than %DW_MESSAGE_ID_CHARS characters is treated as one without an id.
 *
 * Returns: whether it can be used as an id
 */
gboolean
dw_message_id_is_valid (const char *id)
{
  guint bytes = 0, chars = 0;

  if (id == NULL)
    return FALSE;
  /* Not g_utf8_strlen(), which reads the whole text, however long, and runs past the end of invalid UTF-8. */
  for (; id[bytes] != '\0'; bytes++)
    {
      chars += (id[bytes] & 0xc0) != 0x80;
      if (chars > DW_MESSAGE_ID_CHARS || bytes == DW_MESSAGE_ID_BYTES)
        return FALSE;
    }
  return bytes > 0;
}
