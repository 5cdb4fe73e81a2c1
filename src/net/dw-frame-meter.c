/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-frame-meter.h"

#include <string.h>

/* RFC 6455 section 5.2. */
enum
{
  OPCODE_CLOSE = 8,
  OPCODE_PING = 9,
  OPCODE_PONG = 10,
};

/* The length of the frame's head, as far as the bytes read so far tell. */
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

/* The pong to a ping: a two-byte head, a four-byte mask if we are the client, and the ping's payload. */
static void
count_ping (DwFrameMeter *meter, const DwFrameLimits *limits)
{
  meter->pings++;
  meter->pongs += (limits->side == DW_FRAME_SIDE_CLIENT ? 6 : 2) + MIN (meter->payload, DW_FRAME_CONTROL_BYTES);
}

static DwFrameLimit
begin_payload (DwFrameMeter *meter, const DwFrameLimits *limits)
{
  guint opcode = meter->head[0] & 0x0f;

  meter->payload = payload_length (meter);
  if (opcode == OPCODE_PING)
    count_ping (meter, limits);
  meter->opcode = opcode;
  if (meter->control != NULL)
    meter->control->have = 0;

  /* Control frames may come between fragments; they are not part of the message. */
  if (opcode >= OPCODE_CLOSE)
    return opcode == OPCODE_PONG && meter->payload > DW_FRAME_CONTROL_BYTES ? DW_FRAME_LIMIT_CONTROL
                                                                            : DW_FRAME_LIMIT_NONE;

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
  if (meter->payload > 0)
    return;
  if (meter->opcode == OPCODE_CLOSE)
    meter->closed = TRUE;
  else if (meter->control != NULL && (meter->opcode == OPCODE_PING || meter->opcode == OPCODE_PONG))
    meter->control->func (meter->opcode, meter->control->payload, meter->control->have, meter->control->data);
}

/* libsoup ends a connection on a control frame that is too large; here its start is kept. */
static void
keep_control (DwFrameMeter *meter, const guint8 *data, gsize length)
{
  DwFrameControl *control = meter->control;
  gsize fits;

  if (control == NULL || meter->opcode < OPCODE_CLOSE)
    return;
  fits = MIN (length, DW_FRAME_CONTROL_BYTES - control->have);
  memcpy (control->payload + control->have, data, fits);
  control->have += (guint) fits;
}

/**
 * dw_frame_meter_feed:
 * @meter: a meter; a new one is all zeros
 * @limits: what the peer may do; @pong_bytes is for the caller to check
 * @data: the peer's next bytes
 * @length: how many
 * @good: (out) (optional): how many of them come before the frame that breaks a limit; @length if none does
 *
 * Before 3.8 libsoup limits single frames but not a message made of fragments: it keeps them all until the last one
 * arrives (measured).
 *
 * Returns: the limit that was broken, as soon as the frame's head shows it; do not feed the meter after that
 */
DwFrameLimit
dw_frame_meter_feed (DwFrameMeter *meter,
                     const DwFrameLimits *limits,
                     const guint8 *data,
                     gsize length,
                     gsize *good)
{
  gsize at = 0;
  gsize frame = 0; /* where the current frame begins */

  if (good != NULL)
    *good = length;
  while (at < length)
    {
      guint64 skipped = MIN (meter->payload, length - at);
      DwFrameLimit over;

      if (skipped > 0)
        {
          keep_control (meter, data + at, skipped);
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
