/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-raw-peer.h"
#include "dw-test.h"

#include "client/connection/dw-session.h"
#include "client/messages/dw-message.h"

G_BEGIN_DECLS

/* A session with timeouts of milliseconds, and a record of everything it did. */
typedef struct
{
  DwSession *session;
  GPtrArray *states; /* of the states' names, in order */
  GPtrArray *frames; /* of DwFrame */
  guint lost;
} Fixture;

Fixture *fixture_new (DwSessionPolicy *policy, GNetworkMonitor *monitor, ...) G_GNUC_NULL_TERMINATED;
void fixture_free (Fixture *fixture);
DwSessionPolicy *fixture_policy (void);
void fixture_until_state (Fixture *fixture, DwSessionState state);
void fixture_until_frames (Fixture *fixture, guint n);
void fixture_until_delivery (DwMessage *message, DwDelivery delivery);
void fixture_until_sent (DwRawPeer *peer, const char *part, guint n);
const char *fixture_text (Fixture *fixture, guint index);
DwStage *fixture_stage_new (gint64 number);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Fixture, fixture_free)

G_END_DECLS
