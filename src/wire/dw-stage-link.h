/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-stage-url.h"

G_BEGIN_DECLS

gboolean dw_stage_link_is (const char *text);
char *dw_stage_link_dup_address (const char *link);
char *dw_stage_link_new (const DwStageUrl *url);

G_END_DECLS
