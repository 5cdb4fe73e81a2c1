/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A disk that fails at each of its calls in turn, and one that stalls. */
#include "dw-archive.h"
#include "dw-faulty-disk.h"
#include "dw-session-fixture.h"
#include "dw-test.h"

#include "client/dw-client-error.h"
#include "client/messages/dw-conversation.h"
#include "client/store/dw-store-expiry.h"
#include "client/store/dw-store-search.h"

#include <glib/gstdio.h>
#include <string.h>

#define LINES 400

/* Everything that a store does, on a disk that fails. */
typedef struct
{
  Archive archive;
  GHashTable *acknowledged; /* of char *: the ids of lines that the store said are written */
  gboolean late;            /* the last one was not */
} Run;

static void
make_template (Archive *archive, char **contents, gsize *length)
{
  GPtrArray *records = records_new ();

  archive_init (archive);
  for (guint i = 1; i <= LINES; i++)
    {
      g_autofree char *text = g_strdup_printf ("line%u with some words", i);
      DwRecord *record = record_new (i, i % 10 == 0 ? DW_MESSAGE_OWN : DW_MESSAGE_THEIRS, text);

      record->id = g_strdup_printf ("id-%u", i);
      record->delivery = i % 10 == 0 ? DW_DELIVERY_QUEUED : DW_DELIVERY_NONE;
      g_ptr_array_add (records, record);
    }
  add_records (archive, 1, records);
  dw_test_finalize (g_steal_pointer (&archive->store));
  g_assert_true (g_file_get_contents (archive->path, contents, length, NULL));
}

/* An error of the disk has a cause; what happened to the file is never said of a file that is whole. */
static void
check_error (const GError *error)
{
  g_assert_true (error->domain == DW_CLIENT_ERROR);
  switch (error->code)
    {
    case DW_CLIENT_ERROR_STORE_FULL:
    case DW_CLIENT_ERROR_STORE_IO:
    case DW_CLIENT_ERROR_STORE_READ_ONLY:
    case DW_CLIENT_ERROR_STORE_LATE:
      break;
    default:
      g_error ("%s (%d)", error->message, error->code);
    }
}

static void
add_own (Run *run, gint64 place)
{
  GPtrArray *records = records_new ();
  g_autofree char *id = g_strdup_printf ("new-%" G_GINT64_FORMAT, place);
  DwRecord *record = record_new (place, DW_MESSAGE_OWN, "a new line");
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  record->id = g_strdup (id);
  record->delivery = DW_DELIVERY_QUEUED;
  /* Never so old that it expires. */
  record->time = g_get_real_time ();
  g_ptr_array_add (records, record);
  run->archive.serial = dw_store_lines_add_async (run->archive.store, 1, records, on_done, &done);
  result = await (&done);
  run->late = dw_store_run_finish (run->archive.store, result, &error) == NULL;
  if (!run->late)
    g_hash_table_add (run->acknowledged, g_steal_pointer (&id));
  else
    check_error (error);
}

static void
use_outbox (Run *run)
{
  DwRecord sent = {
    .place = 10, .id = (char *) "id-10", .delivery = DW_DELIVERY_SENT, .departure = DW_DEPARTURE_WITH_ID
  };
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  run->archive.serial = dw_store_lines_update_async (run->archive.store, 1, &sent, on_done, &done);
  result = await (&done);
  if (dw_store_run_finish (run->archive.store, result, &error) == NULL)
    check_error (error);
}

static void
read_and_search (Run *run)
{
  const gint64 stages[] = { 1 };
  GAsyncResult *opened = NULL, *read = NULL, *found = NULL;
  g_autoptr (GAsyncResult) opened_result = NULL, read_result = NULL, found_result = NULL;
  g_autoptr (DwStoreOpening) opening = NULL;
  g_autoptr (GPtrArray) records = NULL, hits = NULL;
  GError *error = NULL;

  dw_store_lines_open_async (run->archive.store, 1, 0, TRUE, on_done, &opened);
  opened_result = await (&opened);
  opening = dw_store_lines_open_finish (run->archive.store, opened_result, &error);
  if (opening == NULL)
    check_error (error);
  g_clear_error (&error);

  dw_store_lines_read_async (run->archive.store, 1, 1, 200, FALSE, on_done, &read);
  read_result = await (&read);
  records = dw_store_lines_read_finish (run->archive.store, read_result, &error);
  if (records == NULL)
    check_error (error);
  g_clear_error (&error);

  dw_store_search_async (run->archive.store, stages, 1, "line77", 10, on_done, &found);
  found_result = await (&found);
  hits = dw_store_search_finish (run->archive.store, found_result, &error);
  if (hits == NULL)
    check_error (error);
  g_clear_error (&error);
}

static void
expire_and_remove (Run *run)
{
  DwRecord gone = { .place = 200, .id = (char *) "id-200" };
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  guint expired;

  /* The first fifty lines are that old. */
  dw_store_expire_async (run->archive.store, &(DwStoreExpiry){ .before = 50 * G_USEC_PER_SEC, .now = G_MAXINT64 },
                         on_done, &done);
  result = await (&done);
  if (!dw_store_expire_finish (run->archive.store, result, &expired, &error))
    check_error (error);
  run->archive.serial = dw_store_lines_remove (run->archive.store, 1, &gone);
}

static void
run_clear (Run *run)
{
  archive_clear (&run->archive);
  g_hash_table_unref (run->acknowledged);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

static void
use_all (Run *run)
{
  run->archive.store = dw_store_new (run->archive.path);
  add_own (run, LINES + 1);
  read_and_search (run);
  use_outbox (run);
  expire_and_remove (run);
  add_own (run, LINES + 2);
}

static gboolean
is_fine (gpointer store)
{
  return dw_store_get_trouble (store) == DW_STORE_FINE;
}

static gboolean
is_in_trouble (gpointer store)
{
  return !is_fine (store);
}

/* On a disk that works again everything is there that was said to be. */
static void
check_all (Run *run)
{
  GHashTableIter iter;
  gpointer id;
  gboolean newer;
  g_autofree char *integrity = NULL;

  add_own (run, LINES + 3);
  until_written (&run->archive);
  dw_test_until ("the trouble to end", is_fine, run->archive.store);
  read_and_search (run);
  g_assert_null (dw_store_get_kept_as (run->archive.store, &newer));
  dw_test_finalize (g_steal_pointer (&run->archive.store));

  g_hash_table_iter_init (&iter, run->acknowledged);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    {
      g_autofree char *sql = g_strdup_printf ("SELECT count(*) FROM lines WHERE id = '%s'", (char *) id);
      g_autofree char *n = ask_outside (&run->archive, sql);

      g_assert_cmpstr (n, ==, "1");
    }
  integrity = ask_outside (&run->archive, "PRAGMA integrity_check");
  g_assert_cmpstr (integrity, ==, "ok");
}

/* Whether the fault came while the file was in use. */
static gboolean
run_with_fault (const char *contents, gsize length, guint nth, guint times, gboolean full)
{
  g_auto (Run) run = { 0 };
  gboolean hit;

  run.acknowledged = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  archive_init (&run.archive);
  dw_test_finalize (g_steal_pointer (&run.archive.store));
  {
    g_autofree char *folder = g_path_get_dirname (run.archive.path);

    g_mkdir_with_parents (folder, 0700);
  }
  g_assert_true (g_file_set_contents (run.archive.path, contents, (gssize) length, NULL));
  dw_faulty_disk_fail (nth, times, full);
  use_all (&run);
  /* What goes on is said, and what is over need not be. */
  if (run.late && times == G_MAXUINT)
    dw_test_until ("the trouble to be said", is_in_trouble, run.archive.store);
  hit = dw_faulty_disk_get_failed () > 0;
  dw_faulty_disk_fail (0, 0, FALSE);
  check_all (&run);
  return hit;
}

/* Each call fails once. */
static void
test_each_call (void)
{
  g_auto (Archive) archive = { 0 };
  g_autofree char *contents = NULL;
  gsize length;
  guint nth = 1;

  make_template (&archive, &contents, &length);
  while (run_with_fault (contents, length, nth, 1, FALSE))
    nth++;
  g_test_message ("%u calls failed in turn", nth - 1);
  g_assert_cmpuint (nth, >, 50);
}

/* From a call on the disk is full, or fails altogether, until somebody sees to it. */
static void
test_until_mended (void)
{
  g_auto (Archive) archive = { 0 };
  g_autofree char *contents = NULL;
  gsize length;
  guint n = 0;

  make_template (&archive, &contents, &length);
  for (guint nth = 1; nth < 400; nth += 13)
    n += run_with_fault (contents, length, nth, G_MAXUINT, nth % 2 == 0);
  g_assert_cmpuint (n, >, 3);
}

typedef struct
{
  gint64 *said_at;
  guint shown;
  guint late;
} Watch;

/* How soon what somebody says is shown, whatever the disk does. */
#define SHOWN_MS 100

static void
on_shown (Watch *watch, GPtrArray *lines)
{
  for (guint i = 0; i < lines->len; i++)
    {
      DwMessage *message = g_ptr_array_index (lines, i);

      if (dw_message_get_kind (message) != DW_MESSAGE_THEIRS)
        continue;
      watch->late += g_get_monotonic_time () - watch->said_at[watch->shown] > SHOWN_MS * G_TIME_SPAN_MILLISECOND;
      g_assert_cmpuint ((guint) atoi (dw_message_get_text (message)), ==, watch->shown);
      watch->shown++;
    }
}

static gboolean
is_settled (gpointer conversation)
{
  return dw_conversation_is_settled (conversation);
}

#define STALL_MS 3000
#define PAUSE_MS 10

/* The disk hangs for three seconds: what others say is shown all the same, and is saved afterwards, once and in order. */
static void
test_stalled (void)
{
  g_auto (Archive) archive = { 0 };
  g_autoptr (DwStage) stage = fixture_stage_new (1);
  DwConversation *conversation;
  g_autofree gint64 *said_at = g_new0 (gint64, STALL_MS / PAUSE_MS + 1);
  Watch watch = { .said_at = said_at };
  g_autoptr (GPtrArray) records = NULL;
  gint64 begun;
  guint n = 0;

  archive_init (&archive);
  conversation = dw_conversation_new (archive.store, stage);
  dw_test_until ("the store to be read", is_settled, conversation);
  g_signal_connect_swapped (conversation, "shown", G_CALLBACK (on_shown), &watch);

  dw_faulty_disk_stall (TRUE);
  begun = g_get_monotonic_time ();
  while (g_get_monotonic_time () - begun < STALL_MS * G_TIME_SPAN_MILLISECOND && n < STALL_MS / PAUSE_MS)
    {
      g_autofree char *text = g_strdup_printf ("%u", n);
      g_autoptr (DwMessage) message = dw_message_new (DW_MESSAGE_THEIRS, text, "Ada", NULL, g_get_real_time ());

      said_at[n++] = g_get_monotonic_time ();
      dw_conversation_append (conversation, message);
      dw_test_run_for (PAUSE_MS);
    }
  dw_test_until ("all to be shown", is_settled, conversation);
  g_test_message ("%u lines, %u of them after more than %d ms", n, watch.late, SHOWN_MS);
  g_assert_cmpuint (watch.shown, ==, n);
  /* The processor is shared, and so some are late that the disk did not hold up. */
  g_assert_cmpuint (watch.late, <, n / 10);
  g_assert_cmpuint (dw_store_get_written (archive.store), ==, 0);

  dw_faulty_disk_stall (FALSE);
  archive.serial = n;
  dw_test_finalize (conversation);
  archive_reopen (&archive);
  records = read_records (&archive, 1, 0, 10000);
  /* The day is a line too. */
  g_assert_cmpuint (records->len, ==, n + 1);
  for (guint i = 1; i < records->len; i++)
    g_assert_cmpuint ((guint) atoi (((DwRecord *) records->pdata[i])->text), ==, i - 1);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  dw_faulty_disk_install ();
  g_test_add_func ("/client/store-faults/each-call/DB-3", test_each_call);
  g_test_add_func ("/client/store-faults/until-mended/DB-3", test_until_mended);
  g_test_add_func ("/client/store-faults/stalled/DB-3", test_stalled);
  return g_test_run ();
}
