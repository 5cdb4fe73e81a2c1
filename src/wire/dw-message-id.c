/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-message-id.h"

/**
 * dw_message_id_is_valid:
 * @id: (nullable): what a frame has where an id belongs, UTF-8
 *
 * Whoever sends a message chooses its id, and both ends remember it for a while. One that is empty or has more than
 * %DW_MESSAGE_ID_CHARS characters is none, and its message is handled as one without.
 *
 * Returns: whether it is an id
 */
gboolean
dw_message_id_is_valid (const char *id)
{
  guint bytes = 0, chars = 0;

  if (id == NULL)
    return FALSE;
  /* Not g_utf8_strlen(): that reads all of it, however long, and past the end of what is no UTF-8. */
  for (; id[bytes] != '\0'; bytes++)
    {
      chars += (id[bytes] & 0xc0) != 0x80;
      if (chars > DW_MESSAGE_ID_CHARS || bytes == DW_MESSAGE_ID_BYTES)
        return FALSE;
    }
  return bytes > 0;
}
