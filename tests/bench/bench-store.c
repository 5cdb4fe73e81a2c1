/* SPDX-License-Identifier: GPL-3.0-or-later */

/* bench-store MODE FILE [ROWS]: runs one measurement and prints its numbers. Run by tests/bench/store.py. */

#include "client/messages/dw-conversation.h"
#include "client/store/dw-schema.h"
#include "client/store/dw-store-lines.h"
#include "client/store/dw-store-scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 100
#define PAGE 200
#define HITS 50
#define ROUNDS 21

static char *
text_of (gint64 i)
{
  static const char *const words[] = { "apple", "river", "cloud", "stone", "paper", "light", "music", "green" };

  return g_strdup_printf ("%s %s %s message number %" G_GINT64_FORMAT " of a long evening", words[i % 8],
                          words[(i / 8) % 8], words[(i / 64) % 8], i);
}

static double
since (gint64 start)
{
  return (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC;
}

static void
wait_for (gboolean *done)
{
  while (!*done)
    g_main_context_iteration (NULL, TRUE);
  *done = FALSE;
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  *(gboolean *) data = TRUE;
}

/* Plain sqlite3 for comparison: the same tables and statements, in batches of 100. */
static void
write_plain (const char *path, gint64 rows)
{
  DwDatabase *database = dw_database_open (path, NULL);
  gint64 start;

  dw_schema_prepare (database, NULL);
  dw_database_set_keeps_log (database, FALSE);
  start = g_get_monotonic_time ();
  for (gint64 i = 1; i <= rows; i++)
    {
      g_autofree char *text = text_of (i);

      if (i % BATCH == 1)
        dw_database_run_script (database, "BEGIN IMMEDIATE", NULL);
      dw_database_run (database, NULL, "INSERT INTO lines (line, kind, time, text, sender) VALUES (?, ?, ?, ?, ?)",
                       "iiiss", dw_store_lines_key (1, i), (gint64) 0, i * G_USEC_PER_SEC, text, "Ada");
      dw_database_run (database, NULL, "INSERT INTO words (rowid, text) VALUES (?, ?)", "is",
                       dw_store_lines_key (1, i), text);
      if (i % BATCH == 0)
        dw_database_run_script (database, "COMMIT", NULL);
    }
  printf ("%f\n", (double) rows / since (start));
  dw_database_close (database);
}

static void
write_ours (const char *path, gint64 rows)
{
  DwStore *store = dw_store_new (path);
  gboolean done = FALSE;
  gint64 start;

  dw_store_lines_open_async (store, 1, 0, TRUE, on_done, &done);
  wait_for (&done);
  start = g_get_monotonic_time ();
  for (gint64 i = 1; i <= rows;)
    {
      GPtrArray *records = g_ptr_array_new_with_free_func ((GDestroyNotify) dw_record_free);

      for (guint j = 0; j < BATCH; j++, i++)
        {
          DwRecord record = { .place = i, .time = i * G_USEC_PER_SEC, .sender = (char *) "Ada" };

          record.text = text_of (i);
          g_ptr_array_add (records, dw_record_copy (&record));
          g_free (record.text);
        }
      dw_store_lines_add_async (store, 1, records, on_done, &done);
      /* One batch for each transaction, as a frame tick makes it. */
      wait_for (&done);
    }
  printf ("%f\n", (double) rows / since (start));
  g_object_unref (store);
}

static int
compare (gconstpointer a, gconstpointer b)
{
  return *(const double *) a > *(const double *) b ? 1 : -1;
}

static double
median (double *values)
{
  qsort (values, ROUNDS, sizeof *values, compare);
  return values[ROUNDS / 2];
}

/* From the query to the result in the main loop, including the way to the thread and back. */
static void
read_ours (const char *path, gint64 rows)
{
  static const char *const words[] = { "apple", "river music", "evening", "number 77", "天気" };
  /* Inside of words: found at once, and nowhere. */
  static const char *const parts[] = { "umbe", "xyzzy" };
  DwStore *store = dw_store_new (path);
  const gint64 stage = 1;
  double page[ROUNDS], search[G_N_ELEMENTS (words)][ROUNDS], scan[G_N_ELEMENTS (parts)][ROUNDS];
  gboolean done = FALSE;

  for (guint i = 0; i < ROUNDS; i++)
    {
      gint64 first = 1 + (gint64) ((i * 7919) % (guint) (rows - PAGE));
      gint64 start = g_get_monotonic_time ();

      dw_store_lines_read_async (store, 1, first, first + PAGE - 1, TRUE, on_done, &done);
      wait_for (&done);
      page[i] = since (start) * 1000;
      for (guint j = 0; j < G_N_ELEMENTS (words); j++)
        {
          start = g_get_monotonic_time ();
          dw_store_search_async (store, &stage, 1, words[j], HITS, on_done, &done);
          wait_for (&done);
          search[j][i] = since (start) * 1000;
        }
      for (guint j = 0; j < G_N_ELEMENTS (parts); j++)
        {
          start = g_get_monotonic_time ();
          dw_store_scan_async (store, &stage, 1, parts[j], HITS, NULL, on_done, &done);
          wait_for (&done);
          scan[j][i] = since (start) * 1000;
        }
    }
  printf ("%f", median (page));
  for (guint j = 0; j < G_N_ELEMENTS (words); j++)
    printf (" %f", median (search[j]));
  for (guint j = 0; j < G_N_ELEMENTS (parts); j++)
    printf (" %f", median (scan[j]));
  printf ("\n");
  g_object_unref (store);
}

static double
memory (void)
{
  g_autofree char *status = NULL;

  g_file_get_contents ("/proc/self/smaps_rollup", &status, NULL, NULL);
  return strtod (strstr (status, "Pss_Anon:") + strlen ("Pss_Anon:"), NULL) / 1024;
}

static gboolean
is_settled (DwConversation *conversation)
{
  return dw_conversation_is_settled (conversation);
}

/* Reads the whole model as a list does, from the newest line to the oldest. */
static void
hold_model (const char *path, gint64 rows)
{
  DwStore *store = dw_store_new (path);
  gint64 start = g_get_monotonic_time ();
  g_autoptr (DwStageUrl) url = dw_stage_url_parse ("ws://127.0.0.1:1", NULL);
  g_autoptr (DwStage) stage = dw_stage_new (url);
  DwConversation *conversation;
  double opened;
  guint n;

  dw_stage_set_number (stage, 1);
  dw_stage_set_seen (stage, G_MAXINT32);
  conversation = dw_conversation_new (store, stage);
  while (!is_settled (conversation))
    g_main_context_iteration (NULL, TRUE);
  opened = since (start) * 1000;
  n = g_list_model_get_n_items (G_LIST_MODEL (conversation));
  for (guint i = n; i > 0; i--)
    {
      g_autoptr (DwMessage) message = g_list_model_get_item (G_LIST_MODEL (conversation), i - 1);

      while (dw_message_get_kind (message) == DW_MESSAGE_BLANK)
        g_main_context_iteration (NULL, TRUE);
    }
  printf ("%u %f %f\n", n, memory (), opened);
  g_object_unref (conversation);
  g_object_unref (store);
}

int
main (int argc, char *argv[])
{
  gint64 rows = argc > 3 ? g_ascii_strtoll (argv[3], NULL, 10) : 0;

  if (strcmp (argv[1], "plain") == 0)
    write_plain (argv[2], rows);
  else if (strcmp (argv[1], "ours") == 0)
    write_ours (argv[2], rows);
  else if (strcmp (argv[1], "read") == 0)
    read_ours (argv[2], rows);
  else
    hold_model (argv[2], rows);
  return 0;
}
