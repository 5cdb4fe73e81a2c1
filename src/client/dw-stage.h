/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/dw-dialect.h"
#include "wire/dw-stage-url.h"

G_BEGIN_DECLS

#define DW_TYPE_STAGE (dw_stage_get_type ())
G_DECLARE_FINAL_TYPE (DwStage, dw_stage, DW, STAGE, GObject)

/** DW_STAGE_URLS: how many addresses a stage may have. */
#define DW_STAGE_URLS 8

DwStage *dw_stage_new (DwStageUrl *url);

char *dw_stage_dup_name (DwStage *self);
void dw_stage_set_name (DwStage *self, const char *name);
guint dw_stage_get_n_urls (DwStage *self);
DwStageUrl *dw_stage_get_url (DwStage *self, guint index);
void dw_stage_set_url (DwStage *self, guint index, DwStageUrl *url);
gboolean dw_stage_add_url (DwStage *self, DwStageUrl *url);
DwDialect *dw_stage_get_dialect (DwStage *self);
void dw_stage_set_dialect (DwStage *self, DwDialect *dialect);
const char *dw_stage_get_own_name (DwStage *self);
void dw_stage_set_own_name (DwStage *self, const char *own_name);
char **dw_stage_get_protocols (DwStage *self);
void dw_stage_set_protocols (DwStage *self, char **protocols);
GHashTable *dw_stage_get_headers (DwStage *self);
void dw_stage_set_headers (DwStage *self, GHashTable *headers);

G_END_DECLS
