/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-dead-letters.h"

#include <string.h>

/* The end of the year 9999, the last time that can be formatted; the file could hold any number. */
#define LATEST G_GINT64_CONSTANT (253402300799999)

/**
 * dw_dead_letter_free:
 * @letter: (transfer full): a letter
 */
void
dw_dead_letter_free (DwDeadLetter *letter)
{
  g_free (letter->connection_id);
  g_free (letter->text);
  g_free (letter->reason);
  g_free (letter);
}

/**
 * dw_dead_letters_add:
 * @file: the stage's file
 * @connection_ids: the connections it was meant for
 * @text: the frame
 * @reason: why it was not delivered
 * @time: now, in milliseconds since 1970 UTC
 * @error: %DW_BACKEND_ERROR_TABLE: what went wrong
 *
 * Keeps a post that was given up, as one letter for each connection. Letters that dw_dead_letters_trim() would remove
 * right away are not written. Call that function as well; this one does not trim.
 *
 * Returns: whether it was done
 */
gboolean
dw_dead_letters_add (DwServerFile *file,
                     GPtrArray *connection_ids,
                     const char *text,
                     const char *reason,
                     gint64 time,
                     GError **error)
{
  guint most = (guint) (DW_DEAD_LETTERS_BYTES / (strlen (text) + DW_DEAD_LETTERS_COST));
  guint first = connection_ids->len > most ? connection_ids->len - most : 0;

  for (guint i = first; i < connection_ids->len; i++)
    if (!dw_server_file_run (
            file, "INSERT INTO dead_letters (connection_id, text, reason, time) VALUES (?, ?, ?, ?)", "sssi", error,
            (const char *) g_ptr_array_index (connection_ids, i), text, reason, time))
      return FALSE;
  return TRUE;
}

/**
 * dw_dead_letters_trim:
 * @file: the stage's file
 * @error: %DW_BACKEND_ERROR_TABLE: what went wrong
 *
 * Removes the oldest letters until the rest is within %DW_DEAD_LETTERS_MOST and %DW_DEAD_LETTERS_BYTES. It reads all
 * letters to do so.
 *
 * Returns: whether it was done
 */
gboolean
dw_dead_letters_trim (DwServerFile *file, GError **error)
{
  return dw_server_file_run (
      file,
      "DELETE FROM dead_letters WHERE number <= (SELECT max (number) FROM (SELECT number, "
      "count (*) OVER newer AS n,"
      "  sum (length (CAST (text AS BLOB)) + " G_STRINGIFY (
          DW_DEAD_LETTERS_COST) ") OVER newer AS bytes"
                                "  FROM dead_letters WINDOW newer AS (ORDER BY number DESC)) "
                                "WHERE n > ? OR bytes > ?)",
      "ii", error, (gint64) DW_DEAD_LETTERS_MOST, (gint64) DW_DEAD_LETTERS_BYTES);
}

/**
 * dw_dead_letters_list:
 * @file: the stage's file
 * @after: the number of the last letter already read, or 0
 * @most: how many are wanted
 * @error: %DW_BACKEND_ERROR_TABLE: what went wrong
 *
 * Returns: (transfer full) (nullable) (element-type DwDeadLetter): the next letters, oldest first
 */
GPtrArray *
dw_dead_letters_list (DwServerFile *file, gint64 after, guint most, GError **error)
{
  g_autoptr (GPtrArray) letters = g_ptr_array_new_with_free_func ((GDestroyNotify) dw_dead_letter_free);
  sqlite3_stmt *statement = dw_server_file_prepare (
      file,
      "SELECT number, connection_id, text, reason, time FROM dead_letters WHERE number > ? ORDER BY number LIMIT ?",
      error);
  GError *problem = NULL;

  if (statement == NULL)
    return NULL;

  sqlite3_bind_int64 (statement, 1, after);
  sqlite3_bind_int64 (statement, 2, most);
  while (dw_server_file_step (file, statement, &problem))
    {
      DwDeadLetter *letter = g_new0 (DwDeadLetter, 1);

      letter->number = sqlite3_column_int64 (statement, 0);
      letter->connection_id = dw_server_file_dup_text (statement, 1);
      letter->text = dw_server_file_dup_text (statement, 2);
      letter->reason = dw_server_file_dup_text (statement, 3);
      letter->time = CLAMP (sqlite3_column_int64 (statement, 4), 0, LATEST);
      g_ptr_array_add (letters, letter);
    }

  if (problem == NULL)
    return g_steal_pointer (&letters);

  g_propagate_error (error, problem);
  return NULL;
}

/**
 * dw_dead_letters_remove:
 * @file: the stage's file
 * @number: a letter's number
 * @error: %DW_BACKEND_ERROR_TABLE: what went wrong
 *
 * Returns: whether the letter is gone
 */
gboolean
dw_dead_letters_remove (DwServerFile *file, gint64 number, GError **error)
{
  return dw_server_file_run (file, "DELETE FROM dead_letters WHERE number = ?", "i", error, number);
}

/**
 * dw_dead_letters_purge:
 * @file: the stage's file
 * @purged: (out): how many letters were removed
 * @error: %DW_BACKEND_ERROR_TABLE: what went wrong
 *
 * Returns: whether there are none left
 */
gboolean
dw_dead_letters_purge (DwServerFile *file, guint *purged, GError **error)
{
  if (!dw_server_file_run (file, "DELETE FROM dead_letters", "", error))
    return FALSE;
  *purged = (guint) dw_server_file_get_changes (file);
  return TRUE;
}
