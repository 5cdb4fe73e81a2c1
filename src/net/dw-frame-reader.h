/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** DW_FRAME_READER_KEPT: how much of a message is kept, in bytes. */
#define DW_FRAME_READER_KEPT 1024

/** DW_FRAME_CONTROL_BYTES: the largest payload of a control frame (RFC 6455 section 5.5). */
#define DW_FRAME_CONTROL_BYTES 125

/**
 * DwFrameOpcode:
 * @DW_FRAME_TEXT: a message of text
 * @DW_FRAME_BINARY: a binary message
 * @DW_FRAME_CLOSE: the peer ends the connection
 * @DW_FRAME_PING: the peer asks for a pong
 * @DW_FRAME_PONG: the peer answers a ping
 *
 * What was read (RFC 6455 section 5.2).
 */
typedef enum
{
  DW_FRAME_TEXT = 1,
  DW_FRAME_BINARY = 2,
  DW_FRAME_CLOSE = 8,
  DW_FRAME_PING = 9,
  DW_FRAME_PONG = 10,
} DwFrameOpcode;

/**
 * DwFrameRead:
 * @opcode: what it is
 * @data: its payload, or the beginning of it; untrusted, and not checked to be UTF-8
 * @kept: how many bytes of it there are in @data: all of them, or at least %DW_FRAME_READER_KEPT
 * @length: how many it has, in all its fragments
 *
 * A message or a control frame, valid during the call.
 */
typedef struct
{
  DwFrameOpcode opcode;
  const guint8 *data;
  gsize kept;
  guint64 length;
} DwFrameRead;

/**
 * DwFrameReadFunc:
 * @read: what was read
 * @data: what dw_frame_reader_feed() was given
 *
 * Returns: whether to read on
 */
typedef gboolean (*DwFrameReadFunc) (const DwFrameRead *read, gpointer data);

/**
 * DwFrameReader:
 *
 * Reads a server's frames in little memory: of a message that arrives in pieces only the beginning is kept. All zeros
 * is a new one.
 */
typedef struct
{
  /*< private >*/
  guint64 left;   /* bytes of the frame's payload still to come */
  guint64 length; /* bytes of the message so far, in all its fragments */
  guint8 *kept;   /* its beginning, or NULL */
  guint16 n_kept;
  guint8 head[10];
  guint8 have;   /* bytes of the head so far */
  guint8 opcode; /* the message's, or 0 between messages */
  gboolean in_payload;
  guint8 n_control;
  guint8 control[DW_FRAME_CONTROL_BYTES];
} DwFrameReader;

gboolean dw_frame_reader_feed (DwFrameReader *reader,
                               const guint8 *data,
                               gsize length,
                               DwFrameReadFunc func,
                               gpointer user_data);
void dw_frame_reader_clear (DwFrameReader *reader);

gsize dw_frame_write_masked (DwFrameOpcode opcode, const guint8 *data, gsize length, guint32 mask, guint8 *frame);

/** DW_FRAME_HEAD_BYTES: the largest head of a masked frame. */
#define DW_FRAME_HEAD_BYTES 14

G_END_DECLS
