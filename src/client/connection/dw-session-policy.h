/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/dw-backoff.h"

G_BEGIN_DECLS

/**
 * DwSessionPolicy:
 * @handshake_ms: the longest DNS, TCP, TLS and upgrade may take together (an integration may take 29 s)
 * @confirm_ms: how long the probe may stay unanswered before a session counts as online, unconfirmed
 * @backoff_base_ms: the first ceiling of the backoff
 * @backoff_cap_ms: the last one
 * @overload_floor_ms: the least wait after 429, 5xx, 1011, 1012 and 1013
 * @stable_ms: how long a session must have been online for the backoff to start anew
 * @ping_ms: how often the peer is pinged
 * @pong_ms: how long it may take to answer anything; together with @ping_ms at most 45 s
 * @answer_ms: how long a probe's or a send's answer may take (an integration may take 29 s); what comes later is no
 *   answer to it
 * @probe_ms: after how long without a data frame of ours the probe is sent; the gateway closes after 10 minutes
 * @rollover_ms: the age at which a connection is replaced; the gateway closes after 2 hours
 * @overlap_ms: how long the old connection is still listened to after its successor was confirmed
 * @refusals: after how many refusals in a row a session stops
 * @failover: after how many failures in a row on one address the next is tried
 * @random: the random source of the backoff
 * @random_data: for @random
 *
 * Every duration of a session, in milliseconds, in one place: a test gives its own. There is one for all sessions of a
 * program, counted by reference.
 */
typedef struct
{
  guint handshake_ms;
  guint confirm_ms;
  guint backoff_base_ms;
  guint backoff_cap_ms;
  guint overload_floor_ms;
  guint stable_ms;
  guint ping_ms;
  guint pong_ms;
  guint answer_ms;
  guint probe_ms;
  guint rollover_ms;
  guint overlap_ms;
  guint refusals;
  guint failover;
  DwRandomFunc random;
  gpointer random_data;
} DwSessionPolicy;

DwSessionPolicy *dw_session_policy_new (void);
DwSessionPolicy *dw_session_policy_ref (DwSessionPolicy *policy);
void dw_session_policy_unref (DwSessionPolicy *policy);
gboolean dw_session_policy_parse (DwSessionPolicy *policy, const char *text, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwSessionPolicy, dw_session_policy_unref)

G_END_DECLS
