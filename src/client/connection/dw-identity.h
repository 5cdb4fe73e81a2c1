/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/dw-frame.h"

G_BEGIN_DECLS

/**
 * DwIdentity:
 * @connection_id: (nullable): our connection ID, where the stage told it
 * @features: what the stage said it can do
 * @answered: whether the probe was answered
 * @disputed: whether two answers contradicted each other, so that one of them is forged
 *
 * Who we are on one connection: what the first answer to the probe said, and whether to believe it.
 */
typedef struct
{
  char *connection_id;
  DwFeatures features;
  gboolean answered;
  gboolean disputed;
} DwIdentity;

/**
 * DwIdentityVerdict:
 * @DW_IDENTITY_LEARNS: an answer to the probe: who we are, and what the stage can do
 * @DW_IDENTITY_CONFIRMS: another answer to a probe, which tells nothing new
 * @DW_IDENTITY_REPEATS: what we know already, and did not ask for
 * @DW_IDENTITY_OURS: the gateway's word about something this connection sent
 * @DW_IDENTITY_UNSURE: nobody can say whether the gateway or a person wrote it
 * @DW_IDENTITY_FOREIGN: somebody's text in the gateway's shape
 * @DW_IDENTITY_DISPUTES: the same, or else the answer was: from here on neither is believed
 *
 * What a frame in the shape of a notification or of a gateway error is.
 */
typedef enum
{
  DW_IDENTITY_LEARNS,
  DW_IDENTITY_CONFIRMS,
  DW_IDENTITY_REPEATS,
  DW_IDENTITY_OURS,
  DW_IDENTITY_UNSURE,
  DW_IDENTITY_FOREIGN,
  DW_IDENTITY_DISPUTES,
} DwIdentityVerdict;

DwIdentityVerdict dw_identity_judge (DwIdentity *identity, const DwFrame *frame, gboolean probed, gboolean young);
void dw_identity_clear (DwIdentity *identity);

G_END_DECLS
