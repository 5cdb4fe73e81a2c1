/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-timing.h"

#include "wire/dw-transport.h"

/**
 * SECTION:dw-timing
 *
 * A trace notes when each step of a handshake was reached; what somebody wants to know is how long each took.
 */

/* The phase in which a handshake ended that never got to its answer. The request is written once TLS is agreed on. */
static DwTimingPhase
find_failed (const DwTraceEntry *entry, const DwTransport *transport, DwTimingPhase last)
{
  if (last < DW_TIMING_TCP)
    return last + 1;
  if (entry->request != NULL)
    return DW_TIMING_UPGRADE;
  if (last == DW_TIMING_TCP && transport->facts[DW_TRANSPORT_PROXY] != NULL)
    return DW_TIMING_PROXY;
  return DW_TIMING_TLS;
}

/**
 * dw_timing_measure:
 * @entry: an entry of a trace, or of a recording that anybody wrote
 * @bars: (out caller-allocates) (array fixed-size=5): %DW_TIMING_PHASES places
 *
 * Returns: how many bars there are, one after another in time; 0 for what is no handshake
 */
guint
dw_timing_measure (const DwTraceEntry *entry, DwTimingBar *bars)
{
  g_auto (DwTransport) transport = { 0 };
  guint ends[DW_TIMING_PHASES] = { entry->steps_ms[0], entry->steps_ms[1], 0, entry->steps_ms[2], 0 };
  guint took = entry->took_ms;
  guint last_ms = 0;
  int last = -1;
  guint n = 0;

  if (entry->kind != DW_TRACE_OPEN && entry->kind != DW_TRACE_FAILED)
    return 0;

  dw_transport_read (&transport, entry->transport);
  ends[DW_TIMING_PROXY] = dw_transport_get_ms (&transport, DW_TRANSPORT_PROXIED_MS);
  for (DwTimingPhase phase = DW_TIMING_NAME; phase < DW_TIMING_UPGRADE; phase++)
    if (ends[phase] != 0)
      {
        guint end = CLAMP (ends[phase], last_ms, MAX (took, last_ms));

        bars[n++] = (DwTimingBar){ .phase = phase, .start_ms = last_ms, .length_ms = end - last_ms };
        last_ms = end;
        last = (int) phase;
      }

  bars[n] =
      (DwTimingBar){ .phase = DW_TIMING_UPGRADE, .start_ms = last_ms, .length_ms = MAX (took, last_ms) - last_ms };
  if (entry->kind == DW_TRACE_FAILED)
    {
      bars[n].phase = last < 0 ? DW_TIMING_NAME : find_failed (entry, &transport, (DwTimingPhase) last);
      bars[n].failed = TRUE;
    }
  return n + 1;
}
