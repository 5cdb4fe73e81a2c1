/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-frame-meter.h"

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

/* The answer to a ping: a head of two bytes, a mask of four where we are the client, and the same payload. */
static void
count_ping (DwFrameMeter *meter, const DwFrameLimits *limits)
{
  meter->pings++;
  meter->pongs += (limits->side == DW_FRAME_SIDE_CLIENT ? 6 : 2) + MIN (meter->payload, 125);
}

static DwFrameLimit
begin_payload (DwFrameMeter *meter, const DwFrameLimits *limits)
{
  guint opcode = meter->head[0] & 0x0f;

  meter->payload = payload_length (meter);
  if (opcode == 9)
    count_ping (meter, limits);
  meter->in_close = opcode == 8;
  /* Control frames stand between fragments and are no part of the message. */
  if (opcode >= 8)
    return opcode == 10 && meter->payload > 125 ? DW_FRAME_LIMIT_CONTROL : DW_FRAME_LIMIT_NONE;

  if (opcode != 0)
    meter->message = meter->fragments = 0;
  if (meter->payload > limits->frame_bytes)
    return DW_FRAME_LIMIT_FRAME;
  meter->message += meter->payload;
  if (meter->message > limits->message_bytes)
    return DW_FRAME_LIMIT_MESSAGE;
  meter->fragments++;
  return meter->fragments > limits->fragments ? DW_FRAME_LIMIT_FRAGMENTS : DW_FRAME_LIMIT_NONE;
}

static void
end_payload (DwFrameMeter *meter)
{
  if (meter->payload == 0 && meter->in_close)
    meter->closed = TRUE;
}

/**
 * dw_frame_meter_feed:
 * @meter: a meter; all zeros is a new one
 * @limits: what the peer may do; its pongs are the caller's to compare
 * @data: the next bytes of the peer, in order
 * @length: how many
 * @good: (out) (optional): how many of them come before the frame that is over a limit; @length where none is
 *
 * libsoup limits a frame and, before 3.8, not a message made of fragments: it keeps them all until the last comes
 * (measured).
 *
 * Returns: the limit that a frame is over, as soon as its head says so; the meter must not be fed any more then
 */
DwFrameLimit
dw_frame_meter_feed (DwFrameMeter *meter,
                     const DwFrameLimits *limits,
                     const guint8 *data,
                     gsize length,
                     gsize *good)
{
  gsize at = 0;
  gsize frame = 0; /* where the frame began whose head is read */

  if (good != NULL)
    *good = length;
  while (at < length)
    {
      guint64 skipped = MIN (meter->payload, length - at);
      DwFrameLimit over;

      if (skipped > 0)
        {
          meter->payload -= skipped;
          at += skipped;
          end_payload (meter);
          continue;
        }

      if (meter->have == 0)
        frame = at;
      meter->head[meter->have++] = data[at++];
      if (meter->have < head_length (meter))
        continue;

      meter->have = 0;
      over = begin_payload (meter, limits);
      if (over != DW_FRAME_LIMIT_NONE)
        {
          if (good != NULL)
            *good = frame;
          return over;
        }
      end_payload (meter);
    }
  return DW_FRAME_LIMIT_NONE;
}
