/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-server-file.h"

G_BEGIN_DECLS

/** DW_DEAD_LETTERS_MOST: how many are kept; then the oldest goes. */
#define DW_DEAD_LETTERS_MOST 100000

/** DW_DEAD_LETTERS_BYTES: how many bytes they may take in the file; then the oldest goes. */
#define DW_DEAD_LETTERS_BYTES (64 * 1024 * 1024)

/** DW_DEAD_LETTERS_COST: what a letter takes besides its text, roughly. */
#define DW_DEAD_LETTERS_COST 128

/**
 * DwDeadLetter:
 * @number: its number
 * @connection_id: to whom it was to go
 * @text: the frame
 * @reason: why it did not
 * @time: when it was given up, in milliseconds since 1970 UTC
 *
 * A post that was tried again and again and then given up.
 */
typedef struct
{
  gint64 number;
  char *connection_id;
  char *text;
  char *reason;
  gint64 time;
} DwDeadLetter;

void dw_dead_letter_free (DwDeadLetter *letter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwDeadLetter, dw_dead_letter_free)

gboolean dw_dead_letters_add (DwServerFile *file,
                              GPtrArray *connection_ids,
                              const char *text,
                              const char *reason,
                              gint64 time,
                              GError **error);
gboolean dw_dead_letters_trim (DwServerFile *file, GError **error);
GPtrArray *dw_dead_letters_list (DwServerFile *file, gint64 after, guint most, GError **error);
gboolean dw_dead_letters_remove (DwServerFile *file, gint64 number, GError **error);
gboolean dw_dead_letters_purge (DwServerFile *file, guint *purged, GError **error);

G_END_DECLS
