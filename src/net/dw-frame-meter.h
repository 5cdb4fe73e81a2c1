/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwFrameSide:
 * @DW_FRAME_SIDE_CLIENT: we are the client, and mask what we send
 * @DW_FRAME_SIDE_SERVER: we are the server
 *
 * Which end of a WebSocket we are.
 */
typedef enum
{
  DW_FRAME_SIDE_CLIENT,
  DW_FRAME_SIDE_SERVER,
} DwFrameSide;

/**
 * DwFrameLimit:
 * @DW_FRAME_LIMIT_NONE: none
 * @DW_FRAME_LIMIT_FRAME: a data frame is too large
 * @DW_FRAME_LIMIT_MESSAGE: a message is too large, counting all its fragments
 * @DW_FRAME_LIMIT_FRAGMENTS: a message has too many fragments
 * @DW_FRAME_LIMIT_CONTROL: a pong is larger than a control frame may be (RFC 6455 section 5.5); libsoup checks
 *   pings and close frames itself
 * @DW_FRAME_LIMIT_PONGS: too many pongs are queued for a peer that does not read
 *
 * The limit that a peer has broken.
 */
typedef enum
{
  DW_FRAME_LIMIT_NONE,
  DW_FRAME_LIMIT_FRAME,
  DW_FRAME_LIMIT_MESSAGE,
  DW_FRAME_LIMIT_FRAGMENTS,
  DW_FRAME_LIMIT_CONTROL,
  DW_FRAME_LIMIT_PONGS,
} DwFrameLimit;

/** DW_FRAME_FRAGMENTS: how many frames a message may have. */
#define DW_FRAME_FRAGMENTS 4096

/** DW_FRAME_PONGS: how many bytes of pongs may be queued, each counted with %DW_FRAME_PONG_COST on top. */
#define DW_FRAME_PONGS (64 * 1024)

/** DW_FRAME_PONG_COST: what libsoup keeps for a queued pong besides its bytes, in bytes. */
#define DW_FRAME_PONG_COST 64

/**
 * DwFrameLimits:
 * @side: which end we are
 * @frame_bytes: the largest payload of a data frame, in bytes
 * @message_bytes: the largest message, in bytes
 * @fragments: how many frames a message may have
 * @pong_bytes: how many bytes of pongs may be queued for a peer that does not read them
 *
 * What a peer may do.
 */
typedef struct
{
  DwFrameSide side;
  guint64 frame_bytes;
  guint64 message_bytes;
  guint fragments;
  guint64 pong_bytes;
} DwFrameLimits;

/** DW_FRAME_CONTROL_BYTES: the largest payload of a control frame, in bytes (RFC 6455 section 5.5). */
#define DW_FRAME_CONTROL_BYTES 125

/**
 * DwFrameControl:
 * @have: how many bytes of the payload there are
 * @payload: the payload of the control frame that is being read, masked as it came
 * @func: called with each ping and pong, in the middle of a read: it may neither close the connection nor send on it
 * @data: for @func
 *
 * Who wants to see a peer's control frames.
 */
typedef struct
{
  guint have;
  guint8 payload[DW_FRAME_CONTROL_BYTES];
  void (*func) (guint opcode, const guint8 *payload, gsize length, gpointer data);
  gpointer data;
} DwFrameControl;

/**
 * DwFrameMeter:
 * @pings: how many pings have come
 * @pongs: how many bytes the pongs to all of them take
 * @closed: whether a whole close frame has arrived
 * @control: (nullable): who wants to see control frames
 *
 * Follows a peer's bytes and measures its frames (RFC 6455 section 5.2). It keeps no payload but what @control wants.
 */
typedef struct
{
  guint64 pings;
  guint64 pongs;
  gboolean closed;
  DwFrameControl *control;

  /*< private >*/
  guint8 head[14];
  guint have;      /* bytes of the head so far */
  guint64 payload; /* bytes of the payload still to come */
  guint opcode;    /* of the frame whose payload it is */
  guint64 message; /* bytes of the message so far, in all its fragments */
  guint fragments; /* how many frames it has so far */
} DwFrameMeter;

DwFrameLimit dw_frame_meter_feed (DwFrameMeter *meter,
                                  const DwFrameLimits *limits,
                                  const guint8 *data,
                                  gsize length,
                                  gsize *good);

G_END_DECLS
