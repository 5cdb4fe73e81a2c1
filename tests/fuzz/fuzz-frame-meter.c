/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"

#include "net/dw-frame-meter.h"

/* Small limits, so that a short input can exceed them. */
static const DwFrameLimits limits = { .side = DW_FRAME_SIDE_CLIENT,
                                      .frame_bytes = 300,
                                      .message_bytes = 500,
                                      .fragments = 4,
                                      .pong_bytes = 0 };

static void
expect (gboolean holds)
{
  if (!holds)
    abort ();
}

/* The result does not depend on how the bytes are split. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  DwFrameMeter whole = { 0 };
  DwFrameMeter pieces = { 0 };
  DwFrameLimit over = DW_FRAME_LIMIT_NONE;
  gsize good = 0;
  gsize at = 0;
  gsize piece = 0;
  DwFrameLimit expected = dw_frame_meter_feed (&whole, &limits, data, size, &good);

  expect (good <= size && (expected != DW_FRAME_LIMIT_NONE || good == size));
  for (guint i = 0; at < size && over == DW_FRAME_LIMIT_NONE; i++)
    {
      piece = MIN (size - at, 1 + data[i % size] % 7);
      over = dw_frame_meter_feed (&pieces, &limits, data + at, piece, NULL);
      at += piece;
    }
  expect (over == expected && whole.pings == pieces.pings && whole.pongs == pieces.pongs);
  expect (whole.closed == pieces.closed && whole.pings <= size / 2 && whole.pongs <= size / 2 * 131);

  /* The good part is also accepted on its own. */
  pieces = (DwFrameMeter){ 0 };
  expect (dw_frame_meter_feed (&pieces, &limits, data, good, NULL) == DW_FRAME_LIMIT_NONE);
  return 0;
}
