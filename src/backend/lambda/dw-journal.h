/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-invocation.h"

#include "backend/aws/dw-tally.h"

G_BEGIN_DECLS

/**
 * DwJournal:
 * @function_name: whose lines they are
 * @request_id: (nullable): of the invocation under way
 * @trace_id: (nullable): of the same
 *
 * The context that each log line carries. The strings are borrowed.
 */
typedef struct
{
  const char *function_name;
  const char *request_id;
  const char *trace_id;
} DwJournal;

void dw_journal_start (DwJournal *journal);
char *dw_journal_line (const DwJournal *journal, const char *level, const char *message, gint64 now);
char *dw_journal_metrics (const DwJournal *journal,
                          const DwTally *tally,
                          double milliseconds,
                          gboolean cold,
                          gint64 now);
void dw_journal_write (const char *line);

G_END_DECLS
