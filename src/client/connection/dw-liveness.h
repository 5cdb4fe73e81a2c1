/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-connection.h"
#include "dw-session-policy.h"

#include "wire/dw-frame.h"

G_BEGIN_DECLS

#define DW_TYPE_LIVENESS (dw_liveness_get_type ())
G_DECLARE_FINAL_TYPE (DwLiveness, dw_liveness, DW, LIVENESS, GObject)

DwLiveness *dw_liveness_new (DwConnection *connection, const DwDialect *dialect, DwSessionPolicy *policy);

void dw_liveness_probe (DwLiveness *self);
void dw_liveness_measure (DwLiveness *self);
void dw_liveness_doubt (DwLiveness *self);
gboolean dw_liveness_is_probed (DwLiveness *self);
gboolean dw_liveness_is_young (DwLiveness *self);
gboolean dw_liveness_note_answer (DwLiveness *self);
gint dw_liveness_get_latency (DwLiveness *self);

G_END_DECLS
