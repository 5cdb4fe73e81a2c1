/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** DW_METRICS_BUCKETS: how many buckets the histogram of times has. */
#define DW_METRICS_BUCKETS 12

/**
 * DwMetrics:
 * @connections: how many there are now
 * @connects: handshakes that were accepted
 * @refused: handshakes that were not
 * @disconnects: connections that ended
 * @messages: messages that were accepted
 * @refusals: messages that got one of the gateway's error frames
 * @deliveries: frames that were handed to a connection
 * @gone: posts to connections that were gone
 * @throttled: posts that had to wait
 * @dropped: posts that were given up
 * @times: how many messages each bucket has
 * @time_us: how long all of them took together, in microseconds
 * @reloads: how often the configuration was read again and taken over
 * @failed_reloads: how often it was read again and refused
 * @started: when the stage started, in seconds since 1970
 * @expires: when its certificate expires, in seconds since 1970; 0 without a certificate
 *
 * What a stage has done since it started.
 */
typedef struct
{
  guint connections;
  guint64 connects;
  guint64 refused;
  guint64 disconnects;
  guint64 messages;
  guint64 refusals;
  guint64 deliveries;
  guint64 gone;
  guint64 throttled;
  guint64 dropped;
  guint64 times[DW_METRICS_BUCKETS];
  guint64 time_us;
  guint64 reloads;
  guint64 failed_reloads;
  gint64 started;
  gint64 expires;
} DwMetrics;

void dw_metrics_add_time (DwMetrics *metrics, gint64 microseconds);
char *dw_metrics_to_text (const DwMetrics *metrics, const char *stage);

G_END_DECLS
