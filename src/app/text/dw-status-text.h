/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/connection/dw-session-status.h"

#include "wire/dw-stage-url.h"

G_BEGIN_DECLS

const char *dw_status_text_state (DwSessionState state);
const char *dw_status_text_dot_class (const DwSessionStatus *status);
char *dw_status_text_subtitle (const DwSessionStatus *status, const DwStageUrl *url);
char *dw_status_text_title (const DwSessionStatus *status);
char *dw_status_text_detail (const DwSessionStatus *status);
char *dw_status_text_tooltip (const DwSessionStatus *status, const DwStageUrl *url);

G_END_DECLS
