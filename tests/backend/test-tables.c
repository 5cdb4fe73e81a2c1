/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "backend/dw-backend-error.h"
#include "backend/stage/dw-dead-letters.h"
#include "backend/stage/dw-memory-registry.h"
#include "backend/stage/dw-sqlite-registry.h"
#include "wire/dw-message-id.h"

typedef struct
{
  char *path;
} Desk;

static void
desk_init (Desk *desk)
{
  g_autofree char *folder = dw_test_make_folder ();

  desk->path = g_build_filename (folder, "stage.sqlite", NULL);
}

static void
desk_clear (Desk *desk)
{
  g_free (desk->path);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Desk, desk_clear)

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static gboolean
is_there (gpointer data)
{
  return *(gpointer *) data != NULL;
}

static void
put (DwRegistry *registry, const char *id)
{
  g_autoptr (GAsyncResult) result = NULL;

  dw_registry_put_async (registry, id, 7, NULL, on_done, &result);
  dw_test_until ("a put", is_there, &result);
  g_assert_true (dw_registry_put_finish (registry, result, NULL));
}

static gboolean
claim (DwRegistry *registry, const char *id, gint64 now)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gboolean fresh;

  dw_registry_claim_async (registry, id, now, NULL, on_done, &result);
  dw_test_until ("a claim", is_there, &result);
  g_assert_true (dw_registry_claim_finish (registry, result, &fresh, &error));
  g_assert_no_error (error);
  return fresh;
}

static guint
count (DwRegistry *registry)
{
  g_autofree char *key = NULL;
  guint n = 0;

  do
    {
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (DwRegistryPage) page = NULL;

      dw_registry_scan_async (registry, key, NULL, on_done, &result);
      dw_test_until ("a page", is_there, &result);
      page = dw_registry_scan_finish (registry, result, NULL);
      n += page->connection_ids->len;
      g_free (key);
      key = g_steal_pointer (&page->last_key);
    }
  while (key != NULL);
  return n;
}

/* Pages, and what an earlier process left: its sockets died with it. */
static void
test_restart (void)
{
  g_auto (Desk) desk = { 0 };
  guint forgotten;

  desk_init (&desk);
  for (guint run = 0; run < 2; run++)
    {
      g_autoptr (DwStageFile) file = dw_stage_file_new (desk.path, NULL);
      g_autoptr (DwSqliteRegistry) registry = dw_sqlite_registry_new (file, 3);

      g_assert_true (dw_sqlite_registry_forget_all (registry, &forgotten, NULL));
      g_assert_cmpuint (forgotten, ==, run * 9);
      for (guint i = 0; i < 9; i++)
        {
          g_autofree char *id = g_strdup_printf ("id-%u", i);

          put (DW_REGISTRY (registry), id);
        }
      g_assert_cmpuint (count (DW_REGISTRY (registry)), ==, 9);
    }
}

/* A message's id is known for ten minutes and can be released. A second broadcast would be a message twice for all.
 */
static void
check_claims (DwRegistry *registry)
{
  g_assert_true (claim (registry, "a", 1000));
  g_assert_false (claim (registry, "a", 1000));
  g_assert_false (claim (registry, "a", 1000 + DW_REGISTRY_CLAIM_SECONDS - 1));
  g_assert_true (claim (registry, "b", 1001));
  g_assert_true (claim (registry, "a", 1000 + DW_REGISTRY_CLAIM_SECONDS));
  g_assert_false (claim (registry, "a", 1000 + DW_REGISTRY_CLAIM_SECONDS + 1));
  dw_registry_release (registry, "a");
  dw_registry_release (registry, "never seen");
  g_assert_true (claim (registry, "a", 1000 + DW_REGISTRY_CLAIM_SECONDS + 1));
}

static char *
make_long_id (guint number)
{
  g_autofree char *tail = g_strnfill (DW_MESSAGE_ID_CHARS - 8, 'x');

  return g_strdup_printf ("%08u%s", number, tail);
}

/* Long ids must not fill the memory or the disk: as many as fit are known, and one more costs the oldest its place.
 */
static void
check_claim_bytes (DwRegistry *registry)
{
  const guint n = DW_REGISTRY_CLAIMS_BYTES / (DW_REGISTRY_CLAIM_COST + DW_MESSAGE_ID_CHARS);
  g_autofree char *first = make_long_id (0);

  g_assert_cmpuint (n, <, DW_REGISTRY_CLAIMS);
  for (guint i = 0; i <= n; i++)
    {
      g_autofree char *id = make_long_id (i);

      if (i >= n - 1 && i > 0)
        g_assert_false (claim (registry, first, 9000 + i / 1000));
      g_assert_true (claim (registry, id, 9000 + i / 1000));
    }
  g_assert_true (claim (registry, first, 9000 + n / 1000));
}

static void
test_claims (void)
{
  g_auto (Desk) desk = { 0 };
  g_autoptr (DwStageFile) file = NULL;
  g_autoptr (DwSqliteRegistry) registry = NULL;
  g_autoptr (DwMemoryRegistry) memory = dw_memory_registry_new (10);

  desk_init (&desk);
  file = dw_stage_file_new (desk.path, NULL);
  registry = dw_sqlite_registry_new (file, 3);
  check_claims (DW_REGISTRY (registry));
  check_claims (DW_REGISTRY (memory));
  for (guint i = 0; i < DW_REGISTRY_CLAIMS; i++)
    {
      g_autofree char *id = g_strdup_printf ("many-%u", i);

      g_assert_true (claim (DW_REGISTRY (memory), id, 5000));
    }
  g_assert_true (claim (DW_REGISTRY (memory), "one more", 5000));
  g_assert_true (claim (DW_REGISTRY (memory), "many-0", 5000));
  g_assert_false (claim (DW_REGISTRY (memory), "many-9", 5000));
  check_claim_bytes (DW_REGISTRY (memory));
}

static void
test_dead_letters (void)
{
  g_auto (Desk) desk = { 0 };
  g_autoptr (DwStageFile) file = NULL;
  g_autoptr (GPtrArray) letters = NULL;
  guint purged;

  desk_init (&desk);
  file = dw_stage_file_new (desk.path, NULL);
  for (guint i = 0; i < 3; i++)
    g_assert_true (dw_dead_letters_add (file, "L0SM9cOFvHcCIhw=", "hé", "Too Many Requests", 42, NULL));
  letters = dw_dead_letters_list (file, 1, 10, NULL);
  g_assert_cmpuint (letters->len, ==, 2);
  g_assert_cmpstr (((DwDeadLetter *) letters->pdata[0])->text, ==, "hé");
  g_assert_cmpint (((DwDeadLetter *) letters->pdata[0])->time, ==, 42);
  g_assert_true (dw_dead_letters_remove (file, 2, NULL));
  g_assert_true (dw_dead_letters_purge (file, &purged, NULL));
  g_assert_cmpuint (purged, ==, 2);
}

static void
test_trouble (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (dw_stage_file_new ("/no/such/folder/stage.sqlite", &error));
  g_assert_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_TABLE);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/tables/restart", test_restart);
  g_test_add_func ("/backend/tables/claims", test_claims);
  g_test_add_func ("/backend/tables/dead-letters", test_dead_letters);
  g_test_add_func ("/backend/tables/trouble", test_trouble);
  return g_test_run ();
}
