/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

/**
 * dw_test_init:
 * @argc: of main()
 * @argv: of main()
 *
 * Starts a test program in folders of its own.
 */
void
dw_test_init (int *argc, char ***argv)
{
  g_setenv ("GSETTINGS_BACKEND", "memory", TRUE);
  g_setenv ("GIO_USE_VFS", "local", TRUE);
  /* GIO's resolver for desktops reads GSettings schemas, which the isolated folders do not have. */
  g_setenv ("GIO_USE_PROXY_RESOLVER", "dummy", TRUE);
  g_test_init (argc, argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
}

/**
 * dw_test_make_folder:
 *
 * Makes a folder among those of the test case, which go with it.
 *
 * Returns: (transfer full): its path
 */
char *
dw_test_make_folder (void)
{
  g_autofree char *path = g_build_filename (g_get_user_data_dir (), "folder-XXXXXX", NULL);

  g_assert_no_errno (g_mkdir_with_parents (g_get_user_data_dir (), 0700));
  g_assert_nonnull (g_mkdtemp (path));
  return g_steal_pointer (&path);
}

/**
 * dw_test_zone_keep:
 *
 * Returns: the time zone of the process, for g_auto(), which restores it
 */
DwTestZone
dw_test_zone_keep (void)
{
  return (DwTestZone){ g_strdup (g_getenv ("TZ")) };
}

/**
 * dw_test_zone_restore:
 * @zone: what dw_test_zone_keep() returned
 */
void
dw_test_zone_restore (DwTestZone *zone)
{
  if (zone->before != NULL)
    g_setenv ("TZ", zone->before, TRUE);
  else
    g_unsetenv ("TZ");
  g_clear_pointer (&zone->before, g_free);
}

static gboolean
on_deadline (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_CONTINUE;
}

/* How often a wait looks whether it is over. */
#define LOOK_MS 10

static gboolean
on_look (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

/**
 * dw_test_until:
 * @what: what is waited for, for the message of a failure
 * @check: whether it has come to pass
 * @data: for @check
 *
 * Runs the main loop until @check is true, and fails after %DW_TEST_DEADLINE_MS. It looks often: what another thread or
 * another process does wakes no loop.
 */
void
dw_test_until (const char *what, DwTestCheck check, gpointer data)
{
  gboolean late = FALSE;
  guint deadline = g_timeout_add (DW_TEST_DEADLINE_MS, on_deadline, &late);
  guint look = g_timeout_add (LOOK_MS, on_look, NULL);

  while (!check (data) && !late)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (look);
  g_source_remove (deadline);
  if (late && !check (data))
    g_error ("waited %d ms for %s", DW_TEST_DEADLINE_MS, what);
}

/**
 * dw_test_turn:
 * @what: what is waited for, for the message of a failure
 * @began: when the wait began, monotonic in microseconds
 *
 * Runs the main loop once, for DW_TEST_WAIT(), and fails %DW_TEST_DEADLINE_MS after @began.
 */
void
dw_test_turn (const char *what, gint64 began)
{
  guint source;

  if (g_get_monotonic_time () - began > DW_TEST_DEADLINE_MS * G_TIME_SPAN_MILLISECOND)
    g_error ("waited %d ms for %s", DW_TEST_DEADLINE_MS, what);
  source = g_timeout_add (LOOK_MS, on_look, NULL);
  g_main_context_iteration (NULL, TRUE);
  g_source_remove (source);
}

/**
 * dw_test_run_for:
 * @milliseconds: how long
 *
 * Runs the main loop for a time, to see that something does not happen in it.
 */
void
dw_test_run_for (guint milliseconds)
{
  gboolean over = FALSE;
  guint source = g_timeout_add (milliseconds, on_deadline, &over);

  while (!over)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (source);
}

static void
on_gone (gpointer data, GObject *where)
{
  *(gboolean *) data = TRUE;
}

static gboolean
is_true (gpointer data)
{
  return *(gboolean *) data;
}

/**
 * dw_test_finalize:
 * @object: (transfer full): an object that nobody else should hold
 *
 * Drops it and fails where it does not go, or leaves a timer behind that would call it. What is under way in libsoup
 * may hold it for some turns of the loop.
 */
void
dw_test_finalize (gpointer object)
{
  gboolean gone = FALSE;

  g_object_weak_ref (object, on_gone, &gone);
  g_object_unref (object);
  dw_test_until ("an object to go", is_true, &gone);
  /* Only its address is compared. */
  g_assert_null (g_main_context_find_source_by_user_data (NULL, object));
}
