/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-faulty-disk.h"

#include <sqlite3.h>

/* A file of the system's disk, behind the part that SQLite knows. */
typedef struct
{
  sqlite3_file base;
  sqlite3_file *real;
} File;

static sqlite3_vfs disk;
static sqlite3_vfs *system_disk;

static GMutex mutex;
static GCond cond;
static guint calls, failed; /* under the mutex, as all below */
static guint fails_from, fails_times;
static gboolean fails_full;
static gboolean stalls;
static const char *holds = "";

/* Whether this call is one that fails. */
static gboolean
takes_turn (gboolean writes, gboolean *full)
{
  gboolean fails;

  g_mutex_lock (&mutex);
  while (writes && stalls)
    g_cond_wait (&cond, &mutex);
  calls++;
  fails = fails_from > 0 && calls >= fails_from && calls - fails_from < fails_times;
  failed += fails;
  *full = fails_full;
  g_mutex_unlock (&mutex);
  return fails;
}

static sqlite3_file *
real_of (sqlite3_file *file)
{
  return ((File *) file)->real;
}

static int
close_file (sqlite3_file *file)
{
  return real_of (file)->pMethods->xClose (real_of (file));
}

static int
read_file (sqlite3_file *file, void *buffer, int length, sqlite3_int64 offset)
{
  gboolean full;

  if (takes_turn (FALSE, &full))
    return SQLITE_IOERR_READ;
  return real_of (file)->pMethods->xRead (real_of (file), buffer, length, offset);
}

static int
write_file (sqlite3_file *file, const void *buffer, int length, sqlite3_int64 offset)
{
  gboolean full;

  if (takes_turn (TRUE, &full))
    return full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
  return real_of (file)->pMethods->xWrite (real_of (file), buffer, length, offset);
}

static int
truncate_file (sqlite3_file *file, sqlite3_int64 length)
{
  gboolean full;

  if (takes_turn (TRUE, &full))
    return SQLITE_IOERR_TRUNCATE;
  return real_of (file)->pMethods->xTruncate (real_of (file), length);
}

static int
sync_file (sqlite3_file *file, int flags)
{
  gboolean full;

  if (takes_turn (TRUE, &full))
    return SQLITE_IOERR_FSYNC;
  return real_of (file)->pMethods->xSync (real_of (file), flags);
}

static int
get_size (sqlite3_file *file, sqlite3_int64 *length)
{
  return real_of (file)->pMethods->xFileSize (real_of (file), length);
}

static int
lock_file (sqlite3_file *file, int level)
{
  gboolean held;

  g_mutex_lock (&mutex);
  held = *holds == 'x';
  holds += *holds != '\0';
  g_mutex_unlock (&mutex);
  if (held)
    return SQLITE_BUSY;
  return real_of (file)->pMethods->xLock (real_of (file), level);
}

static int
unlock_file (sqlite3_file *file, int level)
{
  return real_of (file)->pMethods->xUnlock (real_of (file), level);
}

static int
check_reserved (sqlite3_file *file, int *result)
{
  return real_of (file)->pMethods->xCheckReservedLock (real_of (file), result);
}

static int
control_file (sqlite3_file *file, int operation, void *argument)
{
  return real_of (file)->pMethods->xFileControl (real_of (file), operation, argument);
}

static int
get_sector_size (sqlite3_file *file)
{
  return real_of (file)->pMethods->xSectorSize (real_of (file));
}

static int
get_characteristics (sqlite3_file *file)
{
  return real_of (file)->pMethods->xDeviceCharacteristics (real_of (file));
}

static int
map_shared (sqlite3_file *file, int page, int bytes, int extend, void volatile **memory)
{
  return real_of (file)->pMethods->xShmMap (real_of (file), page, bytes, extend, memory);
}

static int
lock_shared (sqlite3_file *file, int offset, int n, int flags)
{
  return real_of (file)->pMethods->xShmLock (real_of (file), offset, n, flags);
}

static void
order_shared (sqlite3_file *file)
{
  real_of (file)->pMethods->xShmBarrier (real_of (file));
}

static int
unmap_shared (sqlite3_file *file, int deletes)
{
  return real_of (file)->pMethods->xShmUnmap (real_of (file), deletes);
}

static const sqlite3_io_methods methods = {
  .iVersion = 2,
  .xClose = close_file,
  .xRead = read_file,
  .xWrite = write_file,
  .xTruncate = truncate_file,
  .xSync = sync_file,
  .xFileSize = get_size,
  .xLock = lock_file,
  .xUnlock = unlock_file,
  .xCheckReservedLock = check_reserved,
  .xFileControl = control_file,
  .xSectorSize = get_sector_size,
  .xDeviceCharacteristics = get_characteristics,
  .xShmMap = map_shared,
  .xShmLock = lock_shared,
  .xShmBarrier = order_shared,
  .xShmUnmap = unmap_shared,
};

static int
open_disk_file (sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *out_flags)
{
  File *own = (File *) file;
  int result;

  own->real = (sqlite3_file *) (own + 1);
  result = system_disk->xOpen (system_disk, name, own->real, flags, out_flags);
  /* Without methods SQLite does not close it. */
  own->base.pMethods = own->real->pMethods != NULL ? &methods : NULL;
  return result;
}

void
dw_faulty_disk_install (void)
{
  system_disk = sqlite3_vfs_find (NULL);
  disk = *system_disk;
  disk.zName = "faulty";
  disk.szOsFile = (int) sizeof (File) + system_disk->szOsFile;
  disk.pNext = NULL;
  disk.xOpen = open_disk_file;
  g_assert_cmpint (sqlite3_vfs_register (&disk, 1), ==, SQLITE_OK);
}

guint
dw_faulty_disk_count (void)
{
  guint n;

  g_mutex_lock (&mutex);
  n = calls;
  calls = 0;
  g_mutex_unlock (&mutex);
  return n;
}

void
dw_faulty_disk_fail (guint nth, guint times, gboolean full)
{
  g_mutex_lock (&mutex);
  calls = 0;
  failed = 0;
  fails_from = nth;
  fails_times = times;
  fails_full = full;
  g_mutex_unlock (&mutex);
}

guint
dw_faulty_disk_get_failed (void)
{
  guint n;

  g_mutex_lock (&mutex);
  n = failed;
  g_mutex_unlock (&mutex);
  return n;
}

void
dw_faulty_disk_hold (const char *turns)
{
  g_mutex_lock (&mutex);
  holds = turns;
  g_mutex_unlock (&mutex);
}

void
dw_faulty_disk_stall (gboolean wanted)
{
  g_mutex_lock (&mutex);
  stalls = wanted;
  g_cond_broadcast (&cond);
  g_mutex_unlock (&mutex);
}
