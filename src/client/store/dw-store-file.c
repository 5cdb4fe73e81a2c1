/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-store-file.h"

#include "dw-schema.h"
#include "dw-store-check.h"
#include "dw-store-home.h"
#include "dw-store-salvage.h"

#include "client/dw-client-error.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <sys/stat.h>

/* The log and its index are part of a file, beside it. */
static const char *const parts[] = { "", "-wal", "-shm" };

struct _DwStoreFile
{
  char *path; /* or NULL for one in memory */
  DwStoreLock *lock;
  DwDatabase *database;
  DwDatabase *stand_in;  /* what can be read where the file cannot be written, or nothing at all */
  DwStoreKept kept;      /* until it is told */
  gboolean recovered;    /* the stand-in was used, and is no longer needed */
  gboolean unclean;      /* whoever had the file last did not close it */
  gboolean is_new;       /* it was made a moment ago */
  gint64 copied;         /* how many messages wait in a file that is a copy, until it is told */
  gint64 wanted_at;      /* since when another process has been in the way, monotonic, or 0 */
  gboolean held;         /* it stays there: the file is read and never written */
  DwStoreHolder *holder; /* which, until it is told */
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
  if (path != NULL)
    file->lock = dw_store_lock_new (path);
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
  g_clear_pointer (&file->holder, dw_store_holder_free);
  g_clear_pointer (&file->lock, dw_store_lock_free);
  g_free (file->path);
  g_free (file->kept.path);
  g_free (file);
}

static gboolean
part_is (const char *path, const char *part, GFileTest test)
{
  g_autofree char *name = g_strconcat (path, part, NULL);

  return g_file_test (name, test);
}

static void
move_beside (const char *path, const char *target)
{
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      g_autofree char *from = g_strconcat (path, parts[i], NULL);
      g_autofree char *to = g_strconcat (target, parts[i], NULL);

      if (g_rename (from, to) != 0 && errno != ENOENT)
        g_warning ("Cannot move %s: %s", from, g_strerror (errno));
    }
}

static void
delete_all (const char *path)
{
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      g_autofree char *name = g_strconcat (path, parts[i], NULL);

      if (g_unlink (name) != 0 && errno != ENOENT)
        g_warning ("Cannot delete %s: %s", name, g_strerror (errno));
    }
}

static void
close_for_good (DwStoreFile *file)
{
  /* What is damaged, or not understood, stays as it is. */
  if (file->database != NULL)
    dw_database_set_keeps_log (file->database, TRUE);
  dw_store_file_reopen (file);
  g_clear_pointer (&file->stand_in, dw_database_close);
}

static char *
set_aside (DwStoreFile *file, gboolean newer)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *stamp = g_date_time_format (now, "%Y%m%dT%H%M%S");
  g_autofree char *target = g_strdup_printf ("%s.%s-%s", file->path, newer ? "newer" : "damaged", stamp);

  for (guint i = 2; g_file_test (target, G_FILE_TEST_EXISTS); i++)
    {
      g_free (target);
      target = g_strdup_printf ("%s.%s-%s-%u", file->path, newer ? "newer" : "damaged", stamp, i);
    }
  move_beside (file->path, target);
  return g_steal_pointer (&target);
}

static void
tell_kept (DwStoreFile *file, char *path, gboolean newer, guint64 saved)
{
  g_free (file->kept.path);
  file->kept = (DwStoreKept){ .path = path, .newer = newer, .saved = saved };
}

/* Three names, so that the program may be killed at any moment: an unfinished copy is deleted, a finished one replaces the
 * damaged file. */
#define COPYING ".copying"
#define COPIED ".copied"

static void
use_copy (DwStoreFile *file, const char *copied, const DwStoreSalvage *salvage)
{
  char *kept_as = set_aside (file, FALSE);

  /* What cannot be moved must not be overwritten. */
  if (part_is (file->path, "", G_FILE_TEST_EXISTS))
    delete_all (copied);
  else if (g_rename (copied, file->path) != 0)
    g_warning ("Cannot move %s: %s", copied, g_strerror (errno));
  else if (salvage != NULL && salvage->complete)
    {
      /* An index was damaged, and the new file has everything. */
      g_message ("The index of the history was damaged and has been rebuilt");
      delete_all (kept_as);
      g_clear_pointer (&kept_as, g_free);
    }
  if (kept_as != NULL)
    tell_kept (file, kept_as, FALSE, salvage != NULL ? salvage->messages : 0);
}

/* A program that was killed may have left a copy. */
static void
finish_copy (DwStoreFile *file)
{
  g_autofree char *copying = g_strconcat (file->path, COPYING, NULL);
  g_autofree char *copied = g_strconcat (file->path, COPIED, NULL);

  if (g_file_test (copying, G_FILE_TEST_EXISTS))
    delete_all (copying);
  if (!g_file_test (copied, G_FILE_TEST_EXISTS))
    return;
  if (g_file_test (file->path, G_FILE_TEST_EXISTS))
    use_copy (file, copied, NULL);
  else if (g_rename (copied, file->path) != 0)
    g_warning ("Cannot move %s: %s", copied, g_strerror (errno));
}

/* Whether something other than a regular file is in its place. */
static gboolean
is_no_file (DwStoreFile *file)
{
  GStatBuf status;

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (part_is (file->path, parts[i], G_FILE_TEST_EXISTS)
        && !part_is (file->path, parts[i], G_FILE_TEST_IS_REGULAR))
      return TRUE;
  /* One that was in use before is never empty. */
  return dw_store_lock_get_checked (file->lock) > 0 && g_stat (file->path, &status) == 0 && status.st_size == 0;
}

/* FALSE where another process has the file. For a while that may be one that is just ending. */
static gboolean
take_lock (DwStoreFile *file, GError **error)
{
  gint64 now = g_get_monotonic_time ();

  if (!file->held && dw_store_lock_take (file->lock))
    return TRUE;
  if (file->wanted_at == 0)
    file->wanted_at = now;
  if (!file->held && now - file->wanted_at < DW_STORE_HELD_MS * G_TIME_SPAN_MILLISECOND)
    {
      g_set_error_literal (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_LOCKED, "another process has the file");
      return FALSE;
    }
  if (!file->held)
    file->holder = dw_store_lock_read_holder (file->lock);
  file->held = TRUE;
  g_set_error_literal (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_HELD, "another process has the file");
  return FALSE;
}

static gboolean
prepare_folder (DwStoreFile *file, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (file->path);

  if (g_mkdir_with_parents (folder, 0700) != 0)
    {
      g_set_error_literal (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_READ_ONLY, g_strerror (errno));
      return FALSE;
    }
  if (!take_lock (file, error))
    return FALSE;

  finish_copy (file);
  if (is_no_file (file))
    {
      g_set_error_literal (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_DAMAGED, "no file, or an empty one");
      return FALSE;
    }
  file->unclean |= part_is (file->path, "-wal", G_FILE_TEST_EXISTS);
  file->is_new |= !part_is (file->path, "", G_FILE_TEST_EXISTS);
  return TRUE;
}

/* What waits in a copy of the file asks before it is sent. A lock without its file has no mark. */
static gboolean
enter_home (DwStoreFile *file, DwDatabase *database, GError **error)
{
  g_autofree char *mark = g_strdup (dw_store_lock_get_mark (file->lock));
  gint64 waiting;

  if (!dw_store_home_enter (database, file->path, &mark, &waiting, error))
    return FALSE;
  dw_store_lock_set_mark (file->lock, mark);
  file->copied = MAX (file->copied, waiting);
  return TRUE;
}

static DwDatabase *
open_prepared (DwStoreFile *file, GError **error)
{
  g_autoptr (DwDatabase) database = NULL;

  if (file->path != NULL && !prepare_folder (file, error))
    return NULL;
  database = dw_database_open (file->path, error);
  if (database == NULL || !dw_schema_prepare (database, error))
    return NULL;
  if (dw_database_is_read_only (database))
    {
      g_set_error_literal (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_READ_ONLY, "the file is read-only");
      return NULL;
    }
  if (file->path != NULL && !enter_home (file, database, error))
    return NULL;
  dw_database_set_keeps_log (database, FALSE);
  return g_steal_pointer (&database);
}

static gboolean
replace (DwStoreFile *file, const GError *problem, GError **error)
{
  if (problem->code == DW_CLIENT_ERROR_STORE_DAMAGED)
    return dw_store_file_mend (file, error);
  close_for_good (file);
  tell_kept (file, set_aside (file, TRUE), TRUE, 0);
  return TRUE;
}

/**
 * dw_store_file_get:
 * @file: a file
 * @error: %DW_CLIENT_ERROR_STORE and its kinds
 *
 * Opens the file where it is not open, as the one process that has it. One that is damaged, no store of ours, or from a
 * newer version is kept under another name, and a new one takes its place, with what could be read of a damaged one.
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
      g_autoptr (GError) reason = g_steal_pointer (&problem);

      if (replace (file, reason, &problem))
        file->database = open_prepared (file, &problem);
    }
  if (file->database != NULL)
    {
      file->recovered |= file->stand_in != NULL;
      g_clear_pointer (&file->stand_in, dw_database_close);
      /* A new file needs no check, and from now on an empty one is no new one. */
      if (file->lock != NULL && file->is_new)
        dw_store_file_set_checked (file, g_get_real_time () / G_USEC_PER_SEC);
      file->is_new = FALSE;
    }
  else
    g_propagate_error (error, problem);
  return file->database;
}

/* As enter_home(), where nothing can be written. */
static void
look_home (DwStoreFile *file, DwDatabase *database)
{
  gint64 waiting;

  if (!dw_store_home_is_away (database, file->path, dw_store_lock_get_mark (file->lock), &waiting, NULL))
    return;
  dw_database_set_copied (database);
  file->copied = MAX (file->copied, waiting);
}

/**
 * dw_store_file_get_to_read:
 * @file: a file
 * @error: %DW_CLIENT_ERROR_STORE_LOCKED where another program has it
 *
 * As dw_store_file_get(), but a file that can only be read, or not be made, does for reading: it is what it was, or
 * empty. One that another process of this program has is what that process makes of it.
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
  if (file->held)
    stand_in = dw_database_open_beside (file->path, NULL);
  else if (file->path != NULL)
    stand_in = dw_database_open_to_read (file->path, NULL);
  if (stand_in != NULL && !dw_schema_prepare (stand_in, NULL))
    g_clear_pointer (&stand_in, dw_database_close);
  if (stand_in != NULL && !file->held)
    look_home (file, stand_in);
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
 * dw_store_file_mend:
 * @file: a file that turned out to be damaged
 * @error: %DW_CLIENT_ERROR_STORE and its kinds, where there is no place for a new one, or the disk fails
 *
 * Copies what can be read into a new file, which the next use opens. The damaged one is kept under another name, unless
 * it was an index that was damaged: then the new one has everything.
 *
 * Returns: whether it was done; if not, the file is where it was
 */
gboolean
dw_store_file_mend (DwStoreFile *file, GError **error)
{
  g_autofree char *copying = NULL;
  g_autofree char *copied = NULL;
  DwStoreSalvage salvage = { 0 };

  close_for_good (file);
  if (file->path == NULL)
    return TRUE;
  if (file->held)
    {
      g_set_error_literal (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_HELD, "another process has the file");
      return FALSE;
    }
  if (is_no_file (file))
    {
      tell_kept (file, set_aside (file, FALSE), FALSE, 0);
      return TRUE;
    }

  copying = g_strconcat (file->path, COPYING, NULL);
  copied = g_strconcat (file->path, COPIED, NULL);
  delete_all (copying);
  if (!dw_store_salvage (file->path, copying, &salvage, error))
    {
      delete_all (copying);
      return FALSE;
    }
  if (g_rename (copying, copied) != 0)
    {
      g_set_error_literal (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_IO, g_strerror (errno));
      return FALSE;
    }
  use_copy (file, copied, &salvage);
  file->is_new = TRUE;
  return TRUE;
}

/**
 * dw_store_file_needs_check:
 * @file: a file
 * @now: the time, in seconds since 1970 UTC
 *
 * Returns: whether the whole of it is to be checked, since the last end was no proper one, or the last check is long ago
 */
gboolean
dw_store_file_needs_check (DwStoreFile *file, gint64 now)
{
  return file->database != NULL && file->lock != NULL
         && dw_store_check_is_due (dw_store_lock_get_checked (file->lock), now, file->unclean);
}

/**
 * dw_store_file_set_checked:
 * @file: a file that was found sound
 * @now: the time, in seconds since 1970 UTC
 */
void
dw_store_file_set_checked (DwStoreFile *file, gint64 now)
{
  file->unclean = FALSE;
  dw_store_lock_set_checked (file->lock, now);
}

/**
 * dw_store_file_steal_kept:
 * @file: a file
 * @kept: (out): what became of a file that could not be used
 *
 * Returns: whether there was one; told once
 */
gboolean
dw_store_file_steal_kept (DwStoreFile *file, DwStoreKept *kept)
{
  *kept = file->kept;
  file->kept = (DwStoreKept){ 0 };
  return kept->path != NULL;
}

/**
 * dw_store_file_steal_copied:
 * @file: a file
 *
 * Returns: if the file is a copy of another one, how many messages waited in it, which now ask before they are sent; told
 *   once
 */
guint64
dw_store_file_steal_copied (DwStoreFile *file)
{
  gint64 copied = file->copied;

  file->copied = 0;
  return (guint64) copied;
}

/**
 * dw_store_file_steal_holder:
 * @file: a file
 *
 * Returns: (transfer full) (nullable): the process that has the file in place of this one, once that is certain; told
 *   once
 */
DwStoreHolder *
dw_store_file_steal_holder (DwStoreFile *file)
{
  return g_steal_pointer (&file->holder);
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
