/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-store-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/**
 * SECTION:dw-store-lock
 *
 * Two processes that write one history would send its waiting messages twice. So one process has a store at a time,
 * guarded by flock(2) on a file beside it, which the kernel releases however the process ends. The lock is not on the
 * store itself: SQLite closes and replaces that file, and has its own locks on it.
 *
 * The file is a key file, for people and scripts: `[holder]` with `pid` and `host`, empty after a proper end; `[history]`
 * with `checked`, in seconds since 1970 UTC, and `mark`, for dw-store-home. It is never deleted: two processes could then lock two files of that name.
 */
struct _DwStoreLock
{
  char *path;
  int file; /* open and locked, or −1 */
  gint64 checked;
  char *mark; /* or NULL */
};

/**
 * dw_store_holder_free:
 * @holder: (transfer full): a holder
 */
void
dw_store_holder_free (DwStoreHolder *holder)
{
  g_free (holder->host);
  g_free (holder);
}

/**
 * dw_store_lock_new:
 * @path: a store's file
 *
 * Returns: (transfer full): its lock, not taken
 */
DwStoreLock *
dw_store_lock_new (const char *path)
{
  DwStoreLock *lock = g_new0 (DwStoreLock, 1);

  lock->path = g_strconcat (path, ".lock", NULL);
  lock->file = -1;
  return lock;
}

static GKeyFile *
read_contents (int file)
{
  char buffer[DW_STORE_LOCK_BYTES];
  g_autoptr (GKeyFile) contents = g_key_file_new ();
  gssize length = pread (file, buffer, sizeof buffer, 0);

  if (length > 0)
    g_key_file_load_from_data (contents, buffer, (gsize) length, G_KEY_FILE_NONE, NULL);
  return g_steal_pointer (&contents);
}

/* The content is for others to read. If it cannot be written, the lock still holds. */
static void
write_contents (DwStoreLock *lock, gboolean held)
{
  g_autoptr (GKeyFile) contents = g_key_file_new ();
  g_autofree char *text = NULL;
  gsize length;

  if (held)
    {
      g_key_file_set_int64 (contents, "holder", "pid", getpid ());
      g_key_file_set_string (contents, "holder", "host", g_get_host_name ());
    }
  if (lock->checked > 0)
    g_key_file_set_int64 (contents, "history", "checked", lock->checked);
  if (lock->mark != NULL)
    g_key_file_set_string (contents, "history", "mark", lock->mark);
  text = g_key_file_to_data (contents, &length, NULL);
  if (pwrite (lock->file, text, length, 0) != (gssize) length || ftruncate (lock->file, (off_t) length) != 0)
    g_debug ("Cannot write %s: %s", lock->path, g_strerror (errno));
}

/**
 * dw_store_lock_free:
 * @lock: (transfer full): a lock, which is released
 */
void
dw_store_lock_free (DwStoreLock *lock)
{
  if (lock->file >= 0)
    {
      write_contents (lock, FALSE);
      close (lock->file);
    }
  g_free (lock->mark);
  g_free (lock->path);
  g_free (lock);
}

/**
 * dw_store_lock_take:
 * @lock: a lock
 *
 * Takes the lock without waiting. If its file cannot be created (a full disk, a read-only folder), SQLite's own locks
 * have to do.
 *
 * Returns: %FALSE if another process has it
 */
gboolean
dw_store_lock_take (DwStoreLock *lock)
{
  g_autoptr (GKeyFile) contents = NULL;

  if (lock->file >= 0)
    return TRUE;
  lock->file = open (lock->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
  if (lock->file < 0)
    return TRUE;
  if (flock (lock->file, LOCK_EX | LOCK_NB) != 0)
    {
      gboolean held = errno == EWOULDBLOCK;

      close (lock->file);
      lock->file = -1;
      return !held;
    }

  contents = read_contents (lock->file);
  lock->checked = g_key_file_get_int64 (contents, "history", "checked", NULL);
  lock->mark = g_key_file_get_string (contents, "history", "mark", NULL);
  write_contents (lock, TRUE);
  return TRUE;
}

/**
 * dw_store_lock_read_holder:
 * @lock: a lock that another process has
 *
 * Returns: (transfer full): which, as far as the file says
 */
DwStoreHolder *
dw_store_lock_read_holder (DwStoreLock *lock)
{
  DwStoreHolder *holder = g_new0 (DwStoreHolder, 1);
  g_autoptr (GKeyFile) contents = NULL;
  int file = open (lock->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

  if (file < 0)
    return holder;
  contents = read_contents (file);
  close (file);
  holder->pid = g_key_file_get_int64 (contents, "holder", "pid", NULL);
  holder->host = g_key_file_get_string (contents, "holder", "host", NULL);
  return holder;
}

/**
 * dw_store_lock_get_checked:
 * @lock: a lock that was taken
 *
 * Returns: when the whole store was last made or found sound, in seconds since 1970 UTC, or 0 where that is not known
 */
gint64
dw_store_lock_get_checked (DwStoreLock *lock)
{
  return lock->checked;
}

/**
 * dw_store_lock_set_checked:
 * @lock: a lock that was taken
 * @checked: when the whole store was made or found sound, in seconds since 1970 UTC
 */
void
dw_store_lock_set_checked (DwStoreLock *lock, gint64 checked)
{
  lock->checked = checked;
  if (lock->file >= 0)
    write_contents (lock, TRUE);
}

/**
 * dw_store_lock_get_mark:
 * @lock: a lock that was taken
 *
 * Returns: (nullable): the mark of the last run, or %NULL where that is not known
 */
const char *
dw_store_lock_get_mark (DwStoreLock *lock)
{
  return lock->mark;
}

/**
 * dw_store_lock_set_mark:
 * @lock: a lock that was taken
 * @mark: the mark of this run, which the store has too
 */
void
dw_store_lock_set_mark (DwStoreLock *lock, const char *mark)
{
  g_free (lock->mark);
  lock->mark = g_strdup (mark);
  if (lock->file >= 0)
    write_contents (lock, TRUE);
}
