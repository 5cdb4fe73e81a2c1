/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwFold:
 *
 * What letters become where two texts are to count as the same: small, without accents, vowel marks and joiners, and of
 * one width. It remembers what it looked up, 4.25 MiB at most, and belongs to whoever made it.
 */
typedef struct _DwFold DwFold;

/** DW_FOLD_LETTERS: how many letters one letter becomes at most. */
#define DW_FOLD_LETTERS 36

/**
 * DwFoldSpan:
 * @start: where it begins, in bytes
 * @end: where it ends
 *
 * A part of a text.
 */
typedef struct
{
  gsize start;
  gsize end;
} DwFoldSpan;

DwFold *dw_fold_new (void);
void dw_fold_free (DwFold *fold);

guint dw_fold_next (DwFold *fold, const char *at, const char *end, const gunichar **letters, const char **next);
void dw_fold_text (DwFold *fold, const char *text, gsize length, GString *folded);
GPtrArray *dw_fold_words (DwFold *fold, const char *words, guint most);
gboolean dw_fold_has (DwFold *fold, const char *text, gsize length, GPtrArray *words, GString *buffer);
GArray *dw_fold_find (DwFold *fold, const char *text, GPtrArray *words);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwFold, dw_fold_free)

G_END_DECLS
