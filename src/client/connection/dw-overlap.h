/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/dw-frame.h"

G_BEGIN_DECLS

/**
 * DwOverlap:
 *
 * What arrived on two connections to one stage at the same time.
 */
typedef struct _DwOverlap DwOverlap;

/** DW_OVERLAP_TEXTS: how many different messages are remembered; the overlap lasts two seconds. */
#define DW_OVERLAP_TEXTS 20000

DwOverlap *dw_overlap_new (void);
void dw_overlap_free (DwOverlap *overlap);
gboolean dw_overlap_is_first (DwOverlap *overlap, const DwFrame *frame, gboolean successor);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwOverlap, dw_overlap_free)

G_END_DECLS
