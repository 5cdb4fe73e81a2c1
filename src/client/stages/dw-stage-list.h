/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-store-stages.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define DW_TYPE_STAGE_LIST (dw_stage_list_get_type ())
G_DECLARE_FINAL_TYPE (DwStageList, dw_stage_list, DW, STAGE_LIST, GObject)

/** DW_STAGE_LIST_SAVE_MS: a change is saved within this time, in milliseconds. */
#define DW_STAGE_LIST_SAVE_MS 500

DwStageList *dw_stage_list_new (DwStore *store);
void dw_stage_list_set_keeps_drafts (DwStageList *self, gboolean keeps_drafts);
void dw_stage_list_load (DwStageList *self);
gboolean dw_stage_list_is_loaded (DwStageList *self);
gboolean dw_stage_list_is_full (DwStageList *self);
void dw_stage_list_name (DwStageList *self, DwStage *stage);
gboolean dw_stage_list_add (DwStageList *self, DwStage *stage);
void dw_stage_list_remove (DwStageList *self, DwStage *stage);
void dw_stage_list_restore (DwStageList *self, DwStage *stage, guint position);
void dw_stage_list_move (DwStageList *self, DwStage *stage, guint position);
void dw_stage_list_flush (DwStageList *self);

G_END_DECLS
