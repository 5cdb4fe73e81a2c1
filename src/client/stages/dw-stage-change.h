/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-stage.h"

G_BEGIN_DECLS

gboolean dw_stage_change_apply (DwStage *stage, DwStage *wanted);

G_END_DECLS
