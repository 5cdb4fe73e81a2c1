/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-load-plan.h"
#include "dw-printer.h"

#include "wire/dw-frame.h"
#include "wire/dw-histogram.h"
#include "wire/dw-tally.h"

G_BEGIN_DECLS

/** DW_LOAD_SLOTS: into how many parts the time is divided for the chart. */
#define DW_LOAD_SLOTS 60

/** DW_LOAD_GATEWAY_ERRORS: how many kinds of errors of the gateway there are. */
#define DW_LOAD_GATEWAY_ERRORS (DW_GATEWAY_OTHER + 1)

/** DW_LOAD_CODES: close codes and HTTP statuses are below this. */
#define DW_LOAD_CODES 5000

/**
 * DwLoadResult:
 * @address: the stage, without anything secret
 * @problem: (nullable): why the first of those that did not open did not, for people
 * @opened: how many connections opened
 * @failed: how many did not
 * @closed: how many of those that opened the stage ended before the load was over
 * @handshakes: how long they took to open, in microseconds
 * @latencies: from sending a message to each of its deliveries, in microseconds
 * @slots: the same for each part of the time
 * @slot_us: how long a part is, in microseconds
 * @planned_s: how long all parts are together, in seconds
 * @counts: what became of the messages
 * @held: how many messages were not sent because the stage did not read
 * @behind_us: how late the latest message was sent because this computer was busy, in microseconds
 * @codes: how many connections ended with each close code
 * @statuses: how many handshakes failed with each HTTP status; 0 is without an answer
 * @gateway_errors: how many errors of each kind came
 * @other: how many other frames came
 * @seconds: how long it took, without opening
 * @stopped: whether somebody stopped it
 *
 * What a load was like.
 */
typedef struct
{
  const char *address;
  char *problem;
  guint opened;
  guint failed;
  guint closed;
  DwHistogram handshakes;
  DwHistogram latencies;
  DwHistogram slots[DW_LOAD_SLOTS];
  gint64 slot_us;
  guint planned_s;
  DwTallyCounts counts;
  guint64 held;
  gint64 behind_us;
  guint codes[DW_LOAD_CODES];
  guint statuses[DW_LOAD_CODES];
  guint64 gateway_errors[DW_LOAD_GATEWAY_ERRORS];
  guint64 other;
  double seconds;
  gboolean stopped;
} DwLoadResult;

char *dw_load_report_table (const DwLoadResult *result);
char *dw_load_report_chart (const DwLoadResult *result);
char *dw_load_report_page (const DwLoadResult *result);
void dw_load_report_add (const DwLoadResult *result, const DwLoadPlan *plan, JsonBuilder *line);

G_END_DECLS
