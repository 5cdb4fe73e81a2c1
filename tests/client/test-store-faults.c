/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A disk that fails at each of its calls in turn, statements that fail in turn, and a disk that stalls. */
#include "dw-archive.h"
#include "dw-faulty-disk.h"
#include "dw-faulty-statement.h"
#include "dw-session-fixture.h"
#include "dw-test.h"

#include "client/dw-client-error.h"
#include "client/messages/dw-conversation.h"
#include "client/store/dw-schema.h"
#include "client/store/dw-store-expiry.h"
#include "client/store/dw-store-scan.h"
#include "client/store/dw-store-search.h"
#include "client/store/dw-store-words.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* Of the first stage, every tenth one's own, and of the second, which is cleared. */
#define LINES 400
#define OTHER_LINES 20

/* Those of them that are older than fifty seconds and delivered. */
#define OLD_LINES 45

/* Hundreds of runs in which something fails: what fails is soon tried again, and what is late soon said to be. */
static const DwStorePace pace = { .patience_ms = 25, .first_retry_ms = 2, .last_retry_ms = 8 };

typedef enum
{
  TEMPLATE_CURRENT,
  TEMPLATE_OLD,    /* of version 1: its tables change, and its index is made anew */
  TEMPLATE_BROKEN, /* without an index: all of it is copied */
} Template;

typedef struct
{
  Template kind;
  char *contents;
  gsize length;
} File;

/* Everything that a store does, while something fails. */
typedef struct
{
  Archive archive;
  Template kind;
  GHashTable *acknowledged; /* of char *: the ids of lines that the store said are written */
  gboolean late;            /* the last one was not */
  gboolean once;            /* it fails once, so that what is read is read whole or not at all */
  gboolean refused;         /* statements fail, which are not tried again */
  gboolean cleared, expired, caught_up;
  DwClientError update, other_update; /* or −1 */
} Run;

static void
add_template_lines (Archive *archive, gint64 stage, guint n)
{
  GPtrArray *records = records_new ();

  for (guint i = 1; i <= n; i++)
    {
      g_autofree char *text = g_strdup_printf ("line%u with some words", i);
      DwRecord *record = record_new (i, i % 10 == 0 ? DW_MESSAGE_OWN : DW_MESSAGE_THEIRS, text);

      record->id = g_strdup_printf ("id-%u", i);
      record->delivery = i % 10 == 0 ? DW_DELIVERY_QUEUED : DW_DELIVERY_NONE;
      g_ptr_array_add (records, record);
    }
  add_records (archive, stage, records);
}

/* The same lines as a program of version 1 would have written them. */
static void
make_old (Archive *archive)
{
  g_autofree char *fixture = g_test_build_filename (G_TEST_DIST, "data", "store-1.sql", NULL);
  g_autofree char *folder = g_path_get_dirname (archive->path);
  g_autofree char *sql = NULL;

  g_assert_true (g_file_get_contents (fixture, &sql, NULL, NULL));
  g_mkdir_with_parents (folder, 0700);
  run_outside (archive, sql);
  run_outside (archive,
               "DELETE FROM lines;"
               "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400) "
               "INSERT INTO lines (line, kind, time, text, sender, id, delivery) SELECT 1 << 40 | i, i % 10 = 0, "
               "i * 1000000, 'line' || i || ' with some words', 'Ada', 'id-' || i, i % 10 = 0 FROM n;"
               "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20) "
               "INSERT INTO lines (line, kind, time, text, sender, id, delivery) SELECT 2 << 40 | i, i % 10 = 0, "
               "i * 1000000, 'line' || i || ' with some words', 'Ada', 'id-' || i, i % 10 = 0 FROM n");
}

static void
file_init (File *file, Template kind)
{
  g_auto (Archive) archive = { 0 };

  archive_init (&archive);
  if (kind == TEMPLATE_OLD)
    make_old (&archive);
  else
    {
      add_template_lines (&archive, 1, LINES);
      add_template_lines (&archive, 2, OTHER_LINES);
      dw_test_finalize (g_steal_pointer (&archive.store));
    }
  if (kind == TEMPLATE_BROKEN)
    run_outside (&archive, "DROP INDEX lines_waiting");
  file->kind = kind;
  g_assert_true (g_file_get_contents (archive.path, &file->contents, &file->length, NULL));
}

static void
file_clear (File *file)
{
  g_free (file->contents);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (File, file_clear)

/* An error has a cause; what happened to the file is never said of a file that is whole. */
static void
check_error (Run *run, const GError *error)
{
  g_assert_true (error->domain == DW_CLIENT_ERROR);
  switch (error->code)
    {
    case DW_CLIENT_ERROR_STORE_FULL:
    case DW_CLIENT_ERROR_STORE_IO:
    case DW_CLIENT_ERROR_STORE_READ_ONLY:
    case DW_CLIENT_ERROR_STORE_LATE:
      break;
    case DW_CLIENT_ERROR_STORE:
      g_assert_true (run->refused);
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
    check_error (run, error);
}

/* −1 where it was written. */
static DwClientError
update (Run *run, gint64 place, const char *id)
{
  DwRecord sent = {
    .place = place, .id = (char *) id, .delivery = DW_DELIVERY_SENT, .departure = DW_DEPARTURE_WITH_ID
  };
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  run->archive.serial = dw_store_lines_update_async (run->archive.store, 1, &sent, on_done, &done);
  result = await (&done);
  if (dw_store_run_finish (run->archive.store, result, &error) != NULL)
    return (DwClientError) -1;
  check_error (run, error);
  return (DwClientError) error->code;
}

static void
check_opening (Run *run, const DwStoreOpening *opening)
{
  guint added = (guint) (opening->last - LINES);

  /* One's own new line may be there and may not be. */
  g_assert_cmpuint (added, <=, 1);
  g_assert_cmpint (opening->first, ==, 1);
  g_assert_cmpuint (opening->tail->len, ==, DW_STORE_LINES_TAIL);
  g_assert_cmpint (((DwRecord *) g_ptr_array_index (opening->tail, 0))->place, ==,
                   opening->last - DW_STORE_LINES_TAIL + 1);
  g_assert_cmpuint (opening->waiting->len, ==, LINES / 10 + added);
  g_assert_cmpuint (opening->fingerprints->len, ==, LINES / 10 * 9);
  g_assert_cmpuint (opening->unread, ==, LINES / 10 * 9);
}

static void
check_found (Run *run, GPtrArray *hits)
{
  g_assert_cmpuint (hits->len, ==, 1);
  g_assert_cmpint (((DwHit *) g_ptr_array_index (hits, 0))->record->place, ==, 77);
}

static void
open_conversation (Run *run)
{
  GAsyncResult *opened = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (DwStoreOpening) opening = NULL;
  g_autoptr (GError) error = NULL;

  dw_store_lines_open_async (run->archive.store, 1, 0, TRUE, on_done, &opened);
  result = await (&opened);
  opening = dw_store_lines_open_finish (run->archive.store, result, &error);
  if (opening == NULL)
    check_error (run, error);
  else if (run->once)
    check_opening (run, opening);
}

static void
read_page (Run *run)
{
  GAsyncResult *read = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) records = NULL;
  g_autoptr (GError) error = NULL;

  dw_store_lines_read_async (run->archive.store, 1, 1, 200, FALSE, on_done, &read);
  result = await (&read);
  records = dw_store_lines_read_finish (run->archive.store, result, &error);
  if (records == NULL)
    check_error (run, error);
  else if (run->once)
    g_assert_cmpuint (records->len, ==, 200);
}

/* Whole words, and the beginning of one. */
static void
search (Run *run)
{
  static const char *const words[] = { "some line77", "words line7" };
  static const guint found[] = { 1, 12 };
  const gint64 stages[] = { 2, 1 };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      GAsyncResult *done = NULL;
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GPtrArray) hits = NULL;
      g_autoptr (GError) error = NULL;

      dw_store_search_async (run->archive.store, stages, G_N_ELEMENTS (stages), words[i], 20, on_done, &done);
      result = await (&done);
      hits = dw_store_search_finish (run->archive.store, result, &error);
      if (hits == NULL)
        check_error (run, error);
      else if (run->once && run->caught_up)
        g_assert_cmpuint (hits->len, ==, found[i]);
    }
}

/* Looks at every line, and finds what stands inside of a word. */
static void
scan (Run *run)
{
  const gint64 stages[] = { 2, 1 };
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) hits = NULL;
  g_autoptr (GError) error = NULL;

  dw_store_scan_async (run->archive.store, stages, G_N_ELEMENTS (stages), "ine77", 20, NULL, on_done, &done);
  result = await (&done);
  hits = dw_store_scan_finish (run->archive.store, result, &error);
  if (hits == NULL)
    check_error (run, error);
  else if (run->once)
    check_found (run, hits);
}

static void
read_and_search (Run *run)
{
  open_conversation (run);
  read_page (run);
  search (run);
  scan (run);
}

static void
catch_up (Run *run)
{
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  dw_store_words_catch_up_async (run->archive.store, on_done, &done);
  result = await (&done);
  run->caught_up = dw_store_words_catch_up_finish (run->archive.store, result, &error) && run->once;
  if (error != NULL)
    check_error (run, error);
}

static void
expire_and_remove (Run *run)
{
  DwRecord gone = { .place = 200, .id = (char *) "id-200" };
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  guint expired;

  dw_store_expire_async (run->archive.store, &(DwStoreExpiry){ .before = 50 * G_USEC_PER_SEC, .now = G_MAXINT64 },
                         on_done, &done);
  result = await (&done);
  /* As long as a file cannot be opened, what is read is what could be had of it. */
  run->expired = dw_store_expire_finish (run->archive.store, result, &expired, &error) && run->once;
  if (error != NULL)
    check_error (run, error);
  else if (run->once)
    /* Of the second stage all but two, which are one's own. */
    g_assert_cmpuint (expired, ==, OLD_LINES + OTHER_LINES - 2);
  run->archive.serial = dw_store_lines_remove (run->archive.store, 1, &gone);
}

static void
clear_other (Run *run)
{
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  dw_store_lines_clear_async (run->archive.store, 2, on_done, &done);
  result = await (&done);
  run->cleared = dw_store_lines_clear_finish (run->archive.store, result, &error) && run->once;
  if (error != NULL)
    check_error (run, error);
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
  run->archive.store = dw_store_new_paced (run->archive.path, &pace);
  add_own (run, LINES + 1);
  read_and_search (run);
  catch_up (run);
  run->update = update (run, 110, "id-110");
  /* By its id, as it is not in its place. */
  run->other_update = update (run, 111, "id-160");
  expire_and_remove (run);
  clear_other (run);
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

static gint64
ask_number (Run *run, const char *sql)
{
  g_autofree char *answer = ask_outside (&run->archive, sql);

  return g_ascii_strtoll (answer, NULL, 10);
}

static void
check_index (Run *run)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DwDatabase) database = dw_database_open (run->archive.path, &error);

  g_assert_no_error (error);
  dw_database_run_script (database, "INSERT INTO words (words, rank) VALUES ('integrity-check', 1)", &error);
  g_assert_no_error (error);
}

/* What was said to be done is done, and what was said to have failed is not done by half. */
static void
check_promises (Run *run)
{
  static const char *const old = "SELECT count(*) FROM lines WHERE line < 2 << 40 AND time < 50000000 AND kind = 0";
  gint64 left = ask_number (run, old);
  gint64 others = ask_number (run, "SELECT count(*) FROM lines WHERE line >= 2 << 40");

  g_assert_cmpint (
      ask_number (run, "SELECT count(*) <> max (line) - min (line) + 1 FROM lines WHERE line < 2 << 40"), ==, 0);
  g_assert_true (run->expired ? left == 0 : left == 0 || left == OLD_LINES);
  g_assert_true (run->cleared ? others == 0 : others == 0 || others == 2 || others == OTHER_LINES);
  g_assert_true (run->caught_up <= (ask_number (run, "SELECT line FROM unindexed") == 0));
  /* A refused one is dropped, and any other is tried again. */
  g_assert_cmpint (ask_number (run, "SELECT delivery FROM lines WHERE id = 'id-110'"), ==,
                   run->update == DW_CLIENT_ERROR_STORE ? DW_DELIVERY_QUEUED : DW_DELIVERY_SENT);
  g_assert_cmpint (ask_number (run, "SELECT delivery FROM lines WHERE id = 'id-160'"), ==,
                   run->other_update == DW_CLIENT_ERROR_STORE ? DW_DELIVERY_QUEUED : DW_DELIVERY_SENT);
}

/* Now that nothing fails any more, everything is there that was said to be. */
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
  run->once = FALSE;
  read_and_search (run);
  g_assert_null (dw_store_get_kept_as (run->archive.store, &newer));
  dw_test_finalize (g_steal_pointer (&run->archive.store));

  g_hash_table_iter_init (&iter, run->acknowledged);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    {
      g_autofree char *sql = g_strdup_printf ("SELECT count(*) FROM lines WHERE id = '%s'", (char *) id);

      g_assert_cmpint (ask_number (run, sql), ==, 1);
    }
  integrity = ask_outside (&run->archive, "PRAGMA integrity_check");
  g_assert_cmpstr (integrity, ==, "ok");
  check_promises (run);
  if (run->caught_up)
    check_index (run);
}

static void
run_init (Run *run, const File *file)
{
  g_autofree char *folder = NULL;

  *run = (Run){ .kind = file->kind, .caught_up = file->kind != TEMPLATE_OLD };
  run->acknowledged = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  archive_init (&run->archive);
  dw_test_finalize (g_steal_pointer (&run->archive.store));
  folder = g_path_get_dirname (run->archive.path);
  g_mkdir_with_parents (folder, 0700);
  g_assert_true (g_file_set_contents (run->archive.path, file->contents, (gssize) file->length, NULL));
}

/* Whether the fault came while the file was in use. */
static gboolean
run_with_fault (const File *file, guint nth, guint times, gboolean full)
{
  g_auto (Run) run = { 0 };
  gboolean hit;

  run_init (&run, file);
  /* Where it is copied, there is nothing to be read as long as that fails. */
  run.once = times == 1 && file->kind != TEMPLATE_BROKEN;
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

static gboolean
run_with_statement (const File *file, DwFaultyStatement how, guint nth, guint *n)
{
  g_auto (Run) run = { 0 };
  gboolean hit;

  run_init (&run, file);
  run.once = TRUE;
  run.refused = TRUE;
  dw_faulty_statement_fail (how, nth);
  use_all (&run);
  hit = dw_faulty_statement_has_failed ();
  *n = dw_faulty_statement_count ();
  dw_faulty_statement_fail (DW_FAULTY_NONE, 0);
  check_all (&run);
  return hit;
}

/* A call fails once: every other one of all that there are. */
static void
test_each_call (void)
{
  g_auto (File) file = { 0 };
  guint nth = 1;

  file_init (&file, TEMPLATE_CURRENT);
  while (run_with_fault (&file, nth, 1, FALSE))
    nth += 2;
  g_test_message ("every other one of %u calls failed in turn", nth - 1);
  g_assert_cmpuint (nth, >, 50);
}

/* The same where all of the file has to be copied first. */
static void
test_each_call_of_copy (void)
{
  g_auto (File) file = { 0 };
  guint nth = 1;

  file_init (&file, TEMPLATE_BROKEN);
  while (run_with_fault (&file, nth, 1, nth % 2 == 0))
    nth += 7;
  g_test_message ("every seventh of %u calls failed in turn", nth - 1);
  g_assert_cmpuint (nth, >, 50);
}

/* Statements fail one after the other, as a whole or in the middle: @wanted of them, evenly among all. */
static void
check_statements (Template kind, DwFaultyStatement how, guint wanted)
{
  g_auto (File) file = { 0 };
  guint total, n, step;

  file_init (&file, kind);
  g_assert_false (run_with_statement (&file, how, 0, &total));
  step = MAX (total / wanted, 1);
  for (guint nth = 1; nth <= total; nth += step)
    run_with_statement (&file, how, nth, &n);
  g_test_message ("every %u. of %u statements failed in turn", step, total);
  g_assert_cmpuint (total, >, 75);
}

static void
test_refused_statements (void)
{
  check_statements (TEMPLATE_CURRENT, DW_FAULTY_REFUSED, 45);
}

/* Expires what is old, and says whether all of that is said to have been done. */
static gboolean
expires (Run *run)
{
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  guint expired;

  dw_store_expire_async (run->archive.store, &(DwStoreExpiry){ .before = 50 * G_USEC_PER_SEC, .now = G_MAXINT64 },
                         on_done, &done);
  result = await (&done);
  return dw_store_expire_finish (run->archive.store, result, &expired, NULL);
}

/* An expiry is said to be done if each of its statements was, those that tidy the index up among them. */
static void
test_expiry (void)
{
  g_auto (File) file = { 0 };
  gboolean hit = TRUE;
  guint n = 0;

  file_init (&file, TEMPLATE_CURRENT);
  while (hit)
    {
      g_auto (Run) run = { 0 };
      gboolean done;

      run_init (&run, &file);
      run.archive.store = dw_store_new_paced (run.archive.path, &pace);
      g_assert_cmpuint (count_records (&run.archive, 1), ==, LINES);
      dw_faulty_statement_fail (DW_FAULTY_REFUSED, ++n);
      done = expires (&run);
      hit = dw_faulty_statement_has_failed ();
      dw_faulty_statement_fail (DW_FAULTY_NONE, 0);
      g_assert_cmpint (done, ==, !hit);
    }
  g_test_message ("%u statements", n - 1);
  g_assert_cmpuint (n, >, 5);
}

static void
test_interrupted_statements (void)
{
  check_statements (TEMPLATE_CURRENT, DW_FAULTY_INTERRUPTED, 25);
}

static void
test_old_statements (void)
{
  check_statements (TEMPLATE_OLD, DW_FAULTY_REFUSED, 40);
  check_statements (TEMPLATE_OLD, DW_FAULTY_INTERRUPTED, 15);
}

/* From a call on the disk is full, or fails altogether, until somebody sees to it. */
static void
test_until_mended (void)
{
  g_auto (File) file = { 0 };
  guint n = 0;

  file_init (&file, TEMPLATE_CURRENT);
  for (guint nth = 1; nth < 400; nth += 13)
    n += run_with_fault (&file, nth, G_MAXUINT, nth % 2 == 0);
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

#define STALL_MS 1000
#define PAUSE_MS 10

/* The disk hangs for a second: what others say is shown all the same, and is saved afterwards, once and in order. */
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
  /* A disk that others use makes every run wait for it; memory does not. */
  if (access ("/dev/shm", W_OK) == 0)
    g_setenv ("TMPDIR", "/dev/shm", TRUE);
  dw_test_init (&argc, &argv);
  /* A refused write is a warning of the store's; one of GLib's is an error that was overwritten. */
  g_log_set_always_fatal (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
  g_log_set_fatal_mask ("GLib", G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
  dw_faulty_disk_install ();
  dw_faulty_statement_install ();
  g_test_add_func ("/client/store-faults/each-call/DB-3", test_each_call);
  g_test_add_func ("/client/store-faults/each-call-of-copy/DB-3", test_each_call_of_copy);
  g_test_add_func ("/client/store-faults/refused-statements/DB-3", test_refused_statements);
  g_test_add_func ("/client/store-faults/expiry/DB-3", test_expiry);
  g_test_add_func ("/client/store-faults/interrupted-statements/DB-3", test_interrupted_statements);
  g_test_add_func ("/client/store-faults/old-statements/DB-3", test_old_statements);
  g_test_add_func ("/client/store-faults/until-mended/DB-3", test_until_mended);
  g_test_add_func ("/client/store-faults/stalled/DB-3", test_stalled);
  return g_test_run ();
}
