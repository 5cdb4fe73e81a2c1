/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/connection/dw-trial.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define DW_TYPE_TRIAL_GROUP (dw_trial_group_get_type ())
G_DECLARE_FINAL_TYPE (DwTrialGroup, dw_trial_group, DW, TRIAL_GROUP, AdwPreferencesGroup)

void dw_trial_group_run (DwTrialGroup *self, DwStage *stage);
void dw_trial_group_stop (DwTrialGroup *self);
void dw_trial_group_forget (DwTrialGroup *self);

G_END_DECLS
