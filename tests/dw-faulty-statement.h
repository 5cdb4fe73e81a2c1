/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  DW_FAULTY_NONE,
  DW_FAULTY_REFUSED,     /* it cannot even be prepared */
  DW_FAULTY_INTERRUPTED, /* it ends with an error in the middle */
} DwFaultyStatement;

/* A database whose statements fail when a test wants it, in every file that is opened from now on. */
void dw_faulty_statement_install (void);

/* The nth question that SQLite asks from now on fails: whether a statement may be prepared, or whether it may go on. */
void dw_faulty_statement_fail (DwFaultyStatement how, guint nth);
/* Whether it came to that. */
gboolean dw_faulty_statement_has_failed (void);
/* How many such questions there were since then. */
guint dw_faulty_statement_count (void);

G_END_DECLS
