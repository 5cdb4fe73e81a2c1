/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is found in what was said, by words and inside of them, and how an older file comes to its index. */
#include "dw-archive.h"
#include "dw-test.h"

#include "client/store/dw-schema.h"
#include "client/store/dw-store-date.h"
#include "client/store/dw-store-scan.h"
#include "client/store/dw-store-words.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static GPtrArray *
search (Archive *archive, const char *words, guint n_stages)
{
  const gint64 stages[] = { 1, 2 };
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  dw_store_search_async (archive->store, stages, n_stages, words, 50, on_done, &done);
  result = await (&done);
  return dw_store_search_finish (archive->store, result, NULL);
}

static void
test_search (void)
{
  g_auto (Archive) archive = { 0 };
  static const struct
  {
    const char *words;
    guint n_stages;
    guint hits;
  } rows[] = {
    { "hello", 1, 2 },
    { "hello", 2, 3 },
    { "HELLO wor", 1, 1 },
    { "uber", 1, 1 },      /* without the marks */
    { "hel", 1, 2 },       /* the beginning of the last word */
    { "hel world", 1, 0 }, /* and of no other */
    { "\"hello", 1, 2 },   /* no operators */
    { "hello OR nothing", 1, 0 },
    { "NEAR(", 1, 0 },
    { "***", 1, 0 },
    { "", 1, 0 },
    { "   ", 1, 0 },
    { "天気", 1, 1 }, /* inside a run without blanks */
    { "いい 天気", 1, 1 },
    { "天気 hello", 1, 0 },
    { "أهلا", 1, 1 },
    { "<b>", 1, 1 },
  };

  archive_init (&archive);
  add_text (&archive, 1, 1, "Hello, world!");
  add_text (&archive, 1, 2, "hello again & <b>");
  add_text (&archive, 1, 3, "Über den Wolken");
  add_text (&archive, 1, 4, "今日は天気がいいですね");
  add_text (&archive, 1, 5, "أهلا وسهلا");
  add_text (&archive, 2, 6, "hello from elsewhere");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GPtrArray) hits = search (&archive, rows[i].words, rows[i].n_stages);

      g_test_message ("“%s”", rows[i].words);
      g_assert_cmpuint (hits->len, ==, rows[i].hits);
      for (guint j = 1; j < hits->len; j++)
        g_assert_cmpint (((DwHit *) hits->pdata[j])->record->time, <, ((DwHit *) hits->pdata[j - 1])->record->time);
    }
}

static GPtrArray *
scan (Archive *archive, const char *words, guint n_stages, guint limit)
{
  const gint64 stages[] = { 1, 2 };
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  dw_store_scan_async (archive->store, stages, n_stages, words, limit, NULL, on_done, &done);
  result = await (&done);
  return dw_store_scan_finish (archive->store, result, NULL);
}

/* However somebody's keyboard writes it, and wherever in a text without blanks it stands: each message is found by each
 * of its words, at once, and by no other's. */
static void
test_scripts (void)
{
  static const struct
  {
    const char *text;
    const char *words; /* one a line */
    const char *never;
  } rows[] = {
    { "认证系统使用JWT令牌", "JWT\njwt\n令牌\n系统\n认证系统\n使用JWT\nJWT令牌\n用J\n牌\n证\n认", "系认\n令使" },
    { "铁路12306客服", "12306\n铁路\n铁路12306\n12306客服\n路", "铁客" },
    { "今日は天気がいいですね", "天気\n天気がいい\nいい 天気\nは", "気天\n雨" },
    { "ｶﾞｯｺｳ", "ガッコウ\nガッ", "カッコウ" },
    { "วันนี้อากาศดีมาก", "อากาศ\nดี\nวันนี้", "กาอา" },
    { "on my way \U0001f44d\U0001f3fd!", "\U0001f44d\nway \U0001f44d", "\U0001f44e" },
    { "\u2764\ufe0f you all", "\u2764\n\u2764\ufe0f", "\U0001f494" },
    { "مُحَمَّد هُنا", "محمد\nمُحَمَّد\nهنا", "احمد" },
    { "η Ελλάδα νίκησε", "ελλαδα\nΕΛΛΆΔΑ\nΕλλάδα νικησε", "ελληνας" },
    { "in der Straße", "strasse\nSTRASSE\nstraß", "strase" },
    { "call ０１２３ or ＡＢＣ", "0123\nabc\n０１", "1234" },
    { "שָׁלוֹם לכולם", "שלום\nשָׁלוֹם", "שלומי" },
    { "\u110f\u1162\u11af\u1105\u1175\u11ab\u1103\u1165 app", "캘린더\n캘린", "달력" },
    { "हिन्दी में", "हिन्दी\nहिन्", "हन्दि" },
    { "Đường Łódź, smørrebrød", "duong\nlodz\nsmorrebrod", "land" },
    { "Ещё раз", "еще\nЕЩЁ", "ещи" },
    { "costs 5 €", "€\n5 €", "$" },
    { "https://www.foobarbaz.example/a/b", "foobarbaz\nwww.foobarbaz.example\nexample/a", "barfoo" },
    { "see POL-358 in health.base", "POL-358\n358\nhealth.base\npol\n(POL-358),", "POL-359\nPOL 359\nhealth-base" },
    { "C# or C++, he said; it's O'Neill", "c#\nC++\nc++,\n\"C#\"\nit's\no'neill", "c+#\nC--\nits\no-neill" },
  };
  g_auto (Archive) archive = { 0 };

  archive_init (&archive);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    add_text (&archive, 1, i + 1, rows[i].text);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (GStrv) words = g_strsplit (rows[i].words, "\n", -1);
      g_auto (GStrv) never = g_strsplit (rows[i].never, "\n", -1);

      for (guint j = 0; words[j] != NULL; j++)
        {
          g_autoptr (GPtrArray) hits = search (&archive, words[j], 1);
          gboolean found = FALSE;

          g_test_message ("“%s” in “%s”", words[j], rows[i].text);
          for (guint k = 0; k < hits->len; k++)
            found |= ((DwHit *) hits->pdata[k])->record->place == i + 1;
          g_assert_true (found);
        }
      for (guint j = 0; never[j] != NULL; j++)
        {
          g_autoptr (GPtrArray) hits = search (&archive, never[j], 1);

          g_test_message ("“%s” in “%s”", never[j], rows[i].text);
          for (guint k = 0; k < hits->len; k++)
            g_assert_cmpint (((DwHit *) hits->pdata[k])->record->place, !=, i + 1);
        }
    }
}

/* What stands inside of words, or is no word: the newest first, in all stages, and as many as were asked for. */
static void
test_scan (void)
{
  static const struct
  {
    const char *words;
    guint n_stages;
    guint hits;
  } rows[] = {
    { "ppl", 1, 1 },     { "PPL", 1, 1 },        { "traß", 1, 1 },   { "ass", 1, 1 },        { "-->", 1, 1 },
    { "ppl -->", 1, 0 }, { "apple pine", 1, 1 }, { "C#", 1, 1 },     { "e", 2, 5 },          { "e", 1, 4 },
    { "", 1, 0 },        { "\u0301", 1, 0 },     { "notice", 2, 0 }, { "\U0001f44d", 1, 0 },
  };
  g_auto (Archive) archive = { 0 };
  GPtrArray *records = records_new ();

  archive_init (&archive);
  add_text (&archive, 1, 1, "a pineapple");
  add_text (&archive, 1, 2, "die Straße");
  add_text (&archive, 1, 3, "a --> b e");
  add_text (&archive, 1, 4, "we use C# here");
  g_ptr_array_add (records, record_new (5, DW_MESSAGE_NOTICE, "a notice"));
  add_records (&archive, 1, records);
  add_text (&archive, 2, 6, "elsewhere");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GPtrArray) hits = scan (&archive, rows[i].words, rows[i].n_stages, 50);

      g_test_message ("“%s”", rows[i].words);
      g_assert_cmpuint (hits->len, ==, rows[i].hits);
      for (guint j = 1; j < hits->len; j++)
        g_assert_cmpint (((DwHit *) hits->pdata[j])->record->time, <, ((DwHit *) hits->pdata[j - 1])->record->time);
    }
  {
    g_autoptr (GPtrArray) hits = scan (&archive, "e", 2, 2);

    g_assert_cmpuint (hits->len, ==, 2);
    g_assert_cmpint (((DwHit *) hits->pdata[0])->record->place, ==, 6);
    g_assert_cmpint (((DwHit *) hits->pdata[1])->record->place, ==, 4);
  }
}

/* Long ones, so that few are enough for several steps. */
#define LONG (16 * 1024)
#define MANY (DW_STORE_SCAN_BYTES / LONG * 3)

static void
add_many (Archive *archive)
{
  GPtrArray *records = records_new ();
  g_autofree char *fill = g_strnfill (LONG, 'x');

  for (guint i = 1; i <= MANY; i++)
    {
      g_autofree char *text = g_strdup_printf ("number %u of %s", i, fill);

      g_ptr_array_add (records, record_new (i, DW_MESSAGE_THEIRS, text));
    }
  add_records (archive, 1, records);
}

/* A history that one step does not reach the end of: all of it is looked at, another job comes between two steps, and a
 * search that nobody wants any more ends. */
static void
test_scan_steps (void)
{
  g_auto (Archive) archive = { 0 };
  const gint64 stage = 1;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GPtrArray) hits = NULL;
  GAsyncResult *scanned = NULL, *read = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  archive_init (&archive);
  add_many (&archive);
  hits = scan (&archive, "umber", 1, 150);
  g_assert_cmpuint (hits->len, ==, 150);
  g_assert_cmpint (((DwHit *) hits->pdata[149])->record->place, ==, MANY - 149);
  g_clear_pointer (&hits, g_ptr_array_unref);
  /* 12, 112, and 120 to 129. */
  hits = scan (&archive, "ber 12", 1, DW_STORE_SEARCH_HITS);
  g_assert_cmpuint (hits->len, ==, 12);

  dw_store_scan_async (archive.store, &stage, 1, "not there", 50, cancellable, on_done, &scanned);
  dw_store_lines_read_async (archive.store, 1, 1, 10, FALSE, on_done, &read);
  result = await (&read);
  g_assert_null (scanned);
  g_cancellable_cancel (cancellable);
  g_clear_object (&result);
  result = await (&scanned);
  g_assert_null (dw_store_scan_finish (archive.store, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* Older files */

/* A file as the newest version before the index of today wrote it, with so many lines in two stages. */
static void
write_old (Archive *archive, guint n)
{
  g_autofree char *fixture = g_test_build_filename (G_TEST_DIST, "data", "store-2.sql", NULL);
  g_autofree char *folder = g_path_get_dirname (archive->path);
  g_autofree char *sql = NULL;
  g_autofree char *more =
      g_strdup_printf ("WITH RECURSIVE n (i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n LIMIT %u)"
                       "  INSERT INTO lines (line, kind, time, text) SELECT (1 + i %% 2) << 40 | i, i %% 7 == 0, i,"
                       "  'Straße number ' || i FROM n;"
                       "INSERT INTO words (words) VALUES ('rebuild')",
                       n);

  g_assert_true (g_file_get_contents (fixture, &sql, NULL, NULL));
  g_mkdir_with_parents (folder, 0700);
  run_outside (archive, sql);
  run_outside (archive, more);
}

static void
catch_up (Archive *archive)
{
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  dw_store_words_catch_up_async (archive->store, on_done, &done);
  result = await (&done);
  g_assert_true (dw_store_words_catch_up_finish (archive->store, result, &error));
  g_assert_no_error (error);
}

/* The index has what is in the lines, no more and no less, as FTS5 itself says. */
static void
check_index (Archive *archive)
{
  g_autoptr (DwDatabase) database = dw_database_open (archive->path, NULL);
  g_autoptr (GError) error = NULL;
  gint64 number;

  g_assert_true (dw_database_run_script (
      database,
      "CREATE TEMP TABLE notices AS SELECT * FROM lines WHERE kind > 1; DELETE FROM lines WHERE kind > 1;"
      "INSERT INTO words (words, rank) VALUES ('integrity-check', 1);"
      "INSERT INTO lines SELECT * FROM notices",
      &error));
  g_assert_no_error (error);
  g_assert_true (dw_database_get_number (database, "SELECT line FROM unindexed", &number, &error));
  g_assert_cmpint (number, ==, 0);
  g_assert_true (dw_database_get_number (database, "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'retired%'",
                                         &number, &error));
  g_assert_cmpint (number, ==, 0);
}

/* Lines of an older file are found as before: by looking at them until they are in the index, and by it afterwards. What
 * comes, goes and moves meanwhile is right in it. */
static void
test_catch_up (void)
{
  g_auto (Archive) archive = { 0 };
  g_autoptr (GPtrArray) before = NULL, scanned = NULL, after = NULL, gone = NULL;
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  archive_init (&archive);
  write_old (&archive, DW_STORE_WORDS_LINES * 5);
  before = search (&archive, "strasse", 2);
  g_assert_cmpuint (before->len, ==, 0);
  scanned = scan (&archive, "strasse", 2, 50);
  g_assert_cmpuint (scanned->len, ==, 50);

  add_text (&archive, 1, 100000, "neue Straße");
  dw_store_words_catch_up_async (archive.store, on_done, &done);
  /* Between two steps: one that is indexed already goes, and those before it move across the border. */
  for (guint i = 0; i < 40; i++)
    {
      g_autoptr (GPtrArray) page = read_records (&archive, 2, 1, 1000000);
      const DwRecord *record = g_ptr_array_index (page, i % 2 == 0 ? page->len - 1 : page->len / 2);

      dw_store_lines_remove (archive.store, 2, record);
    }
  add_text (&archive, 1, 100001, "neueste Straße");
  result = await (&done);
  g_assert_true (dw_store_words_catch_up_finish (archive.store, result, NULL));
  after = search (&archive, "strasse", 2);
  g_assert_cmpuint (after->len, ==, 50);
  gone = search (&archive, "neueste strasse", 1);
  g_assert_cmpuint (gone->len, ==, 1);
  check_index (&archive);
}

/* How many of the lines are not in the index, as another program sees it, or -1 before it is known. */
static gint64
count_unindexed (const char *path)
{
  sqlite3 *other = NULL;
  sqlite3_stmt *query = NULL;
  gint64 count = -1;

  g_assert_cmpint (sqlite3_open_v2 (path, &other, SQLITE_OPEN_READONLY, NULL), ==, SQLITE_OK);
  if (sqlite3_prepare_v2 (other, "SELECT count(*) FROM lines WHERE line <= (SELECT line FROM unindexed)", -1,
                          &query, NULL)
          == SQLITE_OK
      && sqlite3_step (query) == SQLITE_ROW)
    count = sqlite3_column_int64 (query, 0);
  sqlite3_finalize (query);
  sqlite3_close (other);
  return count;
}

/* How many commits a child lives: some when it opens the file, then one for each step. */
#define COMMITS 6

static int
on_commit (void *commits)
{
  if (g_atomic_int_add ((gint *) commits, 1) == COMMITS - 1)
    raise (SIGKILL);
  return 0;
}

static int
on_opened (sqlite3 *handle, char **message, const sqlite3_api_routines *routines)
{
  static gint commits;

  sqlite3_commit_hook (handle, on_commit, &commits);
  return SQLITE_OK;
}

/* As a child: what the program does after its start, until it is killed in the middle of a commit. */
static void
catch_up_until_killed (const char *path)
{
  GAsyncResult *done = NULL;

  sqlite3_auto_extension ((void (*) (void)) on_opened);
  dw_store_words_catch_up_async (dw_store_new (path), on_done, &done);
  for (;;)
    g_main_context_iteration (NULL, TRUE);
}

/* A program that is killed in the middle, again and again, loses nothing and comes to the end. */
static void
test_killed (void)
{
  g_auto (Archive) archive = { 0 };
  g_autoptr (GPtrArray) hits = NULL;
  g_autofree char *lines = NULL;
  gint64 before = G_MAXINT64;

  archive_init (&archive);
  write_old (&archive, DW_STORE_WORDS_LINES * 20);
  dw_test_finalize (g_steal_pointer (&archive.store));
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (GSubprocess) child = NULL;
      g_autoptr (GError) error = NULL;
      gint64 left;

      child =
          g_subprocess_new (G_SUBPROCESS_FLAGS_NONE, &error, "/proc/self/exe", "--catch-up", archive.path, NULL);
      g_assert_no_error (error);
      g_subprocess_wait (child, NULL, &error);
      g_assert_no_error (error);
      g_assert_true (g_subprocess_get_if_signaled (child));
      g_assert_cmpint (g_subprocess_get_term_sig (child), ==, SIGKILL);
      left = count_unindexed (archive.path);
      g_test_message ("%" G_GINT64_FORMAT " are left", left);
      g_assert_cmpint (left, <, before);
      before = left;
    }
  g_assert_cmpint (before, >, 0);
  lines = ask_outside (&archive, "SELECT count(*) FROM lines");
  g_assert_cmpint (atoi (lines), ==, DW_STORE_WORDS_LINES * 20 + 3);

  archive.store = dw_store_new (archive.path);
  catch_up (&archive);
  check_index (&archive);
  hits = search (&archive, "strasse 5000", 2);
  g_assert_cmpuint (hits->len, ==, 1);
}

/* Whoever opens the file with a plain SQLite reads everything but the index. */
static void
test_plain (void)
{
  g_auto (Archive) archive = { 0 };
  g_autofree char *text = NULL;

  archive_init (&archive);
  add_text (&archive, 1, 1, "for everybody");
  dw_test_finalize (g_steal_pointer (&archive.store));
  text = ask_outside (&archive, "SELECT text FROM lines");
  g_assert_cmpstr (text, ==, "for everybody");
  run_outside (&archive, "UPDATE stages SET draft = 'x'");
}

static gint64
find_date (Archive *archive, gint64 stage, gint64 time)
{
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  dw_store_date_find_async (archive->store, stage, time, on_done, &done);
  result = await (&done);
  return dw_store_date_find_finish (archive->store, result, NULL);
}

static void
add_timed (Archive *archive, gint64 stage, gint64 first, gint64 last)
{
  GPtrArray *records = records_new ();

  for (gint64 place = first; place <= last; place++)
    {
      DwRecord *record = record_new (place, DW_MESSAGE_THEIRS, "a line");

      record->time = place / 3 * 1000;
      g_ptr_array_add (records, record);
    }
  add_records (archive, stage, records);
}

/* A date leads to the first line that is not older, to the last one where all are, and to no other stage's. */
static void
test_date (void)
{
  g_auto (Archive) archive = { 0 };

  archive_init (&archive);
  add_timed (&archive, 1, 1, 300);
  add_timed (&archive, 2, 51, 100);
  g_assert_cmpint (find_date (&archive, 1, 0), ==, 1);
  g_assert_cmpint (find_date (&archive, 1, 1000), ==, 3);
  g_assert_cmpint (find_date (&archive, 1, 50001), ==, 153);
  g_assert_cmpint (find_date (&archive, 1, 100000), ==, 300);
  g_assert_cmpint (find_date (&archive, 1, G_MAXINT64), ==, 300);
  g_assert_cmpint (find_date (&archive, 2, 0), ==, 51);
  g_assert_cmpint (find_date (&archive, 2, 20000), ==, 60);
  g_assert_cmpint (find_date (&archive, 2, 40000), ==, 100);
  g_assert_cmpint (find_date (&archive, 3, 0), ==, 0);
}

int
main (int argc, char *argv[])
{
  if (argc == 3 && strcmp (argv[1], "--catch-up") == 0)
    catch_up_until_killed (argv[2]);
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/store-search/words/S-9", test_search);
  g_test_add_func ("/client/store-search/scripts/S-23", test_scripts);
  g_test_add_func ("/client/store-search/scan/S-23", test_scan);
  g_test_add_func ("/client/store-search/scan-steps", test_scan_steps);
  g_test_add_func ("/client/store-search/catch-up", test_catch_up);
  g_test_add_func ("/client/store-search/killed", test_killed);
  g_test_add_func ("/client/store-search/plain", test_plain);
  g_test_add_func ("/client/store-search/date", test_date);
  return g_test_run ();
}
