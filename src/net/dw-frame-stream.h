/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-frame-meter.h"
#include "dw-poll.h"

G_BEGIN_DECLS

/**
 * DwFrameClock:
 *
 * Returns: the time, in microseconds from anywhere
 */
typedef gint64 (*DwFrameClock) (void);

/**
 * DwFrameStreamOptions:
 * @limits: what the peer may do
 * @encrypted: whether TLS is between the base and the socket; a #GTlsConnection is known without
 * @budget_us: how long one turn of the main loop may be spent on it, in microseconds; 0 for as long as there is
 *   something to read
 * @priority: of its turns where it has more to read than that
 * @rescue_us: after so long without a turn its next one is urgent, in microseconds; 0 never
 * @turn_bytes: how much of it is handed on in one turn of the main loop, in bytes; 0 for no bound
 * @buffer_bytes: how much is read from the system at once, in bytes; it is held while there is something in it. Over
 *   TLS it has to be %DW_FRAME_STREAM_BUFFER at least, which is a record
 * @drop_bytes: how much is read and dropped to wait for the peer's answer to a close frame, in bytes
 * @clock: (nullable): what tells the time; %NULL for g_get_monotonic_time()
 *
 * How a peer is read.
 */
typedef struct
{
  DwFrameLimits limits;
  gboolean encrypted;
  gint64 budget_us;
  int priority;
  gint64 rescue_us;
  gsize turn_bytes;
  gsize buffer_bytes;
  gsize drop_bytes;
  DwFrameClock clock;
} DwFrameStreamOptions;

/** DW_FRAME_STREAM_BUFFER: bytes read at once. libsoup asks for 1 KiB: 15 of 16 system calls less (measured). */
#define DW_FRAME_STREAM_BUFFER (16 * 1024)

/** DW_FRAME_STREAM_BUDGET_US: microseconds a turn; throughput is the same from 1 ms to 8 (measured). */
#define DW_FRAME_STREAM_BUDGET_US 4000

/** DW_FRAME_STREAM_PRIORITY: behind what a window draws with, 120; 121 to 300 are alike (measured). */
#define DW_FRAME_STREAM_PRIORITY 125

/** DW_FRAME_STREAM_RESCUE_US: in a window that draws slowly, no turn behind that priority ever comes (measured). */
#define DW_FRAME_STREAM_RESCUE_US 50000

/** DW_FRAME_STREAM_DROP: how many bytes a client reads and drops to wait for the answer to its close frame. */
#define DW_FRAME_STREAM_DROP (256 * 1024)

/** DW_FRAME_STREAM_GATHER: how many bytes are gathered for one peer before they are written within a turn. */
#define DW_FRAME_STREAM_GATHER (64 * 1024)

/** DW_FRAME_STREAM_FRAME: what a frame that waits costs beside its bytes, which others may share, in bytes. */
#define DW_FRAME_STREAM_FRAME 32

/** DW_FRAME_STREAM_GOODBYE: how long TLS may wait to say goodbye, in a pool thread, in seconds. */
#define DW_FRAME_STREAM_GOODBYE 1

/**
 * DwFrameStreamReadFunc:
 * @data: what was given with it
 *
 * Returns: whether more may be read
 */
typedef gboolean (*DwFrameStreamReadFunc) (gpointer data);

#define DW_TYPE_FRAME_STREAM (dw_frame_stream_get_type ())
G_DECLARE_FINAL_TYPE (DwFrameStream, dw_frame_stream, DW, FRAME_STREAM, GIOStream)

DwFrameStream *dw_frame_stream_new (GIOStream *base,
                                    GSocket *socket,
                                    DwPoll *poll,
                                    GBytes *early,
                                    const DwFrameStreamOptions *options);
void dw_frame_stream_set_read_func (DwFrameStream *self, DwFrameStreamReadFunc func, gpointer data);
void dw_frame_stream_resume (DwFrameStream *self);
guint64 dw_frame_stream_get_written (DwFrameStream *self);
guint64 dw_frame_stream_get_pongs (DwFrameStream *self);
gsize dw_frame_stream_get_n_owed (DwFrameStream *self);
gboolean dw_frame_stream_is_stuck (DwFrameStream *self);
void dw_frame_stream_send (DwFrameStream *self, GBytes *frame);
void dw_frame_stream_begin_close (DwFrameStream *self);
void dw_frame_stream_abort (DwFrameStream *self);

G_END_DECLS
