/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/dw-fold.h"

#include <sqlite3.h>

G_BEGIN_DECLS

/** DW_TOKENIZER_NAME: what a table says after `tokenize =`. */
#define DW_TOKENIZER_NAME "dynamowave"

/** DW_TOKENIZER_LETTERS: how long a word in the index is at most; the rest of it is left out. */
#define DW_TOKENIZER_LETTERS 64

int dw_tokenizer_register (sqlite3 *handle, DwFold *fold);
gboolean dw_tokenizer_is_one_of_many (DwFold *fold, const char *word);

G_END_DECLS
