/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-cause.h"

#include "client/stages/dw-stage.h"

G_BEGIN_DECLS

/**
 * DwDialectAnswer:
 * @DW_DIALECT_ANSWER_NONE: not tried
 * @DW_DIALECT_ANSWER_WAITING: its message is on its way
 * @DW_DIALECT_ANSWER_DELIVERED: its message was broadcast
 * @DW_DIALECT_ANSWER_UNREADABLE: the same, but not where the dialect has the text
 * @DW_DIALECT_ANSWER_SILENT: nothing came of it
 * @DW_DIALECT_ANSWER_NO_ROUTE: the stage has no such route
 * @DW_DIALECT_ANSWER_FAILED: the stage's handler failed, or refused the body
 * @DW_DIALECT_ANSWER_THROTTLED: the stage has too many requests
 * @DW_DIALECT_ANSWER_CLOSED: the stage closed the connection
 *
 * What became of a message in one dialect.
 */
typedef enum
{
  DW_DIALECT_ANSWER_NONE,
  DW_DIALECT_ANSWER_WAITING,
  DW_DIALECT_ANSWER_DELIVERED,
  DW_DIALECT_ANSWER_UNREADABLE,
  DW_DIALECT_ANSWER_SILENT,
  DW_DIALECT_ANSWER_NO_ROUTE,
  DW_DIALECT_ANSWER_FAILED,
  DW_DIALECT_ANSWER_THROTTLED,
  DW_DIALECT_ANSWER_CLOSED,
} DwDialectAnswer;

/**
 * DwDialectVerdict:
 * @DW_DIALECT_VERDICT_NONE: the search is not over, or was cancelled
 * @DW_DIALECT_VERDICT_FOUND: one dialect is the stage's
 * @DW_DIALECT_VERDICT_UNREADABLE: the stage delivers, but in a shape that no dialect reads
 * @DW_DIALECT_VERDICT_UNKNOWN: it delivered none of them
 * @DW_DIALECT_VERDICT_ECHO: the stage returns whatever it is sent, so nothing can be learned
 * @DW_DIALECT_VERDICT_THROTTLED: the stage has too many requests to go on
 * @DW_DIALECT_VERDICT_UNREACHABLE: there was no connection
 *
 * How a search ended.
 */
typedef enum
{
  DW_DIALECT_VERDICT_NONE,
  DW_DIALECT_VERDICT_FOUND,
  DW_DIALECT_VERDICT_UNREADABLE,
  DW_DIALECT_VERDICT_UNKNOWN,
  DW_DIALECT_VERDICT_ECHO,
  DW_DIALECT_VERDICT_THROTTLED,
  DW_DIALECT_VERDICT_UNREACHABLE,
} DwDialectVerdict;

/** DW_DIALECT_SEARCH_WAIT_MS: how long each message's broadcast is waited for, in milliseconds. A function that starts
 * cold takes a second or two; what comes while the next one is tried still counts. */
#define DW_DIALECT_SEARCH_WAIT_MS 5000

/** DW_DIALECT_SEARCH_MOST: the most dialects that are tried: the presets, and the stage's own. */
#define DW_DIALECT_SEARCH_MOST (DW_DIALECT_CUSTOM + 1)

/** DW_DIALECT_SEARCH_PAUSES: how often a search waits and sends again for a stage that throttles it. */
#define DW_DIALECT_SEARCH_PAUSES 2

#define DW_TYPE_DIALECT_SEARCH (dw_dialect_search_get_type ())
G_DECLARE_FINAL_TYPE (DwDialectSearch, dw_dialect_search, DW, DIALECT_SEARCH, GObject)

DwDialectSearch *dw_dialect_search_new (DwStage *stage, guint timeout_ms, guint wait_ms);
void dw_dialect_search_start (DwDialectSearch *self);
void dw_dialect_search_cancel (DwDialectSearch *self);
gboolean dw_dialect_search_is_over (DwDialectSearch *self);
gboolean dw_dialect_search_is_own (DwDialectSearch *self, const char *text);

DwDialectVerdict dw_dialect_search_get_verdict (DwDialectSearch *self);
DwDialect *dw_dialect_search_get_found (DwDialectSearch *self);
guint dw_dialect_search_get_n_dialects (DwDialectSearch *self);
DwDialect *dw_dialect_search_get_dialect (DwDialectSearch *self, guint index);
DwDialectAnswer dw_dialect_search_get_answer (DwDialectSearch *self, guint index);
char *dw_dialect_search_dup_words (DwDialectSearch *self);

G_END_DECLS
