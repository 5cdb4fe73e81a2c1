/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-server-file.h"

G_BEGIN_DECLS

/** DW_DEAD_LETTERS_MOST: how many letters are kept; beyond that the oldest are removed. */
#define DW_DEAD_LETTERS_MOST 100000

/** DW_DEAD_LETTERS_BYTES: how many bytes they may take in the file; beyond that the oldest are removed. */
#define DW_DEAD_LETTERS_BYTES (64 * 1024 * 1024)

/** DW_DEAD_LETTERS_COST: roughly what a letter takes besides its text, in bytes. */
#define DW_DEAD_LETTERS_COST 128

/**
 * DwDeadLetter:
 * @number: its number
 * @connection_id: the connection it was meant for
 * @text: the frame
 * @reason: why it was not delivered
 * @time: when it was given up, in milliseconds since 1970 UTC
 *
 * A post that was given up after several attempts.
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
