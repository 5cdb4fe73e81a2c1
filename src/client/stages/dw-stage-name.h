/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/dw-stage-url.h"

G_BEGIN_DECLS

/** DW_STAGE_NAME_CHARS: how much of an address goes into a name, in characters for each of its two parts. */
#define DW_STAGE_NAME_CHARS 48

char *dw_stage_name_plain (const DwStageUrl *url, gboolean local);
char *dw_stage_name_new (const DwStageUrl *url, gboolean local, GHashTable *taken);
gboolean dw_stage_name_is_made (const char *name, const DwStageUrl *url, gboolean local);

G_END_DECLS
