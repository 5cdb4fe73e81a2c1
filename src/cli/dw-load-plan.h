/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/dw-stage-url.h"

G_BEGIN_DECLS

/** DW_LOAD_CONNECTIONS: how many connections are opened at most; a computer has 28,000 ports for one address. */
#define DW_LOAD_CONNECTIONS 20000

/** DW_LOAD_RATE: how many messages a second are sent at most. */
#define DW_LOAD_RATE 10000

/** DW_LOAD_SECONDS: how long messages are sent at most: API Gateway ends a connection then. */
#define DW_LOAD_SECONDS 7200

/** DW_LOAD_RAMP: how many connections a second an AWS account may open, unless AWS has raised that. */
#define DW_LOAD_RAMP 500

/** DW_LOAD_DRAIN_S: how long the last deliveries are waited for, in seconds, unless somebody wants it otherwise. */
#define DW_LOAD_DRAIN_S 10

/** DW_LOAD_DRAIN_MOST_S: the longest that can be wanted. */
#define DW_LOAD_DRAIN_MOST_S 600

/** DW_LOAD_HANDSHAKE_S: how long a connection may take to open, in seconds: an integration may take 29. */
#define DW_LOAD_HANDSHAKE_S 35

/**
 * DwLoadOptions:
 *
 * A load, as the command line says it.
 */
typedef struct
{
  int connections;
  int senders;
  int seconds;
  int size;
  int drain;
  double rate;
  double ramp;
  char *report;
  char *max_p99;
  char *max_lost;
  gboolean yes;
} DwLoadOptions;

/**
 * DwLoadPlan:
 * @connections: how many connections
 * @senders: how many of them send
 * @seconds: how long they do
 * @size: how many bytes a message has at least
 * @drain_s: how long the last deliveries are waited for, in seconds
 * @rate: messages a second, of all senders together
 * @ramp: how many connections are opened a second
 * @max_p99_ms: the largest 99th percentile that passes, in milliseconds, or -1
 * @max_lost: how many deliveries may be lost, or -1
 *
 * A load within bounds.
 */
typedef struct
{
  guint connections;
  guint senders;
  guint seconds;
  guint size;
  guint drain_s;
  double rate;
  double ramp;
  gint64 max_p99_ms;
  gint64 max_lost;
} DwLoadPlan;

extern const GOptionEntry dw_load_option_entries[];

gboolean dw_load_plan_make (DwLoadPlan *plan, const DwLoadOptions *options, GError **error);
double dw_load_plan_get_price (const DwLoadPlan *plan);
gboolean dw_load_plan_consent (const DwLoadPlan *plan, const DwStageUrl *url, gboolean yes);

G_END_DECLS
