/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/dw-poll.h"

G_BEGIN_DECLS

#define DW_TYPE_METERED_STREAM (dw_metered_stream_get_type ())
G_DECLARE_FINAL_TYPE (DwMeteredStream, dw_metered_stream, DW, METERED_STREAM, GIOStream)

/** DW_METERED_STREAM_PONGS: how many bytes of answers to pings may wait for a client that does not read. */
#define DW_METERED_STREAM_PONGS (256 * 1024)

/** DW_METERED_STREAM_GATHER: how many bytes are gathered before they are written within a turn. */
#define DW_METERED_STREAM_GATHER (64 * 1024)

/** DW_METERED_STREAM_GOODBYE: how long TLS may wait to say goodbye, in a pool thread, in seconds. */
#define DW_METERED_STREAM_GOODBYE 1

/**
 * DW_METERED_STREAM_TURN: how many bytes of a client are read in one turn of the main loop. As frames of six bytes
 * they are less than the last quarter of what may wait for handlers.
 */
#define DW_METERED_STREAM_TURN (8 * 1024)

/**
 * DwMeteredReadFunc:
 * @data: what was given with it
 *
 * Returns: whether more may be read
 */
typedef gboolean (*DwMeteredReadFunc) (gpointer data);

DwMeteredStream *dw_metered_stream_new (GIOStream *base, GSocket *socket, gboolean encrypted, DwPoll *poll);
/** DW_METERED_STREAM_FRAME: what a frame that waits costs beside its bytes, which others may share, in bytes. */
#define DW_METERED_STREAM_FRAME 32

guint64 dw_metered_stream_get_written (DwMeteredStream *self);
gsize dw_metered_stream_get_n_owed (DwMeteredStream *self);
guint64 dw_metered_stream_get_pongs (DwMeteredStream *self);
void dw_metered_stream_set_read_func (DwMeteredStream *self, DwMeteredReadFunc func, gpointer data);
void dw_metered_stream_resume (DwMeteredStream *self);
void dw_metered_stream_abort (DwMeteredStream *self);
void dw_metered_stream_send (DwMeteredStream *self, GBytes *frame);

G_END_DECLS
