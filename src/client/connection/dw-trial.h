/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-cause.h"

#include "client/stages/dw-stage.h"
#include "wire/dw-transport.h"

G_BEGIN_DECLS

/**
 * DwTrialStep:
 * @DW_TRIAL_NAME: the host's name is looked up
 * @DW_TRIAL_CONNECTION: TCP connects
 * @DW_TRIAL_ENCRYPTION: TLS is agreed on
 * @DW_TRIAL_UPGRADE: the stage lets the person in
 * @DW_TRIAL_ANSWER: the stage answers a frame
 * @DW_TRIAL_STEPS: how many there are
 *
 * What a trial tries, in this order; the first ones are those of #DwHandshakeStep.
 */
typedef enum
{
  DW_TRIAL_NAME,
  DW_TRIAL_CONNECTION,
  DW_TRIAL_ENCRYPTION,
  DW_TRIAL_UPGRADE,
  DW_TRIAL_ANSWER,
  DW_TRIAL_STEPS,
} DwTrialStep;

/**
 * DwTrialState:
 * @DW_TRIAL_WAITING: it has not come to this step
 * @DW_TRIAL_RUNNING: it is at it
 * @DW_TRIAL_DONE: that went well
 * @DW_TRIAL_FAILED: that did not
 * @DW_TRIAL_SKIPPED: this stage has no such step
 */
typedef enum
{
  DW_TRIAL_WAITING,
  DW_TRIAL_RUNNING,
  DW_TRIAL_DONE,
  DW_TRIAL_FAILED,
  DW_TRIAL_SKIPPED,
} DwTrialState;

/** DW_TRIAL_ANSWER_MS: how long the answer to the probe is waited for, in milliseconds. */
#define DW_TRIAL_ANSWER_MS 5000

#define DW_TYPE_TRIAL (dw_trial_get_type ())
G_DECLARE_FINAL_TYPE (DwTrial, dw_trial, DW, TRIAL, GObject)

DwTrial *dw_trial_new (DwStage *stage, guint timeout_ms);
void dw_trial_start (DwTrial *self);
void dw_trial_cancel (DwTrial *self);
gboolean dw_trial_is_over (DwTrial *self);
DwTrialState dw_trial_get_state (DwTrial *self, DwTrialStep step);
const char *dw_trial_get_words (DwTrial *self, DwTrialStep step);
guint dw_trial_get_took (DwTrial *self, DwTrialStep step);
DwCause dw_trial_get_cause (DwTrial *self);
guint dw_trial_get_status (DwTrial *self);
gboolean dw_trial_was_answered (DwTrial *self);
const DwTransport *dw_trial_get_transport (DwTrial *self);
char *dw_trial_dup_verdict (DwTrial *self);

G_END_DECLS
