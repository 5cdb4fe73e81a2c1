/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* statx */
#include "dw-store-home.h"

#include "client/dw-client-error.h"

#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

/**
 * SECTION:dw-store-home
 *
 * A store remembers the file that it is in, to notice that it is a copy: of the folder, on another disk, or restored
 * from a backup. What waits in a copy may have been sent by the original, so it asks before it is sent.
 *
 * The file is known by its file system, its inode and when it was created. All of these stay when a folder is renamed. A
 * copy has another inode and time, a snapshot is another file system. The number of the device does not serve, since it
 * changes from one start of the computer to the next (btrfs, network disks). A backup can also be written into the file
 * that is there. So each run begins with a new mark, in the file and in the lock beside it, which are then different.
 *
 * Some file systems give a file another inode at each start (FAT, some network disks), and XFS is known by its device.
 * There the messages that wait may ask after a start: better once too often than sent twice. A backup of the whole folder
 * that is written into the files that are there looks like what it was, and so does a restored image of a disk.
 */

/* What would be sent again without anybody being asked: see dw_outbox_restore(). */
#define WAITING                                                                                                    \
  "FROM lines INDEXED BY lines_waiting WHERE delivery IN (1, 2, 4) AND went <> 1 AND (delivery <> 1 OR reason IS " \
  "NULL)"

/**
 * dw_store_home_get_reason:
 *
 * Returns: the translated reason of a message that asks since it waited in a copy
 */
const char *
dw_store_home_get_reason (void)
{
  return _ (
      "This history was copied or restored, so this message may already have been sent. Send it again or discard "
      "it.");
}

/* NULL where that cannot be known. */
static char *
dup_file (const char *path)
{
  struct statvfs system = { 0 };
  struct stat status;
  gint64 born = 0;
  guint32 born_ns = 0;
#ifdef STATX_BTIME
  struct statx more;
#endif

  if (stat (path, &status) != 0)
    return NULL;
  /* Not all file systems have these two. */
  if (statvfs (path, &system) != 0)
    system.f_fsid = 0;
#ifdef STATX_BTIME
  if (statx (AT_FDCWD, path, 0, STATX_BTIME, &more) == 0 && (more.stx_mask & STATX_BTIME) != 0)
    {
      born = more.stx_btime.tv_sec;
      born_ns = more.stx_btime.tv_nsec;
    }
#endif
  return g_strdup_printf ("%lx %" G_GINT64_MODIFIER "x %" G_GINT64_FORMAT ".%09u", system.f_fsid,
                          (guint64) status.st_ino, born, born_ns);
}

/* Leaves @file NULL where nothing is remembered: the store is new, or was last written by a version that did not. */
static gboolean
read_home (DwDatabase *database, char **file, char **mark, GError **error)
{
  GError *problem = NULL;
  sqlite3_stmt *query = dw_database_query (database, error, "SELECT file, mark FROM home", "");

  *file = *mark = NULL;
  if (query == NULL)
    return FALSE;
  while (dw_database_next (database, query, &problem))
    {
      g_free (*file);
      g_free (*mark);
      *file = dw_database_dup_some_text (query, 0);
      *mark = dw_database_dup_some_text (query, 1);
    }
  if (problem == NULL)
    return TRUE;
  g_propagate_error (error, problem);
  return FALSE;
}

static gboolean
write_home (DwDatabase *database, const char *file, const char *mark, GError **error)
{
  return dw_database_run (database, error, "DELETE FROM home", "")
         && dw_database_run (database, error, "INSERT INTO home (file, mark) VALUES (?, ?)", "ss", file, mark);
}

static gboolean
read_away (DwDatabase *database, const char *path, const char *mark, gboolean *away, GError **error)
{
  g_autofree char *file = dup_file (path);
  g_autofree char *remembered = NULL;
  g_autofree char *remembered_mark = NULL;

  if (!read_home (database, &remembered, &remembered_mark, error))
    return FALSE;
  *away = remembered != NULL
          && (g_strcmp0 (remembered, file) != 0 || (mark != NULL && !g_str_equal (remembered_mark, mark)));
  return TRUE;
}

/**
 * dw_store_home_is_away:
 * @database: a connection to a store, which need not write
 * @path: its file
 * @mark: (nullable): the mark in the lock beside it, if that is known
 * @waiting: (out): if so, how many messages wait in it that may have been sent already
 * @error: %DW_CLIENT_ERROR_STORE and its kinds
 *
 * Returns: whether this is another file than the one that the store was last written in, a copy of it
 */
gboolean
dw_store_home_is_away (DwDatabase *database, const char *path, const char *mark, gint64 *waiting, GError **error)
{
  gboolean away;

  *waiting = 0;
  return read_away (database, path, mark, &away, error) && away
         && dw_database_get_number (database, "SELECT count(*) " WAITING, waiting, error);
}

static gboolean
let_ask (DwDatabase *database, gint64 *waiting, GError **error)
{
  /* As a message that asks stands in the file: see dw-store-lines. */
  if (!dw_database_run (database, error,
                        "UPDATE lines SET delivery = 1, reason = ? WHERE line IN (SELECT line " WAITING ")", "s",
                        dw_store_home_get_reason ()))
    return FALSE;
  *waiting = dw_database_get_changes (database);
  return TRUE;
}

/**
 * dw_store_home_enter:
 * @database: a connection to a store that can write
 * @path: its file
 * @mark: (inout) (nullable): the mark in the lock beside it, if that is known; then the new one, which belongs there
 * @waiting: (out): how many messages ask from now on, since the store is a copy
 * @error: %DW_CLIENT_ERROR_STORE and its kinds
 *
 * Makes the file the store's home. Where it was another one, what waits asks before it is sent: both in one transaction, so
 * that a program that is killed has done both or nothing.
 *
 * Returns: whether nothing in the store will be sent that may have been sent from another copy; where only the new mark
 *   could not be written, @mark is the old one
 */
gboolean
dw_store_home_enter (DwDatabase *database, const char *path, char **mark, gint64 *waiting, GError **error)
{
  g_autofree char *file = dup_file (path);
  g_autofree char *new_mark = g_uuid_string_random ();
  GError *problem = NULL;
  gboolean away, done;

  *waiting = 0;
  if (!read_away (database, path, *mark, &away, error))
    return FALSE;

  done = dw_database_run_script (database, "BEGIN IMMEDIATE", &problem)
         && (!away || let_ask (database, waiting, &problem))
         && write_home (database, file != NULL ? file : "", new_mark, &problem)
         && dw_database_run_script (database, "COMMIT", &problem);
  if (done)
    {
      g_free (*mark);
      *mark = g_steal_pointer (&new_mark);
      return TRUE;
    }

  *waiting = 0;
  if (dw_database_has_transaction (database))
    dw_database_run_script (database, "ROLLBACK", NULL);
  /* A disk that is full is found out by the first write, and what is here can be read. */
  if (!away && problem->code != DW_CLIENT_ERROR_STORE_DAMAGED)
    {
      g_error_free (problem);
      return TRUE;
    }
  g_propagate_error (error, problem);
  return FALSE;
}

/**
 * dw_store_home_carry:
 * @from: a connection to a store that is damaged
 * @from_path: its file
 * @to: a connection to what was salvaged of it
 * @to_path: its file
 * @error: %DW_CLIENT_ERROR_STORE and its kinds, of @to
 *
 * What was salvaged of a store is at home where the store was. If that was a copy, so is this.
 *
 * Returns: whether it was written; also where @from does not say where it was at home, which then nobody knows
 */
gboolean
dw_store_home_carry (DwDatabase *from, const char *from_path, DwDatabase *to, const char *to_path, GError **error)
{
  g_autofree char *here = dup_file (from_path);
  g_autofree char *there = dup_file (to_path);
  g_autofree char *file = NULL;
  g_autofree char *mark = NULL;

  if (!read_home (from, &file, &mark, NULL) || file == NULL)
    return TRUE;
  return write_home (to, g_strcmp0 (file, here) == 0 && there != NULL ? there : file, mark, error);
}
