/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** DW_PASSING_BYTES: how much a store in memory keeps of all conversations together, as dw_record_get_size() counts. */
#define DW_PASSING_BYTES (32 * 1024 * 1024)

/** DW_PASSING_LINES: and how many lines. */
#define DW_PASSING_LINES 50000

/**
 * DwPassing:
 *
 * What a store in memory keeps: how large its lines are, and which have to go. It lives in the thread that adds lines,
 * and takes four bytes a line.
 */
typedef struct _DwPassing DwPassing;

DwPassing *dw_passing_new (void);
void dw_passing_free (DwPassing *passing);

void dw_passing_add (DwPassing *passing, gint64 stage, gint64 place, gsize bytes);
void dw_passing_remove (DwPassing *passing, gint64 stage, gint64 place);
void dw_passing_clear (DwPassing *passing, gint64 stage);
gboolean dw_passing_take_excess (DwPassing *passing, gint64 *stage, gint64 *last);
gint64 dw_passing_get_first (DwPassing *passing, gint64 stage);
gsize dw_passing_get_bytes (DwPassing *passing);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwPassing, dw_passing_free)

G_END_DECLS
