/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/**
 * dw_descriptors_hold:
 *
 * For a program that was started with a standard descriptor closed: the next file that it opens would take its place, and
 * a line of the log would end up in the database (SQLite's “How To Corrupt”, section 2.1). So the place is taken by
 * something that fails when it is used as a standard descriptor is: one cannot read what is open for writing, nor write
 * what is open for reading. Call it first in main().
 */
void
dw_descriptors_hold (void)
{
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++)
    if (fcntl (descriptor, F_GETFD) < 0 && errno == EBADF
        && open ("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
      /* Without /dev/null, or with none left, any file that is opened from here on can be the wrong one. */
      _exit (71);
}
