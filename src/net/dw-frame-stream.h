/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-frame-meter.h"
#include "dw-poll.h"

G_BEGIN_DECLS

/**
 * DwFrameClock:
 *
 * Returns: the time, in microseconds since any fixed moment
 */
typedef gint64 (*DwFrameClock) (void);

/**
 * DwFrameStreamOptions:
 * @limits: what the peer may do
 * @encrypted: whether TLS is between the base and the socket; not needed if the base is a #GTlsConnection
 * @budget_us: how long it may read in one turn of the main loop, in microseconds; 0 for as long as there is
 *   something to read
 * @priority: the priority of its source, if there is such a budget
 * @rescue_us: after this long without a turn it gets the default priority, in microseconds; 0 for never
 * @turn_bytes: how much is read in one turn of the main loop, in bytes; 0 for no bound
 * @buffer_bytes: the size of the read buffer, in bytes; it is allocated only while something is in it. With TLS it
 *   has to be at least %DW_FRAME_STREAM_BUFFER, which holds a record
 * @drop_bytes: how much is read and dropped while waiting for the peer's close frame, in bytes
 * @clock: (nullable): the clock; %NULL for g_get_monotonic_time()
 *
 * How to read from a peer.
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

/**
 * DW_FRAME_STREAM_BUFFER: bytes read at once. libsoup asks for 1 KiB; this saves 15 of 16 system calls (measured).
 */
#define DW_FRAME_STREAM_BUFFER (16 * 1024)

/** DW_FRAME_STREAM_BUDGET_US: microseconds per turn; throughput is the same from 1 ms to 8 ms (measured). */
#define DW_FRAME_STREAM_BUDGET_US 4000

/** DW_FRAME_STREAM_PRIORITY: lower than drawing, which has 120; 121 to 300 make no difference (measured). */
#define DW_FRAME_STREAM_PRIORITY 125

/** DW_FRAME_STREAM_RESCUE_US: while a window draws slowly, a source of that priority never runs (measured). */
#define DW_FRAME_STREAM_RESCUE_US 50000

/** DW_FRAME_STREAM_DROP: how many bytes a client reads and drops while waiting for the peer's close frame. */
#define DW_FRAME_STREAM_DROP (256 * 1024)

/** DW_FRAME_STREAM_GATHER: how many bytes may be queued for one peer before they are written within a turn. */
#define DW_FRAME_STREAM_GATHER (64 * 1024)

/** DW_FRAME_STREAM_FRAME: what a queued frame costs besides its bytes, which streams may share, in bytes. */
#define DW_FRAME_STREAM_FRAME 32

/** DW_FRAME_STREAM_GOODBYE: how long TLS may block a pool thread to say goodbye, in seconds. */
#define DW_FRAME_STREAM_GOODBYE 1

/**
 * DwFrameStreamOwner:
 * @may_read: asked before each turn of reading; if it says no, nothing is read until dw_frame_stream_resume()
 * @over_limit: the peer has broken a limit. Called once, after what came before has been delivered: in the turn of the
 *   main loop after the one that read it. What the peer sends from there on is dropped, for as many bytes as the options
 *   allow, so that a close frame with 1009 can still reach it. After %DW_FRAME_LIMIT_PONGS no frame can reach it, and
 *   reading fails.
 *
 * Who is asked and told. Callbacks instead of a signal, whose handler takes 250 bytes a connection.
 */
typedef struct
{
  gboolean (*may_read) (gpointer data);
  void (*over_limit) (DwFrameLimit limit, gpointer data);
} DwFrameStreamOwner;

#define DW_TYPE_FRAME_STREAM (dw_frame_stream_get_type ())
G_DECLARE_FINAL_TYPE (DwFrameStream, dw_frame_stream, DW, FRAME_STREAM, GIOStream)

DwFrameStream *dw_frame_stream_new (GIOStream *base,
                                    GSocket *socket,
                                    DwPoll *poll,
                                    GBytes *early,
                                    const DwFrameStreamOptions *options);
void dw_frame_stream_set_owner (DwFrameStream *self, const DwFrameStreamOwner *owner, gpointer data);
void dw_frame_stream_set_control (DwFrameStream *self, DwFrameControl *control);
void dw_frame_stream_resume (DwFrameStream *self);
guint64 dw_frame_stream_get_written (DwFrameStream *self);
guint64 dw_frame_stream_get_pongs (DwFrameStream *self);
gsize dw_frame_stream_get_n_owed (DwFrameStream *self);
gboolean dw_frame_stream_is_stuck (DwFrameStream *self);
void dw_frame_stream_send (DwFrameStream *self, GBytes *frame);
gboolean dw_frame_stream_ping (DwFrameStream *self, gboolean pong, const guint8 *payload, gsize length);
void dw_frame_stream_begin_close (DwFrameStream *self);
void dw_frame_stream_abort (DwFrameStream *self);

G_END_DECLS
