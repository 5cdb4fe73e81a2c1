/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-poll.h"

G_BEGIN_DECLS

#define DW_TYPE_METERED_STREAM (dw_metered_stream_get_type ())
G_DECLARE_FINAL_TYPE (DwMeteredStream, dw_metered_stream, DW, METERED_STREAM, GIOStream)

/** DW_METERED_STREAM_PONGS: how many bytes of answers to pings may wait for a client that does not read. */
#define DW_METERED_STREAM_PONGS (256 * 1024)

/** DW_METERED_STREAM_GOODBYE: how long TLS may wait to say goodbye, in a pool thread, in seconds. */
#define DW_METERED_STREAM_GOODBYE 1

DwMeteredStream *dw_metered_stream_new (GIOStream *base, GSocket *socket, gboolean encrypted, DwPoll *poll);
guint64 dw_metered_stream_get_written (DwMeteredStream *self);
guint64 dw_metered_stream_get_pongs (DwMeteredStream *self);
void dw_metered_stream_abort (DwMeteredStream *self);
gboolean dw_metered_stream_send (DwMeteredStream *self, GBytes *frame);

G_END_DECLS
