/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-frame-meter.h"

#include "wire/dw-limits.h"

/* How long the head is, as far as its first bytes tell. */
static guint
head_length (const DwFrameMeter *meter)
{
  guint length = 2;

  if (meter->have < 2)
    return 2;
  if ((meter->head[1] & 0x7f) == 126)
    length += 2;
  else if ((meter->head[1] & 0x7f) == 127)
    length += 8;
  return meter->head[1] & 0x80 ? length + 4 : length;
}

static guint64
payload_length (const DwFrameMeter *meter)
{
  guint bytes = (meter->head[1] & 0x7f) == 126 ? 2 : 8;
  guint64 length = 0;

  if ((meter->head[1] & 0x7f) < 126)
    return meter->head[1] & 0x7f;
  for (guint i = 0; i < bytes; i++)
    length = length << 8 | meter->head[2 + i];
  return length;
}

/* FALSE where the frame or its message is over a limit. */
static gboolean
begin_payload (DwFrameMeter *meter)
{
  guint opcode = meter->head[0] & 0x0f;

  meter->payload = payload_length (meter);
  if (opcode == 9)
    meter->pongs += 2 + MIN (meter->payload, 125);
  /* Control frames stand between fragments and are no part of the message. */
  if (opcode >= 8)
    return TRUE;
  if (opcode != 0)
    meter->message = 0;
  if (meter->payload > DW_LIMIT_FRAME_BYTES)
    return FALSE;
  meter->message += meter->payload;
  return meter->message <= DW_LIMIT_MESSAGE_BYTES;
}

/**
 * dw_frame_meter_feed:
 * @meter: a meter; all zeros is a new one
 * @data: the next bytes of the client, in order
 * @length: how many
 *
 * libsoup limits a frame and, before 3.8, not a message made of fragments: it keeps them all until the last comes.
 *
 * Returns: %FALSE as soon as a frame is larger than %DW_LIMIT_FRAME_BYTES, or a message than
 *   %DW_LIMIT_MESSAGE_BYTES; the meter must not be fed any more then
 */
gboolean
dw_frame_meter_feed (DwFrameMeter *meter, const guint8 *data, gsize length)
{
  while (length > 0)
    {
      guint64 skipped = MIN (meter->payload, length);

      meter->payload -= skipped;
      data += skipped;
      length -= skipped;
      if (length == 0)
        return TRUE;
      meter->head[meter->have++] = *data++;
      length--;
      if (meter->have < head_length (meter))
        continue;
      if (!begin_payload (meter))
        return FALSE;
      meter->have = 0;
    }
  return TRUE;
}
