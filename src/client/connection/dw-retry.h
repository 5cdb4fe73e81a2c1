/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-cause.h"
#include "dw-session-policy.h"

G_BEGIN_DECLS

/**
 * DwRetry:
 *
 * What a session has tried, and so what it tries next: the session says what happened, and this room counts. It has no
 * clock and no timer.
 */
typedef struct _DwRetry DwRetry;

DwRetry *dw_retry_new (DwSessionPolicy *policy);
void dw_retry_free (DwRetry *retry);

void dw_retry_reset (DwRetry *retry);
gboolean dw_retry_note_end (DwRetry *retry, DwCause cause, gboolean was_stable, guint *delay_ms);
void dw_retry_note_answer (DwRetry *retry);
void dw_retry_note_manual (DwRetry *retry);
void dw_retry_note_rollover (DwRetry *retry);
void dw_retry_note_rollover_done (DwRetry *retry);
guint dw_retry_note_rollover_failed (DwRetry *retry);

guint dw_retry_get_failures (const DwRetry *retry);
guint dw_retry_get_address (const DwRetry *retry, guint addresses);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwRetry, dw_retry_free)

G_END_DECLS
