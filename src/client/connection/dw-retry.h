/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-cause.h"
#include "dw-session-policy.h"

G_BEGIN_DECLS

/**
 * DwRetry:
 * @policy: the session's durations and counts
 * @urls: how many addresses the stage has, at least 1
 * @url: which of them is next
 * @url_failures: failures in a row on it
 * @failures: the backoff's n
 * @refusals: refusals in a row
 *
 * What has been tried, and so what is tried next. It has no clock and no timer.
 */
typedef struct
{
  const DwSessionPolicy *policy;
  guint urls;
  guint url;
  guint url_failures;
  guint failures;
  guint refusals;
} DwRetry;

void dw_retry_reset (DwRetry *retry);
gboolean dw_retry_after (DwRetry *retry, DwCause cause, gboolean was_stable, guint *delay_ms);
guint dw_retry_rest (DwRetry *retry);

G_END_DECLS
