/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwLineDiffKind:
 * @DW_LINE_DIFF_SAME: a line is in both texts
 * @DW_LINE_DIFF_REMOVED: it is in the first one alone
 * @DW_LINE_DIFF_ADDED: it is in the second one alone
 */
typedef enum
{
  DW_LINE_DIFF_SAME,
  DW_LINE_DIFF_REMOVED,
  DW_LINE_DIFF_ADDED,
} DwLineDiffKind;

/**
 * DwLineDiffLine:
 * @kind: where it is
 * @text: the line, in the text that was compared; not terminated
 * @length: its length in bytes, without the line break
 *
 * One line of a comparison.
 */
typedef struct
{
  DwLineDiffKind kind;
  const char *text;
  gsize length;
} DwLineDiffLine;

/** DW_LINE_DIFF_EDITS: how many lines may differ before a comparison stops looking for the fewest. The work is the lines
 * times this at most, and what is remembered grows with its square: 1 MiB. */
#define DW_LINE_DIFF_EDITS 500

/** DW_LINE_DIFF_STEPS: how many lines are compared with another one at most. Two messages of the largest size, with 65,000
 * lines each, take 0.1 s (measured). */
#define DW_LINE_DIFF_STEPS 10000000

GArray *dw_line_diff (const char *before, const char *after);

G_END_DECLS
