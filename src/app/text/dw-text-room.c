/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-text-room.h"

#include <string.h>

/**
 * dw_text_room_keep:
 * @buffer: a text, which emits “insert-text”
 * @at: where something is about to be inserted
 * @text: it
 * @length: its length in bytes, or -1
 * @room: how many bytes may come
 * @left_out: (inout): how many characters were left out, before the text changes
 *
 * Of what is more than there is room for, the start is inserted instead.
 *
 * Returns: whether anything is inserted, so that “changed” follows
 */
gboolean
dw_text_room_keep (GtkTextBuffer *buffer,
                   GtkTextIter *at,
                   const char *text,
                   int length,
                   gsize room,
                   guint *left_out)
{
  gsize size = length >= 0 ? (gsize) length : strlen (text);
  const char *end = text + room;

  if (size <= room)
    return TRUE;
  while (end > text && (*end & 0xc0) == 0x80)
    end--;
  g_signal_stop_emission_by_name (buffer, "insert-text");
  *left_out += (guint) g_utf8_strlen (end, (gssize) (size - (gsize) (end - text)));
  if (end > text)
    gtk_text_buffer_insert (buffer, at, text, (int) (end - text));
  return end > text;
}
