/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-trace.h"

G_BEGIN_DECLS

/**
 * DwTimingPhase:
 * @DW_TIMING_NAME: the name was looked up
 * @DW_TIMING_TCP: TCP connected
 * @DW_TIMING_PROXY: a proxy connected to the stage
 * @DW_TIMING_TLS: TLS was agreed on
 * @DW_TIMING_UPGRADE: the stage answered the upgrade
 * @DW_TIMING_PHASES: how many there are
 *
 * A part of a handshake.
 */
typedef enum
{
  DW_TIMING_NAME,
  DW_TIMING_TCP,
  DW_TIMING_PROXY,
  DW_TIMING_TLS,
  DW_TIMING_UPGRADE,
  DW_TIMING_PHASES,
} DwTimingPhase;

/**
 * DwTimingBar:
 * @phase: what
 * @start_ms: when it began, in milliseconds since the handshake did
 * @length_ms: how long it took
 * @failed: whether the handshake ended in it
 *
 * One bar of a waterfall.
 */
typedef struct
{
  DwTimingPhase phase;
  guint start_ms;
  guint length_ms;
  gboolean failed;
} DwTimingBar;

guint dw_timing_measure (const DwTraceEntry *entry, DwTimingBar *bars);

G_END_DECLS
