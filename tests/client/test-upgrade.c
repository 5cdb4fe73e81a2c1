/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What earlier versions left behind: everything in it is there, and nothing of it is sent that was not to be sent.
 *
 * tests/data/history-N.sqlite was written by the program itself when its tables had version N: version 1 is 0.1.0's, 4
 * this one's. The same stages and messages are in each of them. A file that was released never changes. */
#include "dw-archive.h"
#include "dw-fake-keyring.h"
#include "dw-test.h"

#include "client/dw-client-error.h"
#include "client/stages/dw-keyring.h"
#include "client/stages/dw-stage-list.h"
#include "client/store/dw-schema.h"
#include "client/store/dw-store-search.h"
#include "client/store/dw-store-words.h"

#include <glib/gstdio.h>
#include <string.h>

#define TEAM "8a0f8f6e-5a0c-4f3b-9b7e-0a6f0f0c0001"
#define BEGAN G_GINT64_CONSTANT (1764064800000000)
#define AT(second) (BEGAN + (second) *G_USEC_PER_SEC)

/* Of the first stage; places 2 to 301 are “message number N”, from Eve. */
static const DwRecord lines[] = {
  { 1, DW_MESSAGE_DAY, AT (0), 0, (char *) "", NULL, NULL },
  { 302, DW_MESSAGE_GAP, AT (302), AT (303), (char *) "", NULL, NULL },
  { 303, DW_MESSAGE_NOTICE, AT (304), 0, (char *) "Connected", NULL, NULL },
  { 304, DW_MESSAGE_OWN, AT (305), 0, (char *) "an old answer", (char *) "Ada", (char *) "a-1",
    DW_DELIVERY_DELIVERED, DW_DEPARTURE_WITH_ID },
  { 305, DW_MESSAGE_OWN, AT (306), 0, (char *) "refused", (char *) "Ada", (char *) "a-2", DW_DELIVERY_FAILED,
    DW_DEPARTURE_WITH_ID, (char *) "The stage failed to handle it." },
  { 306, DW_MESSAGE_OWN, AT (307), 0, (char *) "sent and not heard of", (char *) "Ada", (char *) "a-3",
    DW_DELIVERY_SENT, DW_DEPARTURE_WITH_ID },
  { 307, DW_MESSAGE_OWN, AT (308), 0, (char *) "nobody knows", (char *) "Ada", (char *) "a-4",
    DW_DELIVERY_UNCONFIRMED, DW_DEPARTURE_PLAIN },
  { 308, DW_MESSAGE_OWN, AT (309), 0, (char *) "first in the queue", (char *) "Ada", (char *) "a-5",
    DW_DELIVERY_QUEUED },
  { 309, DW_MESSAGE_OWN, AT (310), 0, (char *) "second in the queue", (char *) "Ada", (char *) "a-6",
    DW_DELIVERY_QUEUED },
  { 310, DW_MESSAGE_OWN, AT (310), 0, (char *) "waited for long", (char *) "Ada", (char *) "a-7",
    DW_DELIVERY_ASKING, DW_DEPARTURE_NONE,
    (char *) "It has waited for more than an hour. Send it again, or discard it." },
  { 311, DW_MESSAGE_THEIRS, AT (311), 0, (char *) "naïve café ☕ — مرحبا\n```\ncode\n```", (char *) "Zoë",
    (char *) "e-900" },
  { 312, DW_MESSAGE_THEIRS, AT (312), 0, (char *) "an unread one", NULL, NULL },
};
#define LAST 312
#define WAITING 5

/* A store over a fresh copy of what version N wrote. */
static void
archive_init_old (Archive *archive, int version)
{
  g_autofree char *name = g_strdup_printf ("history-%d.sqlite", version);
  g_autofree char *fixture = g_test_build_filename (G_TEST_DIST, "data", name, NULL);
  g_autofree char *folder = NULL;
  g_autofree char *contents = NULL;
  g_autoptr (GError) error = NULL;
  gsize length;

  archive_init (archive);
  dw_test_finalize (g_steal_pointer (&archive->store));
  folder = g_path_get_dirname (archive->path);
  g_mkdir_with_parents (folder, 0700);
  g_assert_true (g_file_get_contents (fixture, &contents, &length, &error));
  g_assert_true (g_file_set_contents (archive->path, contents, (gssize) length, &error));
  /* It is a copy, which asks before it sends anything: see test-store-copy. Here it is the file itself. */
  if (version >= 4)
    run_outside (archive, "DELETE FROM home");
}

static void
check_record (const DwRecord *record, const DwRecord *wanted)
{
  g_assert_cmpint (record->place, ==, wanted->place);
  g_assert_cmpint (record->kind, ==, wanted->kind);
  g_assert_cmpint (record->time, ==, wanted->time);
  g_assert_cmpint (record->until, ==, wanted->until);
  g_assert_cmpstr (record->text, ==, wanted->text);
  g_assert_cmpstr (record->sender, ==, wanted->sender);
  g_assert_cmpstr (record->id, ==, wanted->id);
  g_assert_cmpint (record->delivery, ==, wanted->delivery);
  g_assert_cmpint (record->departure, ==, wanted->departure);
  g_assert_cmpstr (record->reason, ==, wanted->reason);
}

static void
check_lines (Archive *archive)
{
  g_autoptr (GPtrArray) found = read_records (archive, 1, 1, LAST + 1);
  g_autoptr (GPtrArray) others = read_records (archive, 3, 1, 10);

  g_assert_cmpuint (found->len, ==, LAST);
  for (gint64 place = 2; place <= 301; place++)
    {
      g_autofree char *text = g_strdup_printf ("message number %d", (int) place);
      g_autofree char *id = g_strdup_printf ("e-%d", (int) place);

      check_record (found->pdata[place - 1],
                    &(DwRecord){ place, DW_MESSAGE_THEIRS, AT (place), 0, text, (char *) "Eve", id });
    }
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    check_record (found->pdata[lines[i].place - 1], &lines[i]);

  g_assert_cmpuint (others->len, ==, 2);
  check_record (others->pdata[1],
                &(DwRecord){ 2, DW_MESSAGE_THEIRS, AT (1), 0, (char *) "hello from here", NULL, NULL });
}

/* What a conversation begins with: unread marks, what waits to be sent in its order, what is known to have been seen. */
static void
check_opening (Archive *archive)
{
  GAsyncResult *opened = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (DwStoreOpening) opening = NULL;
  g_autoptr (GError) error = NULL;

  dw_store_lines_open_async (archive->store, 1, 310, TRUE, on_done, &opened);
  result = await (&opened);
  opening = dw_store_lines_open_finish (archive->store, result, &error);
  g_assert_no_error (error);
  g_assert_cmpint (opening->first, ==, 1);
  g_assert_cmpint (opening->last, ==, LAST);
  g_assert_cmpuint (opening->unread, ==, 2);
  g_assert_cmpuint (opening->tail->len, ==, DW_STORE_LINES_TAIL);
  g_assert_cmpuint (opening->waiting->len, ==, WAITING);
  for (guint i = 0; i < WAITING; i++)
    g_assert_cmpint (((DwRecord *) opening->waiting->pdata[i])->place, ==, 306 + i);
  /* Eve's and Zoë's, and one's own that is done. */
  g_assert_cmpuint (opening->fingerprints->len, >=, 302);
}

static void
check_found (Archive *archive, const char *words, guint n)
{
  const gint64 stages[] = { 1, 2, 3 };
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) hits = NULL;
  g_autoptr (GError) error = NULL;

  dw_store_search_async (archive->store, stages, G_N_ELEMENTS (stages), words, 1000, on_done, &done);
  result = await (&done);
  hits = dw_store_search_finish (archive->store, result, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (hits->len, ==, n);
}

static void
check_search (Archive *archive)
{
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  dw_store_words_catch_up_async (archive->store, on_done, &done);
  result = await (&done);
  g_assert_true (dw_store_words_catch_up_finish (archive->store, result, &error));
  g_assert_no_error (error);
  check_found (archive, "message number 3", 13);
  check_found (archive, "number 77", 1);
  check_found (archive, "naive cafe", 1);
  check_found (archive, "hello", 1);
  /* Notices are not searched. */
  check_found (archive, "Connected", 0);
}

static gboolean
is_loaded (gpointer list)
{
  return dw_stage_list_is_loaded (list);
}

static DwStageList *
load_stages (Archive *archive)
{
  DwStageList *list = dw_stage_list_new (archive->store);

  dw_stage_list_load (list);
  dw_test_until ("the stages", is_loaded, list);
  return list;
}

static void
check_first_stage (DwStage *stage)
{
  g_assert_cmpstr (dw_stage_get_uuid (stage), ==, TEAM);
  g_assert_cmpint (dw_stage_get_number (stage), ==, 1);
  g_assert_cmpstr (dw_stage_get_name (stage), ==, "Team ☕");
  g_assert_cmpstr (dw_stage_get_own_name (stage), ==, "Ada");
  g_assert_cmpuint (dw_stage_get_n_urls (stage), ==, 2);
  g_assert_cmpstr (dw_stage_url_get_text (dw_stage_get_url (stage, 0)), ==,
                   "wss://abc123.execute-api.eu-west-1.amazonaws.com/prod");
  g_assert_cmpstr (dw_stage_url_get_text (dw_stage_get_url (stage, 1)), ==, "wss://fallback.example/prod");
  g_assert_cmpint (dw_dialect_get_preset (dw_stage_get_dialect (stage)), ==, DW_DIALECT_DYNAMOWAVE);
  g_assert_cmpstr (dw_stage_get_draft (stage), ==, "half a sen");
  /* It is not connected before the keyring has given the token. */
  g_assert_true (dw_stage_lacks_secret (stage));
  g_assert_true (dw_stage_is_online (stage));
  g_assert_true (dw_stage_is_muted (stage));
  g_assert_true (dw_stage_echoes (stage));
  g_assert_false (dw_stage_is_local (stage));
  g_assert_cmpint (dw_stage_get_seen (stage), ==, 310);
  g_assert_cmpint (dw_stage_get_left_at (stage), ==, AT (400));
}

static void
check_stages (Archive *archive)
{
  DwStageList *list = load_stages (archive);
  g_autoptr (DwStage) custom = g_list_model_get_item (G_LIST_MODEL (list), 0);
  g_autoptr (DwStage) team = g_list_model_get_item (G_LIST_MODEL (list), 1);
  g_autoptr (DwStage) local = g_list_model_get_item (G_LIST_MODEL (list), 2);
  const DwDialect *dialect = dw_stage_get_dialect (custom);

  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (list)), ==, 3);
  check_first_stage (team);

  g_assert_cmpint (dw_dialect_get_preset (dialect), ==, DW_DIALECT_CUSTOM);
  g_assert_cmpstr (dw_dialect_get_route_key (dialect), ==, "route");
  g_assert_cmpstr (dw_dialect_get_send_route (dialect), ==, "say");
  g_assert_cmpstr (dw_dialect_get_body_key (dialect), ==, "text");
  g_assert_cmpstr (dw_dialect_get_probe (dialect), ==, "{\"route\":\"dynamowave-status\"}");
  g_assert_cmpstr (dw_stage_get_draft (custom), ==, "two\nlines");
  /* Nobody had named it, and now every stage has a name. */
  g_assert_cmpstr (dw_stage_get_name (custom), ==, "live");
  g_assert_null (dw_stage_get_own_name (custom));
  g_assert_false (dw_stage_is_online (custom));
  g_assert_false (dw_stage_is_muted (custom));
  g_assert_cmpint (dw_stage_get_secret (custom), ==, DW_STAGE_SECRET_NONE);
  g_assert_cmpint (dw_stage_get_seen (custom), ==, 0);

  g_assert_cmpstr (dw_stage_get_name (local), ==, "This Computer");
  g_assert_true (dw_stage_is_local (local));
  g_assert_true (dw_stage_is_online (local));
  g_assert_cmpstr (dw_stage_url_get_text (dw_stage_get_url (local, 0)), ==, "ws://127.0.0.1:9000/dev");
  dw_test_finalize (list);
}

static void
check_file (Archive *archive)
{
  g_autofree char *version = ask_outside (archive, "PRAGMA user_version");
  g_autofree char *integrity = ask_outside (archive, "PRAGMA integrity_check");
  g_autofree char *retired = ask_outside (archive, "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'retired%'");
  g_autofree char *unindexed = ask_outside (archive, "SELECT line FROM unindexed");

  g_assert_cmpint (atoi (version), ==, DW_SCHEMA_VERSION);
  g_assert_cmpstr (integrity, ==, "ok");
  g_assert_cmpstr (retired, ==, "0");
  g_assert_cmpstr (unindexed, ==, "0");
}

static void
check_all (Archive *archive)
{
  gboolean newer;

  check_stages (archive);
  check_lines (archive);
  check_opening (archive);
  check_search (archive);
  g_assert_cmpint (dw_store_get_trouble (archive->store), ==, DW_STORE_FINE);
  g_assert_null (dw_store_get_kept_as (archive->store, &newer));
}

/* Those came with version 5. */
static void
check_snippets (Archive *archive, guint n)
{
  DwStageList *list = load_stages (archive);
  g_autoptr (DwStage) team = g_list_model_get_item (G_LIST_MODEL (list), 1);
  DwSnippets *snippets = dw_stage_get_snippets (team);
  g_autofree char *text = dw_snippets_to_text (snippets);

  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (snippets)), ==, n);
  if (n > 0)
    g_assert_cmpstr (
        text, ==,
        "[{\"name\":\"Hello\",\"text\":\"{\\\"action\\\":\\\"sendMessage\\\",\\\"message\\\":\\\"{{n}} ☕\\\"}\"}]");
  dw_test_finalize (list);
}

/* Everything that was in a history of each version is there, and still is after the next start. */
static void
test_history (void)
{
  for (int version = 1; version <= DW_SCHEMA_VERSION; version++)
    {
      g_auto (Archive) archive = { 0 };

      g_test_message ("version %d", version);
      archive_init_old (&archive, version);
      archive.store = dw_store_new (archive.path);
      check_all (&archive);
      archive_reopen (&archive);
      check_all (&archive);
      check_snippets (&archive, version >= 5 ? 1 : 0);
      dw_test_finalize (g_steal_pointer (&archive.store));
      check_file (&archive);
    }
}

/* Such a history goes on before its old lines are in the new index: a new line comes after them, and one that goes takes
 * its words along. */
static void
test_continued (void)
{
  for (int version = 1; version <= DW_SCHEMA_VERSION; version++)
    {
      g_auto (Archive) archive = { 0 };
      DwRecord gone = { .place = 2, .id = (char *) "e-2" };
      g_autoptr (GPtrArray) found = NULL;

      g_test_message ("version %d", version);
      archive_init_old (&archive, version);
      archive.store = dw_store_new (archive.path);
      add_text (&archive, 1, LAST + 1, "message number 1000");
      archive.serial = dw_store_lines_remove (archive.store, 1, &gone);
      until_written (&archive);
      check_search (&archive);
      check_found (&archive, "number 1000", 1);
      check_found (&archive, "number 2", 110);

      found = read_records (&archive, 1, 1, LAST + 10);
      g_assert_cmpuint (found->len, ==, LAST);
      g_assert_cmpstr (((DwRecord *) found->pdata[1])->text, ==, "message number 3");
      g_assert_cmpstr (((DwRecord *) found->pdata[LAST - 1])->text, ==, "message number 1000");
      dw_test_finalize (g_steal_pointer (&archive.store));
      check_file (&archive);
    }
}

/* A program of 0.1.0 that was killed left its last lines in the log alone. */
static void
test_killed (void)
{
  g_auto (Archive) archive = { 0 };
  g_autofree char *log = NULL;
  sqlite3 *old = NULL;
  GStatBuf status;

  archive_init_old (&archive, 1);
  log = g_strconcat (archive.path, "-wal", NULL);
  g_assert_cmpint (sqlite3_open (archive.path, &old), ==, SQLITE_OK);
  sqlite3_db_config (old, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  g_assert_cmpint (sqlite3_exec (old,
                                 "DELETE FROM lines WHERE line = 1 << 40 | 312;"
                                 "INSERT INTO lines (line, kind, time, text) "
                                 "VALUES (1 << 40 | 312, 0, 1764065112000000, 'an unread one');"
                                 "INSERT INTO lines (line, kind, time, text) "
                                 "VALUES (3 << 40 | 3, 0, 1764065112000000, 'the last words')",
                                 NULL, NULL, NULL),
                   ==, SQLITE_OK);
  sqlite3_close (old);
  g_assert_cmpint (g_stat (log, &status), ==, 0);
  g_assert_cmpint (status.st_size, >, 0);

  archive.store = dw_store_new (archive.path);
  check_stages (&archive);
  check_opening (&archive);
  check_search (&archive);
  check_found (&archive, "last words", 1);
  check_found (&archive, "unread", 1);
  dw_test_finalize (g_steal_pointer (&archive.store));
  check_file (&archive);
}

static gboolean
was_kept (gpointer store)
{
  gboolean newer;

  return dw_store_get_kept_as (store, &newer) != NULL;
}

/* A history of the next version, with tables that this one does not know, is kept under another name and not touched. The
 * person is told its name, and moved back it is what it was. */
static void
test_future (void)
{
  g_auto (Archive) archive = { 0 };
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autofree char *kept = NULL;
  gsize length, length_after;
  DwStageList *list;
  gboolean newer;

  archive_init_old (&archive, DW_SCHEMA_VERSION);
  run_outside (&archive,
               "ALTER TABLE lines ADD COLUMN reactions TEXT; CREATE TABLE threads (thread INTEGER PRIMARY KEY);"
               "PRAGMA user_version = " G_STRINGIFY (DW_SCHEMA_VERSION) "1");
  g_assert_true (g_file_get_contents (archive.path, &before, &length, NULL));
  archive.store = dw_store_new (archive.path);
  list = load_stages (&archive);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (list)), ==, 0);
  dw_test_until ("the file to be kept", was_kept, archive.store);
  kept = g_strdup (dw_store_get_kept_as (archive.store, &newer));
  g_assert_true (newer);
  add_text (&archive, 1, 1, "a new beginning");
  dw_test_finalize (list);
  dw_test_finalize (g_steal_pointer (&archive.store));

  g_assert_true (g_file_get_contents (kept, &after, &length_after, NULL));
  g_assert_cmpmem (before, length, after, length_after);
  g_assert_cmpint (g_rename (kept, archive.path), ==, 0);
  run_outside (&archive, "PRAGMA user_version = " G_STRINGIFY (DW_SCHEMA_VERSION));
  archive.store = dw_store_new (archive.path);
  check_all (&archive);
}

/* Where the steps do not fit the tables, nothing of them is done by half: the lines are copied into a new file. */
static void
test_misfit (void)
{
  static const char *const misfits[] = { "CREATE TABLE home (somewhere)", "DROP TRIGGER lines_insert" };

  for (guint i = 0; i < G_N_ELEMENTS (misfits); i++)
    {
      g_auto (Archive) archive = { 0 };

      g_test_message ("%s", misfits[i]);
      archive_init_old (&archive, 1);
      run_outside (&archive, misfits[i]);
      archive.store = dw_store_new (archive.path);
      check_all (&archive);
      archive_reopen (&archive);
      check_all (&archive);
      dw_test_finalize (g_steal_pointer (&archive.store));
      check_file (&archive);
    }
}

/* What 0.1.0 gave to the keyring is found under the same attributes, and read. */
static void
test_keyring (void)
{
  static const char secret[] =
      "{\"urls\":[\"wss://abc123.execute-api.eu-west-1.amazonaws.com/prod?token=S3CR3T%2Fcanary\","
      "\"wss://fallback.example/prod?token=other\"],\"headers\":{\"x-api-key\":\"key\"},\"protocols\":[\"chat\"]}";
  g_autoptr (DwFakeKeyring) keyring = dw_fake_keyring_new ();
  g_auto (Archive) archive = { 0 };
  DwStageList *list;
  g_autoptr (DwStage) team = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GAsyncResult *done = NULL;

  dw_fake_keyring_put (keyring, TEAM, secret);
  archive_init_old (&archive, 1);
  archive.store = dw_store_new (archive.path);
  list = load_stages (&archive);
  team = g_list_model_get_item (G_LIST_MODEL (list), 1);
  dw_keyring_load_async (team, on_done, &done);
  result = await (&done);
  g_assert_true (dw_keyring_load_finish (team, result, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (dw_stage_url_get_text (dw_stage_get_url (team, 0)), ==,
                   "wss://abc123.execute-api.eu-west-1.amazonaws.com/prod?token=S3CR3T%2Fcanary");
  g_assert_cmpstr (dw_stage_url_get_text (dw_stage_get_url (team, 1)), ==,
                   "wss://fallback.example/prod?token=other");
  g_assert_cmpstr (g_hash_table_lookup (dw_stage_get_headers (team), "x-api-key"), ==, "key");
  g_assert_cmpstr (dw_stage_get_protocols (team)[0], ==, "chat");
  dw_test_finalize (list);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/upgrade/history", test_history);
  g_test_add_func ("/client/upgrade/continued", test_continued);
  g_test_add_func ("/client/upgrade/killed", test_killed);
  g_test_add_func ("/client/upgrade/future", test_future);
  g_test_add_func ("/client/upgrade/misfit", test_misfit);
  g_test_add_func ("/client/upgrade/keyring", test_keyring);
  return g_test_run ();
}
