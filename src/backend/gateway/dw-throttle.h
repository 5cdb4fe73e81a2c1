/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwThrottle:
 * @rate: how many tokens are added per second; 0 for no limit
 * @burst: how many the bucket holds
 * @tokens: how many are left
 * @time: as of when, in microseconds of the caller's clock
 *
 * A token bucket, as API Gateway throttles a stage: a steady rate and a burst. The time is a parameter.
 */
typedef struct
{
  double rate;
  double burst;
  double tokens;
  gint64 time;
} DwThrottle;

void dw_throttle_init (DwThrottle *throttle, double rate, double burst, gint64 now);
void dw_throttle_change (DwThrottle *throttle, double rate, double burst, gint64 now);
gboolean dw_throttle_take (DwThrottle *throttle, gint64 now);

G_END_DECLS
