/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/** DW_FRAME_COMPARISON_CHARS: how much of each frame is compared, in characters: as much as a message may hold. */
#define DW_FRAME_COMPARISON_CHARS (128 * 1024)

#define DW_TYPE_FRAME_COMPARISON (dw_frame_comparison_get_type ())
G_DECLARE_FINAL_TYPE (DwFrameComparison, dw_frame_comparison, DW, FRAME_COMPARISON, GtkWidget)

void dw_frame_comparison_present (const char *before_head,
                                  const char *before,
                                  const char *after_head,
                                  const char *after,
                                  GtkWidget *parent);

G_END_DECLS
