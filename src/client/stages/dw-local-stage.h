/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/dw-stage-url.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define DW_TYPE_LOCAL_STAGE (dw_local_stage_get_type ())
G_DECLARE_FINAL_TYPE (DwLocalStage, dw_local_stage, DW, LOCAL_STAGE, GObject)

DwLocalStage *dw_local_stage_new (void);

void dw_local_stage_start_async (DwLocalStage *self,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer data);
DwStageUrl *dw_local_stage_start_finish (DwLocalStage *self, GAsyncResult *result, GError **error);
void dw_local_stage_stop (DwLocalStage *self);

G_END_DECLS
