/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-session-policy.h"

#include "wire/dw-limits.h"

/**
 * dw_session_policy_default:
 *
 * Returns: what a person's sessions do
 */
DwSessionPolicy
dw_session_policy_default (void)
{
  return (DwSessionPolicy){
    .handshake_ms = 35 * 1000,
    .confirm_ms = 5 * 1000,
    .backoff_base_ms = 1000,
    .backoff_cap_ms = 60 * 1000,
    .overload_floor_ms = 5 * 1000,
    .stable_ms = 60 * 1000,
    .ping_ms = 30 * 1000,
    .pong_ms = 10 * 1000,
    .probe_ms = (DW_LIMIT_IDLE_SECONDS - 60) * 1000,
    .rollover_ms = (DW_LIMIT_CONNECTION_SECONDS - 300) * 1000,
    .overlap_ms = 2 * 1000,
    .refusals = 2,
    .failover = 2,
    .random = dw_backoff_random,
  };
}
