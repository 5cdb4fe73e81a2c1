/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-store-file.h"

#include "dw-schema.h"

#include "client/dw-client-error.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <sys/stat.h>

struct _DwStoreFile
{
  char *path; /* or NULL for one in memory */
  DwDatabase *database;
  DwDatabase *stand_in; /* what can be read where the file cannot be written, or nothing at all */
  char *kept_as;
  gboolean kept_newer;
  gboolean recovered; /* the stand-in was used, and is no longer needed */
};

/**
 * dw_store_file_new:
 * @path: (nullable): the file, or %NULL for a database in memory
 *
 * Returns: (transfer full): the file, not opened yet
 */
DwStoreFile *
dw_store_file_new (const char *path)
{
  DwStoreFile *file = g_new0 (DwStoreFile, 1);

  file->path = g_strdup (path);
  return file;
}

/**
 * dw_store_file_free:
 * @file: (transfer full): a file
 */
void
dw_store_file_free (DwStoreFile *file)
{
  /* What the planner learns is kept for the next start. */
  if (file->database != NULL)
    dw_database_run_script (file->database, "PRAGMA optimize", NULL);
  dw_store_file_reopen (file);
  g_clear_pointer (&file->stand_in, dw_database_close);
  g_free (file->path);
  g_free (file->kept_as);
  g_free (file);
}

static void
move_beside (const char *path, const char *target, const char *suffix)
{
  g_autofree char *from = g_strconcat (path, suffix, NULL);
  g_autofree char *to = g_strconcat (target, suffix, NULL);

  if (g_rename (from, to) != 0 && errno != ENOENT)
    g_warning ("Cannot move %s: %s", from, g_strerror (errno));
}

static void
set_aside (DwStoreFile *file, gboolean newer)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *stamp = g_date_time_format (now, "%Y%m%dT%H%M%S");
  g_autofree char *target = NULL;

  dw_store_file_reopen (file);
  g_clear_pointer (&file->stand_in, dw_database_close);
  if (file->path == NULL)
    return;
  target = g_strdup_printf ("%s.%s-%s", file->path, newer ? "newer" : "damaged", stamp);
  for (guint i = 2; g_file_test (target, G_FILE_TEST_EXISTS); i++)
    {
      g_free (target);
      target = g_strdup_printf ("%s.%s-%s-%u", file->path, newer ? "newer" : "damaged", stamp, i);
    }
  move_beside (file->path, target, "");
  /* The log holds what was said last. */
  move_beside (file->path, target, "-wal");
  move_beside (file->path, target, "-shm");
  g_free (file->kept_as);
  file->kept_as = g_steal_pointer (&target);
  file->kept_newer = newer;
}

static DwDatabase *
open_prepared (DwStoreFile *file, GError **error)
{
  g_autoptr (DwDatabase) database = NULL;

  if (file->path != NULL)
    {
      g_autofree char *folder = g_path_get_dirname (file->path);

      if (g_mkdir_with_parents (folder, 0700) != 0)
        {
          g_set_error_literal (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_READ_ONLY, g_strerror (errno));
          return NULL;
        }
    }
  database = dw_database_open (file->path, error);
  if (database == NULL || !dw_schema_prepare (database, error))
    return NULL;
  if (dw_database_is_read_only (database))
    {
      g_set_error_literal (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_READ_ONLY, "the file is read-only");
      return NULL;
    }
  return g_steal_pointer (&database);
}

/**
 * dw_store_file_get:
 * @file: a file
 * @error: %DW_CLIENT_ERROR_STORE and its kinds
 *
 * Opens the file where it is not open. One that is damaged, no store of ours, or from a newer version is kept under
 * another name, and a new one takes its place.
 *
 * Returns: (transfer none) (nullable): a connection that can write, with the tables as they should be
 */
DwDatabase *
dw_store_file_get (DwStoreFile *file, GError **error)
{
  GError *problem = NULL;

  if (file->database != NULL)
    return file->database;
  file->database = open_prepared (file, &problem);
  if (file->database == NULL
      && (problem->code == DW_CLIENT_ERROR_STORE_DAMAGED || problem->code == DW_CLIENT_ERROR_STORE_NEWER))
    {
      set_aside (file, problem->code == DW_CLIENT_ERROR_STORE_NEWER);
      g_clear_error (&problem);
      file->database = open_prepared (file, &problem);
    }
  if (file->database != NULL)
    {
      file->recovered |= file->stand_in != NULL;
      g_clear_pointer (&file->stand_in, dw_database_close);
    }
  else
    g_propagate_error (error, problem);
  return file->database;
}

/**
 * dw_store_file_get_to_read:
 * @file: a file
 * @error: %DW_CLIENT_ERROR_STORE_LOCKED where another program has it
 *
 * As dw_store_file_get(), but a file that can only be read, or not be made, does for reading: it is what it was, or
 * empty.
 *
 * Returns: (transfer none) (nullable): a connection
 */
DwDatabase *
dw_store_file_get_to_read (DwStoreFile *file, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (DwDatabase) stand_in = NULL;

  if (file->stand_in != NULL)
    return file->stand_in;
  if (dw_store_file_get (file, &problem) != NULL)
    return file->database;
  if (problem->code == DW_CLIENT_ERROR_STORE_LOCKED)
    {
      g_propagate_error (error, g_steal_pointer (&problem));
      return NULL;
    }
  if (file->path != NULL)
    stand_in = dw_database_open_to_read (file->path, NULL);
  if (stand_in != NULL && !dw_schema_prepare (stand_in, NULL))
    g_clear_pointer (&stand_in, dw_database_close);
  if (stand_in == NULL)
    {
      stand_in = dw_database_open (NULL, error);
      if (stand_in == NULL || !dw_schema_prepare (stand_in, error))
        return NULL;
    }
  file->stand_in = g_steal_pointer (&stand_in);
  return file->stand_in;
}

/**
 * dw_store_file_reopen:
 * @file: a file
 *
 * Closes the connection, since the next attempt needs a new one.
 */
void
dw_store_file_reopen (DwStoreFile *file)
{
  g_clear_pointer (&file->database, dw_database_close);
}

/**
 * dw_store_file_set_aside:
 * @file: a file that turned out to be damaged
 *
 * Keeps it under another name; the next use makes a new one.
 */
void
dw_store_file_set_aside (DwStoreFile *file)
{
  set_aside (file, FALSE);
}

/**
 * dw_store_file_steal_kept_as:
 * @file: a file
 * @newer: (out): whether it was from a newer version, and not damaged
 *
 * Returns: (transfer full) (nullable): where a file that could not be used was put, once
 */
char *
dw_store_file_steal_kept_as (DwStoreFile *file, gboolean *newer)
{
  *newer = file->kept_newer;
  return g_steal_pointer (&file->kept_as);
}

/**
 * dw_store_file_steal_recovered:
 * @file: a file
 *
 * Returns: whether the file can be used now, and something else was read in its place before; told once
 */
gboolean
dw_store_file_steal_recovered (DwStoreFile *file)
{
  gboolean recovered = file->recovered;

  file->recovered = FALSE;
  return recovered;
}
