/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-server-lock.h"

#include "backend/dw-backend-error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* A lock file beside the stage's file, with the process ID of the holder. The stage's file itself cannot be locked:
 * closing any descriptor of it would release SQLite's locks, and SQLite locks its bytes for its own purposes. */
struct _DwServerLock
{
  char *path;
  int fd;
};

/* The holder removes the lock file when it lets go. A process that opened it just before has to try again. */
#define ATTEMPTS 10

static gboolean
is_current (const char *path, int fd)
{
  struct stat ours, theirs;

  return fstat (fd, &ours) == 0 && stat (path, &theirs) == 0 && ours.st_dev == theirs.st_dev
         && ours.st_ino == theirs.st_ino;
}

static void
write_holder (int fd)
{
  char text[24];
  int length = snprintf (text, sizeof text, "%ld\n", (long) getpid ());

  if (ftruncate (fd, 0) != 0 || pwrite (fd, text, (size_t) length, 0) != length)
    g_message ("The lock does not say who holds it: %s", g_strerror (errno));
}

static void
tell_holder (const char *path, int fd, GError **error)
{
  char text[24] = { 0 };
  long pid = pread (fd, text, sizeof text - 1, 0) > 0 ? strtol (text, NULL, 10) : 0;

  g_set_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_TABLE,
               _ ("“%1$s” is in use by another stage (process %2$ld). Two stages can’t share a file."), path, pid);
}

/**
 * dw_server_lock_take:
 * @path: a stage's file, which need not exist
 * @error: %DW_BACKEND_ERROR_TABLE: who holds the lock, or why it cannot be taken
 *
 * Locks a file against other stages, until dw_server_lock_free() or until the process ends, even by a crash. Other
 * programs can still read and write the file.
 *
 * Returns: (transfer full) (nullable): the lock
 */
DwServerLock *
dw_server_lock_take (const char *path, GError **error)
{
  g_autofree char *beside = g_strconcat (path, "-lock", NULL);

  for (guint i = 0; i < ATTEMPTS; i++)
    {
      int fd = open (beside, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
      int result = fd >= 0 ? flock (fd, LOCK_EX | LOCK_NB) : -1;

      if (result == 0 && is_current (beside, fd))
        {
          DwServerLock *lock = g_new (DwServerLock, 1);

          *lock = (DwServerLock){ g_steal_pointer (&beside), fd };
          write_holder (fd);
          return lock;
        }
      if (result != 0)
        {
          if (fd >= 0 && errno == EWOULDBLOCK)
            tell_holder (path, fd, error);
          else
            g_set_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_TABLE, "%s: %s", beside, g_strerror (errno));
          if (fd >= 0)
            close (fd);
          return NULL;
        }
      close (fd);
    }

  g_set_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_TABLE, "%s: %s", beside, g_strerror (EBUSY));
  return NULL;
}

/**
 * dw_server_lock_free:
 * @lock: (transfer full): a lock
 *
 * Releases the lock.
 */
void
dw_server_lock_free (DwServerLock *lock)
{
  unlink (lock->path);
  close (lock->fd);
  g_free (lock->path);
  g_free (lock);
}
