/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-frame-reader.h"

#include <string.h>

static gsize
head_length (const DwFrameReader *reader)
{
  guint length = reader->have < 2 ? 0 : reader->head[1] & 0x7f;

  return length == 126 ? 4 : length == 127 ? 10 : 2;
}

static guint64
payload_length (const DwFrameReader *reader)
{
  gsize end = head_length (reader);
  guint64 length = 0;

  if (end == 2)
    return reader->head[1] & 0x7f;
  for (gsize i = 2; i < end; i++)
    length = length << 8 | reader->head[i];
  return length;
}

static gboolean
is_control (const DwFrameReader *reader)
{
  return (reader->head[0] & 0x08) != 0;
}

static gboolean
is_last (const DwFrameReader *reader)
{
  return (reader->head[0] & 0x80) != 0;
}

/* RFC 6455 section 5: no extension was offered, a server does not mask, and control frames are short and whole. */
static gboolean
begin_payload (DwFrameReader *reader)
{
  guint opcode = reader->head[0] & 0x0f;

  reader->left = payload_length (reader);
  if ((reader->head[0] & 0x70) != 0 || (reader->head[1] & 0x80) != 0 || reader->left > G_MAXINT64)
    return FALSE;
  if (is_control (reader))
    {
      reader->n_control = 0;
      return opcode <= DW_FRAME_PONG && is_last (reader) && reader->left <= DW_FRAME_CONTROL_BYTES;
    }

  /* A continuation follows a beginning, and only a beginning. */
  if (opcode > DW_FRAME_BINARY || (opcode == 0) != (reader->opcode != 0))
    return FALSE;
  if (opcode != 0)
    {
      reader->opcode = (guint8) opcode;
      reader->length = 0;
      reader->n_kept = 0;
    }
  reader->length += reader->left;
  return reader->length <= G_MAXINT64;
}

static void
keep (DwFrameReader *reader, const guint8 *data, gsize length)
{
  gsize room = MIN (length, (gsize) (DW_FRAME_READER_KEPT - reader->n_kept));

  if (is_control (reader))
    {
      memcpy (reader->control + reader->n_control, data, length);
      reader->n_control += (guint8) length;
      return;
    }
  if (reader->kept == NULL)
    reader->kept = g_malloc (DW_FRAME_READER_KEPT);
  memcpy (reader->kept + reader->n_kept, data, room);
  reader->n_kept += (guint16) room;
}

static gboolean
end_payload (DwFrameReader *reader, DwFrameReadFunc func, gpointer user_data)
{
  DwFrameRead read = { reader->opcode, reader->kept, reader->n_kept, reader->length };

  reader->in_payload = FALSE;
  reader->have = 0;
  if (is_control (reader))
    read = (DwFrameRead){ reader->head[0] & 0x0f, reader->control, reader->n_control, reader->n_control };
  else if (!is_last (reader))
    return TRUE;
  else
    reader->opcode = 0;
  return func (&read, user_data);
}

/* A message that arrives whole and in one frame, as nearly all do, is not copied. */
static gboolean
take_whole (DwFrameReader *reader, const guint8 *data, DwFrameReadFunc func, gpointer user_data)
{
  const DwFrameRead read = { reader->opcode, data, reader->length, reader->length };

  reader->in_payload = FALSE;
  reader->have = 0;
  reader->opcode = 0;
  return func (&read, user_data);
}

/**
 * dw_frame_reader_feed:
 * @reader: a reader
 * @data: the server's next bytes
 * @length: how many
 * @func: called for each message and control frame that is complete
 * @user_data: for @func
 *
 * Returns: %FALSE if the bytes are not a server's frames (RFC 6455 section 5.2), or @func said to stop; do not feed the
 *   reader after that
 */
gboolean
dw_frame_reader_feed (DwFrameReader *reader,
                      const guint8 *data,
                      gsize length,
                      DwFrameReadFunc func,
                      gpointer user_data)
{
  gsize at = 0;

  while (at < length || (reader->in_payload && reader->left == 0))
    {
      gsize part;

      if (!reader->in_payload)
        {
          reader->head[reader->have++] = data[at++];
          if (reader->have < 2 || reader->have < head_length (reader))
            continue;
          if (!begin_payload (reader))
            return FALSE;

          reader->in_payload = TRUE;
          part = (gsize) MIN (reader->left, length - at);
          if (is_control (reader) || !is_last (reader) || reader->length != reader->left || part < reader->left)
            continue;
          if (!take_whole (reader, data + at, func, user_data))
            return FALSE;
          at += part;
          continue;
        }

      part = (gsize) MIN (reader->left, length - at);
      if (part > 0)
        keep (reader, data + at, part);
      reader->left -= part;
      at += part;
      if (reader->left == 0 && !end_payload (reader, func, user_data))
        return FALSE;
    }
  return TRUE;
}

/**
 * dw_frame_reader_clear:
 * @reader: a reader
 *
 * Frees what it keeps.
 */
void
dw_frame_reader_clear (DwFrameReader *reader)
{
  g_free (reader->kept);
  *reader = (DwFrameReader){ 0 };
}

/**
 * dw_frame_write_masked:
 * @opcode: what to send
 * @data: its payload
 * @length: how many bytes of it
 * @mask: a random number (RFC 6455 section 5.3)
 * @frame: (out caller-allocates): where the frame is written; it needs %DW_FRAME_HEAD_BYTES more than @length
 *
 * Writes a client's frame.
 *
 * Returns: the length of the frame, in bytes
 */
gsize
dw_frame_write_masked (DwFrameOpcode opcode, const guint8 *data, gsize length, guint32 mask, guint8 *frame)
{
  gsize at = 2;
  guint8 key[4];

  memcpy (key, &mask, sizeof key);
  frame[0] = (guint8) (0x80 | opcode);
  if (length < 126)
    frame[1] = (guint8) (0x80 | length);
  else
    {
      guint bytes = length <= G_MAXUINT16 ? 2 : 8;

      frame[1] = bytes == 2 ? 0x80 | 126 : 0x80 | 127;
      for (guint i = 0; i < bytes; i++)
        frame[at++] = (guint8) ((guint64) length >> 8 * (bytes - 1 - i));
    }
  memcpy (frame + at, key, sizeof key);
  at += sizeof key;
  for (gsize i = 0; i < length; i++)
    frame[at + i] = data[i] ^ key[i & 3];
  return at + length;
}
