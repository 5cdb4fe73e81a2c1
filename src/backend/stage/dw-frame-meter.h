/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwFrameMeter:
 *
 * Reads along with a client's bytes and measures its frames (RFC 6455 section 5.2). It keeps no payload.
 */
typedef struct
{
  /*< private >*/
  guint8 head[14];
  guint have;      /* bytes of the head so far */
  guint64 payload; /* bytes of the payload still to come */
  guint64 message; /* bytes of the message so far, over its fragments */
  guint64 pongs;   /* bytes of the answers that all pings so far ask for */
} DwFrameMeter;

gboolean dw_frame_meter_feed (DwFrameMeter *meter, const guint8 *data, gsize length);

G_END_DECLS
