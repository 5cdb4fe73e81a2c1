/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Statements of the stage's file that fail, one after the other: who asked is told, nothing is half done, and when the
 * file is well again everything goes on with the right counts. */
#include "dw-faulty-statement.h"
#include "dw-test.h"

#include "backend/dw-backend-error.h"
#include "backend/gateway/dw-dead-letters.h"
#include "backend/gateway/dw-sqlite-registry.h"
#include "backend/gateway/dw-tables.h"

#include <string.h>

typedef struct
{
  char *path;
  DwTables *tables;
  DwSqliteRegistry *registry;
  sqlite3 *outside;
} Faults;

static void
faults_init (Faults *faults)
{
  g_autofree char *folder = dw_test_make_folder ();

  faults->path = g_build_filename (folder, "stage.sqlite", NULL);
  faults->tables = dw_tables_open (faults->path, NULL);
  g_assert_nonnull (faults->tables);
  faults->registry = dw_sqlite_registry_new (faults->tables, 2);
  g_assert_cmpint (sqlite3_open (faults->path, &faults->outside), ==, SQLITE_OK);
}

static void
faults_clear (Faults *faults)
{
  sqlite3_close (faults->outside);
  dw_test_finalize (faults->registry);
  dw_tables_unref (faults->tables);
  g_free (faults->path);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Faults, faults_clear)

static void
run_outside (Faults *faults, const char *sql)
{
  char *words = NULL;

  /* The stage may be writing just then. */
  sqlite3_busy_timeout (faults->outside, DW_TEST_DEADLINE_MS);
  sqlite3_exec (faults->outside, sql, NULL, NULL, &words);
  g_assert_cmpstr (words, ==, NULL);
}

static gint64
ask_outside (Faults *faults, const char *sql)
{
  sqlite3_stmt *query = NULL;
  gint64 number;

  g_assert_cmpint (sqlite3_prepare_v2 (faults->outside, sql, -1, &query, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (query), ==, SQLITE_ROW);
  number = sqlite3_column_int64 (query, 0);
  sqlite3_finalize (query);
  return number;
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static void
check (gboolean done, gboolean wanted, GError **error)
{
  g_assert_cmpint (done, ==, wanted);
  g_assert_cmpint (*error == NULL, ==, wanted);
  if (*error != NULL)
    g_assert_true ((*error)->domain == DW_BACKEND_ERROR);
}

static void
put (Faults *faults, const char *id, gboolean wanted)
{
  DwRegistry *registry = DW_REGISTRY (faults->registry);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  dw_registry_put_async (registry, id, 7, NULL, on_done, &result);
  DW_TEST_WAIT ("a put", result != NULL);
  check (dw_registry_put_finish (registry, result, &error), wanted, &error);
}

static void
drop (Faults *faults, const char *id, gboolean wanted)
{
  DwRegistry *registry = DW_REGISTRY (faults->registry);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  dw_registry_remove_async (registry, id, NULL, on_done, &result);
  DW_TEST_WAIT ("a removal", result != NULL);
  check (dw_registry_remove_finish (registry, result, &error), wanted, &error);
}

static void
scan (Faults *faults, gboolean wanted)
{
  DwRegistry *registry = DW_REGISTRY (faults->registry);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (DwRegistryPage) page = NULL;

  dw_registry_scan_async (registry, NULL, NULL, on_done, &result);
  DW_TEST_WAIT ("a page", result != NULL);
  page = dw_registry_scan_finish (registry, result, &error);
  check (page != NULL, wanted, &error);
}

/* Whether the id is new; G_MAXUINT where nobody can know. */
static guint
claim (Faults *faults, const char *id, gint64 now)
{
  DwRegistry *registry = DW_REGISTRY (faults->registry);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gboolean fresh = FALSE;
  gboolean done;

  dw_registry_claim_async (registry, id, now, NULL, on_done, &result);
  DW_TEST_WAIT ("a claim", result != NULL);
  done = dw_registry_claim_finish (registry, result, &fresh, &error);
  check (done, error == NULL, &error);
  return done ? (guint) fresh : G_MAXUINT;
}

/* A table that is not there fails every statement of it. */
static void
test_tables (void)
{
  g_auto (Faults) faults = { 0 };
  g_autoptr (GError) error = NULL;
  guint forgotten = 7;

  faults_init (&faults);
  put (&faults, "one", TRUE);
  g_assert_cmpuint (claim (&faults, "a", 1000), ==, TRUE);
  run_outside (&faults, "ALTER TABLE connections RENAME TO c; ALTER TABLE claims RENAME TO d");
  put (&faults, "two", FALSE);
  drop (&faults, "one", FALSE);
  scan (&faults, FALSE);
  g_assert_cmpuint (claim (&faults, "b", 1001), ==, G_MAXUINT);
  dw_registry_release (DW_REGISTRY (faults.registry), "a");
  g_assert_false (dw_sqlite_registry_forget_all (faults.registry, &forgotten, &error));
  g_assert_nonnull (error);
  g_assert_cmpuint (forgotten, ==, 7);

  run_outside (&faults, "ALTER TABLE c RENAME TO connections; ALTER TABLE d RENAME TO claims");
  scan (&faults, TRUE);
  g_assert_cmpint (ask_outside (&faults, "SELECT count(*) FROM connections"), ==, 1);
  /* What could not be claimed was not, and what could not be released still is. */
  g_assert_cmpuint (claim (&faults, "b", 1002), ==, TRUE);
  g_assert_cmpuint (claim (&faults, "a", 1002), ==, FALSE);
  drop (&faults, "one", TRUE);
  put (&faults, "two", TRUE);
  g_assert_true (dw_sqlite_registry_forget_all (faults.registry, &forgotten, NULL));
  g_assert_cmpuint (forgotten, ==, 1);
}

/* One statement of a claim fails after others have been done: all of it is undone. */
static void
test_claims (void)
{
  static const struct
  {
    const char *fault;
    gint64 now;
  } rows[] = {
    { "CREATE TRIGGER fault BEFORE INSERT ON claims BEGIN SELECT RAISE (ABORT, 'no'); END", 2000 },
    { "CREATE TRIGGER fault BEFORE DELETE ON claims BEGIN SELECT RAISE (ABORT, 'no'); END", 2000 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (Faults) faults = { 0 };

      g_test_message ("row %u", i);
      faults_init (&faults);
      /* One of them is too old by then. */
      g_assert_cmpuint (claim (&faults, "old", 1000), ==, TRUE);
      g_assert_cmpuint (claim (&faults, "young", 1500), ==, TRUE);
      run_outside (&faults, rows[i].fault);
      g_assert_cmpuint (claim (&faults, "new", rows[i].now), ==, G_MAXUINT);
      g_assert_cmpint (ask_outside (&faults, "SELECT count(*) FROM claims"), ==, 2);
      run_outside (&faults, "DROP TRIGGER fault");
      g_assert_cmpuint (claim (&faults, "new", rows[i].now), ==, TRUE);
      g_assert_cmpuint (claim (&faults, "young", rows[i].now), ==, FALSE);
      g_assert_cmpint (ask_outside (&faults, "SELECT count(*) FROM claims"), ==, 2);
      dw_registry_release (DW_REGISTRY (faults.registry), "new");
      g_assert_cmpuint (claim (&faults, "new", rows[i].now), ==, TRUE);
    }
}

/* Claims that another program removed are counted anew, and room is made of what is there. */
static void
test_room (void)
{
  g_auto (Faults) faults = { 0 };

  faults_init (&faults);
  g_assert_cmpuint (claim (&faults, "first", 1), ==, TRUE);
  run_outside (&faults, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) "
                        "INSERT INTO claims SELECT 'n' || i, 2 FROM n");
  /* It has to count, since the failure before left it uncertain. */
  run_outside (&faults, "CREATE TRIGGER fault BEFORE INSERT ON claims BEGIN SELECT RAISE (ABORT, 'no'); END");
  g_assert_cmpuint (claim (&faults, "a", 3), ==, G_MAXUINT);
  run_outside (&faults, "DROP TRIGGER fault");
  run_outside (&faults, "CREATE TRIGGER fault BEFORE DELETE ON claims BEGIN SELECT RAISE (ABORT, 'no'); END");
  g_assert_cmpuint (claim (&faults, "a", 3), ==, G_MAXUINT);
  run_outside (&faults, "DROP TRIGGER fault");
  g_assert_cmpuint (claim (&faults, "a", 3), ==, TRUE);
  g_assert_cmpint (ask_outside (&faults, "SELECT count(*) FROM claims"), ==, 100000);
  /* The oldest went. */
  g_assert_cmpint (ask_outside (&faults, "SELECT count(*) FROM claims WHERE id = 'first'"), ==, 0);
  run_outside (&faults, "DELETE FROM claims");
  g_assert_cmpuint (claim (&faults, "b", 3), ==, TRUE);
  g_assert_cmpuint (claim (&faults, "c", 3), ==, TRUE);
  g_assert_cmpint (ask_outside (&faults, "SELECT count(*) FROM claims"), ==, 2);
}

static void
test_letters (void)
{
  g_auto (Faults) faults = { 0 };
  g_autoptr (DwServerFile) file = NULL;
  g_autoptr (GPtrArray) ids = g_ptr_array_new ();
  guint purged = 7;

  faults_init (&faults);
  file = dw_server_file_new (faults.path, FALSE, NULL);
  g_ptr_array_add (ids, (gpointer) "one");
  g_ptr_array_add (ids, (gpointer) "two");
  g_assert_true (dw_dead_letters_add (file, ids, "text", "reason", 1, NULL));
  for (guint i = 0; i < 2; i++)
    {
      gboolean well = i == 1;
      g_autoptr (GError) listing = NULL, adding = NULL, removing = NULL, trimming = NULL, purging = NULL;
      g_autoptr (GPtrArray) letters = NULL;

      if (!well)
        run_outside (&faults, "ALTER TABLE dead_letters RENAME TO l");
      letters = dw_dead_letters_list (file, 0, 10, &listing);
      check (letters != NULL, well, &listing);
      check (dw_dead_letters_add (file, ids, "text", "reason", 1, &adding), well, &adding);
      check (dw_dead_letters_remove (file, 1, &removing), well, &removing);
      check (dw_dead_letters_trim (file, &trimming), well, &trimming);
      check (dw_dead_letters_purge (file, &purged, &purging), well, &purging);
      g_assert_cmpuint (purged, ==, well ? 3 : 7);
      if (!well)
        run_outside (&faults, "ALTER TABLE l RENAME TO dead_letters");
    }
}

/* What was said to be done, of everything that is asked of a file. */
typedef struct
{
  Faults faults;
  gboolean put[3];
  gboolean dropped;
  guint claimed[4];
  gboolean removed, purged;
} Run;

static const char *const ids_put[] = { "a", "b", "c" };

static gboolean
try_put (Run *run, const char *id)
{
  DwRegistry *registry = DW_REGISTRY (run->faults.registry);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gboolean done;

  dw_registry_put_async (registry, id, 7, NULL, on_done, &result);
  DW_TEST_WAIT ("a put", result != NULL);
  done = dw_registry_put_finish (registry, result, &error);
  check (done, done, &error);
  return done;
}

static gboolean
try_drop (Run *run, const char *id)
{
  DwRegistry *registry = DW_REGISTRY (run->faults.registry);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gboolean done;

  dw_registry_remove_async (registry, id, NULL, on_done, &result);
  DW_TEST_WAIT ("a removal", result != NULL);
  done = dw_registry_remove_finish (registry, result, &error);
  check (done, done, &error);
  return done;
}

/* All of a page or nothing. */
static void
try_scan (Run *run)
{
  DwRegistry *registry = DW_REGISTRY (run->faults.registry);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (DwRegistryPage) page = NULL;
  guint wanted = (guint) run->put[0] + (run->put[1] && !run->dropped) + run->put[2];

  dw_registry_scan_async (registry, NULL, NULL, on_done, &result);
  DW_TEST_WAIT ("a page", result != NULL);
  page = dw_registry_scan_finish (registry, result, &error);
  check (page != NULL, page != NULL, &error);
  if (page == NULL)
    return;
  g_assert_cmpuint (page->connection_ids->len, ==, MIN (wanted, 2));
  g_assert_cmpstr (page->last_key, ==, wanted < 2 ? NULL : g_ptr_array_index (page->connection_ids, 1));
}

static void
try_letters (Run *run)
{
  g_autoptr (GPtrArray) ids = g_ptr_array_new ();
  g_autoptr (GError) opening = NULL, adding = NULL, listing = NULL, removing = NULL, trimming = NULL,
                     purging = NULL;
  g_autoptr (DwServerFile) file = dw_server_file_new (run->faults.path, FALSE, &opening);
  g_autoptr (GPtrArray) letters = NULL;
  guint left = 0;
  guint purged = 0;
  gboolean done;

  check (file != NULL, file != NULL, &opening);
  if (file == NULL)
    return;
  g_ptr_array_add (ids, (gpointer) "one");
  g_ptr_array_add (ids, (gpointer) "two");
  done = dw_dead_letters_add (file, ids, "text", "reason", 1, &adding);
  check (done, done, &adding);
  letters = dw_dead_letters_list (file, 0, 10, &listing);
  check (letters != NULL, letters != NULL, &listing);
  /* Whoever adds them does so in a transaction. */
  if (letters != NULL && done)
    g_assert_cmpuint (letters->len, ==, 2);
  run->removed = dw_dead_letters_remove (file, 1, &removing);
  check (run->removed, run->removed, &removing);
  left = (guint) done + (done && !run->removed);
  done = dw_dead_letters_trim (file, &trimming);
  check (done, done, &trimming);
  run->purged = dw_dead_letters_purge (file, &purged, &purging);
  check (run->purged, run->purged, &purging);
  if (run->purged && left > 0)
    g_assert_cmpuint (purged, ==, left);
}

/* The time makes the first one too old for the last. */
static void
use_all (Run *run)
{
  static const struct
  {
    const char *id;
    gint64 now;
  } claims[] = { { "old", 1000 }, { "young", 1500 }, { "young", 1501 }, { "new", 2000 } };

  for (guint i = 0; i < G_N_ELEMENTS (ids_put); i++)
    run->put[i] = try_put (run, ids_put[i]);
  run->dropped = try_drop (run, "b");
  try_scan (run);
  for (guint i = 0; i < G_N_ELEMENTS (claims); i++)
    run->claimed[i] = claim (&run->faults, claims[i].id, claims[i].now);
  try_letters (run);
}

static gboolean
has_row (Run *run, const char *table, const char *key, const char *id)
{
  g_autofree char *sql = g_strdup_printf ("SELECT count(*) FROM %s WHERE %s = '%s'", table, key, id);

  return ask_outside (&run->faults, sql) == 1;
}

static void
check_promises (Run *run)
{
  for (guint i = 0; i < G_N_ELEMENTS (ids_put); i++)
    g_assert_cmpint (has_row (run, "connections", "connection_id", ids_put[i]), ==,
                     run->put[i] && (i != 1 || !run->dropped));
  g_assert_cmpint (run->claimed[0], !=, FALSE);
  g_assert_cmpint (run->claimed[1], !=, FALSE);
  /* What nobody could know was not claimed. */
  g_assert_true (run->claimed[2] == G_MAXUINT || run->claimed[2] == (run->claimed[1] == G_MAXUINT));
  g_assert_cmpint (has_row (run, "claims", "id", "young"), ==, run->claimed[1] == TRUE || run->claimed[2] == TRUE);
  g_assert_cmpint (has_row (run, "claims", "id", "new"), ==, run->claimed[3] == TRUE);
  g_assert_cmpint (has_row (run, "claims", "id", "old"), ==, run->claimed[0] == TRUE && run->claimed[3] != TRUE);
  if (run->purged)
    g_assert_cmpint (ask_outside (&run->faults, "SELECT count(*) FROM dead_letters"), ==, 0);
}

/* Whether it came to the fault. */
static gboolean
run_with_fault (DwFaultyStatement how, guint nth)
{
  g_autofree char *folder = dw_test_make_folder ();
  g_autoptr (GError) error = NULL;
  Run run = { 0 };
  gboolean failed;

  run.faults.path = g_build_filename (folder, "stage.sqlite", NULL);
  dw_faulty_statement_fail (how, nth);
  run.faults.tables = dw_tables_open (run.faults.path, &error);
  check (run.faults.tables != NULL, !dw_faulty_statement_has_failed (), &error);
  if (run.faults.tables == NULL)
    run.faults.tables = dw_tables_open (run.faults.path, NULL);
  g_assert_nonnull (run.faults.tables);
  run.faults.registry = dw_sqlite_registry_new (run.faults.tables, 2);
  use_all (&run);

  failed = dw_faulty_statement_has_failed ();
  dw_faulty_statement_fail (DW_FAULTY_NONE, 0);
  g_assert_cmpint (sqlite3_open (run.faults.path, &run.faults.outside), ==, SQLITE_OK);
  check_promises (&run);
  faults_clear (&run.faults);
  return failed;
}

/* Statements fail one after the other, each as a whole and many in the middle, while everything is done that a stage does
 * with its file. */
static void
test_statements (void)
{
  for (DwFaultyStatement how = DW_FAULTY_REFUSED; how <= DW_FAULTY_INTERRUPTED; how++)
    {
      guint step = how == DW_FAULTY_REFUSED ? 1 : 9;
      guint nth = 1;

      while (run_with_fault (how, nth))
        nth += step;
      g_test_message ("every %u. of %u questions was answered with no", step, nth - 1);
      g_assert_cmpuint (nth, >, 30);
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  /* A failure is logged as well. */
  g_log_set_always_fatal (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
  dw_faulty_statement_install ();
  g_test_add_func ("/backend/registry-faults/tables", test_tables);
  g_test_add_func ("/backend/registry-faults/claims", test_claims);
  g_test_add_func ("/backend/registry-faults/room", test_room);
  g_test_add_func ("/backend/registry-faults/letters", test_letters);
  g_test_add_func ("/backend/registry-faults/statements", test_statements);
  return g_test_run ();
}
