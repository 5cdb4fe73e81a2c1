/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/connection/dw-trace.h"

G_BEGIN_DECLS

/** DW_FRAME_FILTER_BYTES: how much of a frame a regular expression looks at. */
#define DW_FRAME_FILTER_BYTES 4096

/** DW_FRAME_FILTER_STEPS: how often an expression may backtrack in one frame. */
#define DW_FRAME_FILTER_STEPS 10000

/** DW_FRAME_FILTER_CHARS: the longest text or expression. */
#define DW_FRAME_FILTER_CHARS 1000

/**
 * DwFrameKinds:
 *
 * Which lines the inspector shows, in the order of the list in its window.
 */
typedef enum
{
  DW_FRAME_KINDS_ALL,
  DW_FRAME_KINDS_RECEIVED,
  DW_FRAME_KINDS_SENT,
  DW_FRAME_KINDS_CONNECTIONS,
  DW_FRAME_KINDS_ERRORS,
} DwFrameKinds;

/**
 * DwFrameFilter:
 *
 * What a line of the inspector has to be and to contain to be shown.
 */
typedef struct _DwFrameFilter DwFrameFilter;

DwFrameFilter *dw_frame_filter_new (DwFrameKinds kinds, gboolean pings);
void dw_frame_filter_free (DwFrameFilter *self);
void dw_frame_filter_set_text (DwFrameFilter *self, const char *text);
gboolean dw_frame_filter_set_expression (DwFrameFilter *self, const char *expression, char **why);
gboolean dw_frame_filter_wants (DwFrameFilter *self, const DwTraceEntry *entry, gboolean refusal);
gboolean dw_frame_filter_is_unsure (const DwFrameFilter *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwFrameFilter, dw_frame_filter_free)

G_END_DECLS
