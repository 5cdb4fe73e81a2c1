/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-trace.h"

#include "wire/dw-dialect.h"
#include "wire/dw-histogram.h"

G_BEGIN_DECLS

/** DW_EXCHANGE_WAITING: how many frames may wait for an answer; then the oldest waits no more. */
#define DW_EXCHANGE_WAITING 1000

/** DW_EXCHANGE_WAIT_US: how long a frame may wait, in microseconds: a handler has 29 s, and the rest is the way. */
#define DW_EXCHANGE_WAIT_US (35 * G_USEC_PER_SEC)

/** DW_EXCHANGE_SILENCE_US: after this long without an answer it is worth saying that there was none, in microseconds. */
#define DW_EXCHANGE_SILENCE_US (5 * G_USEC_PER_SEC)

/** DW_EXCHANGE_CONNECTIONS: of how many connections it is known who we are on them; then the one unused for longest goes. */
#define DW_EXCHANGE_CONNECTIONS 8

/**
 * DwExchange:
 *
 * Which frame answered which one that was sent, and after how long. It is bounded by its constants and by
 * %DW_TRACE_ENTRIES, and keeps no payloads.
 */
typedef struct _DwExchange DwExchange;

DwExchange *dw_exchange_new (DwDialect *dialect);
void dw_exchange_free (DwExchange *self);

guint64 dw_exchange_add (DwExchange *self, const DwTraceEntry *entry);
void dw_exchange_forget (DwExchange *self, guint64 before);
guint64 dw_exchange_get_other (DwExchange *self, guint64 serial, gint64 *latency_us, gboolean *refusal);
const DwHistogram *dw_exchange_get_latencies (DwExchange *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwExchange, dw_exchange_free)

G_END_DECLS
